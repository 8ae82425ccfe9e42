"""Colours of a terminal inside a log, taken out of its lines before anybody reads them.

A control sequence (ECMA-48 5.4) is ESC `[`, parameters from `0` to `?`, and one last byte from `@` to `~`.
The last byte of a colour is a letter, which would join the name behind it. Sequences with signs from a blank
to `/` are left: no colour has one, and they would take the quote and the blank behind a client's `ESC [`
along.
"""

from __future__ import annotations

import re

_BEGIN = b"\x1b["
_SEQUENCE = re.compile(rb"\x1b\[[0-?]*([@-~])")
_JOINING = b"mK"
"""The last bytes of a colour and of erasing the rest of a line: what stands around them is joined."""


def removed(text: bytes) -> bytes:
    """The text without control sequences. Those that move the cursor become a blank: what stands around them
    is not shown as one word."""
    return _SEQUENCE.sub(_left, text) if _BEGIN in text else text


def _left(found: re.Match[bytes]) -> bytes:
    return b"" if found[1] in _JOINING else b" "


def line_without(line: bytes) -> bytes:
    """A line without its line feed and without control sequences; it keeps its length, by zeros at its
    end."""
    found = removed(line)
    if len(found) == len(line):
        return line
    return found.rstrip(b"\0").removesuffix(b"\r").ljust(len(line), b"\0")
