"""What RouterOS prints of its leases: `/ip dhcp-server lease print detail` or `print terse`.

help.mikrotik.com, DHCP: `expires-after` and `last-seen` count from the moment of printing, so a lease began
when the client was last seen, and ends when it expires.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from quetsach.machines.leases.leaseformat import Event, File, LeaseFormat, mac, text
from quetsach.text.canonical import address

_RECORD = re.compile(rb"\s*\d{1,7}\s+(?:[A-Z]{1,6}\s+)?(?:;;;|[a-z-]+=)")
_FIELD = re.compile(rb"(?<!\S)(?P<key>[a-z][a-z-]*)=(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>\S*))")
_DURATION = re.compile(
    r"(?:(?P<w>\d{1,4})w)?(?:(?P<d>\d{1,4})d)?(?:(?P<h>\d{1,4})h)?(?:(?P<m>\d{1,4})m)?(?:(?P<s>\d{1,6})s)?",
    re.ASCII,
)
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_MOST = 1 << 14
"""Bytes of one record, which takes several lines."""


def _recognises(lines: Sequence[bytes]) -> bool:
    return any(map(_RECORD.match, lines)) and any(
        b" mac-address=" in line or b" active-mac-address=" in line for line in lines
    )


def duration(spelled: str) -> int | None:
    """Microseconds of RouterOS' `1w2d3h4m5s`."""
    found = _DURATION.fullmatch(spelled) if spelled else None
    if found is None:
        return None
    return 1_000_000 * sum(int(found[unit] or 0) * seconds for unit, seconds in _SECONDS.items())


def records(lines: Iterable[bytes]) -> Iterator[dict[bytes, str]]:
    """The fields of each record; a record begins with its number and goes on over the lines after it."""
    held = b""
    for line in lines:
        if _RECORD.match(line):
            if held:
                yield _fields(held)
            held = line
        elif held and len(held) < _MOST:
            held += b" " + line.strip()
    if held:
        yield _fields(held)


def _fields(record: bytes) -> dict[bytes, str]:
    return {
        found["key"]: text(found["quoted"] if found["bare"] is None else found["bare"])
        for found in _FIELD.finditer(record)
    }


def _events(lines: Iterable[bytes], file: File) -> Iterator[Event]:
    for told in records(lines):
        ip = address(told.get(b"active-address") or told.get(b"address", ""))
        hardware = mac(told.get(b"active-mac-address") or told.get(b"mac-address", ""))
        left, since = duration(told.get(b"expires-after", "")), duration(told.get(b"last-seen", ""))
        if ip is None or hardware is None or told.get(b"status") != "bound":
            continue
        until = None if left is None else file.written + left
        host = told.get(b"host-name") or told.get(b"active-host-name", "")
        yield Event(ip, file.written - (since or 0), hardware, host, until, is_read=since is None)


ROUTEROS = LeaseFormat("MikroTik leases", _recognises, _events)
