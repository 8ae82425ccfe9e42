"""Address translation: which inner address stood behind an outer address, port and protocol, and when.

- Cisco ASA and FTD (Cisco Secure Firewall ASA Series Syslog Messages, 305009 to 305012, 305014, 305015): a
  translation from when it was built until it was torn down.
- PAN-OS (Syslog Field Descriptions, TRAFFIC): the session from its start for its elapsed time.
- MikroTik RouterOS (help.mikrotik.com, Log; Firewall, NAT): a line of the firewall with `NAT`, one second.

The key of such a binding is `address`: other bindings lead on from the inner address to a machine.
"""

from __future__ import annotations

import csv
import re
from typing import NamedTuple

from quetsach.logs import times
from quetsach.machines.evidence import Binding, Key
from quetsach.machines.leases.leaseformat import DAY, File, moment
from quetsach.machines.sources.outcome import SECOND, Asked, Outcome
from quetsach.text.canonical import address, parse_port

ASA, PANOS, ROUTEROS = "Cisco ASA translations", "PAN-OS translations", "MikroTik translations"
MARKS = (b"-30500", b"-30501", b",TRAFFIC,", b" NAT ")
"""A line of a translation has one of these."""
_MOST_OPEN = 2_000_000
"""Translations that are open at one time; the oldest are told as open until the last line."""
_ASA = re.compile(
    rb"-(?P<id>3050(?:09|10|11|12)): (?P<what>Built|Teardown) \S{1,20} (?:(?P<proto>\w{1,10}) )?translation"
    rb" from [^ :]{1,100}(?: ?\([^)]{0,200}\))?:(?P<inner>[0-9A-Fa-f.:]{3,45}?)(?:/(?P<iport>\d{1,5}))?"
    rb"(?: ?\([^)]{0,200}\))? to [^ :]{1,100}(?: ?\([^)]{0,200}\))?:(?P<outer>[0-9A-Fa-f.:]{3,45}?)"
    rb"(?:/(?P<oport>\d{1,5}))?(?:[ (]|$)"
)
_ASA_DURATION = re.compile(rb" duration (\d{1,6}):(\d\d):(\d\d)")
_ASA_BLOCK = re.compile(
    rb"-(?P<id>30501[45]): (?P<what>Allocated|Released) (?P<proto>\w{1,10}) block of ports for translation"
    rb" from [^ :]{1,100}:(?P<inner>[0-9A-Fa-f.:]{3,45}) to [^ :]{1,100}:(?P<outer>[0-9A-Fa-f.:]{3,45}?)"
    rb"/(?P<first>\d{1,5})-(?P<last>\d{1,5})"
)
_ROUTEROS = re.compile(
    rb"\bproto (?P<proto>[A-Za-z0-9-]{1,12})\b.{0,400}?, NAT \("
    rb"\[?(?P<inner>[0-9A-Fa-f.:]{3,45}?)\]?:(?P<iport>\d{1,5})->"
    rb"\[?(?P<outer>[0-9A-Fa-f.:]{3,45}?)\]?:(?P<oport>\d{1,5})\)->"
)
_PANOS_COLUMNS = {"proto": 29, "inner": 7, "outer": 9, "oport": 26, "start": 35, "elapsed": 36}
"""Places behind FUTURE_USE, counted from 0: the same since PAN-OS 6."""
_ASA_TIME = re.compile(
    r"[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?(?: (?:UTC|GMT|ICT|Z|[+-]\d{4}))?(?=[ :])",
    re.ASCII,
)
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmp6"}


class _Open(NamedTuple):
    inner: str
    begin: int


