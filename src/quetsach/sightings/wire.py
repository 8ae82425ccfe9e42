"""Sightings, and ways around, as lines of the wire format: memory never holds millions of objects at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sized
from functools import cache
from typing import TYPE_CHECKING, Any

from quetsach.files.spool import Spool
from quetsach.sightings.sighting import Bypass, Sighting, dump

if TYPE_CHECKING:
    from quetsach._native import Lines, Tally

_BLOCK_BYTES = 1 << 20


class _Wire[Row]:
    """Rows stored as JSON Lines, sorted by key; read as often as wanted.

    `read(offset, size)` gives at most `size` bytes from `offset` on, and none at the end. Without a `count`
    they are rows of the native engine, `native`, which makes lines on demand: counting them is quickest
    after they were written.
    """

    def __init__(
        self, count: int | None, read: Callable[[int, int], bytes], native: Sized | None = None
    ) -> None:
        self._count = count
        self._read = read
        self._native = native

    def __len__(self) -> int:
        """Raises OSError where they cannot be read."""
        if self._count is None:
            self._count = len(self._native) if self._native is not None else 0
        return self._count

    def __iter__(self) -> Iterator[Row]:
        return map(self.parse, lines(self.blocks()))

    def blocks(self) -> Iterator[bytes]:
        """The stored lines, in blocks that end anywhere."""
        return blocks(self._read)

    @staticmethod
    @abstractmethod
    def parse(line: bytes) -> Any:
        """The row of a line that this program wrote."""


class WireSightings(_Wire[Sighting]):
    """Sightings."""

    _native: Lines | None

    @staticmethod
    def parse(line: bytes) -> Sighting:
        """The sighting of a line that this program wrote."""
        return Sighting(**_fields(line))

    def write(self, put: Callable[[bytes], object]) -> None:
        """Hand all blocks to `put`. Raises OSError like `put`, or where they cannot be read."""
        if self._native is not None:
            self._native.write(put)
            return
        for block in self.blocks():
            put(block)

    def tally(self) -> Tally | None:
        """The tally of all sightings, if the engine has computed it; the engine gives it only once."""
        return self._native.tally() if self._native is not None else None


class WireBypasses(_Wire[Bypass]):
    """Ways around."""

    @staticmethod
    def parse(line: bytes) -> Bypass:
        """The way around of a line that this program wrote."""
        return Bypass(**_fields(line))


def blocks(read: Callable[[int, int], bytes]) -> Iterator[bytes]:
    """All that `read(offset, size)` gives, a block at a time."""
    offset = 0
    while block := read(offset, _BLOCK_BYTES):
        offset += len(block)
        yield block


def keep(sightings: Iterable[Sighting]) -> WireSightings:
    """Store sightings as lines in a spool (beyond 2 MiB on the disk). Raises OSError when the disk is
    full."""
    count, spool = _kept(sightings)
    return WireSightings(count, spool.read)


def keep_bypasses(bypasses: Iterable[Bypass]) -> WireBypasses:
    """Store ways around as `keep` stores sightings."""
    count, spool = _kept(bypasses)
    return WireBypasses(count, spool.read)


def _kept(records: Iterable[Sighting | Bypass]) -> tuple[int, Spool]:
    spool = Spool()
    count = 0
    for record in records:
        spool.put(dump(record))
        count += 1
    return count, spool


def lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines, with their line feed, from blocks that end anywhere."""
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield line + b"\n"


@cache
def _decoder() -> Callable[[bytes], dict[str, Any]]:
    import json  # an answer only on the screen does not need it

    return json.loads


def _fields(line: bytes) -> dict[str, Any]:
    fields = _decoder()(line)
    del fields["type"]
    return fields
