"""Lines of a source in each hour, and the hours in which machines were seen (docs/contract.md 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

HOURS = 24
MOST_DAYS = 4_000
"""Days of one source, about eleven years: a source of more days tells none."""
ORDERS = ("", "kept", "broken")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Hours(NamedTuple):
    """`lines` are by day and hour, `alive` has for each machine and day a bit for each hour; days are of UTC.

    `order` is empty where no time was read.
    """

    lines: dict[str, list[int]]
    order: str
    alive: dict[str, dict[str, int]]


def is_lines(value: Any) -> bool:
    """Whether a stranger's value is 24 counts for each of at most `MOST_DAYS` days."""

    def is_count(one: Any) -> bool:
        return type(one) is int and 0 <= one < 1 << 63

    return _is_by_day(value) and all(
        isinstance(counts, list) and len(counts) == HOURS and all(map(is_count, counts))
        for counts in value.values()
    )


def is_masks(value: Any) -> bool:
    """Whether a stranger's value is a mask of 24 bits, at least one of them set, for each day."""
    return _is_by_day(value) and all(type(mask) is int and 0 < mask < 1 << HOURS for mask in value.values())


def _is_by_day(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and len(value) <= MOST_DAYS
        and all(isinstance(day, str) and _DAY.fullmatch(day) for day in value)
    )
