"""The facts behind findings, unchanged: the evidence in findings is cut short and escaped."""

from __future__ import annotations

from collections.abc import Iterator

from quetsach.endpoint.checking import Result
from quetsach.endpoint.fact import Fact
from quetsach.endpoint.finding import Finding
from quetsach.endpoint.watchlist import Watchlist


def of(result: Result) -> Iterator[tuple[Finding, Fact]]:
    """Each finding with each fact that shows it."""
    signs = {one.sign: one for one in result.findings if one.sign}
    listed = {one.indicator: one for one in result.findings if one.indicator}
    wanted = result.wanted
    watchlist = Watchlist(wanted.indicators) if wanted.indicators and listed else None
    for seen in facts(result):
        shown: dict[str, Finding] = {}
        for sign, clause in wanted.signs.clauses(seen.kind):
            if sign.id in signs and clause.holds(seen, wanted.profile):
                shown[sign.id] = signs[sign.id]
        if watchlist is not None:
            for indicator, _matched, _confidence in watchlist.of(seen):
                if indicator.canonical in listed:
                    shown[indicator.canonical] = listed[indicator.canonical]
        name = {"file": "listed", "hash-seen": "hash"}.get(seen.kind)
        if name is not None and seen.fields[name] in listed:
            shown[seen.fields[name]] = listed[seen.fields[name]]
        for one in shown.values():
            yield one, seen


def facts(result: Result) -> Iterator[Fact]:
    """All facts of the check."""
    for observed in result.observed.values():
        yield from observed.items
