"""Folding that keeps places: a match in the folded text lies at the same place in the text itself."""

from __future__ import annotations

import re

from quetsach.text.marks import normalize

_PUNCTUATION = re.compile(r"[^\w]+|_")
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_LEADERS = re.compile(r"[.…·_]{3,}|…+")


def folded(text: str) -> str:
    """`text` in small letters without marks; as long as the NFC text, letter for letter."""
    return "".join(map(_letter, text))


def key(text: str) -> str:
    """Words without case, marks and signs, one space apart."""
    return " ".join(_PUNCTUATION.sub(" ", folded(normalize("NFC", text))).split())


def storable(text: str) -> str:
    """Replace control characters and halves of pairs, which no XML and no database can hold."""
    return _UNSTORABLE.sub("\ufffd", text)


def without_leaders(text: str) -> str:
    """`text` without the dotted lines of a form."""
    lines = (" ".join(_LEADERS.sub(" ", line).split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line.strip(" .,;:-"))


def _letter(char: str) -> str:
    if char in "đĐ":
        return "d"
    return normalize("NFD", char)[0].lower()[:1]
