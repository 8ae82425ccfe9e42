"""Command lines as text: the commands that PowerShell gets in an encoded form."""

from __future__ import annotations

import base64
import binascii
import re

_ENCODED = re.compile(
    r"[-/\u2013\u2014\u2015]e(?:nc?|nco\w{0,12}|c)?[\s:]+[\"']?([A-Za-z0-9+/]{12,}={0,2})", re.I
)
"""The argument of -EncodedCommand in any shortening (Microsoft Learn, 'about_PowerShell_exe')."""
LONGEST = 64 << 10
"""Characters of a command that are read, at most."""
_MOST, _DEPTH = 64, 4
_MARKS = re.compile("[\\^`]")
"""Marks that `cmd` and PowerShell take out of words before they run a command."""


def unfolded(text: str) -> tuple[str, bool]:
    """The text, and behind it the commands that are encoded in it, also within each other; each also without
    the marks in its words. Bounded: False where something was left out or not decoded any further."""
    is_whole = len(text) <= LONGEST
    newest = [_plain(text[:LONGEST])]
    found = list(newest)
    for _level in range(_DEPTH):
        # Each code once: it stands twice where the text has marks.
        codes = list(dict.fromkeys(code for one in newest for code in _ENCODED.findall(one)))
        is_whole = is_whole and len(codes) <= _MOST
        newest = [_plain(inner) for inner in _decoded(codes[:_MOST])]
        found += newest
    return "\n".join(found), is_whole and not any(_ENCODED.search(one) for one in newest)


def _plain(text: str) -> str:
    without = _MARKS.sub("", text)
    return text if without == text else f"{text}\n{without}"


def _decoded(codes: list[str]) -> list[str]:
    found = []
    for code in codes:
        try:
            # A line that was cut in the middle of its code still tells its first part.
            content = base64.b64decode(code[: len(code) - len(code) % 4], validate=True)
        except (binascii.Error, ValueError):
            continue
        found.append(content[: len(content) & ~1].decode("utf-16-le", "replace")[:LONGEST])
    return found
