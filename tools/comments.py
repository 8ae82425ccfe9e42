"""Comments and docstrings of source files, for the checks that read them."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

_RUST = re.compile(r"\s*//[/!]? ?(.*)")
_HASH = re.compile(r"\s*# ?(.*)")
_SHEBANG = "#!"


def blocks(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each docstring, and each run of comment lines: the number of its first line, and its lines.

    Reads Python, Rust, TOML and shell; other files hold none. Strings behind an assignment (docstrings of
    attributes) count as docstrings.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix in {".py", ".pyi"}:
        yield from _docstrings(text)
        yield from _runs(_python_comments(text))
    elif path.suffix == ".rs":
        yield from _runs(_whole_lines(text, _RUST))
    elif path.suffix in {".toml", ".sh"} or text.startswith(_SHEBANG):
        yield from _runs(_whole_lines(text, _HASH))


def _docstrings(text: str) -> Iterator[tuple[int, list[str]]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            value = node.value.value
            if isinstance(value, str):
                yield node.lineno, value.splitlines()


def _python_comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("#").strip()


def _whole_lines(text: str, comment: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if found := comment.match(line):
            yield number, found[1]


def _runs(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """Comments on lines that follow one another, together."""
    run: list[str] = []
    start = 0
    for number, text in lines:
        if run and number != start + len(run):
            yield start, run
            run = []
        if not run:
            start = number
        run.append(text)
    if run:
        yield start, run
