"""ARP and IPv6 neighbour tables: an address and a hardware address a line, as they stood at one time.

Read are the tables of MikroTik RouterOS (`/ip arp print`, `/ipv6 neighbor print`, with `detail` and `terse`),
Linux and OpenWrt (`ip neigh`, `ip -j neigh`, `/proc/net/arp`), FortiGate (`get system arp`, `diagnose ipv6
neighbor-cache list`), Windows (`arp -a`, `netsh interface ipv6 show neighbors`) and Cisco (`show ip arp`,
`show ipv6 neighbors`). Sources: help.mikrotik.com, ARP; ip-neighbour(8); docs.fortinet.com, CLI
Troubleshooting Cheat Sheet; learn.microsoft.com, arp; cisco.com, IP Addressing: ARP Configuration Guide.

Each line is read alike, so that a Windows in any language is: the words of a table never matter, but for the
state of an entry. A line that is nothing but a time, such as `date -Is` prints, dates the lines after it: so
many snapshots may stand in one file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Any

from quetsach.logs import times
from quetsach.machines import keys
from quetsach.machines.evidence import Binding
from quetsach.machines.sources.outcome import SECOND, Asked, Outcome
from quetsach.text.canonical import address

NEAR = 60 * SECOND
"""An entry answers for a minute on both sides of its time: a neighbour counts as reachable for at most 45
seconds after it was confirmed (RFC 4861 6.3.2)."""
DAY = 86_400 * SECOND
"""A temporary address of IPv6 is drawn at random for one machine and preferred for a day (RFC 8981 3.8)."""
_SIGNS = (
    ("MikroTik neighbours", re.compile(r"(?m)^Columns:.*MAC-ADDRESS|^\s*\d+ .*\bmac-address=")),
    ("FortiGate neighbours", re.compile(r"(?m)\bAge\(min\)\s+Hardware Addr|^ifindex=\d+ ifname=")),
    ("Cisco neighbours", re.compile(r"(?m)\bAge \(min\)\s+Hardware Addr|\bAge\s+Link-layer Addr")),
    (
        "Windows neighbours",
        re.compile(r"(?m)^\s*[0-9a-f.:]{2,45}(?:%\d+)?\s+(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}\s+\S"),
    ),
    ("Linux neighbours", re.compile(r"(?m)\bdev \S+ .*\blladdr |^IP address\s+HW type\s+Flags")),
)
_MAC = re.compile(
    r"(?<![0-9A-Za-z:.-])(?:[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}"
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![0-9A-Za-z:.-])"
)
_WORD = re.compile(r"[^\s=,\"()]+")
_JSON = re.compile(r"(?m)^\s*\[\s*\{\s*\"dst\"")
_NO_ANSWER = re.compile(r"(?i)\b(?:failed|incomplete|incmp|unreachable)\b|state=0*(?:0?1|0?20)\b")
_TIMES = ("iso8601", "clf", "epoch", "ctime", "utc")
"""How a line that is only a time may be spelled."""


def kind_of(text: str) -> str | None:
    """The name of the table that a text holds, None for another text."""
    text = "\n".join(text.splitlines())
    if _is_json(text):
        return "Linux neighbours"
    known = next((name for name, sign in _SIGNS if sign.search(text)), None)
    return known if known is not None and _MAC.search(text) else None


def _is_json(text: str) -> bool:
    return _JSON.search(text) is not None and '"lladdr"' in text


def read(text: str, asked: Asked, outcome: Outcome) -> None:
    """Add the bindings of a table to `outcome`. A line with no hardware address is no neighbour."""
    if _is_json(text):
        _read_json(text, asked, outcome)
        return
    at = asked.at
    for number, line in _records(text):
        moment = _time(line, asked)
        if moment is not None:
            at = moment
            continue
        found = list(_MAC.finditer(line))
        hardware = {one[0].lower() for one in found}
        named = dict.fromkeys(ip for word in _WORD.findall(line) if (ip := address(word)) is not None)
        if not found or not named or _NO_ANSWER.search(_MAC.sub("", line)):
            continue
        if len(hardware) > 1 or len(named) > 1:
            outcome.leave(number, "several", line)
            continue
        (ip,) = named
        _bind(ip, found[0][0], at, _age(line, found[0]), asked, outcome)


def _records(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers; a line that goes on with `key=value` is joined to the line before it, as
    RouterOS breaks long records."""
    held, began = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        goes_on = re.match(r"\s{2,}[a-z-]+=", line) is not None and not _MAC.search(held)
        if held and goes_on and len(held) < 4_096:
            held += " " + line.strip()
            continue
        if held.strip():
            yield began, held
        held, began = line[:4_096], number
    if held.strip():
        yield began, held


def _time(line: str, asked: Asked) -> int | None:
    bare = line.strip().strip("#").strip()
    if not bare[:1].isalnum() or len(bare) > 40:
        return None
    found = times.parse(bare, _TIMES, asked.zone)
    return found.value if found is not None and isinstance(found.value, int) else None


def _age(line: str, hardware: re.Match[str]) -> int:
    """Microseconds since the entry was confirmed: minutes between the address and the hardware address."""
    words = line[: hardware.start()].split()
    before = words[-1] if len(words) > 1 else ""
    return int(before) * 60 * SECOND if re.fullmatch(r"[0-9]{1,5}", before) and address(words[-2]) else 0


def _bind(ip: str, hardware: str, at: int, age: int, asked: Asked, outcome: Outcome) -> None:
    key = keys.mac(hardware)
    if key is None or is_of_no_machine(ip):
        return
    begin, end = span_around(ip, at)
    begin = min(begin, at - age)
    outcome.bindings.append(Binding(ip, key, begin, end, asked.source, "neighbour", asked.scope))


def span_around(ip: str, at: int) -> tuple[int, int]:
    """The span for which an address that was seen at a time stood for the machine behind it."""
    around = DAY if _is_drawn(ip) else NEAR
    return at - around, at + around


def is_of_no_machine(ip: str) -> bool:
    """An address that is used again behind every router, and stands in no log of connections."""
    return ip.startswith(("fe80:", "169.254.", "ff", "224.", "239.", "0.", "127.")) or ip == "255.255.255.255"


def _is_drawn(ip: str) -> bool:
    """Whether the lower half of an IPv6 address was drawn at random; the rule is its upper 32 bits."""
    return ":" in ip and (int(IPv6Address(ip)) >> 32) & 0xFFFF_FFFF != 0


def _read_json(text: str, asked: Asked, outcome: Outcome) -> None:
    """`ip -j neigh`: a list of entries in each line."""
    for number, line in enumerate(text.splitlines(), 1):
        moment = _time(line, asked)
        if moment is not None:
            asked = asked._replace(at=moment)
        elif line.strip():
            entries = _entries(line)
            if entries is None:
                outcome.leave(number, "damaged", line)
            for entry in entries or ():
                _entry(entry, number, asked, outcome)


def _entries(line: str) -> list[Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _entry(entry: object, line: int, asked: Asked, outcome: Outcome) -> None:
    told = entry if isinstance(entry, dict) else {}
    state, ip, hardware = told.get("state"), told.get("dst"), told.get("lladdr")
    states = state if isinstance(state, list) else []
    if hardware is None or "FAILED" in states or "INCOMPLETE" in states:
        return
    spelled = address(ip) if isinstance(ip, str) and ip else None
    if spelled is None or not isinstance(hardware, str):
        outcome.leave(line, "damaged", json.dumps(entry)[:500])
        return
    _bind(spelled, hardware, asked.at, 0, asked, outcome)
