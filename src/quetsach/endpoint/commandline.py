"""Command lines as text: the commands that PowerShell gets in an encoded form."""

from __future__ import annotations

import base64
import binascii
import re

_ENCODED = re.compile(
    r"[-/\u2013\u2014\u2015]e(?:nc?|nco\w{0,12}|c)?[\s:]+[\"']?([A-Za-z0-9+/]{12,}={0,2})", re.I
)
"""The argument of -EncodedCommand in any shortening (Microsoft Learn, 'about_PowerShell_exe')."""
_LONGEST = 64 << 10
_MOST, _DEPTH = 4, 2


def unfolded(text: str) -> str:
    """The text, and behind it the commands that are encoded in it, also within each other; bounded."""
    text = text[:_LONGEST]
    found, newest = [text], [text]
    for _level in range(_DEPTH):
        newest = [inner for one in newest for inner in _decoded(one)]
        found += newest
    return "\n".join(found)


def _decoded(text: str) -> list[str]:
    found = []
    for code in _ENCODED.findall(text)[:_MOST]:
        try:
            # A line that was cut in the middle of its code still tells its first part.
            content = base64.b64decode(code[: len(code) - len(code) % 4], validate=True)
        except (binascii.Error, ValueError):
            continue
        found.append(content[: len(content) & ~1].decode("utf-16-le", "replace")[:_LONGEST])
    return found
