"""The warnings of one annex: a person sees them before taking it, and the record keeps them.

The rules that compare an annex with the portal's data are asked when it comes in, after each correction and
when it is taken. The desk shows the stored answer, so that it needs no question for each row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from quetsach.annexes.collecting import messages
from quetsach.annexes.collecting.readings import Doubt, Reading
from quetsach.annexes.form.rules import Problem
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.actions import BY_SUPERIOR, problems_on_behalf

_REMARK = "portal_remark"
_OF_PORTAL = ("portal_block", "portal_warn", "portal_info", _REMARK)
_REMARKS = frozenset({"H04"})
"""Rules whose warning nobody can settle on the desk: the paper counts units without their names."""
_BLANK = "H01"
"""The rule of missing figures: such a figure already has a more precise doubt."""


def entry_of(one: Reading) -> dict[str, str]:
    """A reading as fields of the annex form."""
    annex = one.annex
    texts = {row: "" if value is None else str(value) for row, value in one.values.items()}
    notes = {f"n{row[1:]}": figure.note for row, figure in annex.figures.items()}
    return {**texts, **notes, "narrative": annex.assessment, "proposals": annex.proposals}


def judged_here(one: Reading, node: CampaignNode | None) -> Reading:
    """The reading with the rules that it breaks by what the portal knows of its unit now."""
    return with_rules(one, problems_on_behalf(node, entry_of(one)) if node else ())


def with_rules(one: Reading, problems: Iterable[Problem]) -> Reading:
    """The reading with these broken rules in the place of those stored before."""
    kept = tuple(doubt for doubt in one.doubts if doubt.code not in _OF_PORTAL)
    told = tuple(
        Doubt(
            _REMARK if _is_remark(problem) else f"portal_{problem.level}",
            "file" if problem.row == "figures" else problem.row,
            {"rule": problem.rule, **problem.text},
        )
        for problem in problems
        if problem.rule != _BLANK
    )
    return replace(one, doubts=(*kept, *told))


def _is_remark(problem: Problem) -> bool:
    return problem.level == "warn" and problem.rule in _REMARKS


def remarks(one: Reading) -> list[Doubt]:
    """The warnings that a clear row may bear. The desk shows them beside it."""
    return [doubt for doubt in one.doubts if doubt.code == _REMARK]


def loud(one: Reading) -> list[Doubt]:
    """The doubts that a person must look at."""
    return [doubt for doubt in one.doubts if doubt.level != "info"]


def mark(doubt: Doubt) -> str:
    """A short mark of the doubt with its very words: another figure in the sentence is another mark."""
    text = messages.doubt(doubt.code, doubt.facts, "en")
    return f"{doubt.name}:{doubt.field}:{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def rules_in(doubts: Iterable[Doubt]) -> set[str]:
    """The keys of the doubts that are rules of the form, as a report names them."""
    return {f"{one.name}:{'figures' if one.field == 'file' else one.field}" for one in doubts}


def as_warning(doubt: Doubt) -> dict[str, Any]:
    """The doubt as a revision stores a warning of a report that the superior took."""
    return {
        "rule": doubt.name,
        "row": "figures" if doubt.field == "file" else doubt.field,
        "by": BY_SUPERIOR,
        "text": {language: messages.doubt(doubt.code, doubt.facts, language) for language in ("vi", "en")},
    }
