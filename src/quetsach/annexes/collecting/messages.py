"""The sentences of `messages.toml` about a file, a cell or a place, in either language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from quetsach.annexes.collecting.paper import FileProblem, Place
from quetsach.text.language import code as in_use
from quetsach.text.problems import explain

type Facts = Mapping[str, str | int]


@cache
def _table() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((files("quetsach.annexes.collecting") / "messages.toml").read_text(encoding="utf-8"))


def level(code: str) -> str:
    """`block`, `doubt` or `info`. Raises KeyError for an unknown code."""
    table = _table()
    return (table["doubt"].get(code) or table["note"][code])["level"]


def is_problem(code: str) -> bool:
    """Whether there is a sentence for this problem of a file."""
    return code in _table()["problem"]


def is_known(code: str) -> bool:
    """Whether there is a sentence for a doubt or a note."""
    return code in _table()["doubt"] or code in _table()["note"]


def doubt(code: str, facts: Facts, language: str) -> str:
    """The sentence for a doubt about a cell, a unit or a file."""
    table = _table()
    return _filled((table["doubt"].get(code) or table["note"][code])[language], facts, language)


def problem(raised: FileProblem, language: str) -> str:
    """Why a file gives no annex, with advice."""
    facts = dict(raised.facts)
    if raised.code == "unreadable" and language == in_use():
        facts["why"] = explain(str(facts.get("why", "")))  # the system's reason, in English
    return _filled(_table()["problem"][raised.code][language], facts, language)


def place(where: Place, language: str) -> str:
    """The place of a text in words; empty where it is not known."""
    kind = "sheet" if where.sheet else "table" if where.table else "page" if where.page else ""
    facts = {name: getattr(where, name) for name in ("sheet", "cell", "page", "table", "row", "column")}
    return _filled(_table()["place"][kind][language], facts, language) if kind else ""


def number(value: int, language: str) -> str:
    """1.234 in Vietnamese, 1,234 in English."""
    return f"{value:,}".replace(",", ".") if language == "vi" else f"{value:,}"


def _filled(text: str, facts: Facts, language: str) -> str:
    def fact(name: re.Match[str]) -> str:
        value = facts.get(name[1], "")
        return number(value, language) if isinstance(value, int) else value

    return re.sub(r"\{(\w+)\}", fact, text)
