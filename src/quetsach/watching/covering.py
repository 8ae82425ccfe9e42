"""The coverage of a watcher's contents, each source once where its contents are copies of one log."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from quetsach.sightings import copies
from quetsach.sightings.adding import add_coverage
from quetsach.sightings.sighting import Coverage

Run = Callable[..., sqlite3.Cursor]
"""Runs a statement with its parameters on the file of a state."""


class _Told(NamedTuple):
    """The coverage of a content as one version of the list saw it. `asked` are machines as JSON."""

    generation: int
    version: int
    coverage: Coverage
    asked: str

    @property
    def rank(self) -> tuple[int, int, int]:
        """The higher, the more it saw."""
        return (self.coverage.bytes, -len(self.coverage.errors), self.version)


OTHERS = "others"
"""Under this name a state keeps the numbers of contents of lines that begin as another one and go on
otherwise."""


def covered(
    run: Run, set_id: str, source: str | None = None, *, with_readable: bool = False
) -> list[tuple[Coverage, tuple[str, ...]]]:
    """The coverage of each source, or of one, of contents that are no copies of longer ones, as seen last,
    with the machines that were asked about then. Sorted by source id and path. `with_readable` also tells
    logs of which nothing could be read for a time."""
    of_source: dict[str, dict[int, _Told]] = {}
    found = run(
        "SELECT generation.number, source, version, asked, shown, coverage, rest FROM looked"
        " JOIN generation ON generation = generation.number JOIN version ON version = version.number"
        " WHERE set_id = ? AND source = ifnull(?, source) AND (is_settled OR NOT is_whole OR ?)"
        " ORDER BY generation.number",
        (set_id, source, with_readable),
    )
    noted = run("SELECT value FROM about WHERE name = ?", (OTHERS,)).fetchone()
    others = set(json.loads(noted[0])) if noted is not None else set()
    for number, source, version, asked, shown, text, more in found:
        seen, rest = parsed(text), parsed(more)
        if seen is None:
            continue
        seen = (seen if rest is None else add_coverage(seen, rest))._replace(source=source, path=shown)
        told, known = _Told(number, version, seen, asked), of_source.setdefault(source, {})
        known[number] = max(told, known.get(number, told), key=lambda one: one.rank)
    answers = [one for contents in of_source.values() for one in _longest(run, contents.values(), others)]
    return sorted(answers, key=lambda one: (one[0].source, one[0].path))


def _longest(
    run: Run, contents: Iterable[_Told], others: Collection[int]
) -> list[tuple[Coverage, tuple[str, ...]]]:
    """The contents of one source that are no copies of longer ones, with the machines asked about.

    All logs of which nothing could be read have one id.
    """
    ranked = sorted(contents, key=lambda one: one.rank, reverse=True)
    empty = [told for told in ranked if not told.coverage.bytes]
    ranked = ranked[: len(ranked) - len(empty)]
    of = {id(told.coverage): told for told in ranked}
    longest = copies.distinct(
        (told.coverage for told in ranked),
        lambda longer, shorter: _is_other(run, of[id(longer)], of[id(shorter)], others),
    )
    told_of = [*(of[id(one)] for one in longest), *empty]
    return [(told.coverage, tuple(json.loads(told.asked))) for told in told_of]


def _is_other(run: Run, longer: _Told, shorter: _Told, others: Collection[int]) -> bool:
    """Whether the shorter of two contents goes on otherwise, by its bytes, or looks like a copy and has a row
    that the longer lacks."""
    if longer.generation in others and shorter.generation in others:
        return True
    if not copies.is_copy(shorter.coverage, longer.coverage):
        return False
    if copies.hides(longer.coverage, shorter.coverage):
        return True
    if "assumed_year" in (longer.coverage.time, shorter.coverage.time):
        # The years of days come from the times of the files.
        return False
    query = (
        "SELECT 1 FROM found AS one WHERE generation = ? AND version = ? AND NOT EXISTS (SELECT 1 FROM"
        " found WHERE generation = ? AND version = ? AND kind = one.kind AND key = one.key) LIMIT 1"
    )
    at = (shorter.generation, shorter.version, longer.generation, longer.version)
    return run(query, at).fetchone() is not None


def parsed(text: str) -> Coverage | None:
    """The coverage that a state keeps as text; None for "", where there is none."""
    return Coverage.of(json.loads(text)) if text else None
