"""The rules of the annex (H, W) that can be judged from the papers alone; the portal knows more and judges
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from statistics import median

from quetsach.collecting.folding import key

type Values = Mapping[str, int | None]
_SHORT = 20
_MANY = 50
_FEW_SIBLINGS = 3

# The rule, the field it is about, the figures it needs, and when it fires.
_FIGURES: tuple[tuple[str, str, tuple[str, ...], Callable[..., bool]], ...] = (
    ("H02", "r3", ("r1", "r3"), lambda r1, r3: r3 > r1 + 1),
    ("H02_self", "r3", ("r1", "r3"), lambda r1, r3: r3 == r1 + 1),
    ("H03", "r4", ("r2", "r4"), lambda r2, r4: r4 > r2),
    ("W02", "r2", ("r1", "r2"), lambda r1, r2: r1 > 0 and r2 == 0),
    ("W04", "r1", ("r1", "r2", "r3", "r4"), lambda *all_four: not any(all_four)),
    ("W05", "r2", ("r1", "r2"), lambda r1, r2: r2 > 500 * (r1 + 1)),
    ("W07", "r4", ("r1", "r2", "r3", "r4"), lambda r1, r2, r3, r4: r2 >= _MANY and r4 == r2 and r3 == r1),
)


def broken(values: Values, assessment: str) -> Iterator[tuple[str, str]]:
    """The rules that one annex breaks, each with its field. A figure that is not known breaks none."""
    for rule, name, needed, fires in _FIGURES:
        known = [value for row in needed if (value := values[row]) is not None]
        if len(known) == len(needed) and fires(*known):
            yield rule, name
    if len(key(assessment)) < _SHORT:
        yield "W09", "assessment"


def beside_others(values: Values, others: list[Values]) -> Iterator[tuple[str, str, int]]:
    """The rules that an annex breaks beside the others: the rule, its field, and which other (-1: all)."""
    r1, r2 = values["r1"], values["r2"]
    ratios = [b / (a + 1) for one in others if (a := one["r1"]) is not None and (b := one["r2"]) is not None]
    if r1 is not None and r2 is not None and r2 > 20 and len(ratios) >= _FEW_SIBLINGS:
        # What is beyond 500 a unit is told without the others.
        low, high = 10 * median(ratios) * (r1 + 1), 500 * (r1 + 1)
        if low < r2 <= high:
            yield "W05", "r2", -1
    if r2 is not None and r2 >= _MANY:
        for at, one in enumerate(others):
            if dict(one) == dict(values):
                yield "W06", "r2", at
                return
