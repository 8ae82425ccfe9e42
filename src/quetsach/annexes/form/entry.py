"""Fields that people type into a form. A blank field is not zero; an unreadable figure keeps its text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quetsach.annexes.form.figures import FigureError, Figures, parse_adjustment, parse_figure
from quetsach.text.marks import normalize

TEXTS = ("narrative", "proposals", "adjust_reason")
"""Fields of every form beside its rows and their notes."""

_TAX_CODE = re.compile(r"(?<!\d)(\d{10}(?:-\d{3})?)(?!\d)")


@dataclass(frozen=True)
class Entry:
    """The typed fields and the figures read from them. `refused` maps a field to the code of its reason."""

    typed: dict[str, str]
    figures: dict[str, int | None]
    adjust: dict[str, int]
    refused: dict[str, str] = field(default_factory=dict)
    external: tuple[str, ...] = ()

    @property
    def notes(self) -> dict[str, str]:
        """Row key: note, for rows with a note."""
        return {row: self.typed[note_key(row)] for row in self.figures if self.typed[note_key(row)]}

    @property
    def own(self) -> Figures:
        """The figures, blank ones as zero."""
        return Figures({row: count or 0 for row, count in self.figures.items()})

    @property
    def counts(self) -> Figures:
        """The unit's share of the sum: its own figures and their adjustment."""
        return self.own + self.adjust

    @property
    def is_complete(self) -> bool:
        """Whether every row holds a figure."""
        return None not in self.figures.values()

    @property
    def tax_codes(self) -> tuple[str, ...]:
        """Tax codes (10 digits, or 10-3 for a branch) among the named units, each once."""
        return tuple(dict.fromkeys(code for name in self.external for code in _TAX_CODE.findall(name)))


def note_key(row: str) -> str:
    """The field of a row's note: n2 for r2."""
    return f"n{row[1:]}"


def adjust_key(row: str) -> str:
    """The field of a row's adjustment: a2 for r2."""
    return f"a{row[1:]}"


def fields_of(rows: Sequence[str]) -> tuple[str, ...]:
    """All fields of a form with these rows, in the order of the page."""
    notes, adjusts = map(note_key, rows), map(adjust_key, rows)
    return (*rows, "narrative", "proposals", *notes, "external", *adjusts, "adjust_reason")


def clean_text(text: str) -> str:
    """NFC, lines ended by one newline, no space around."""
    return normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()


def unprintable(text: str) -> int:
    """The number of controls (except line breaks and tabs), direction marks and halves of pairs."""
    return sum(
        1
        for c in text
        if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"} and c not in "\n\t\u200b\u200c\u200d"
    )


def read_names(text: str) -> tuple[str, ...]:
    """Names, one a line; equal names count once, with any case, spaces or composition."""
    names: dict[str, str] = {}
    for line in clean_text(text).splitlines():
        name = " ".join(line.split())
        if name:
            names.setdefault(name.casefold(), name)
    return tuple(names.values())


def read_entry(data: Mapping[str, Any], rows: Sequence[str]) -> Entry:
    """Read posted or stored fields for a form with these rows; missing fields are blank."""
    typed = {key: _as_text(data.get(key)) for key in fields_of(rows)}
    figures: dict[str, int | None] = {}
    adjust: dict[str, int] = {}
    refused: dict[str, str] = {}
    for row in rows:
        try:
            figures[row] = parse_figure(typed[row])
        except FigureError as error:
            figures[row] = None
            refused[row] = error.code
        key = adjust_key(row)
        try:
            adjust[row] = parse_adjustment(typed[key])
        except FigureError as error:
            adjust[row] = 0
            refused[key] = error.code
    return Entry(typed, figures, adjust, refused, read_names(typed["external"]))


def _as_text(value: Any) -> str:
    return "" if value is None else clean_text(str(value))
