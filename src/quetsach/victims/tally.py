"""Reports added up: infections by address and family, risks by address and service, leftovers by reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from quetsach.victims.report import SEVERITIES, Leftover, Report

MOST_LEFT = 1_000
"""Leftovers that are kept one by one; all are counted."""


def worse(one: str, other: str) -> str:
    """The higher of two severities; "" is the lowest."""
    return max(one, other, key=lambda level: SEVERITIES.index(level) if level in SEVERITIES else -1)


@dataclass(slots=True)
class Sum:
    """What several reports say together."""

    first: datetime
    last: datetime
    events: int
    severity: str
    kinds: set[str]

    def add(self, one: Report) -> None:
        self.first, self.last = min(self.first, one.first), max(self.last, one.last)
        self.events += one.events
        self.severity = worse(self.severity, one.severity)
        self.kinds.add(one.kind)


@dataclass
class Tally:
    """`infections` by address and family; `risks` by address, type and port. Bounded by the number of
    different addresses, not of lines."""

    infections: dict[tuple[str, str], Sum] = field(default_factory=dict)
    risks: dict[tuple[str, str, int | None], Sum] = field(default_factory=dict)
    by_kind: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Reports by publisher, type and meaning."""
    left: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Leftovers by code and, of types, by the type."""
    leftovers: list[Leftover] = field(default_factory=list)

    def add(self, one: Report | Leftover) -> None:
        """Count a line."""
        if isinstance(one, Leftover):
            told = one.value if one.code in ("kind", "unknown_kind") else ""
            self.left[one.code, told] += 1
            if len(self.leftovers) < MOST_LEFT:
                self.leftovers.append(one)
            return
        self.by_kind[one.publisher, one.kind, one.meaning.value] += 1
        if one.meaning.is_case:
            _add(self.infections, (one.address, one.family), one)
        else:
            _add(self.risks, (one.address, one.kind, one.port), one)

    @property
    def addresses(self) -> int:
        """How many addresses have an infection."""
        return len({address for address, _family in self.infections})


def _add[Key](sums: dict[Key, Sum], key: Key, one: Report) -> None:
    found = sums.get(key)
    if found is None:
        sums[key] = Sum(one.first, one.last, one.events, one.severity, {one.kind})
    else:
        found.add(one)
