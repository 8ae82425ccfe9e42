"""Vietnamese on outputs without Vietnamese letters: a C locale, a Windows pipe in code page 1252."""

from __future__ import annotations

import codecs
import io
import unicodedata
from typing import TextIO

from quetsach.text.marks import normalize

_HANDLER = "quetsach.plain"
_PLAIN = {
    "đ": "d",
    "Đ": "D",
    "•": "*",
    "·": "-",
    "…": "...",
    "–": "-",
    "—": "-",
    "“": '"',
    "”": '"',
    "─": "-",
}


def made_plain(stream: TextIO) -> None:
    """Make a stream write plain letters for the letters that its encoding does not have."""
    codecs.register_error(_HANDLER, _plain)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_HANDLER)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_letter, error.object[error.start : error.end])), error.end


def _letter(char: str) -> str:
    if char in _PLAIN:
        return _PLAIN[char]
    base = "".join(c for c in normalize("NFKD", char) if c.isascii())
    return base or ("" if unicodedata.combining(char) else "?")
