"""What a watcher knows: where each file stands, and the rows and coverage up to there.

One SQLite file. A place changes only together with the rows and the coverage of the bytes before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import groupby
from typing import Any

from quetsach.sightings.adding import add, add_coverage
from quetsach.sightings.copies import OTHERWISE
from quetsach.sightings.sighting import Bypass, Coverage, Sighting, dump
from quetsach.watching.content import HEAD_BYTES, Fingerprint
from quetsach.watching.covering import OTHERS, covered, parsed
from quetsach.watching.generation import (
    SELECT,
    Answer,
    Generation,
    Looked,
    earlier_ids,
    generation_of,
)
from quetsach.watching.store import Store

SETTLED, REST = 0, 1
"""Parts of a generation: what was read to its place, and a last line that has no end yet."""


class State(Store):
    """Open for one watcher, or for reading beside it."""

    def version(self, set_id: str, program: str, count: int, now: float, asked: Sequence[str] = ()) -> int:
        """The number of a list as a program looks for it, and for the machines that it is asked about; new
        where that program never used this list so."""
        if asked:
            program += f" {hashlib.sha256(json.dumps(asked).encode()).hexdigest()}"
        query = "SELECT number FROM version WHERE set_id = ? AND program = ?"
        found = self._file.execute(query, (set_id, program)).fetchone()
        if found is not None:
            return int(found[0])
        with self._writing():
            made = self._file.execute(
                "INSERT INTO version (set_id, program, count, since, asked) VALUES (?, ?, ?, ?, ?)",
                (set_id, program, count, now, json.dumps(asked)),
            )
        return made.lastrowid or 0

    def lists(self) -> list[tuple[str, int, float]]:
        """Set id, number of entries and first use of each list, the oldest first."""
        query = "SELECT set_id, count, min(since) FROM version GROUP BY set_id ORDER BY min(since)"
        return self._file.execute(query).fetchall()

    def asked(self, set_id: str) -> list[tuple[str, ...]]:
        """The machines that were asked about with a list, each time, in that order."""
        query = "SELECT asked FROM version WHERE set_id = ? GROUP BY asked ORDER BY min(number)"
        return [tuple(json.loads(text)) for (text,) in self._file.execute(query, (set_id,))]

    def heads(self) -> list[int]:
        """How many first bytes of files decide which generation they are."""
        query = "SELECT DISTINCT head_size FROM generation WHERE NOT is_whole AND place > 0 ORDER BY 1 DESC"
        return [row[0] for row in self._file.execute(query)]

    def beginning(self, head: str, head_size: int) -> list[Generation]:
        """The generations that begin with this head, the longest first, then the latest."""
        query = f"{SELECT} WHERE head = ? AND head_size = ? AND NOT is_whole AND place > 0"
        found = self._file.execute(f"{query} ORDER BY place DESC, seen DESC, number DESC", (head, head_size))
        return list(map(generation_of, found))

    def of_source(self, source: str) -> list[Generation]:
        """The generations with a source id."""
        return list(map(generation_of, self._file.execute(f"{SELECT} WHERE source = ?", (source,))))

    def looked(self, generation: int, version: int) -> Looked | None:
        """How far a generation was looked at with a list."""
        query = (
            "SELECT place, text, record, moment, is_settled, header, coverage, rest FROM looked"
            " WHERE generation = ? AND version = ?"
        )
        row = self._file.execute(query, (generation, version)).fetchone()
        return (
            None
            if row is None
            else Looked(
                row[0],
                row[1],
                row[2],
                row[3],
                bool(row[4]),
                row[5],
                parsed(row[6]),
                parsed(row[7]),
            )
        )

    def generation(self, number: int) -> Generation:
        """The generation of a number."""
        return generation_of(self._file.execute(f"{SELECT} WHERE number = ?", (number,)).fetchone())

    def last_at(self, path: str) -> Generation | None:
        """The generation of lines that was seen last under a path."""
        query = f"{SELECT} WHERE path = ? AND NOT is_whole ORDER BY seen DESC, number DESC LIMIT 1"
        row = self._file.execute(query, (path,)).fetchone()
        return None if row is None else generation_of(row)

    def end(self, number: int) -> None:
        """A generation was read to its end, and its file let go."""
        with self._writing():
            self._file.execute("UPDATE generation SET is_ended = 1 WHERE number = ?", (number,))

    def begin(self, source: str, fingerprint: Fingerprint, header: bytes, path: str, now: float) -> int:
        """A generation of which nothing before its place will be looked at; returns its number."""
        with self._writing():
            return self._begin(source, fingerprint, (fingerprint.place, header), path, now, is_whole=False)

    def _begin(
        self,
        source: str,
        found: Fingerprint,
        base: tuple[int, bytes],
        path: str,
        now: float,
        *,
        is_whole: bool,
    ) -> int:
        made = self._file.execute(
            "INSERT INTO generation (is_whole, source, head, head_size, tail, place, base, base_header, path,"
            " shown, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (is_whole, source, *found, *base, path, path, now),
        )
        return made.lastrowid or 0

    def record(
        self,
        generation: Generation | None,
        version: int,
        source: str,
        fingerprint: Fingerprint,
        path: str,
        answer: Answer,
        *,
        header: bytes,
        text: int,
        is_settled: bool,
        replaces: bool,
        now: float,
    ) -> int:
        """Keep what a span showed, and the place behind it, in one transaction; returns the generation.

        With `replaces` the span began at the base, and its rows take the place of those before.
        """
        with self._writing():
            if generation is None:
                number = self._begin(source, fingerprint, (0, b""), path, now, is_whole=False)
                is_moved = False
            else:
                number, is_moved = generation.number, generation.source not in ("", source)
            old = self.looked(number, version)
            change = self._change()
            was = earlier_ids(generation, source, change)
            known: dict[tuple[str, str], tuple[bytes, int, int]] = {}
            if replaces:
                known = self._take(number, version)
                coverage = self._with_gaps(number, answer.coverage)
            else:
                before = old.coverage if old is not None else None
                coverage = answer.coverage if before is None else add_coverage(before, answer.coverage)
                if old is not None and old.rest is not None:
                    self._drop_rest(number, version)
            for row in answer.rows():
                self._put(number, version, SETTLED, row, change, known, adds=not replaces, is_moved=is_moved)
            self._file.execute(
                "INSERT OR REPLACE INTO looked VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, 0, 0)",
                (number, version, fingerprint.place, is_settled, header, _written(coverage), change, text),
            )
            self._file.execute(
                "UPDATE generation SET source = ?, was = ?, head = ?, head_size = ?, tail = ?, place = ?,"
                " shown = ?, seen = ?, is_ended = 0, format = ifnull(nullif(?, ''), format) WHERE number = ?",
                (source, json.dumps(was), *fingerprint, path, now, answer.format, number),
            )
            if old is None:
                self._supersede(number, version, fingerprint.place)
        return number

    def _with_gaps(self, number: int, coverage: Coverage) -> Coverage:
        """The coverage with all gaps that are known of a generation, by any list."""
        query = "SELECT coverage FROM looked WHERE generation = ? ORDER BY version"
        known = [parsed(text) for (text,) in self._file.execute(query, (number,))]
        gaps = [tuple(gap) for one in known if one is not None for gap in one.gaps]
        return coverage._replace(gaps=tuple(dict.fromkeys(gaps))) if gaps else coverage

    def _supersede(self, number: int, version: int, place: int) -> None:
        """Forget what earlier versions with the same list found in a generation, if this one got as far."""
        query = (
            "SELECT version FROM looked WHERE generation = ? AND version < ? AND place <= ? AND version IN"
            " (SELECT number FROM version WHERE set_id = (SELECT set_id FROM version WHERE number = ?))"
        )
        for (one,) in self._file.execute(query, (number, version, place, version)).fetchall():
            self._file.execute("DELETE FROM found WHERE generation = ? AND version = ?", (number, one))
            self._file.execute("DELETE FROM looked WHERE generation = ? AND version = ?", (number, one))

    def record_rest(self, number: int, version: int, answer: Answer) -> None:
        """Keep what a last line without an end showed; the next span takes its place."""
        with self._writing():
            change = self._change()
            self._drop_rest(number, version)
            for row in answer.rows():
                self._put(number, version, REST, row, change, {})
            self._file.execute(
                "UPDATE looked SET rest = ?, change = ? WHERE generation = ? AND version = ?",
                (_written(answer.coverage), change, number, version),
            )

    def _drop_rest(self, number: int, version: int) -> None:
        self._file.execute(
            "DELETE FROM found WHERE generation = ? AND version = ? AND part = ?", (number, version, REST)
        )

    def add_gap(self, number: int, version: int, gap: tuple[str, str]) -> None:
        """Lines of a generation are lost between these times."""
        with self._writing():
            known = self.looked(number, version)
            if known is not None and known.coverage is not None:
                told = known.coverage._replace(gaps=[*known.coverage.gaps, list(gap)])
                self._file.execute(
                    "UPDATE looked SET coverage = ?, change = ? WHERE generation = ? AND version = ?",
                    (_written(told), self._change(), number, version),
                )

    def record_whole(
        self,
        path: str,
        version: int,
        mark: str,
        said: str,
        answers: Iterable[Answer],
        now: float,
        in_use: Collection[int] = (),
    ) -> None:
        """Keep what a file showed that is read as a whole. A shorter reading of a source changes nothing.

        `in_use` are generations that go on as lines.
        """
        with self._writing():
            for answer in answers:
                self._put_whole(path, version, answer, now, in_use)
            self._file.execute(
                "INSERT OR REPLACE INTO whole VALUES (?, ?, ?, ?)", (path, version, mark, said)
            )

    def _put_whole(
        self, path: str, version: int, answer: Answer, now: float, in_use: Collection[int]
    ) -> None:
        seen = answer.coverage
        old = self._same_whole(seen.source, seen.path or path, answer.head, in_use)
        found = Fingerprint("", 0, "", seen.bytes)
        number = (
            old.number
            if old is not None
            else self._begin(seen.source, found, (0, b""), seen.path or path, now, is_whole=True)
        )
        known = self.looked(number, version)
        earlier = known.coverage if known is not None else None
        if answer.adds and earlier is not None:
            # Only the last reading knows what cannot be read.
            seen = add_coverage(earlier, seen)._replace(errors=seen.errors)
        elif known and earlier and (earlier.bytes > seen.bytes or known.record > answer.record):
            return
        change = self._change()
        before = {} if answer.adds else self._take(number, version)
        is_moved = old is not None and old.source != seen.source
        for one in answer.rows():
            self._put(number, version, SETTLED, one, change, before, adds=answer.adds, is_moved=is_moved)
        self._file.execute(
            "INSERT OR REPLACE INTO looked VALUES (?, ?, 0, 1, x'', ?, '', ?, ?, ?, ?)",
            (number, version, _written(seen), change, answer.text or seen.bytes, *answer.last),
        )
        if known is None:
            self._supersede(number, version, 0)
        was = earlier_ids(old, seen.source, change)
        self._file.execute(
            "UPDATE generation SET is_whole = 1, source = ?, was = ?, place = ?, path = ?, shown = ?,"
            " seen = ?, format = ifnull(nullif(?, ''), format) WHERE number = ?",
            (seen.source, json.dumps(was), seen.bytes, *[seen.path or path] * 2, now, answer.format, number),
        )

    def _same_whole(self, source: str, path: str, head: bytes, in_use: Collection[int]) -> Generation | None:
        """The generation of a log that is read as a whole: with its source id, or with that which its first
        bytes had while it was shorter than 4,096, as a log of lines too."""
        query = f"{SELECT} WHERE is_whole AND path = ?"
        found = list(map(generation_of, self._file.execute(query, (path,))))
        same = next((one for one in found if one.source == source), None)
        if same is not None:
            return same
        for one in found:
            size = one.fingerprint.place
            if size < HEAD_BYTES and hashlib.sha256(head[:size]).hexdigest() == one.source:
                return one
        for size in self.heads():
            if size < min(HEAD_BYTES, len(head) + 1):
                short = self.beginning(hashlib.sha256(head[:size]).hexdigest(), size)
                if short and short[0].source != source and short[0].number not in in_use:
                    return short[0]
        return None

    def last_generation(self) -> int:
        """The number of the latest generation; it rises with each new content."""
        row = self._file.execute("SELECT max(number) FROM generation").fetchone()
        return int(row[0] or 0)

    def has_short(self) -> bool:
        """Whether a log was shorter than 4,096 bytes when it was read last."""
        query = "SELECT 1 FROM generation WHERE place < ? LIMIT 1"
        return self._file.execute(query, (HEAD_BYTES,)).fetchone() is not None

    def whole(self, path: str, version: int) -> tuple[str, str]:
        """The mark of the last reading of a file as a whole, and its unread parts in words.

        Both are "" where there was no reading.
        """
        query = "SELECT mark, said FROM whole WHERE path = ? AND version = ?"
        return self._file.execute(query, (path, version)).fetchone() or ("", "")

    def _take(self, number: int, version: int) -> dict[tuple[str, str], tuple[bytes, int, int]]:
        """Delete the rows of a generation, and return what they were: data and changes by kind and key."""
        at = (number, version)
        query = "SELECT kind, key, data, change, grown FROM found WHERE generation = ? AND version = ?"
        found = {(row[0], row[1]): row[2:] for row in self._file.execute(query, at)}
        self._file.execute("DELETE FROM found WHERE generation = ? AND version = ?", at)
        return found

    def _put(
        self,
        number: int,
        version: int,
        part: int,
        row: Sighting | Bypass,
        change: int,
        known: Mapping[tuple[str, str], tuple[bytes, int, int]],
        *,
        adds: bool = False,
        is_moved: bool = False,
    ) -> None:
        """Keep a row; one that is as it was keeps the number of its change, unless its source id is new."""
        kind = "sighting" if isinstance(row, Sighting) else "bypass"
        key = json.dumps(row.key()[1:], ensure_ascii=False)
        if adds:
            query = (
                "SELECT data FROM found"
                " WHERE generation = ? AND version = ? AND kind = ? AND key = ? AND part = ?"
            )
            old = self._file.execute(query, (number, version, kind, key, part)).fetchone()
            if isinstance(row, Sighting):
                row = row if old is None else add(_row(old[0], Sighting), row)
            else:
                row = row if old is None else add(_row(old[0], Bypass), row)
        # The source id of a short file changes: it is that of the generation.
        data = dump(row._replace(source=""))
        before, changed, grown = known.get((kind, key), (b"", change, change))
        if not before and not adds:
            grown = self._grown_before(number, kind, key, data, change)
        is_same = before == data
        self._file.execute(
            "INSERT OR REPLACE INTO found VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                version,
                part,
                kind,
                key,
                row.day or "",
                data,
                changed if is_same and not is_moved else change,
                grown if is_same or not before else change,
            ),
        )

    def _grown_before(self, number: int, kind: str, key: str, data: bytes, change: int) -> int:
        """When the row was found by an earlier list; `change` where none found just this."""
        query = "SELECT max(grown) FROM found WHERE generation = ? AND kind = ? AND key = ? AND data = ?"
        row = self._file.execute(query, (number, kind, key, data)).fetchone()
        return change if row[0] is None else int(row[0])

    def touch(self, addresses: Iterable[str], since_day: str) -> None:
        """Rows of these addresses are told again: what is known of their machines changed."""
        with self._writing():
            change = self._change()
            self._file.executemany(
                "UPDATE found SET change = ? WHERE json_extract(key, '$[#-3]') = ? AND day >= ?",
                [(change, address, since_day) for address in addresses],
            )

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

    def covered(self, set_id: str) -> list[tuple[Coverage, tuple[str, ...]]]:
        """The same, with the machines that were asked about then."""
        return covered(self._file.execute, set_id)

    def note_others(self, numbers: Collection[int]) -> None:
        """These generations of lines begin as another one and go on otherwise; that stays so."""
        known = set(json.loads(self.about().get(OTHERS, "[]")))
        if not known.issuperset(numbers):
            self.note({OTHERS: json.dumps(sorted(known.union(numbers)))})

    def goes_on_otherwise(self, source: str, path: str, version: int) -> list[str]:
        """The paths of which a file is no copy, though it begins as they do and has their source id."""
        query = "SELECT set_id FROM version WHERE number = ?"
        (set_id,) = self._file.execute(query, (version,)).fetchone()
        told = [one for one, _asked in covered(self._file.execute, set_id, source)]
        said = {error for one in told if one.path == path for error in one.errors}
        return [one.path for one in told if OTHERWISE.format(path=one.path) in said]


def _row[Row: (Sighting, Bypass)](data: bytes, what: type[Row]) -> Row:
    fields = json.loads(data)
    del fields["type"]
    return what(**fields)


def _summed[Row: (Sighting, Bypass)](found: Iterable[Any], what: type[Row]) -> Iterator[tuple[str, Row]]:
    """Key and row of each generation and version: a last line without an end behind what is settled."""
    for (_generation, _version, key), parts in groupby(found, key=lambda row: row[:3]):
        rows = [_row(data, what) for *_, data in parts]
        yield key, reduce(add, rows)


def _written(coverage: Coverage) -> str:
    return json.dumps(coverage._asdict())
