"""Colours of a terminal inside a log, taken out of its lines before anybody reads them.

A control sequence (ECMA-48 5.4) is ESC `[`, parameters from `0` to `?`, and one last byte from `@` to `~`. A
backslash is none: an escape of JSON begins there.
The last byte of a colour is a letter, which would join the name behind it. Sequences with signs from a blank
to `/` are left: no colour has one, and they would take the quote and the blank behind a client's `ESC [`
along.

Loggers spell ESC as text, too: rsyslog writes `#033`, others `\\033`, `\\x1b`, `^[` and, in JSON, `\\u001b`.
In JSON in JSON two, four or eight backslashes stand there.
"""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    rb"(?:\x1b|#033|\^\[|(?P<slashes>\\+)(?:u001[bB]|x1[bB]|033))\[[0-?]*(?P<last>[@-\[\]-~])"
)
_JOINING = b"mK"
"""The last bytes of a colour and of erasing the rest of a line: what stands around them is joined."""


def removed(text: bytes) -> bytes:
    """The text without control sequences. Those that move the cursor become a blank: what stands around them
    is not shown as one word."""
    return _SEQUENCE.sub(_left, text) if b"[" in text else text


def _left(found: re.Match[bytes]) -> bytes:
    run = len(found["slashes"] or b"")
    # Of six backslashes the first four are two of the text.
    return b"\\" * (run - (run & -run)) + (b"" if found["last"] in _JOINING else b" ")


def stand_in(text: bytes) -> bool:
    """Whether a control sequence stands in the text."""
    return b"[" in text and _SEQUENCE.search(text) is not None


def line_without(line: bytes) -> bytes:
    """A line without its line feed and without control sequences; it keeps its length, by zeros at its
    end."""
    found = removed(line)
    if len(found) == len(line):
        return line
    return found.rstrip(b"\0").removesuffix(b"\r").ljust(len(line), b"\0")
