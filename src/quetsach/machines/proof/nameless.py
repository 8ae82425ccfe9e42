"""Signs whose lines name no machine: any machine of the place may be meant.

Such a sign is left out in two cases alone (docs/adr/0038-silence-that-proves.md). It is of another family of
malware. Or its line repeats a look-up, and the same log names the machine that asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from quetsach.machines.proof.hours import Span, hour_of, span

APART = timedelta(minutes=10)
"""Lines of a run are no further apart than this, and nothing is known between its ends."""
LATE = timedelta(minutes=1)
"""So long after the question the answer may be logged."""


class Malware(NamedTuple):
    """The malware of a case: its family, empty where that is not known, and the indicators of its signs."""

    family: str = ""
    indicators: frozenset[str] = frozenset()


class Nameless(NamedTuple):
    """Lines that name an indicator and no machine. `family` is that of the indicator, empty where it is not
    known."""

    indicator: str
    family: str
    times: tuple[Span, ...]


class NamelessHours:
    """The hours of such lines, as bits counted from `origin`, by what they speak of."""

    def __init__(self, signs: Iterable[Nameless], origin: int) -> None:
        self._any = 0
        self._of_family: dict[str, int] = defaultdict(int)
        self._of_indicator: dict[str, int] = defaultdict(int)
        for one in signs:
            bits = 0
            for first, last in one.times:
                bits |= span(hour_of(first) - origin, hour_of(last) + 1 - origin)
            self._any |= bits
            self._of_family[one.family.casefold()] |= bits
            self._of_indicator[one.indicator] |= bits

    def of(self, malware: Malware) -> int:
        """The hours that may speak of this malware: those of its family and of its indicators. A family that
        is not known may be any."""
        if not self._any or not malware.family:
            return self._any
        bits = self._of_family.get(malware.family.casefold(), 0) | self._of_family.get("", 0)
        for indicator in malware.indicators:
            bits |= self._of_indicator.get(indicator, 0)
        return bits


def is_repeated(times: Iterable[Span], asked: Iterable[Span]) -> bool:
    """Whether lines without a machine only repeat look-ups of the same name in the same log: each of their
    times lies in one of the times `asked`, in which lines name the machines that asked for it."""
    joined: list[Span] = []
    for first, last in sorted(asked):
        if joined and first - joined[-1][1] <= APART:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return all(any(begin <= first and last <= end + LATE for begin, end in joined) for first, last in times)
