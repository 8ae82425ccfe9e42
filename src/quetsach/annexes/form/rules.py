"""Applies the rules of a form to an entry: facts in, problems out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quetsach.annexes.form.definition import Form, refusals
from quetsach.annexes.form.entry import TEXTS, Entry, note_key
from quetsach.annexes.form.expression import Fact, Facts, evaluate
from quetsach.annexes.form.figures import written

_OF_IT = ("known", "total", "paper")


@dataclass(frozen=True)
class Problem:
    """One rule that fired. `row` is a row key, a text field, or `figures` for the form as a whole.

    `text` explains, by language; `near` is the short text beside the field.
    """

    rule: str
    level: str
    row: str
    text: dict[str, str]
    near: dict[str, str]

    @property
    def key(self) -> str:
        """Names the problem in the form, such as W01:r1."""
        return f"{self.rule}:{self.row}"


def check(form: Form, entry: Entry, known: Facts) -> list[Problem]:
    """Every problem of an entry, blocking ones first. `known` holds the facts that the portal knows."""
    texts = {key: entry.typed[key] for key in (*TEXTS, *map(note_key, form.keys))}
    facts: dict[str, Fact] = {**entry.figures, **texts, "external": len(entry.external)}
    facts["adjusted"] = sum(abs(change) for change in entry.adjust.values())
    facts |= known
    found = []
    for field, code in entry.refused.items():
        text = _say(refusals()[code], {"typed": entry.typed[field]})
        found.append(Problem("H01", "block", field, text, text))
    return _ordered(found + fired(form, facts, refused=entry.refused))


def fired(
    form: Form, facts: Facts, stage: str = "report", refused: Mapping[str, str] | None = None
) -> list[Problem]:
    """The rules of a stage that hold for these facts; a row with an unreadable figure is left alone."""
    found = []
    for rule in form.rules:
        if rule.get("stage", "report") != stage:
            continue
        for it in rule.get("each", [rule["row"]]):
            row = it if rule["row"] == "it" else rule["row"]
            here = {**facts, "it": facts.get(it)}
            here |= {f"{kind}_it": facts.get(f"{kind}_{it}") for kind in _OF_IT}
            if row not in (refused or {}) and evaluate(rule["when"], here) is True:
                near = _say(rule.get("near") or rule, here)
                found.append(Problem(rule["id"], rule["level"], row, _say(rule, here), near))
    return _ordered(found)


def unanswered(problems: list[Problem], entry: Entry, ticked: set[str]) -> list[Problem]:
    """The problems that still stop the submission: blocking ones, and warnings without a note or a tick."""
    notes = entry.notes
    return [
        problem
        for problem in problems
        if problem.level == "block"
        or (problem.level == "warn" and problem.row not in notes and problem.key not in ticked)
    ]


def _ordered(found: list[Problem]) -> list[Problem]:
    order = ("block", "warn", "info")
    return sorted(found, key=lambda problem: order.index(problem.level))


def _say(words: Mapping[str, Any], facts: Facts) -> dict[str, str]:
    return {lang: _fill(words[lang], facts, lang) for lang in ("vi", "en")}


def _fill(text: str, facts: Facts, lang: str) -> str:
    """Put facts into a message, counts in the spelling of the language; typed text stays unchanged."""
    for name, value in facts.items():
        if f"{{{name}}}" in text:
            text = text.replace(f"{{{name}}}", value if isinstance(value, str) else written(value, lang))
    return text
