"""All rows of a scan, summed by machine and by format, without a Python object for each row."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from quetsach import _native

_VARIABLE = "QUETSACH_ENGINE"
_BLOCK = 1024


class Indicators:
    """The indicators of one machine with their lines; the texts are made on demand."""

    __slots__ = ("_count", "_machine", "_tally")

    def __init__(self, tally: _native.Tally, machine: int, count: int) -> None:
        self._tally, self._machine, self._count = tally, machine, count

    def most_common(self, most: int | None = None) -> list[tuple[str, int]]:
        """At most `most` indicators with their lines, the greatest first."""
        return self._tally.indicators(self._machine, self._count if most is None else most)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return (name for name, _lines in self.most_common())


class Machine(NamedTuple):
    """One client address or name, "" for all rows without a client; its sums are in lines, in the order in
    which the indicators came. `whos` tell machines with this address apart. `rows` is in rows, the times
    are those of the wire."""

    device: str
    identity: list[tuple[str, str]]
    whos: list[str]
    families: list[tuple[str, int]]
    actions: list[tuple[str, int]]
    sources: list[tuple[str, int]]
    indicators: Indicators
    count: int  # type: ignore[assignment]
    first: str | None
    last: str | None
    rows: int


class Tally:
    """Machines in the order in which they came, and the lines of each (source, log format)."""

    def __init__(self, native: _native.Tally) -> None:
        self._native = native
        split = ((key.partition("\n"), lines) for key, lines in native.formats())
        self.formats = {(source, name): lines for (source, _, name), lines in split}

    def machines(self) -> Iterator[Machine]:
        """All machines, a block at a time: a scan of a whole network can have hundreds of thousands."""
        for start in count(0, _BLOCK):
            block = self._native.machines(start, _BLOCK)
            for number, one in enumerate(block, start):
                yield Machine(*one[:6], Indicators(self._native, number, one[6]), *one[7:])
            if len(block) < _BLOCK:
                return

    @property
    def indicator_count(self) -> int:
        """The number of different indicators, over all machines."""
        return self._native.indicator_count()

    def most_seen(self, most: int) -> list[str]:
        """The indicators with the most lines, at most so many."""
        return [name for name, _lines in self._native.most_seen(most)]

    def called_only(self, indicators: Iterable[str]) -> list[bool]:
        """For each machine whether it called only these indicators."""
        return self._native.called_only(list(indicators))


def of(blocks: Iterable[bytes]) -> Tally | None:
    """The tally of sightings in lines of the wire format; None where the native engine is missing."""
    if os.environ.get(_VARIABLE, "native") not in ("", "native"):
        return None
    try:
        from quetsach import _native
    except ImportError:
        return None
    tally = _native.Tally()
    for block in blocks:
        tally.add(block)
    return Tally(tally)
