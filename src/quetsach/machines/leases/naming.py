"""Finds the machine behind an address in DHCP leases: names for sightings whose device is an address.

A lease holds until it is given back or runs out, or until the address goes to another machine.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from quetsach.errors import SourceError
from quetsach.files.inputs import STDIN, Input, Inputs, Skipped
from quetsach.files.source import ByteStream, Source
from quetsach.machines.leases.history import holders
from quetsach.machines.leases.signs import may_hold_leases
from quetsach.sightings.sighting import Bypass, Sighting

if TYPE_CHECKING:
    from quetsach.machines.leases.leaseformat import Event, LeaseFormat

LONGEST = 8 * 86_400_000_000
"""The length of a lease without a known end and without later news: Windows' default."""
_HEAD_BYTES = 1 << 16
_MOST_LINE = 1 << 16
_TOO_LONG = "has more than 64 KiB and was not read; look at the file by hand"
_MOST_RENEWALS = 100


@cache
def formats() -> tuple[LeaseFormat, ...]:
    """All lease formats."""
    from quetsach.machines.leases import devices, files, logs, printed, sensors, windows

    return (
        files.DHCPD,
        files.DNSMASQ,
        files.KEA,
        windows.WINDOWS,
        sensors.ZEEK,
        printed.ROUTEROS,
        logs.LOG,
        sensors.EVE,
        devices.ROUTEROS,
        devices.FORTIGATE,
    )


