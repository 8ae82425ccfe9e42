"""Widths of text in Times, so that rules under a line in a Word file are as long as the Decree demands.

Widths in thousandths of the size, from Adobe's metrics of Times-Roman and Times-Bold, which Times New Roman
and Liberation Serif share. Vietnamese marks do not widen a letter, except the horn a little.
"""

from __future__ import annotations

import unicodedata

from quetsach.text.marks import normalize

_POINT = 25.4 / 72
_LETTERS = " -,./:();0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROMAN = (
    250, 333, 250, 250, 278, 278, 333, 333, 278, *(10 * (500,)),
    722, 667, 667, 722, 611, 556, 722, 722, 333, 389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722,
    722, 944, 722, 722, 611,
    444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500, 500, 500, 333, 389, 278, 500,
    500, 722, 500, 500, 444,
)  # fmt: skip
_BOLD = (
    250, 333, 250, 250, 278, 333, 333, 333, 333, *(10 * (500,)),
    722, 667, 722, 722, 667, 611, 778, 778, 389, 500, 778, 667, 944, 722, 778, 611, 778, 722, 556, 667, 722,
    722, 1000, 722, 722, 667,
    500, 556, 444, 556, 444, 333, 500, 556, 278, 333, 556, 278, 833, 556, 500, 556, 556, 444, 389, 333, 556,
    500, 722, 500, 500, 444,
)  # fmt: skip
_REGULAR_WIDTHS = dict(zip(_LETTERS, _ROMAN, strict=True))
_BOLD_WIDTHS = dict(zip(_LETTERS, _BOLD, strict=True))
_OTHER = 600


def width(text: str, size: float, *, is_bold: bool = False) -> float:
    """Millimetres of one line at `size` points. Characters not in the table count as an average letter."""
    table = _BOLD_WIDTHS if is_bold else _REGULAR_WIDTHS
    plain = normalize("NFD", text).replace("đ", "d").replace("Đ", "D")
    units = sum(table.get(char, _OTHER) for char in plain if not unicodedata.combining(char))
    return units / 1000 * size * _POINT
