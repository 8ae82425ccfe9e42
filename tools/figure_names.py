"""Refuses a figure in a template or a chart that does not go through the tag `figure`, which names it.

The kinds of figures, and the variables that hold them, stand in `quetsach.portal.kit.figures`.
`tools/house.py` runs it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from quetsach.portal.kit.figures import FIGURES

FIELDS = {field: name for name, kind in FIGURES.items() for field in kind.fields}
TAG = re.compile(r"{%(.*?)%}|{{(.*?)}}", re.S)
SENTENCE = re.compile(r"{%\s*blocktrans(?:late)?\b(.*?)%}(.*?){%\s*endblocktrans(?:late)?\s*%}", re.S)
SET = re.compile(r"{%\s*figure\b[^%]*?\bas\s+(\w+)\s*%}")
GIVEN = re.compile(r"(\bcount\s+)?\b(\w+)=([\w.]+(?:\|[\w:\"]+)*)")


def findings(file: Path) -> Iterator[str]:
    """Each bare figure of a template, with its name."""
    text = file.read_text(encoding="utf-8")
    tagged = set(SET.findall(text))
    for match in TAG.finditer(text):
        shown = (match[2] or "").strip()
        if shown not in tagged and (name := name_of(shown)):
            yield finding(file, text, match.start(), shown, name)
    for match in SENTENCE.finditer(text):
        for counter, variable, value in GIVEN.findall(match[1]):
            # A number that only decides about the plural is not shown.
            is_shown = not counter or re.search(r"{{\s*" + variable + r"\b", match[2])
            if is_shown and value not in tagged and (name := name_of(value)):
                yield finding(file, text, match.start(), value, name)


def chart_findings(file: Path) -> Iterator[str]:
    """Each figure that a module writes into a chart by `num`, with its name."""
    text = file.read_text(encoding="utf-8")
    if "portal.kit.charts import" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "num":
            shown = ast.unparse(node.args[0])
            if name := name_of(shown):
                yield f'{file}:{node.lineno}: a bare figure, {shown}; use in_chart("{name}", …)'


def name_of(expression: str) -> str | None:
    """The name of the figure that an expression such as `seen.acknowledged|num` shows; None for others."""
    path, *filters = expression.split("|")
    if "in_line" in filters:  # the heading of its column names it
        return None
    parts = path.strip().split(".")
    ends = [f"={path.strip()}", ".".join(parts[-2:]), parts[-1]]
    if filters and filters[0] == "length":
        ends = [f"{end}|length" for end in ends]
    return next((FIELDS[end] for end in ends if end in FIELDS), None)


def finding(file: Path, text: str, place: int, expression: str, name: str) -> str:
    line = text.count("\n", 0, place) + 1
    return f'{file}:{line}: a bare figure, {expression}; use {{% figure "{name}" … %}} (kit/figures.py)'
