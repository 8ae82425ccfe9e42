"""The audit log of a Windows DHCP server (DhcpSrvLog-Mon.log): comma-separated lines after an explanation.

Its dates follow the server's settings; of all readings that give a date, the date nearest to the last write
of the file counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from quetsach.machines.leases.leaseformat import Event, File, LeaseFormat, mac, text
from quetsach.machines.leases.signs import SIGNS_OF_WINDOWS
from quetsach.text.canonical import address

_ROW = re.compile(
    rb"(\d{2}),(\d{1,4})[/.-](\d{1,2})[/.-](\d{1,4}),(\d\d):(\d\d):(\d\d),[^,]*,([0-9.]{7,15}),([^,]*),([0-9A-Fa-f]{12})(?:,.*)?"
)
_HEADERS = (*SIGNS_OF_WINDOWS, b"Microsoft DHCP Service Activity Log")
_GIVEN = (b"10", b"11", b"20", b"21")
_TAKEN = (b"12", b"16", b"17", b"18")


def _recognises(lines: Sequence[bytes]) -> bool:
    has_header = any(line.lstrip().startswith(_HEADERS) for line in lines)
    return has_header and any(map(_ROW.fullmatch, lines))


def _events(lines: Iterable[bytes], file: File) -> Iterator[Event]:
    for line in lines:
        found = _ROW.fullmatch(line)
        if found is None or found[1] not in _GIVEN + _TAKEN:
            continue
        ip, hardware, at = address(text(found[8])), mac(found[10]), _moment(found, file)
        if ip is None or at is None:
            file.leave("not_understood" if ip is None else "no_time", line)
            continue
        if found[1] in _GIVEN:
            yield Event(ip, at, hardware, text(found[9]))
        else:
            yield Event(ip, at, of=hardware or "")


def _moment(found: re.Match[bytes], file: File) -> int | None:
    first, second, third = (int(found[at]) for at in (2, 3, 4))
    hour, minute, second_ = (int(found[at]) for at in (5, 6, 7))
    readings = []
    for year, month, day in ((third, first, second), (third, second, first), (first, second, third)):
        try:
            moment = datetime(
                year + 2000 if year < 100 else year, month, day, hour, minute, second_, tzinfo=file.zone
            )
            readings.append(int(moment.timestamp()) * 1_000_000)
        except (ValueError, OverflowError):
            continue
    return min(readings, key=lambda at: abs(at - file.written), default=None)


WINDOWS = LeaseFormat("Windows DHCP log", _recognises, _events)
