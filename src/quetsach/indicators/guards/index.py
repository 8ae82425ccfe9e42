"""Warning lists in their packaged form: sorted, so that a look-up reads little.

Each section starts with its name and its length in bytes. `lists` has a line for each list: slug, How,
version, title. The number of the line is the list's rank; where several lists match, the least rank counts.
`on`, `below` and `above` have names with ranks: an entry is the name itself, the name with all below it, or
lies below the name. Sections such as `address 4` have ranges of addresses of one family that do not overlap:
first, last and rank in hexadecimal, in lines of one width.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from quetsach.files import packaged as files
from quetsach.indicators.guards.blocks import Block, Ranges, disjoint
from quetsach.indicators.guards.warninglists import How, WarningList

if TYPE_CHECKING:
    from mmap import mmap

type Bytes = bytes | mmap
SHIPPED = "warning-lists.txt"
_HEADING = "# misp-warninglists, CC0; see quetsach.indicators.guards.index\n"
_DIGITS = {4: 8, 6: 33}
"""Hexadecimal digits of a number on the number line of both families, by version."""
_RANK_DIGITS = 4
_BLOCK_BYTES = 1 << 11
"""Bytes of a table of names that a look-up searches at once."""


class About(NamedTuple):
    """A list's data apart from its entries."""

    slug: str
    how: How
    version: str
    title: str


class Index:
    """Packed lists; the caller's `found` gives the meaning of a rank."""

    def __init__(self, data: Bytes) -> None:
        self._data = data
        self._places: dict[str, range] = {}
        at = len(_HEADING)
        while at < len(data):
            start = data.find(b"\n", at) + 1
            name, _space, size = data[at + 1 : start - 2].decode().rpartition(" ")
            at = start + int(size)
            self._places[name] = range(start, at)
        rows = (line.split("\t") for line in _lines(data, self._places["lists"]))
        self.lists = [About(slug, How(how), version, title) for slug, how, version, title in rows]

    def names[Found](self, section: str, found: Sequence[Found]) -> NameTable[Found]:
        """The names of a section: `on`, `below` or `above`."""
        return NameTable(self._data, self._places[section], found)

    def ranges[Found](self, how: How, version: int, found: Sequence[Found]) -> Ranges[Found]:
        """The addresses of one family."""
        digits, place = _DIGITS[version], self._places[f"{how} {version}"]
        lines = place[:: 2 * (digits + 1) + _RANK_DIGITS + 1]
        firsts, lasts = (Column(self._data, lines, start, digits) for start in (0, digits + 1))
        return Ranges(firsts, lasts, Column(self._data, lines, 2 * (digits + 1), _RANK_DIGITS), found)


class NameTable[Found]:
    """Sorted lines of a name and a rank, at a place in the data."""

    def __init__(self, data: Bytes, place: range, found: Sequence[Found]) -> None:
        self._data, self._place, self._found = data, place, found

    @cached_property
    def _blocks(self) -> tuple[list[int], list[bytes]]:
        """The start of each block, always at a line, and the first name of each block."""
        data, place = self._data, self._place
        starts = [data.rfind(b"\n", 0, at) + 1 for at in place[::_BLOCK_BYTES]]
        return [*starts, place.stop], [data[start : data.find(b"\t", start)] for start in starts]

    def get(self, name: str, /) -> Found | None:
        """The item of a name."""
        wanted = name.encode()
        starts, names = self._blocks
        number = bisect_right(names, wanted) - 1
        if number < 0:
            return None
        # A line starts behind a line feed; before the first line there is that of the section's heading.
        block = self._data[starts[number] - 1 : starts[number + 1]]
        line = b"\n%b\t" % wanted
        at = block.find(line)
        if at < 0:
            return None
        at += len(line)
        return self._found[int(block[at : block.index(b"\n", at)])]

    def __iter__(self) -> Iterator[str]:
        return (line.partition("\t")[0] for line in _lines(self._data, self._place))


class Column:
    """One number of each line; it stands `start` bytes behind the start of its line."""

    def __init__(self, data: Bytes, lines: range, start: int, digits: int) -> None:
        self._data, self._lines, self._start, self._digits = data, lines, start, digits
        self._met: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, at: int, /) -> int:
        # Every look-up starts with the same lines, so their numbers are remembered.
        number = self._met.get(at)
        if number is None:
            start = self._lines[at] + self._start
            number = self._met[at] = int(self._data[start : start + self._digits], 16)
        return number

    def __iter__(self) -> Iterator[int]:
        data, start, end = self._data, self._start, self._start + self._digits
        return (int(data[at + start : at + end], 16) for at in self._lines)


def shipped() -> Index:
    """The packaged lists."""
    return Index(files.mapped(f"indicators/guards/{SHIPPED}"))


def packed(lists: Sequence[WarningList]) -> bytes:
    """The packaged form of lists; the same lists give the same bytes."""
    on: dict[str, int] = {}
    below: dict[str, int] = {}
    above: dict[str, int] = {}
    blocks: dict[How, list[tuple[Block, int]]] = {how: [] for how in How if how.is_address}
    for rank, one in enumerate(lists):
        if one.how.is_address:
            blocks[one.how] += [(Block.of(entry), rank) for entry in one.entries]
            continue
        for entry in one.entries:
            name = entry.removeprefix(".")
            (on if name == entry else below).setdefault(name, rank)
            parent = name.partition(".")[2]
            while parent and parent not in above:
                above[parent] = rank
                parent = parent.partition(".")[2]
    abouts = (About(one.slug, one.how, one.version, one.title) for one in lists)
    sections = {"lists": "".join("\t".join(" ".join(x.split()) for x in about) + "\n" for about in abouts)}
    for section, names in (("on", on), ("below", below), ("above", above)):
        sections[section] = "".join(f"{name}\t{rank}\n" for name, rank in sorted(names.items()))
    for how, found in blocks.items():
        for version in _DIGITS:
            family = (one for one in found if one[0].version == version)
            sections[f"{how} {version}"] = "".join(_pieces(family, _DIGITS[version]))
    parts = [_HEADING.encode()]
    for section, text in sections.items():
        data = text.encode(errors="replace")
        parts += (f"[{section} {len(data)}]\n".encode(), data)
    return b"".join(parts)


def _lines(data: Bytes, place: range) -> list[str]:
    return data[place.start : place.stop].decode().split("\n")[:-1]


def _pieces(blocks: Iterable[tuple[Block, int]], digits: int) -> Iterator[str]:
    for first, last, rank in disjoint(blocks):
        yield f"{first:0{digits}x} {last:0{digits}x} {rank:0{_RANK_DIGITS}x}\n"
