"""Characters that nobody sees or types: no name of a machine or a person holds them."""

from __future__ import annotations

import unicodedata

from quetsach.text.marks import is_piled

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def has_unseen(text: str) -> bool:
    """Whether a text holds control or format characters, separators of lines, or a pile of marks."""
    if text.isascii():
        return not text.isprintable()
    return is_piled(text) or any(unicodedata.category(char) in _UNSEEN for char in text)
