"""Queries that the damage of a database hides: they are told until a good copy shows them.

A database is read in order, up to its damage. A good copy that goes on there and reaches the number at which
the damaged database ended shows all of them. An older copy ends before that number, and the program that goes
on writing it gives the next numbers to new queries. Then the hidden queries are lost, from the last query
that was read to the first new one. Queries whose names are lost stay an error likewise, until such a number.

Where nothing of a damaged store could be read, nobody knows its last number. Its size must do. A smaller
copy shows less than that store held. New queries of a smaller database are behind a gap.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

from quetsach.files.openers import evtx, pihole
from quetsach.watching.content import HEAD_BYTES
from quetsach.watching.generation import Answer, Looked

_UNREAD = "unread"
_BLOCK = 1 << 20
_LEAST_HEADER = 100
"""Bytes of the header of a SQLite database."""


class Hidden(NamedTuple):
    """The queries behind the number `read`, up to the number `end`."""

    read: int
    end: int

    @classmethod
    def of(cls, before: Looked | None) -> Hidden | None:
        """Those of the last look; None where all could be read."""
        if before is None or not before.damage:
            return None
        read, end = before.damage[0].split()
        return cls(int(read), int(end))

    def kept(self) -> tuple[str]:
        """As a state keeps them."""
        return (f"{self.read} {self.end}",)


def is_damage(error: str) -> bool:
    """Whether an error says that a store is damaged."""
    return any(words in error for words in (pihole.DAMAGED, evtx.DAMAGED, evtx.NO_LOG))


def used(file: BinaryIO) -> int:
    """The bytes of a store up to the last one that is not zero: Windows and SQLite set space aside. Of a
    database that was cut off, as many as its header says."""
    start, end = file.read(HEAD_BYTES), file.seek(0, os.SEEK_END)
    while end > 0:
        begin = max(0, end - _BLOCK)
        file.seek(begin)
        if block := file.read(end - begin).rstrip(b"\0"):
            end = begin + len(block)
            break
        end = begin
    if start.startswith(pihole.MAGIC) and len(start) >= _LEAST_HEADER:
        (size,), (pages,) = struct.unpack_from(">H", start, 16), struct.unpack_from(">I", start, 28)
        is_counted = start[24:28] == start[92:96]
        return max(end, int(size if size > 1 else 1 << 16) * int(pages) * is_counted)
    if start.startswith(evtx.MAGIC):
        return evtx.whole_chunks(start, end)
    return end


class Unread(NamedTuple):
    """A store of which nothing could be read: how many bytes it had in use, and why; without a reason an
    event log of which a part could be read. The state keeps it among the damage of the copy that stands in
    its place."""

    size: int
    error: str

    def kept(self) -> str:
        """As a state keeps it."""
        return f"{_UNREAD} {self.size} {self.error}"

    @classmethod
    def of(cls, known: Looked | None) -> Unread | None:
        """That of a look; None where there is none."""
        for one in known.damage if known is not None else ():
            mark, _space, rest = one.partition(" ")
            if mark == _UNREAD:
                size, _space, error = rest.partition(" ")
                return cls(int(size), error)
        return None

    def without(self, known: Looked) -> Looked:
        """A look as it was without this."""
        seen = known.coverage
        if seen is not None:
            seen = seen._replace(errors=[error for error in seen.errors if error != self.error])
        return known._replace(damage=tuple(one for one in known.damage if one != self.kept()), coverage=seen)

    def told(self, answer: Answer) -> Answer:
        """The answer of a smaller copy with this."""
        seen = answer.coverage
        errors = list(dict.fromkeys((*seen.errors, self.error)))
        return answer._replace(damage=(*answer.damage, self.kept()), coverage=seen._replace(errors=errors))


def told(before: Looked | None, answer: Answer, last: int, begin: int) -> Answer:
    """The answer of a look with what it says of hidden queries, as an error or as a gap.

    `last` is the largest number in the database, and `begin` the number of the first query that was read.
    """
    known, seen = Hidden.of(before), answer.coverage
    if _damage(seen.errors):
        end = max(last or answer.record + 1, answer.record, known.end if known else 0)
        return answer._replace(damage=Hidden(answer.record, end).kept())
    if known is None or before is None or before.coverage is None:
        return answer
    errors = [*_damage(before.coverage.errors), *seen.errors]
    unread = answer._replace(damage=known.kept(), coverage=seen._replace(errors=errors))
    is_next = before.record == known.read and (not seen.lines or begin == known.read + 1)
    if answer.adds and not is_next and not seen.lines:
        return unread
    if answer.adds and not is_next:
        # An older copy stood here, or a copy that lacks the next queries does.
        begins, ends = before.coverage.last, seen.first
        gaps = [sorted((begins, ends))] if begins and ends else []
        return answer._replace(coverage=seen._replace(gaps=gaps))
    return answer if last >= known.end else unread


def _damage(errors: Iterable[str]) -> list[str]:
    """The errors of damage that hides queries, or their names."""
    return [error for error in errors if pihole.DAMAGED in error or pihole.NAMELESS in error]
