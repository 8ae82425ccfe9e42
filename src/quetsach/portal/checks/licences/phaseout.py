"""The replacement of cracked software, computed from the checks of machines. Pure.

A product is found on a machine by the first check that shows it, and replaced by the first later check that
looked at everything and does not show it. A check that did not see everything proves nothing about the unseen
part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Look:
    """One check of one machine: when it finished, the products it found, whether it saw everything."""

    finished: datetime
    products: frozenset[str]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Stay:
    """A product on one machine: first and last seen, and the time it was gone, None while it stays."""

    product: str
    found_at: datetime
    last_at: datetime
    gone_at: datetime | None


def stays(looks: Iterable[Look]) -> list[Stay]:
    """The stays of all products on a machine; the checks may arrive in any order.

    A product that comes back continues its stay: it is counted once, and not as replaced.
    """
    found: dict[str, Stay] = {}
    for look in sorted(looks, key=lambda one: one.finished):
        for product in look.products:
            first = found[product].found_at if product in found else look.finished
            found[product] = Stay(product, first, look.finished, None)
        if look.is_whole:
            for product, stay in found.items():
                if product not in look.products and stay.gone_at is None:
                    found[product] = Stay(product, stay.found_at, stay.last_at, look.finished)
    return sorted(found.values(), key=lambda stay: stay.product)


@dataclass(frozen=True, slots=True)
class Tally:
    """Numbers of copies; a copy is one product on one machine."""

    found: int
    replaced: int

    @property
    def remaining(self) -> int:
        """Copies that are not replaced."""
        return self.found - self.replaced


def by_day(
    dates: Sequence[tuple[date, date | None]], last: date, most_days: int = 60
) -> list[tuple[date, Tally]]:
    """Copies found and replaced up to the end of each day, from the first one found (at most `most_days`
    before `last`) to `last`. `dates`: found on, gone on."""
    if not dates:
        return []
    first = max(min(found for found, _gone in dates), last - timedelta(days=most_days - 1))
    found = Counter(max(day, first) for day, _gone in dates)
    gone = Counter(max(day, first) for _found, day in dates if day is not None)
    tallies, all_found, all_gone = [], 0, 0
    for step in range((last - first).days + 1):
        day = first + timedelta(days=step)
        all_found, all_gone = all_found + found[day], all_gone + gone[day]
        tallies.append((day, Tally(all_found, all_gone)))
    return tallies
