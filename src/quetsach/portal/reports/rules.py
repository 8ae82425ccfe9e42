"""The one evaluator of the annex's rules. Pure: facts in, problems out; the rules are data in rules/*.toml.

Three-valued: a comparison with something unknown is unknown, and an unknown rule does not fire.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from quetsach.portal.reports.annex import TEXTS, Entry, Form, unprintable

type Fact = float | str | None
type Facts = Mapping[str, Fact]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
}
_ARITHMETIC: dict[str, Callable[[list[Any]], Any]] = {"add": sum, "mul": prod}
_TEXT: dict[str, Callable[[str], int]] = {"length": len, "controls": unprintable}


def evaluate(expression: Any, facts: Facts) -> Any:
    """The value of an expression, None when it cannot be known. Raises KeyError for an unknown name."""
    if isinstance(expression, str):
        return facts[expression]
    if not isinstance(expression, list):
        return expression
    name, *operands = expression
    values = [evaluate(operand, facts) for operand in operands]
    match name:
        case "blank":
            return values[0] is None
        case "not":
            return None if values[0] is None else not values[0]
        case "and":
            return False if False in values else None if None in values else True
        case "or":
            return True if True in values else None if None in values else False
    if None in values:
        return None
    if name in _COMPARE:
        return _COMPARE[name](*values)
    if name in _TEXT:
        return _TEXT[name](values[0])
    return _ARITHMETIC[name](values)


@dataclass(frozen=True)
class Problem:
    """One rule that fired. `row` is a row key, a text field, or `figures` for the form as a whole.

    `text` explains, by language; `near` is what stands beside the field.
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
    """Every problem of what was typed, blocking ones first. `known` holds the facts that the portal knows."""
    facts: dict[str, Fact] = {**entry.figures, **{key: entry.typed[key] for key in TEXTS}, **known}
    facts["external"] = len(entry.external)
    found = []
    for row, code in entry.refused.items():
        text = _say(form.refused[code], {"typed": entry.typed[row]})
        found.append(Problem("H01", "block", row, text, text))
    for rule in form.rules:
        for it in rule.get("each", [rule["row"]]):
            row = it if rule["row"] == "it" else rule["row"]
            here = {**facts, "it": facts.get(it)}
            if row not in entry.refused and evaluate(rule["when"], here) is True:
                near = _say(rule.get("near", rule), here)
                found.append(Problem(rule["id"], rule["level"], row, _say(rule, here), near))
    order = ("block", "warn", "info")
    return sorted(found, key=lambda problem: order.index(problem.level))


def unanswered(problems: list[Problem], entry: Entry, ticked: set[str]) -> list[Problem]:
    """What still stops the submission: blocking problems, and warnings without a note or a tick."""
    notes = entry.notes
    return [
        problem
        for problem in problems
        if problem.level == "block"
        or (problem.level == "warn" and problem.row not in notes and problem.key not in ticked)
    ]


def _say(words: Mapping[str, Any], facts: Facts) -> dict[str, str]:
    return {lang: _fill(words[lang], facts, lang) for lang in ("vi", "en")}


def _fill(text: str, facts: Facts, lang: str) -> str:
    """Put facts into a message, counts written as the language writes them; typed text stands as it is."""
    for name, value in facts.items():
        if f"{{{name}}}" in text:
            text = text.replace(f"{{{name}}}", value if isinstance(value, str) else written(value, lang))
    return text


def written(value: float | None, lang: str) -> str:
    """1234 as 1.234 in Vietnamese, 1,234 in English; a dash for what is not known."""
    if value is None:
        return "–"
    text = f"{int(value):,}"
    return text.replace(",", ".") if lang == "vi" else text
