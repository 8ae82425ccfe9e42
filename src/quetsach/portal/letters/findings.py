"""Faults of a letter as typed, in the reader's language, each as a sentence for its box."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language

from quetsach.documents import fields as fields_of
from quetsach.documents import lint_fields
from quetsach.documents.document import Letter as Paper
from quetsach.documents.lint import RULES
from quetsach.text import language

_BOX = re.compile(r"\$\.(\w+)(?:\[(\d+)\])?")
_PRINTED_RIGHT = {"typed-mark", "authority", "symbol"}
"""The program corrects these in print by itself, so they need no remark."""


@dataclass(frozen=True)
class Remark:
    """A sentence about a box; `line` counts from 1, and is 0 for a sentence about the whole box."""

    box: str
    line: int
    text: str
    article: str = ""


@dataclass
class Look:
    """A checked letter. `faults` forbid printing, `remarks` do not. With faults `paper` is None."""

    faults: list[Remark] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    paper: Paper | None = None
    repaired: dict[str, Any] = field(default_factory=dict)

    def of(self, box: str) -> list[Remark]:
        """The faults of one box."""
        return [fault for fault in self.faults if fault.box == box]


def look(typed: dict[str, Any]) -> Look:
    """Check the fields as typed."""
    translate = language.translator(get_language() or "vi")
    found = Look(repaired=typed)
    try:
        made = fields_of.to_document("letter", typed)
    except fields_of.FieldsError as error:
        found.faults = [_remark(problem.path, problem.told(translate)) for problem in error.problems]
        return found
    assert isinstance(made, Paper)
    found.paper = made
    findings, found.repaired = lint_fields.lint(typed)
    found.remarks = [
        _remark(finding.where, finding.told(translate), RULES[finding.rule].article)
        for finding in findings
        if finding.severity != "note" and finding.rule not in _PRINTED_RIGHT
    ]
    return found


def _remark(path: str, sentence: str, article: str = "") -> Remark:
    place = _BOX.match(path)
    box, line = (place[1], int(place[2] or -1) + 1) if place else ("", 0)
    text = sentence.removeprefix(f"{path}: ")
    return Remark(box, line, text[:1].upper() + text[1:], article)
