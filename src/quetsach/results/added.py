"""What a longer list finds beyond an earlier one, in an answer for people.

All entries are matched, because an earlier entry may be more specific than one that was added; only the rows
of added entries are told. Documents for programs stay whole: a portal counts nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from quetsach.indicators.indicator import Indicator
from quetsach.scanning.result import ScanResult, Sightings


def added(now: Iterable[Indicator], before: Iterable[Indicator]) -> frozenset[str]:
    """The entries of `now` that `before` lacks, or has with another scope, as rows spell them."""
    known = {one.hashed for one in before}
    return frozenset(one.canonical for one in now if one.hashed not in known)


def only(result: ScanResult, names: frozenset[str]) -> ScanResult:
    """The result with the rows of these entries alone."""
    kept = Sightings(are_many=True)
    for source, rows in groupby(result.sightings, key=lambda row: row.source):
        kept.put(source, (row for row in rows if row.indicator in names))
    return result._replace(sightings=kept)
