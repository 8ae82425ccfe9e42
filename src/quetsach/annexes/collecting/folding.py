"""Folding that keeps places: what is found in the folded text stands at the same place in the text itself."""

from __future__ import annotations

import re

from quetsach.text.marks import normalize

_PUNCTUATION = re.compile(r"[^\w]+|_")
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_LEADERS = re.compile(r"[.…·_]{3,}|…+")


def folded(text: str) -> str:
    """`text` in small letters without marks, letter for letter as long as an NFC text."""
    return "".join(map(_letter, text))


def key(text: str) -> str:
    """Words without case, marks and signs, one space apart."""
    return " ".join(_PUNCTUATION.sub(" ", folded(normalize("NFC", text))).split())


def storable(text: str) -> str:
    """Control characters and halves of pairs, which no XML and no database holds, as the replacement sign."""
    return _UNSTORABLE.sub("\ufffd", text)


def without_leaders(text: str) -> str:
    """`text` without the dots that a form prints to be written on."""
    lines = (" ".join(_LEADERS.sub(" ", line).split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line.strip(" .,;:-"))


def _letter(char: str) -> str:
    if char in "đĐ":
        return "d"
    return normalize("NFD", char)[0].lower()[:1]
