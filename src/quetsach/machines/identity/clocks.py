"""How far the clocks of two sources lie apart, measured where a log and a table of translations tell the same
connection: by address, protocol and port.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from statistics import median

from quetsach.machines.evidence import Binding, Sign

_MINUTE = 60_000_000
_REACH = 15 * _MINUTE
"""A port is lent again after some time: pairs further apart say nothing."""
_PAIRS, _AGREEING = 20, 0.9
"""So many pairs, and such a share of them near the median, make a difference certain."""
_NEAR = _MINUTE


def differences(signs: Iterable[Sign], bindings: Iterable[Binding]) -> dict[tuple[str, str], int]:
    """Microseconds to add to the times of one source so that they meet those of another: by the source of the
    signs and the source of the translations. Pairs of sources without a certain difference are left out."""
    spans: dict[tuple[str, str, int], list[tuple[int, int, str]]] = defaultdict(list)
    for one in bindings:
        if one.kind == "nat":
            spans[one.address, one.protocol, one.port].append((one.begin, one.end, one.source))
    for some in spans.values():
        some.sort()
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for sign in set(signs):
        some = spans.get((sign.address, sign.protocol, sign.port), [])
        number = bisect_left(some, (sign.first - _REACH, 0, ""))
        near = [span for span in some[number : number + 2] if span[0] <= sign.first + _REACH]
        if len(near) == 1:
            begin, end, source = near[0]
            found[sign.source, source].append(max(begin - sign.first, min(0, end - sign.first)))
    certain = {}
    for pair, distances in found.items():
        middle = round(median(distances))
        agreeing = sum(abs(distance - middle) <= _NEAR for distance in distances)
        if middle and len(distances) >= _PAIRS and agreeing >= _AGREEING * len(distances):
            certain[pair] = middle
    return certain
