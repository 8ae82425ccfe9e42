"""Vietnamese text: sorting, searching, and the numbers and dates of official papers.

The order is that of dictionaries and of CLDR's `vi`: ă, â, đ, ê, ô, ơ, ư are letters of their own, and tones
decide only between equal words. The default Unicode order gets both wrong.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import lru_cache

from quetsach.text.marks import normalize

_HAT, _BREVE, _HORN = "\u0302", "\u0306", "\u031b"
_LETTERS = {"a": (_BREVE, _HAT), "e": (_HAT,), "o": (_HAT, _HORN), "u": (_HORN,)}
_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}

type _Letter = tuple[int, str, int]
type SortKey = tuple[list[_Letter], list[int], str]


def nfc(text: str) -> str:
    """Composed letters, single spaces, none at the ends: the form in which names are stored and compared."""
    return " ".join(normalize("NFC", text).split())


def sort_key(text: str) -> SortKey:
    """A key that sorts names as a dictionary does: letters first, then tones from left to right, then case.

    Tones: none, huyền, hỏi, ngã, sắc, nặng. Spaces and signs stand before digits, digits before letters.
    """
    letters: list[_Letter] = []
    tones: list[int] = []
    for char in normalize("NFC", text.casefold()):
        if (weight := _weight_of(char)) is None:
            letters, tones = _weigh(text.casefold())
            break
        letters += weight[0]
        tones += weight[1]
    return letters, tones, text.swapcase()


@lru_cache(4096)
def _weight_of(char: str) -> tuple[list[_Letter], list[int]] | None:
    """The weight of a composed character, after any text; None for a mark, which changes the letter before
    it."""
    return None if unicodedata.combining(char) else _weigh(char)


def _weigh(text: str) -> tuple[list[_Letter], list[int]]:
    letters: list[_Letter] = []
    tones: list[int] = []
    for char in normalize("NFD", text):
        if char in _TONES and tones:
            tones[-1] = _TONES[char]
        elif letters and char in _LETTERS.get(letters[-1][1], ()):
            base = letters[-1][1]
            letters[-1] = (letters[-1][0], base, _LETTERS[base].index(char) + 1)
        elif not unicodedata.combining(char):
            kind = 2 if char.isalpha() else 1 if char.isdigit() else 0
            letters.append((kind, "d", 1) if char == "đ" else (kind, char, 0))
            tones.append(0)
    return letters, tones


def search_key(text: str) -> str:
    """Fold a name for finding: no case, no marks, đ as d, single spaces."""
    decomposed = normalize("NFD", text.casefold().replace("đ", "d"))
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def number(value: int) -> str:
    """1234 as 1.234."""
    return f"{value:,}".replace(",", ".")


def letter_date(value: date) -> str:
    """`ngày 05 tháng 9 năm 2022`: days to 9, months 1 and 2 with a zero (Decree 30/2020, annex I, II.4)."""
    month = f"{value.month:02d}" if value.month < 3 else str(value.month)
    return f"ngày {value.day:02d} tháng {month} năm {value.year}"


def short_date(value: date) -> str:
    """`05/9/2022`, the form inside the text of a letter: same zeros as `letter_date`."""
    month = f"{value.month:02d}" if value.month < 3 else str(value.month)
    return f"{value.day:02d}/{month}/{value.year}"
