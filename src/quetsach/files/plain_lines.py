"""What stands between the bytes of a line and its text (docs/log-formats.md 9): UTF-16, and colours."""

from __future__ import annotations

from quetsach.files import colours, utf16


def read_line(line: bytes) -> bytes:
    """A line without its line feed, as text; it keeps its length, by zeros at its end."""
    return colours.line_without(utf16.read_line(line))


def read_lines(text: bytes) -> bytes:
    """Whole lines as text; each keeps its length, by zeros at its end."""
    if b"\0" not in text and not colours.stand_in(text):
        return text
    return b"\n".join(map(read_line, text.split(b"\n")))
