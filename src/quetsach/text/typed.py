"""Text that people type or paste: without the characters that nobody sees."""

from __future__ import annotations

import re

from quetsach.text.marks import normalize

_NO_CHARACTERS = "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffb" + _NO_CHARACTERS + "]"
)
"""Controls but tab and line breaks, marks that turn the direction of text or take no room, halves of pairs,
and code points that are no characters: they hide text, or let it read as another."""


def without_unseen(text: str) -> str:
    """The text without characters that nobody sees; all else of it stays as it is."""
    return _UNSEEN.sub("", text)


def as_typed(text: str) -> str:
    """NFC, lines ended by one newline, no space around, nothing that nobody sees."""
    seen = without_unseen(text.replace("\r\n", "\n").replace("\r", "\n"))
    return normalize("NFC", seen).strip()
