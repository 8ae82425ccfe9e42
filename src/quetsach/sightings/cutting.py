"""Cuts a document of a scan into complete documents that a portal takes in one request.

A scan tells its rows by source and indicator. The portal looks at a machine anew with each document that
names it, so rows of one device are sent together: of a million rows of 100,000 machines each is then looked
at once, and not ten times.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import BinaryIO, NamedTuple

from quetsach.sightings.scanfile import LINE_BYTES, ScanFileError, read_lines
from quetsach.sightings.sighting import Bypass, Coverage, End, Scan, Sighting, dump

CHUNK_BYTES = 8 << 20
"""The largest document a portal takes in one request."""
_LONGEST_END = len(dump(End(1 << 62, 1 << 62, 1 << 62, 1 << 62)))


class Chunk(NamedTuple):
    """A complete document cut out of a larger one; `numbers` are the lines of the whole that its lines were,
    without its end."""

    data: bytes
    numbers: Sequence[int]
    is_last: bool

    def original_line(self, line: int) -> int:
        """The line of the whole document that line `line` of this chunk was, both from 1."""
        return self.numbers[min(max(line, 1), len(self.numbers)) - 1]


class Whole:
    """A document that was read once and is whole: its figures, and the place of each line.

    `devices` is the number of devices that its sightings name; `nameless` are hits without a device,
    `not_understood` lines that name something listed and could not be read. Memory: 20 bytes a row, and
    each device once.

    Raises:
        ScanFileError: the document is not whole, or a record breaks the wire format.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.nameless = self.not_understood = 0
        self._stream = stream
        self._head = b""
        self._places = array("Q")
        """Where each row begins, then each coverage record, then the end record."""
        self._groups, self._begins = array("I"), bytearray()
        """Of each row the number of its device, and whether it begins something new: another source,
        indicator or device than the row before."""
        groups: dict[tuple[type, str], int] = {}
        previous: tuple[str | None, ...] | None = None
        self._start = place = stream.tell()
        for _number, line, record in read_lines(stream):
            match record:
                case Scan():
                    self._head = line
                case Sighting() | Bypass():
                    # Ways around come last in a document, so their groups have the higher numbers.
                    group = (type(record), record.device or "")
                    self._groups.append(groups.setdefault(group, len(groups)))
                    self._begins.append(previous != (previous := _subject(record)))
                    if isinstance(record, Sighting) and not record.device:
                        self.nameless += record.count
                case Coverage():
                    self.not_understood += record.not_understood
                case End():
                    self._end = record
            if not isinstance(record, Scan):
                self._places.append(place)
            place += len(line)
        self._sightings = self._end.sightings
        self._rows, self._bytes = len(self._groups), place - self._start
        self._sizes = Counter(self._groups)
        self.devices = sum(1 for kind, device in groups if kind is Sighting and device)

    def chunks(self, max_bytes: int = CHUNK_BYTES) -> Iterator[Chunk]:
        """The document in documents of at most `max_bytes`; only the last holds the coverage. One that fits
        stays as it is.

        Records keep their bytes, so fields of a newer version survive. Rows of one device stay together, else
        those that differ only in `who` and day, where they fit: then a reader can compare all that one
        document says of a machine.

        Raises:
            ScanFileError: `too_large`: a row alone, or all coverage, does not fit. Nothing was yielded.
        """
        if self._bytes <= max_bytes:
            self._stream.seek(self._start)
            yield Chunk(self._stream.read(self._bytes), range(1, len(self._places) + 1), is_last=True)
            return
        room = max_bytes - len(self._head) - _LONGEST_END
        self._check_room(room, max_bytes)
        rows: list[bytes] = []
        held: list[int] = []
        size = device_at = subject_at = 0
        """`device_at` and `subject_at`: the rows held before the first of the present device, and of the
        present source and indicator."""
        device = -1
        for row in self._order():
            if self._groups[row] != device:
                device, device_at = self._groups[row], len(rows)
            if self._begins[row]:
                subject_at = len(rows)
            line = self._line(row)
            while size + len(line) > room:
                cut = device_at or subject_at or len(rows)
                yield self._chunk(rows[:cut], held[:cut])
                rows, held = rows[cut:], held[cut:]
                device_at, subject_at = max(0, device_at - cut), max(0, subject_at - cut)
                size = sum(map(len, rows))
            rows.append(line)
            held.append(row)
            size += len(line)
        if size + self._coverage_bytes() > room and rows:
            yield self._chunk(rows, held)
            rows, held = [], []
        yield self._chunk(rows, held, is_last=True)

    def _order(self) -> Sequence[int]:
        """The rows' numbers, those of one device together and in the order of the document."""
        ends = list(accumulate((self._sizes[group] for group in range(len(self._sizes))), initial=0))
        order = array("I", bytes(4 * self._rows))
        for row, group in enumerate(self._groups):
            order[ends[group]] = row
            ends[group] += 1
        return order

    def _check_room(self, room: int, max_bytes: int) -> None:
        longest = max(range(self._rows), key=self._length, default=None)
        if longest is not None and self._length(longest) > room:
            line = longest + 2
        elif self._coverage_bytes() > room:
            line = self._rows + 2
        else:
            return
        raise ScanFileError(
            line, "too_large", f"does not fit a document of {max_bytes} bytes: scan fewer files at once"
        )

    def _coverage_bytes(self) -> int:
        return self._places[-1] - self._places[self._rows]

    def _length(self, row: int) -> int:
        return self._places[row + 1] - self._places[row]

    def _line(self, number: int) -> bytes:
        self._stream.seek(self._places[number])
        return self._stream.readline(LINE_BYTES)

    def _chunk(self, rows: list[bytes], held: list[int], *, is_last: bool = False) -> Chunk:
        ways = sum(row >= self._sightings for row in held)
        sources, errors = (self._end.sources, self._end.errors) if is_last else (0, 0)
        coverage = range(self._rows, len(self._places) - 1) if is_last else range(0)
        data = [
            self._head,
            *rows,
            *map(self._line, coverage),
            dump(End(len(rows) - ways, sources, errors, ways)),
        ]
        numbers = array("Q", [1, *(row + 2 for row in held), *(row + 2 for row in coverage)])
        return Chunk(b"".join(data), numbers, is_last)


def _subject(row: Sighting | Bypass) -> tuple[str | None, ...]:
    if isinstance(row, Sighting):
        return (row.source, row.indicator, row.device)
    return (row.source, row.provider, row.kind, row.device)
