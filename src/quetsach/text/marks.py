"""Unicode normal forms, in time that grows no quicker than the text.

`unicodedata.normalize` sorts the marks of a letter by moving one past another: it takes the square of their
number, 45 seconds for the 60,000 marks that fit into 120 KB, and stops every thread of the process for so
long. No writing puts more than a few marks on a letter; the Stream-Safe Text Format (UAX #15, section 13)
allows 30. Nothing else in the product normalizes text (tools/house.py).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Literal

MOST = 30
"""Marks in a row."""
_OTHERS = "\uff9e\uff9f"
"""Letters of which compatibility forms make marks."""


def normalize(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """The text in a normal form of UAX #15, without the marks of a row beyond its 30th."""
    return unicodedata.normalize(form, _cut(text))


def is_piled(text: str) -> bool:
    """Whether more than 30 marks stand in a row: no person typed that."""
    return next(_piles(text), None) is not None


def _cut(text: str) -> str:
    parts, end = [], 0
    for start, after in _piles(text):
        parts.append(text[end : start + MOST])
        end = after
    return "".join((*parts, text[end:])) if end else text


def _piles(text: str) -> Iterator[tuple[int, int]]:
    """Where each row of more than 30 marks begins and ends.

    Such a row stands over one of every 31 characters, so the others are looked at only around a mark.
    """
    if text.isascii():
        return
    end = 0
    for at in range(MOST, len(text), MOST + 1):
        if at < end or not _is_mark(text[at]):
            continue
        start, end = at, at + 1
        while start and _is_mark(text[start - 1]):
            start -= 1
        while end < len(text) and _is_mark(text[end]):
            end += 1
        if end - start > MOST:
            yield start, end


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M" or char in _OTHERS
