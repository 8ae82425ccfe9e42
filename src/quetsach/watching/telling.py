"""Rows and coverage of a list, and what changed of them, from the state of a watcher."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from functools import reduce
from itertools import groupby
from typing import Any

from quetsach.sightings.adding import add
from quetsach.sightings.copies import OTHERWISE
from quetsach.sightings.sighting import Bypass, Coverage, Sighting
from quetsach.watching import rewritten
from quetsach.watching.covering import covered, parsed
from quetsach.watching.generation import SELECT, Generation, generation_of
from quetsach.watching.store import Store

_DOUBLED = "doubled"
"""Under this name a state keeps logs whose lines count more than once."""


class Telling(Store):
    """The part of a state that only reads what it knows."""

    def lists(self) -> list[tuple[str, int, float]]:
        """Set id, number of entries and first use of each list, the oldest first."""
        query = "SELECT set_id, count, min(since) FROM version GROUP BY set_id ORDER BY min(since)"
        return self._file.execute(query).fetchall()

    def asked(self, set_id: str) -> list[tuple[str, ...]]:
        """The machines that were asked about with a list, each time, in that order."""
        query = "SELECT asked FROM version WHERE set_id = ? GROUP BY asked ORDER BY min(number)"
        return [tuple(json.loads(text)) for (text,) in self._file.execute(query, (set_id,))]

    def of_source(self, source: str) -> list[Generation]:
        """The generations with a source id."""
        return list(map(generation_of, self._file.execute(f"{SELECT} WHERE source = ?", (source,))))

    def counts_twice(self, number: int) -> str:
        """Why lines of a generation count more than once, as any list knows it; "" where they do not. That
        stays so: what counted once more is not taken back."""
        query = "SELECT coverage FROM looked WHERE generation = ? ORDER BY version"
        known = [parsed(text) for (text,) in self._file.execute(query, (number,))]
        said = (error for one in known if one is not None for error in one.errors)
        return next((error for error in said if error in rewritten.TWICE), "")

    def doubled(self) -> dict[str, str]:
        """The first names of logs whose lines count more than once, with the reason."""
        found: dict[str, str] = json.loads(self.about().get(_DOUBLED, "{}"))
        return found

    def note_doubled(self, path: str, why: str) -> None:
        """Lines of a log with this first name count more than once; that stays so."""
        known = self.doubled()
        if known.get(path) != why:
            self.note({_DOUBLED: json.dumps({**known, path: why})})

    def last_generation(self) -> int:
        """The number of the latest generation; it rises with each new content."""
        row = self._file.execute("SELECT max(number) FROM generation").fetchone()
        return int(row[0] or 0)

    def unsent(self, set_id: str, change: int) -> tuple[int, str]:
        """How many rows changed after a change, and the day of the oldest; "" for rows without a time."""
        query = (
            "SELECT count(*), coalesce(min(day), '') FROM found"
            " WHERE version IN (SELECT number FROM version WHERE set_id = ?) AND change > ?"
        )
        count, day = self._file.execute(query, (set_id, change)).fetchone()
        return int(count), str(day)

    def changed_since(self, set_id: str, change: int) -> tuple[set[tuple[str, str]], set[str]]:
        """What changed after a change: rows, by source id and key, and source ids whose coverage did."""
        rows = self._file.execute(
            "SELECT source, key FROM found JOIN generation ON generation = number"
            " WHERE version IN (SELECT number FROM version WHERE set_id = ?) AND change > ?",
            (set_id, change),
        )
        sources = self._file.execute(
            "SELECT source FROM looked JOIN generation ON generation = number"
            " WHERE version IN (SELECT number FROM version WHERE set_id = ?) AND change > ?",
            (set_id, change),
        )
        return set(rows), {row[0] for row in sources}

    def grown_since(self, set_id: str, change: int) -> set[tuple[str, str]]:
        """Source id and key of rows that are new, or hold more lines, since a change."""
        rows = self._file.execute(
            "SELECT source, key FROM found JOIN generation ON generation = number"
            " WHERE version IN (SELECT number FROM version WHERE set_id = ?) AND grown > ?",
            (set_id, change),
        )
        return set(rows)

    def rows[Row: (Sighting, Bypass)](
        self, set_id: str, what: type[Row], only: Collection[str] | None = None
    ) -> Iterator[Row]:
        """All rows of a list, sorted by key: of the generations of a source the larger count. `only` names
        the sources, None for all."""
        kind = "sighting" if what is Sighting else "bypass"
        sources = self._file.execute("SELECT DISTINCT source FROM generation ORDER BY source").fetchall()
        for (source,) in sources:
            if only is not None and source not in only:
                continue
            found = self._file.execute(
                "SELECT generation, version, key, data FROM found JOIN generation ON generation = number"
                " WHERE source = ? AND version IN (SELECT number FROM version WHERE set_id = ?) AND kind = ?"
                " ORDER BY generation, version, key, part",
                (source, set_id, kind),
            )
            best: dict[str, Row] = {}
            for key, row in _summed(found, what):
                if key not in best or best[key].count < row.count:
                    best[key] = row._replace(source=source)
            yield from sorted(best.values(), key=lambda one: one.key())

    def earlier_ids(self, change: int) -> dict[str, list[str]]:
        """By source id the ids that ended after a change, without those that another log has now."""
        query = "SELECT source, was FROM generation WHERE was != '[]' ORDER BY number"
        found: dict[str, list[str]] = {}
        for source, was in self._file.execute(query).fetchall():
            ended = (old for old, end in json.loads(was) if end > change and not self.of_source(old))
            found.setdefault(source, []).extend(ended)
        return found

    def coverage(self, set_id: str) -> list[Coverage]:
        """The coverage of each source, of generations that are no copies of longer ones, as seen last."""
        return [told for told, _asked in self.covered(set_id)]

    def covered(self, set_id: str, *, with_readable: bool = False) -> list[tuple[Coverage, tuple[str, ...]]]:
        """The same, with the machines that were asked about then; `with_readable` as `covering.covered` has
        it."""
        return covered(self._file.execute, set_id, with_readable=with_readable)

    def goes_on_otherwise(self, source: str, path: str, version: int) -> list[str]:
        """The paths of which a file is no copy, though it begins as they do and has their source id."""
        query = "SELECT set_id FROM version WHERE number = ?"
        (set_id,) = self._file.execute(query, (version,)).fetchone()
        told = [one for one, _asked in covered(self._file.execute, set_id, source)]
        said = {error for one in told if one.path == path for error in one.errors}
        return [one.path for one in told if OTHERWISE.format(path=one.path) in said]


def row_of[Row: (Sighting, Bypass)](data: bytes, what: type[Row]) -> Row:
    """The row that a state keeps as these bytes."""
    fields = json.loads(data)
    del fields["type"]
    return what(**fields)


def _summed[Row: (Sighting, Bypass)](found: Iterable[Any], what: type[Row]) -> Iterator[tuple[str, Row]]:
    """Key and row of each generation and version: a last line without an end behind what is settled."""
    for (_generation, _version, key), parts in groupby(found, key=lambda row: row[:3]):
        rows = [row_of(data, what) for *_, data in parts]
        yield key, reduce(add, rows)
