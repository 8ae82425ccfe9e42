"""Log text made safe to show and to keep."""

from __future__ import annotations

import re

EVIDENCE_CHARACTERS = 2_000
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"


def escape(line: bytes, limit: int = EVIDENCE_CHARACTERS) -> str:
    """A log line made safe to show: invalid UTF-8, control and bidirectional characters escaped.

    Escaped are Cc and Bidi_Control (UAX 9): `\\xNN` below U+0100 and for invalid bytes, else `\\u{…}`.
    The result has at most `limit` characters and never ends inside an escape.
    """
    text = line[: limit * 4].decode("utf-8", "surrogateescape")[:limit]
    if _UNSAFE.search(text) is None:
        return text
    out: list[str] = []
    left, at = limit, 0
    for match in _UNSAFE.finditer(text):
        plain = text[at : match.start()][:left]
        out.append(plain)
        left -= len(plain)
        shown = _escaped(match)
        if len(shown) > left:
            return "".join(out)
        out.append(shown)
        left -= len(shown)
        at = match.end()
    out.append(text[at:][:left])
    return "".join(out)
