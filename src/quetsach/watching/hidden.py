"""Queries that the damage of a database hides: they are told until a good copy shows them.

A database is read in order, up to its damage. A good copy that goes on there and reaches the number at which
the damaged database ended shows all of them. An older copy ends before that number, and the program that goes
on writing it gives the next numbers to new queries. Then the hidden queries are lost, from the last query
that was read to the first new one. Queries whose names are lost stay an error likewise, until such a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from quetsach.files.openers import pihole
from quetsach.watching.generation import Answer, Looked


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
