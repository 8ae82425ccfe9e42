"""All rows of a scan put together by machine and by format, without an object for each of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

_VARIABLE = "QUETSACH_ENGINE"


@dataclass(frozen=True, slots=True)
class Machine:
    """One client address or name, "" for all rows without one, with its sums in lines, in the order in which
    they came. `rows` is in rows, the times are those of the wire."""

    device: str
    identity: list[tuple[str, str]]
    families: list[tuple[str, int]]
    indicators: list[tuple[str, int]]
    actions: list[tuple[str, int]]
    sources: list[tuple[str, int]]
    count: int
    first: str | None
    last: str | None
    rows: int


@dataclass(frozen=True, slots=True)
class Tally:
    """Machines as they came, and the lines of each (source, log format)."""

    machines: list[Machine]
    formats: dict[tuple[str, str], int]


def of(blocks: Iterable[bytes]) -> Tally | None:
    """The tally of sightings in lines of the wire format; None where the native engine is not at hand."""
    if os.environ.get(_VARIABLE, "native") not in ("", "native"):
        return None
    try:
        from quetsach import _native
    except ImportError:
        return None
    tally = _native.Tally()
    for block in blocks:
        tally.add(block)
    machines, formats = tally.finish()
    split = ((key.partition("\n"), lines) for key, lines in formats)
    return Tally(
        [Machine(*one) for one in machines], {(source, name): lines for (source, _, name), lines in split}
    )
