"""How far the clocks of two sources lie apart, measured where a log and a table of translations tell the same
connection: by address, protocol and port.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from quetsach.machines.evidence import Binding, Sign
from quetsach.machines.identity.scopes import related

_MINUTE = 60_000_000
REACH = 15 * _MINUTE
"""A port is lent again after some time: pairs further apart say nothing."""
_PAIRS, _AGREEING = 20, 0.9
"""So many pairs, and such a share of them near the median, make a difference certain."""
_NEAR = _MINUTE
_SHORT = 2 * _MINUTE
"""A line within a longer translation does not tell that the clocks agree."""


class Pair(NamedTuple):
    """A log and a table of translations, each with the path of its unit."""

    scope: str
    log: str
    table_scope: str
    table: str


class Difference(NamedTuple):
    """Microseconds to add to the times of the log so that they meet those of the table, and the number of
    connections that tell it."""

    add: int
    pairs: int


class _Span(NamedTuple):
    begin: int
    end: int
    protocol: str
    scope: str
    source: str


def differences(signs: Iterable[Sign], bindings: Iterable[Binding]) -> dict[Pair, Difference]:
    """The differences of logs and tables of translations. Pairs without a certain difference are left out;
    0 says that the clocks agree."""
    spans: dict[tuple[str, int], list[_Span]] = defaultdict(list)
    for one in set(bindings):
        if one.kind == "nat" and one.port:
            told = _Span(one.begin, one.end, one.protocol, one.scope, one.source)
            spans[one.address, one.port].append(told)
    for some in spans.values():
        some.sort()
    found: dict[Pair, list[tuple[int, bool]]] = defaultdict(list)
    for sign in set(signs):
        some = spans.get((sign.address, sign.port), [])
        first = bisect_left(some, (sign.first - REACH,))
        beyond = bisect_left(some, (sign.first + REACH + 1,))
        by_table: dict[Pair, list[_Span]] = defaultdict(list)
        for span in some[first:beyond]:
            if sign.protocol in ("", span.protocol) and related(span.scope, sign.scope):
                by_table[Pair(sign.scope, sign.source, span.scope, span.source)].append(span)
        for pair, near in by_table.items():
            if len(near) == 1:
                (only,) = near
                distance = max(only.begin - sign.first, min(0, only.end - sign.first))
                found[pair].append((distance, only.end - only.begin <= _SHORT))
    certain = {}
    for pair, distances in found.items():
        middle = round(median(distance for distance, _ in distances))
        agreeing = sum(abs(distance - middle) <= _NEAR for distance, _ in distances)
        telling = len(distances) if middle else sum(is_short for _, is_short in distances)
        if telling >= _PAIRS and agreeing >= _AGREEING * len(distances):
            certain[pair] = Difference(middle, len(distances))
    return certain
