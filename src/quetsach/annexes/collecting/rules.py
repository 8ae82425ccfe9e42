"""Applies the rules of the annex form (H, W) to papers: facts that only the portal knows are unknown here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from quetsach.annexes.collecting.annex import Annex
from quetsach.annexes.form.definition import Form, built_in
from quetsach.annexes.form.rules import Problem, fired

type Values = Mapping[str, int | None]
FORM = "annex-2022"
_FEW_SIBLINGS = 3
_BLANK = "H01"
"""The rule of missing figures: such a figure already has a more precise doubt."""


def broken(annex: Annex, values: Values, others: Sequence[Values]) -> list[Problem]:
    """The rules that one annex breaks, given the values of the other units. Unknown figures break none."""
    form = built_in(FORM)
    notes = {f"n{row[1:]}": figure.note for row, figure in annex.figures.items()}
    is_twin = None not in values.values() and any(dict(one) == dict(values) for one in others)
    known = {
        **dict.fromkeys(form.facts),
        **values,
        **notes,
        "narrative": annex.assessment,
        "proposals": annex.proposals,
        "adjust_reason": "",
        "raw": 1,
        "twin": int(is_twin),
        "sibling_ratio": _ratio(form, others),
    }
    return [problem for problem in fired(form, known) if problem.rule != _BLANK]


def broken_by_sum(values: Values, units: int) -> list[Problem]:
    """The rules that the sum of `units` annexes breaks. A row without a figure is unknown, and breaks none.

    Only rules that forbid a report say something of a sum: warnings weigh one unit against its neighbours.
    """
    form = built_in(FORM)
    # A unit may count itself in row 3, so the sum of row 3 may be larger by one for each annex.
    known = {**dict.fromkeys(form.facts), **values, "raw": units, "adjust_reason": ""}
    return [p for p in fired(form, known) if p.level == "block" and p.rule != _BLANK]


def _ratio(form: Form, others: Sequence[Values]) -> float | None:
    if not form.ratio:
        return None
    over, under = form.ratio
    ratios = [a / (b + 1) for one in others if (a := one[over]) is not None and (b := one[under]) is not None]
    return median(ratios) if len(ratios) >= _FEW_SIBLINGS else None
