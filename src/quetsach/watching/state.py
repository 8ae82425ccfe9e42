"""What a watcher knows: where each file stands, and the rows and coverage up to there.

One SQLite file. A place changes only together with the rows and the coverage of the bytes before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from quetsach.sightings.adding import add, add_coverage, join_coverage
from quetsach.sightings.sighting import Bypass, Coverage, Sighting, dump
from quetsach.watching.content import HEAD_BYTES, Fingerprint
from quetsach.watching.counting import Counted
from quetsach.watching.covering import OTHERS, parsed
from quetsach.watching.generation import (
    SELECT,
    Answer,
    Generation,
    Looked,
    earlier_ids,
    generation_of,
)
from quetsach.watching.holes import Hole
from quetsach.watching.telling import Telling, row_of

SETTLED, REST = 0, 1
"""Parts of a generation: what was read to its place, and a last line that has no end yet."""


class State(Telling):
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

    def heads(self) -> list[int]:
        """How many first bytes of files decide which generation they are."""
        query = "SELECT DISTINCT head_size FROM generation WHERE NOT is_whole AND place > 0 ORDER BY 1 DESC"
        return [row[0] for row in self._file.execute(query)]

    def beginning(self, head: str, head_size: int) -> list[Generation]:
        """The generations that begin with this head, the longest first, then the latest."""
        query = f"{SELECT} WHERE head = ? AND head_size = ? AND NOT is_whole AND place > 0"
        found = self._file.execute(f"{query} ORDER BY place DESC, seen DESC, number DESC", (head, head_size))
        return list(map(generation_of, found))

    def looked(self, generation: int, version: int) -> Looked | None:
        """How far a generation was looked at with a list."""
        query = (
            "SELECT place, text, first, record, moment, is_settled, header, coverage, rest, counted, holes,"
            " damage FROM looked WHERE generation = ? AND version = ?"
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
                row[4],
                bool(row[5]),
                row[6],
                parsed(row[7]),
                parsed(row[8]),
                Counted.of(row[9]),
                tuple((begin, end) for begin, end in json.loads(row[10])),
                tuple(json.loads(row[11])),
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

    def shift(self, number: int, found: Fingerprint, back: int, text_of: Callable[[int], int]) -> None:
        """The file of a generation of lines lacks so many bytes of its beginning now; its first and last
        bytes that were read are those of `found`, and `text_of` gives the bytes of text before a place. All
        lines stay counted."""
        with self._writing():
            self._file.execute(
                "UPDATE generation SET head = ?, head_size = ?, tail = ?, place = ?, base = max(0, base - ?)"
                " WHERE number = ?",
                (*found, back, number),
            )
            query = "SELECT version, place, counted FROM looked WHERE generation = ?"
            for version, place, kept in self._file.execute(query, (number,)).fetchall():
                counted, now = Counted(Counted.of(kept).behind), max(0, place - back)
                self._file.execute(
                    "UPDATE looked SET place = ?, text = ?, is_settled = 1, counted = ?, holes = '[]'"
                    " WHERE generation = ? AND version = ?",
                    (now, text_of(now), counted.kept(), number, version),
                )

    def move(self, number: int, path: str) -> None:
        """A store that is read as a whole has another name."""
        with self._writing():
            self._file.execute(
                "UPDATE generation SET path = ?, shown = ? WHERE number = ? AND path != ?",
                (path, path, number, path),
            )

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
        counted: Counted,
        holes: Sequence[Hole],
        is_settled: bool,
        replaces: bool,
        now: float,
        lines: Sequence[str],
    ) -> int:
        """Keep what a span showed, and the place behind it, in one transaction; returns the generation.

        With `replaces` the span began at the base, and its rows take the place of those before. `lines` are
        the last lines, as `rewritten.last_lines` has them.
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
                "INSERT OR REPLACE INTO looked VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, 0, 0, 0, ?, ?, '[]')",
                (
                    *(number, version, fingerprint.place, is_settled, header, _written(coverage), change),
                    *(text, counted.kept(), json.dumps(holes)),
                ),
            )
            self._file.execute(
                "UPDATE generation SET source = ?, was = ?, head = ?, head_size = ?, tail = ?, place = ?,"
                " shown = ?, seen = ?, is_ended = 0, format = ifnull(nullif(?, ''), format), last_lines = ?"
                " WHERE number = ?",
                (source, json.dumps(was), *fingerprint, path, now, answer.format, json.dumps(lines), number),
            )
            if old is None:
                self._supersede(number, version, fingerprint.place)
                self._readable(path, version, ())
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
                *before, last = known.coverage.gaps or [[]]
                if last and last[0] <= gap[0] <= last[1]:
                    gap = (last[0], max(last[1], gap[1]))
                    last = []
                told = known.coverage._replace(gaps=[*before, *filter(None, [last]), list(gap)])
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
        """Keep what a file showed that is read as a whole. A shorter reading of a source changes nothing;
        that of a store joins what is known.

        `in_use` are generations that go on as lines.
        """
        with self._writing():
            unread = set()
            for answer in answers:
                self._put_whole(path, version, answer, now, in_use)
                if not answer.coverage.bytes:
                    unread.add(answer.coverage.path)
            self._readable(path, version, unread)
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
        elif answer.joins and known and earlier:
            seen = join_coverage(earlier, seen)
        elif known and earlier and (earlier.bytes > seen.bytes or known.record > answer.record):
            return
        change = self._change()
        before = {} if answer.adds else self._take(number, version)
        is_moved = old is not None and old.source != seen.source
        for one in _larger(answer.rows(), before) if answer.joins else answer.rows():
            self._put(number, version, SETTLED, one, change, before, adds=answer.adds, is_moved=is_moved)
        self._file.execute(
            "INSERT OR REPLACE INTO looked VALUES (?, ?, 0, 1, x'', ?, '', ?, ?, ?, ?, ?, ?, '[]', ?)",
            (
                *(number, version, _written(seen), change, answer.text or seen.bytes, *answer.numbers),
                answer.counted.kept(),
                json.dumps(answer.damage),
            ),
        )
        if known is None:
            self._supersede(number, version, 0)
        was = earlier_ids(old, seen.source, change)
        self._file.execute(
            "UPDATE generation SET is_whole = 1, source = ?, was = ?, place = ?, path = ?, shown = ?,"
            " seen = ?, format = ifnull(nullif(?, ''), format) WHERE number = ?",
            (seen.source, json.dumps(was), seen.bytes, *[seen.path or path] * 2, now, answer.format, number),
        )

    def _readable(self, path: str, version: int, unread: Collection[str]) -> None:
        """Of a file nothing could be read, or of a log in it, and now it can: its coverage loses the errors.
        It is kept for a portal that has them, and told to nobody else: `is_settled` is 0. `unread` are the
        paths of logs of which nothing can be read now either."""
        query = (
            "SELECT number, version, path, coverage FROM generation JOIN looked ON generation = number"
            " WHERE is_whole AND generation.place = 0 AND is_settled AND (path = ? OR substr(path, 1, ?) = ?)"
            " AND version IN (SELECT number FROM version WHERE set_id ="
            " (SELECT set_id FROM version WHERE number = ?))"
        )
        inside = f"{path}!/"
        found = self._file.execute(query, (path, len(inside), inside, version)).fetchall()
        for number, one, shown, text in found:
            seen = parsed(text)
            if seen is not None and seen.errors and shown not in unread:
                self._file.execute(
                    "UPDATE looked SET coverage = ?, is_settled = 0, change = ?"
                    " WHERE generation = ? AND version = ?",
                    (_written(seen._replace(errors=[])), self._change(), number, one),
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
            if 0 < size < HEAD_BYTES and hashlib.sha256(head[:size]).hexdigest() == one.source:
                return one
        for size in self.heads():
            if size < min(HEAD_BYTES, len(head) + 1):
                short = self.beginning(hashlib.sha256(head[:size]).hexdigest(), size)
                if short and short[0].source != source and short[0].number not in in_use:
                    return short[0]
        return None

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
        kind, key = _place(row)
        if adds:
            query = (
                "SELECT data FROM found"
                " WHERE generation = ? AND version = ? AND kind = ? AND key = ? AND part = ?"
            )
            old = self._file.execute(query, (number, version, kind, key, part)).fetchone()
            if isinstance(row, Sighting):
                row = row if old is None else add(row_of(old[0], Sighting), row)
            else:
                row = row if old is None else add(row_of(old[0], Bypass), row)
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

    def note_others(self, numbers: Collection[int]) -> None:
        """These generations of lines begin as another one and go on otherwise; that stays so."""
        known = set(json.loads(self.about().get(OTHERS, "[]")))
        if not known.issuperset(numbers):
            self.note({OTHERS: json.dumps(sorted(known.union(numbers)))})


def _place(row: Sighting | Bypass) -> tuple[str, str]:
    """The kind of a row, and its key within its source."""
    kind = "sighting" if isinstance(row, Sighting) else "bypass"
    return kind, json.dumps(row.key()[1:], ensure_ascii=False)


def _larger(
    rows: Iterable[Sighting | Bypass], before: Mapping[tuple[str, str], tuple[bytes, int, int]]
) -> Iterator[Sighting | Bypass]:
    """Of each key the row with more lines, among `rows` and those that were there before."""
    found = {_place(row): row for row in rows}
    for place, (data, _change, _grown) in before.items():
        old = row_of(data, Sighting) if place[0] == "sighting" else row_of(data, Bypass)
        if place not in found or found[place].count < old.count:
            found[place] = old
    yield from found.values()


def _written(coverage: Coverage) -> str:
    return json.dumps(coverage._asdict())