class Leases:
    """Leases of many files. `count` counts those with a machine, `read` those among them that begin only
    when their file was written, `ended` those that had ended by then and have no known beginning, `named` the
    sightings that got a name or a hardware address from them."""

    def __init__(self) -> None:
        self.count = self.named = self.read = self.ended = 0
        self._told: dict[str, list[Event]] = {}
        self._spans: dict[str, list[Event]] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Add the leases of one file."""
        for event in events:
            self.count += event.mac is not None
            self.read += event.is_read
            self._told.setdefault(event.address, []).append(event)
            self._spans.pop(event.address, None)

    def events(self) -> Iterator[Event]:
        """All that was added."""
        for told in self._told.values():
            yield from told

    def leave(self, code: str, _line: bytes) -> None:
        """Count a line that tells of no lease (`leaseformat.File`)."""
        self.ended += code == "ended"

    def find(self, address: str, at: int) -> Event | None:
        """The lease in force at a time, in microseconds since 1970 UTC."""
        if address not in self._told:
            return None
        if address not in self._spans:
            self._spans[address] = holders(self._told[address])
        events = self._spans[address]
        number = bisect_right(events, at, key=lambda event: event.at) - 1
        lease = events[number] if number >= 0 else None
        if lease is None or not lease.mac:
            return None
        if at > (lease.at + LONGEST if lease.until is None else lease.until):
            return None
        # A renewal may lack the name.
        named = (e for e in reversed(events[max(0, number - _MOST_RENEWALS) : number]) if e.mac == lease.mac)
        host = lease.host or next((event.host for event in named if event.host), "")
        return lease._replace(host=host)

    def name(self, sightings: Iterable[Sighting]) -> Iterable[Sighting]:
        """The sightings, in their order, with the machines that had their addresses (docs/contract.md 2)."""
        if not self._told:
            return sightings
        from quetsach.machines.leases.binding import bound

        return bound(sightings, self)

    def name_bypasses(self, bypasses: Iterable[Bypass]) -> Iterable[Bypass]:
        """The same for ways around, which `named` does not count."""
        if not self._told:
            return bypasses
        from quetsach.machines.leases.binding import bound_bypasses

        return bound_bypasses(bypasses, self)


def gather(inputs: Inputs, given: Sequence[Path], tz: str, length: int | None = None) -> Leases:
    """Read the leases among the inputs and in the files `given`; `tz` names the zone of times without one.

    A file that holds only leases is no log: it moves from `inputs.logs` to `inputs.skipped` ("lease"). A log
    with some lines of a DHCP server stays a log. With a file of Kea, the files beside it that hold its past
    are read too. `length`, in microseconds, is that of leases in files that name only their end.

    Raises:
        SourceError: a file in `given` holds no leases or cannot be read.
    """
    leases = Leases()
    if given:
        from quetsach.machines.leases import logs
    for path in with_past(given):
        given_kind = kind_of(head(path)) or logs.LOG
        before = leases.count
        ended = leases.ended
        leases.add(_read(path, given_kind, tz, length, leases.leave, is_given=True))
        if path not in given:
            continue
        if leases.count == before and logs.is_undated(head(path)):
            raise SourceError(
                f"{path}: its leases carry no time, as dhcpd -d writes them; take dhcpd.leases or the"
                " system's log instead"
            )
        if leases.count == before and leases.ended == ended:
            raise SourceError(
                f"{path}: holds no lease of ISC dhcpd, Kea, dnsmasq, Windows DHCP, MikroTik, FortiGate,"
                " Zeek or Suricata"
            )
    logs_left: list[Input] = []
    for log in inputs.logs:
        kind = None if log.is_container or log.path == STDIN or not log.size else kind_of(head(log.path))
        if kind is not None:
            leases.add(_read(log.path, kind, tz, length, leases.leave))
        if kind is not None and not kind.is_log and (not kind.mark or kind.recognises(head(log.path))):
            inputs.skipped.append(Skipped(log.path, "lease"))
        else:
            logs_left.append(log)
    inputs.logs[:] = logs_left
    return leases


def kind_within(path: Path, start: bytes) -> LeaseFormat | None:
    """The format of the leases among the lines of a log that begins with these bytes."""
    kind = kind_of(head(path, Source(path, BytesIO(start))))
    return kind if kind is not None and kind.mark else None


def within(path: Path, kind: LeaseFormat, lines: ByteStream, written: int, tz: str) -> Iterator[Event]:
    """The leases in some lines of a log that was written last at `written`, in microseconds."""
    from zoneinfo import ZoneInfo

    from quetsach.machines.leases.leaseformat import File

    yield from kind.events(lines_of(Source(path, lines), kind.mark), File(written, ZoneInfo(tz)))


def with_past(paths: Sequence[Path]) -> list[Path]:
    """The files, and beside each file of Kea those that hold its past (Kea Administrator Reference Manual,
    "Lease File Cleanup")."""
    found = dict.fromkeys(paths)
    for path in paths:
        kind = kind_of(head(path)) if path.is_file() else None
        for end in kind.beside if kind is not None else ():
            other = path.with_name(path.name + end)
            if other.is_file() and kind_of(head(other)) is kind:
                found[other] = None
    return list(found)


def kind_of(head: Sequence[bytes]) -> LeaseFormat | None:
    """The format of leases in a file that begins with these lines."""
    if not may_hold_leases(head):
        return None
    for one in formats():
        if one.recognises(head):
            return one
    # Formats of devices come first: their lines may also hold the words of other formats.
    marked = (one for one in reversed(formats()) if one.mark)
    return next((one for one in marked if any(one.mark in line for line in head)), None)


def head(path: Path, source: Source | None = None) -> list[bytes]:
    """The first complete lines that are neither empty nor comments, but for Zeek's names of columns. `source`
    where the file lies on no disk."""
    start = b""
    for block in (source or Source(path)).chunks():
        start += block
        if len(start) >= _HEAD_BYTES:
            start = start[: start.rfind(_line_end(start)) + 1]
            break
    lines = (line.rstrip(b"\r") for line in start.removeprefix(b"\xef\xbb\xbf").split(_line_end(start)))
    return [line for line in lines if line.strip() and (line[:1] != b"#" or line.startswith(b"#fields"))]


def _read(
    path: Path,
    kind: LeaseFormat,
    tz: str,
    length: int | None,
    leave: Callable[[str, bytes], None],
    *,
    is_given: bool = False,
) -> Iterator[Event]:
    try:
        written = int(path.stat().st_mtime) * 1_000_000
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    from zoneinfo import ZoneInfo

    from quetsach.machines.leases.leaseformat import File

    source = Source(path)
    yield from kind.events(lines_of(source, kind.mark), File(written, ZoneInfo(tz), length, leave))
    # For a log, the scan itself reports errors of reading.
    if is_given and source.errors:
        raise SourceError(source.errors[0])


def _line_end(start: bytes) -> bytes:
    """What ends the lines of a text that begins like this: CR alone only where it has no other end. A CR
    within a line may be part of a name that a stranger chose."""
    return b"\r" if b"\r" in start and b"\n" not in start else b"\n"


def lines_of(source: Source, mark: bytes = b"") -> Iterator[bytes]:
    """The lines without their ends; blocks without `mark` are passed over.

    A line over `_MOST_LINE` bytes that may hold a lease is not read, which the source's errors tell.
    """
    held = end = b""
    is_first = True
    for block in source.chunks():
        data = held + block
        end = end or _line_end(data)
        *whole, held = data.split(end) if mark in data else (b"", data[data.rfind(end) + 1 :])
        for line in whole:
            yield (line.removeprefix(b"\xef\xbb\xbf") if is_first else line).rstrip(b"\r")
            is_first = False
        if len(held) > _MOST_LINE:
            if mark in held and not any(error.endswith(_TOO_LONG) for error in source.errors):
                source.errors.append(
                    f"{source.path}: the line at byte {source.decoded - len(held)} {_TOO_LONG}"
                )
            held = b""
    if held:
        yield held.rstrip(b"\r")