class Translations:
    """Adds the translations in log lines to `outcome`; `finish` adds those that no line ended."""

    def __init__(self, asked: Asked, outcome: Outcome) -> None:
        self._asked, self._outcome = asked, outcome
        self._file = File(asked.at, asked.zone)
        self._open: dict[tuple[str, int, str], _Open] = {}
        self._last = 0

    def take(self, number: int, line: bytes) -> bool:
        """Whether the line is about a translation. One without a time is a leftover."""
        if b"-3050" in line:
            return self._asa(number, line)
        if b",TRAFFIC," in line:
            return self._panos(number, line)
        return b" NAT " in line and self._routeros(number, line)

    def finish(self) -> None:
        """Translations that are still open hold at least until the last line."""
        for (outer, port, proto), held in self._open.items():
            self._bind(held.inner, outer, port, proto, held.begin, max(self._last, held.begin))
        self._open.clear()

    def _asa(self, number: int, line: bytes) -> bool:
        found = _ASA.search(line)
        if found is None:
            return self._block(number, line)
        inner, outer = address(found["inner"].decode()), address(found["outer"].decode())
        port = parse_port((found["oport"] or b"0").decode())
        at = self._moment(line[: found.start()])
        if inner is None or outer is None or port is None:
            return False
        self._outcome.kinds[ASA] += 1
        if at is None:
            self._outcome.leave(number, "no_time", line)
            return True
        self._last = max(self._last, at)
        key = (outer, port, (found["proto"] or b"").decode().lower())
        if found["what"] == b"Built":
            self._build(key, inner, at)
        else:
            self._tear_down(key, inner, at, _ASA_DURATION.search(line))
        return True

    def _moment(self, head: bytes) -> int | None:
        """The time of the firewall itself, which stands last before the message; else that of the head."""
        spelled = _ASA_TIME.findall(head[-200:].decode("latin-1"))
        found = times.parse(spelled[-1], ("asa", "syslog"), self._asked.zone) if spelled else None
        if found is None:
            return moment(head, self._file)
        if isinstance(found.value, int):
            return found.value
        return found.value.resolve(self._file.written + DAY, self._asked.zone)

    def _build(self, key: tuple[str, int, str], inner: str, at: int) -> None:
        before = self._open.pop(key, None)
        if before is None and len(self._open) >= _MOST_OPEN:
            oldest = next(iter(self._open))
            held = self._open.pop(oldest)
            self._bind(held.inner, *oldest, held.begin, max(self._last, held.begin))
        elif before is not None:
            self._bind(before.inner, *key, before.begin, at)
        self._open[key] = _Open(inner, at)

    def _tear_down(
        self, key: tuple[str, int, str], inner: str, at: int, lasted: re.Match[bytes] | None
    ) -> None:
        held = self._open.pop(key, None)
        if held is not None and held.inner == inner:
            self._bind(inner, *key, held.begin, at)
        elif lasted is not None:
            hours, minutes, seconds = map(int, lasted.groups())
            self._bind(inner, *key, at - (hours * 3600 + minutes * 60 + seconds) * SECOND, at)

    def _block(self, number: int, line: bytes) -> bool:
        """A block of ports for one inner address: each port is bound by itself, as a row names one."""
        found = _ASA_BLOCK.search(line)
        inner = address(found["inner"].decode()) if found else None
        outer = address(found["outer"].decode()) if found else None
        if found is None or inner is None or outer is None:
            return False
        self._outcome.kinds[ASA] += 1
        at = self._moment(line[: found.start()])
        first, last = int(found["first"]), int(found["last"])
        if at is None or not first <= last <= 65_535:
            self._outcome.leave(number, "no_time" if at is None else "not_understood", line)
            return True
        self._last = max(self._last, at)
        for port in range(first, last + 1):
            key = (outer, port, found["proto"].decode().lower())
            if found["what"] == b"Allocated":
                self._build(key, inner, at)
            else:
                self._tear_down(key, inner, at, None)
        return True

    def _panos(self, number: int, line: bytes) -> bool:
        text = line.decode("utf-8", "surrogateescape")
        try:
            cells = next(csv.reader([text]))
        except (csv.Error, StopIteration):
            return False
        if len(cells) <= 36 or cells[3] != "TRAFFIC":
            return False
        told = {name: cells[at].strip() for name, at in _PANOS_COLUMNS.items()}
        inner, outer = address(told["inner"]), address(told["outer"])
        port = parse_port(told["oport"])
        if inner is None or outer in (None, "0.0.0.0", "::") or not port or inner == outer:  # noqa: S104
            return False
        assert outer is not None
        self._outcome.kinds[PANOS] += 1
        found = times.parse(told["start"], ("slash", "iso8601"), self._asked.zone)
        elapsed = int(told["elapsed"]) if re.fullmatch("[0-9]{1,9}", told["elapsed"]) else 0
        if found is None or not isinstance(found.value, int):
            self._outcome.leave(number, "no_time", line)
            return True
        end = found.value + (elapsed + 1) * SECOND
        self._bind(inner, outer, port, told["proto"].lower(), found.value, end)
        return True

    def _routeros(self, number: int, line: bytes) -> bool:
        found = _ROUTEROS.search(line)
        inner = address(found["inner"].decode()) if found else None
        outer = address(found["outer"].decode()) if found else None
        port = parse_port(found["oport"].decode()) if found else None
        if found is None or inner is None or outer is None or port is None or inner == outer:
            return False
        self._outcome.kinds[ROUTEROS] += 1
        at = moment(line, self._file)
        if at is None:
            self._outcome.leave(number, "no_time", line)
            return True
        self._bind(inner, outer, port, found["proto"].decode().lower(), at, at + SECOND)
        return True

    def _bind(self, inner: str, outer: str, port: int, proto: str, begin: int, end: int) -> None:
        asked = self._asked
        if inner == outer:
            return
        self._outcome.bindings.append(
            Binding(
                outer, Key("address", inner), begin, max(end, begin + SECOND), asked.source, "nat",
                asked.scope, _PROTOCOLS.get(proto, proto), port,
            )
        )  # fmt: skip
