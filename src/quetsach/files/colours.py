"""Colours of a terminal inside a log, taken out of its lines before anybody reads them.

A control sequence (ECMA-48 5.4) is ESC `[`, parameters from `0` to `?`, signs from a blank to `/`, and one
last byte from `@` to `~`. The last byte of a colour is a letter, which would join the name behind it.
"""

from __future__ import annotations

import re

_BEGIN = b"\x1b["
_SEQUENCE = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")


def removed(text: bytes) -> bytes:
    """The text without control sequences."""
    return _SEQUENCE.sub(b"", text) if _BEGIN in text else text


def line_without(line: bytes) -> bytes:
    """A line without its line feed and without control sequences; it keeps its length, by zeros at its
    end."""
    found = removed(line)
    if len(found) == len(line):
        return line
    return found.rstrip(b"\0").removesuffix(b"\r").ljust(len(line), b"\0")
