"""Counts of the rows of a form, their sums, and reading them from typed text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from quetsach.errors import QuetsachError
from quetsach.text.marks import normalize

MOST = 9_999_999
"""The greatest count that a row takes (rule H01)."""

_PLAIN = re.compile(r"[0-9]+")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
_SPACED = re.compile(r"[1-9][0-9]{0,2}(?: [0-9]{3})+")
_DECIMAL = re.compile(r"[0-9., ]+")


class Figures(Mapping[str, int]):
    """Row key: count, in the order of the form. A missing row counts as zero."""

    __slots__ = ("_counts",)

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        self._counts = dict(counts or {})

    def __getitem__(self, key: str) -> int:
        return self._counts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    def __add__(self, other: Mapping[str, int]) -> Figures:
        counts = dict(self._counts)
        for key, count in other.items():
            counts[key] = counts.get(key, 0) + count
        return Figures(counts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return self._counted() == {key: count for key, count in other.items() if count}

    def __hash__(self) -> int:
        return hash(frozenset(self._counted().items()))

    def __repr__(self) -> str:
        return f"Figures({self._counts})"

    def row(self, key: str) -> int:
        """The count of one row, such as "r2"."""
        return self._counts.get(key, 0)

    def over(self, keys: Iterable[str]) -> Figures:
        """The counts of these rows, in their order; 0 for a missing row."""
        return Figures({key: self.row(key) for key in keys})

    def as_dict(self) -> dict[str, int]:
        """Row key: count, to store."""
        return dict(self._counts)

    def _counted(self) -> dict[str, int]:
        return {key: count for key, count in self._counts.items() if count}


ZERO = Figures()


class FigureError(QuetsachError):
    """A figure cannot be read; `code` is decimal, negative, letters or too_big."""

    def __init__(self, code: str, typed: str) -> None:
        super().__init__(f"{code}: {typed!r}")
        self.code = code


def parse_figure(typed: str) -> int | None:
    """The count in a field, None when it is blank. "1.234" and "1 234" are 1234, as in Vietnamese.

    Raises FigureError for decimals ("1,5", "12.5", "1.23"), negatives, letters and counts above 9,999,999.
    """
    text = _flat(typed)
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


def parse_adjustment(typed: str) -> int:
    """A count to add or take away: "-12", "+3", "1.234"; 0 when blank. Raises FigureError."""
    text = _flat(typed)
    sign = -1 if text.startswith("-") else 1
    return sign * (parse_figure(text.removeprefix("-").removeprefix("+")) or 0)


def written(value: float | None, lang: str) -> str:
    """1234 as 1.234 in Vietnamese, 1,234 in English; a dash for an unknown value."""
    if value is None:
        return "–"
    text = f"{int(value):,}"
    return text.replace(",", ".") if lang == "vi" else text


def _flat(typed: str) -> str:
    return " ".join(normalize("NFC", typed).replace("\u2212", "-").split())
