"""The annex form and what people type into it. Pure: reads the form's data file, never the database.

A blank field is not zero. A figure that cannot be read keeps its text and the reason: nothing typed is lost.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from quetsach.errors import QuetsachError
from quetsach.portal.reports.rollup import ROWS

NOTES = ("n1", "n2", "n3", "n4")
TEXTS = ("narrative", "proposals", *NOTES)
FIELDS = (*ROWS, *TEXTS, "external")
MOST = 9_999_999
"""The greatest count that a row takes (rule H01)."""

_PLAIN = re.compile(r"[0-9]+")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
_SPACED = re.compile(r"[1-9][0-9]{0,2}(?: [0-9]{3})+")
_DECIMAL = re.compile(r"[0-9., ]+")


class FigureError(QuetsachError):
    """A figure cannot be read; `code` is a key of the form's `refused` table."""

    def __init__(self, code: str, typed: str) -> None:
        super().__init__(f"{code}: {typed!r}")
        self.code = code


def parse_figure(typed: str) -> int | None:
    """The count in a field, None when it is blank. "1.234" and "1 234" are 1234, as written in Vietnamese.

    Raises FigureError for decimals ("1,5", "12.5", "1.23"), negatives, letters and counts above 9,999,999.
    """
    text = " ".join(unicodedata.normalize("NFC", typed).replace("\u2212", "-").split())
    if not text:
        return None
    if _PLAIN.fullmatch(text) or _GROUPED.fullmatch(text) or _SPACED.fullmatch(text):
        digits = text.replace(".", "").replace(" ", "").lstrip("0") or "0"
        if len(digits) > len(str(MOST)) or int(digits) > MOST:
            raise FigureError("too_big", typed)
        return int(digits)
    if text.startswith("-") and _DECIMAL.fullmatch(text[1:]):
        raise FigureError("negative", typed)
    raise FigureError("decimal" if _DECIMAL.fullmatch(text) else "letters", typed)


@dataclass(frozen=True)
class Row:
    """One row of the form; `short` by language."""

    key: str
    number: int
    text: str
    short: dict[str, str]


@dataclass(frozen=True)
class Form:
    """One version of the annex: its words, rows, rules and the reasons why a figure is refused."""

    version: str
    head: dict[str, Any]
    rows: tuple[Row, ...]
    rules: tuple[dict[str, Any], ...]
    refused: dict[str, dict[str, str]]

    def row(self, key: str) -> Row:
        """The row with that key. Raises KeyError."""
        return {row.key: row for row in self.rows}[key]


@cache
def load_form(version: str) -> Form:
    """The form of that version. Raises FileNotFoundError for one that was never published."""
    file = files("quetsach.portal.reports") / "rules" / f"{version}.toml"
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    return Form(
        version=data["version"],
        head=data["head"],
        rows=tuple(Row(**row) for row in data["row"]),
        rules=tuple(data["rule"]),
        refused=data["refused"],
    )


@dataclass(frozen=True)
class Entry:
    """What was typed, and what could be read of it. `refused` holds the row and the code of the reason."""

    typed: dict[str, str]
    figures: dict[str, int | None]
    refused: dict[str, str] = field(default_factory=dict)
    external: tuple[str, ...] = ()

    @property
    def notes(self) -> dict[str, str]:
        """Row key: note, where there is one."""
        return {f"r{key[1]}": self.typed[key] for key in NOTES if self.typed[key]}


def clean_text(text: str) -> str:
    """NFC, lines ended by one newline, no space around."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()


def unprintable(text: str) -> int:
    """How many characters are controls (line breaks and tabs aside), direction marks or half of a pair."""
    return sum(
        1
        for c in text
        if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"} and c not in "\n\t\u200b\u200c\u200d"
    )


def read_names(text: str) -> tuple[str, ...]:
    """Names, one a line; the same name twice counts once, whatever its case, spaces or composition."""
    names: dict[str, str] = {}
    for line in clean_text(text).splitlines():
        name = " ".join(line.split())
        if name:
            names.setdefault(name.casefold(), name)
    return tuple(names.values())


def read_entry(data: Mapping[str, Any]) -> Entry:
    """Read a form or a stored draft; fields that are not there are blank."""
    typed = {key: clean_text(str(data.get(key) or "")) for key in FIELDS}
    for key in ROWS:
        if data.get(key) == 0:
            typed[key] = "0"
    figures: dict[str, int | None] = {}
    refused: dict[str, str] = {}
    for key in ROWS:
        try:
            figures[key] = parse_figure(typed[key])
        except FigureError as error:
            figures[key] = None
            refused[key] = error.code
    return Entry(typed, figures, refused, read_names(typed["external"]))
