"""The answer of one scan: the sightings of many sources, and the coverage of its logs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from quetsach.files.inputs import Skipped
from quetsach.files.spool import Spool
from quetsach.scanning import tally
from quetsach.sightings import wire
from quetsach.sightings.sighting import Bypass, Coverage, Scan, Sighting, dump
from quetsach.sightings.wire import WireBypasses, WireSightings


class Snapshot(NamedTuple):
    """How far a scan is. Bytes are of files as stored; `bytes_total` leaves out standard input and pipes."""

    files: int
    files_total: int
    bytes: int
    bytes_total: int
    hits: int
    seconds: float


class Unattributed(NamedTuple):
    """Lines that name an indicator and no machine: a machine may be behind each of them.

    `not_understood`: no log format reads the line, so it is no sighting. `nameless`: the line is read, and it
    says neither address nor name of the machine; it is in a sighting, and counts there once an indicator.
    """

    not_understood: int
    nameless: int

    def __bool__(self) -> bool:
        return self.not_understood > 0 or self.nameless > 0


_NO_DEVICE = b'"device":null'
"""Inside a text of JSON its quotation marks would be escaped."""
_NAMES = ("host", "mac", "user")


class GoingAround(NamedTuple):
    """A machine that goes around the place that watches: its address, else its name. `ways` are (kind,
    provider) with their lines."""

    device: str
    identity: dict[str, str]
    ways: dict[tuple[str, str], int]
    first: str | None
    last: str | None

    @property
    def lines(self) -> int:
        """The lines of all its ways."""
        return sum(self.ways.values())

    @classmethod
    def of(cls, row: Bypass) -> GoingAround:
        """The machine of one row."""
        device = row.device or row.who.partition(":")[2]
        ways = {(row.kind, row.provider): row.count}
        return cls(device, dict(row.identity), ways, row.first_seen, row.last_seen)

    def with_row(self, row: Bypass) -> GoingAround:
        """The same machine with one more row."""
        way = (row.kind, row.provider)
        times = [time for time in (self.first, row.first_seen) if time is not None]
        ends = [time for time in (self.last, row.last_seen) if time is not None]
        return self._replace(
            identity={**row.identity, **self.identity},
            ways={**self.ways, way: self.ways.get(way, 0) + row.count},
            first=min(times, default=None),
            last=max(ends, default=None),
        )


class Sightings:
    """Sightings of many sources, sorted by key, read as often as wanted; beyond 2 MiB they lie in a
    temporary file. Sightings of the first source are not copied, unless there `are_many` sources: mostly
    there is one large log."""

    def __init__(self, *, are_many: bool = False) -> None:
        self._are_many = are_many
        self._spool = Spool()
        self._places: dict[str, tuple[int, int]] = {}
        self._counts: dict[str, int] = {}
        """The number of sightings of each source in the spool; the first source's own sightings count
        themselves."""
        self._first: tuple[str, WireSightings] | None = None
        self._tally: tally.Tally | None = None

    def put(self, source: str, sightings: Iterable[Sighting]) -> None:
        """Keep the sightings of one source, sorted by key; earlier sightings of that source are forgotten."""
        self._tally = None
        self._places.pop(source, None)
        if self._first is not None and self._first[0] == source:
            self._first = None
        if isinstance(sightings, WireSightings) and self._first is None and not self._are_many:
            self._first = (source, sightings)
            self._counts[source] = 0
            return
        start = self._spool.size
        if isinstance(sightings, WireSightings):
            sightings.write(self._spool.put)
            count = len(sightings)
        else:
            count = 0
            for sighting in sightings:
                self._spool.put(dump(sighting))
                count += 1
        self._places[source] = (start, self._spool.size - start)
        self._counts[source] = count

    def add(self, source: str, sightings: Iterable[Sighting]) -> None:
        """Keep those of another input with the same source id; of one key the larger count stands."""
        self.put(source, _larger(self.of_source(source), sightings))

    def of_source(self, source: str) -> Iterator[Sighting]:
        """Those of one source, sorted by key."""
        blocks = self._blocks(source) if source in self._counts else ()
        return map(WireSightings.parse, wire.lines(blocks))

    def __len__(self) -> int:
        first = len(self._first[1]) if self._first is not None else 0
        return first + sum(self._counts.values())

    def __iter__(self) -> Iterator[Sighting]:
        return map(WireSightings.parse, self.lines())

    def lines(self) -> Iterator[bytes]:
        """The sightings as JSON Lines, one by one."""
        return wire.lines(self.blocks())

    def blocks(self) -> Iterator[bytes]:
        """The sightings as JSON Lines, ready for a document, in blocks that end anywhere."""
        for source in sorted(self._counts):
            yield from self._blocks(source)

    def _blocks(self, source: str) -> Iterator[bytes]:
        if self._first is not None and self._first[0] == source:
            return self._first[1].blocks()
        return self._spool.blocks(*self._places[source])

    def write(self, put: Callable[[bytes], object]) -> None:
        """Hand these blocks to `put`, which is quicker than iterating. Raises OSError like `put`."""
        if self._first is not None and self._counts.keys() == {self._first[0]}:
            self._first[1].write(put)
            return
        for block in self.blocks():
            put(block)

    def nameless(self) -> int:
        """The lines of sightings that say nothing of the machine: no address, no name, no user."""
        bare = (WireSightings.parse(line) for line in self.lines() if _NO_DEVICE in line)
        return sum(one.count for one in bare if not any(name in one.identity for name in _NAMES))

    def tally(self) -> tally.Tally | None:
        """The tally of all sightings, computed once; None where only the portable engine is available."""
        if self._tally is None and self._first is not None and self._counts.keys() == {self._first[0]}:
            found = self._first[1].tally()
            self._tally = tally.Tally(found) if found is not None else None
        if self._tally is None:
            self._tally = tally.of(self.blocks())
        return self._tally


class Bypasses:
    """Ways around of many sources, sorted by key, read as often as wanted; beyond 2 MiB they lie in a
    temporary file."""

    def __init__(self) -> None:
        self._spool = Spool()
        self._places: dict[str, tuple[int, int, int]] = {}
        """Of each source: offset and bytes in the spool, and the number of rows."""

    def put(self, source: str, bypasses: Iterable[Bypass]) -> None:
        """Keep those of one source, sorted by key; earlier ones of that source are forgotten."""
        start, count = self._spool.size, 0
        for bypass in bypasses:
            self._spool.put(dump(bypass))
            count += 1
        self._places.pop(source, None)
        if count:
            self._places[source] = (start, self._spool.size - start, count)

    def add(self, source: str, bypasses: Iterable[Bypass]) -> None:
        """Keep those of another input with the same source id; of one key the larger count stands."""
        self.put(source, _larger(self.of_source(source), bypasses))

    def of_source(self, source: str) -> Iterator[Bypass]:
        """Those of one source, sorted by key."""
        start, size, _count = self._places.get(source, (0, 0, 0))
        return map(WireBypasses.parse, wire.lines(self._spool.blocks(start, size)) if size else ())

    def __len__(self) -> int:
        return sum(count for _, _, count in self._places.values())

    def __iter__(self) -> Iterator[Bypass]:
        return map(WireBypasses.parse, wire.lines(self.blocks()))

    def blocks(self) -> Iterator[bytes]:
        """The rows as JSON Lines, in blocks that end anywhere."""
        for source in sorted(self._places):
            start, size, _ = self._places[source]
            yield from self._spool.blocks(start, size)

    @cached_property
    def machines(self) -> list[GoingAround]:
        """The machines that go around, each with its ways; sorted by device and `who`."""
        found: dict[tuple[str, str], GoingAround] = {}
        for row in self:
            who = (row.device or "", "" if row.device else row.who)
            old = found.get(who)
            found[who] = GoingAround.of(row) if old is None else old.with_row(row)
        return [found[who] for who in sorted(found)]


def _larger[Row: (Sighting, Bypass)](one: Iterable[Row], other: Iterable[Row]) -> list[Row]:
    """The rows of both, sorted by key; of one key that with the larger count."""
    best: dict[tuple[str, ...], Row] = {}
    for rows in (one, other):
        for row in rows:
            known = best.get(row.key())
            if known is None or (row.count, dump(row)) > (known.count, dump(known)):
                best[row.key()] = row
    return [best[key] for key in sorted(best)]


class ScanResult(NamedTuple):
    """The answer of one scan. `coverage` is sorted by source id, then path; `skipped` files were not read.

    `slow_because` says why the fast engine could not be used, where it was wanted.
    """

    scan: Scan
    sightings: Sightings
    coverage: list[Coverage]
    skipped: list[Skipped]
    is_interrupted: bool = False
    seconds: float = 0.0
    named_by_lease: int = 0
    bypasses: Bypasses = Bypasses()
    slow_because: str = ""

    @property
    def errors(self) -> list[tuple[str, str]]:
        """(path, error) over all sources."""
        return [(seen.path, error) for seen in self.coverage for error in seen.errors]

    @property
    def not_understood(self) -> int:
        """Lines that name an indicator and could not be attributed, over all sources."""
        return sum(seen.not_understood for seen in self.coverage)

    @property
    def unattributed(self) -> Unattributed:
        """All lines without a machine. Reads the sightings once."""
        return Unattributed(self.not_understood, self.sightings.nameless())
