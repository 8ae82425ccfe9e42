"""Chunks become lines; a line too long for memory comes in pieces."""

from __future__ import annotations

from collections.abc import Iterator

from quetsach.files import colours
from quetsach.files.plain_lines import read_line

_BORDERS = (b" ", b"\t", b'"', b"'", b"<", b">")
OVERLAP = 512
"""More than two names long (RFC 1035 2.3.4), for a piece without any border."""


class LongLine:
    """A line longer than the limit: its start, then the rest as it is read. Read it to its end."""

    def __init__(self, start: bytes, chunks: Iterator[bytes], *, complete: bool) -> None:
        self.start = start
        self.size = len(start)
        self.after: bytes | None = None
        self._chunks = chunks
        self._complete = complete

    def blocks(self) -> Iterator[bytes]:
        """All bytes of the line; `after` then holds the bytes behind its newline, or None at the end of the
        file."""
        yield self.start
        if self._complete:
            return
        for chunk in self._chunks:
            line, newline, rest = chunk.partition(b"\n")
            self.size += len(line)
            yield line
            if newline:
                self.after = rest
                return

    def shown(self, size: int) -> bytes:
        """Its first `size` bytes, without colours."""
        return colours.removed(self.start[:size])

    def pieces(self, size: int, covered: int = 0) -> Iterator[bytes]:
        """Pieces of `size` bytes (over 2 * OVERLAP), cut at white space or a quote, else overlapping.

        Without colours, and without the first `covered` bytes; but a word at their end is in the first piece.
        """
        held = b""
        for block in self._shown_blocks(covered):
            held += block
            while len(held) > size:
                cut = max(held.rfind(border, OVERLAP, size) for border in _BORDERS)
                if cut > 0:
                    yield held[:cut]
                    held = held[cut:]
                else:
                    yield held[:size]
                    held = held[size - OVERLAP :]
        if held:
            yield held

    def _shown_blocks(self, covered: int) -> Iterator[bytes]:
        """The blocks without colours: a piece would begin within one."""
        skip = _border(self.start[:covered]) if covered else 0
        parts = colours.Parts()
        for block in self.blocks():
            yield parts.add(block[skip:])
            skip = max(0, skip - len(block))
        yield parts.rest()


def _border(parsed: bytes) -> int:
    """Where the last word of a parsed part may begin."""
    least = max(0, len(parsed) - OVERLAP)
    border = max(parsed.rfind(border, least) for border in _BORDERS)
    return border if border >= 0 else least


def split(chunks: Iterator[bytes], limit: int) -> Iterator[tuple[int, bytes | LongLine]]:
    """Every line with the offset of its first byte; without its newline, and as UTF-8 if it is short."""
    offset = 0
    data = b""
    for chunk in chunks:
        data += chunk
        while True:
            *whole, data = data.split(b"\n")
            for line in whole:
                is_long = len(line) > limit
                yield offset, LongLine(line, chunks, complete=True) if is_long else read_line(line)
                offset += len(line) + 1
            if len(data) <= limit:
                break
            long = LongLine(data, chunks, complete=False)
            yield offset, long
            if long.after is None:
                return
            offset += long.size + 1
            data = long.after
    if data:
        yield offset, read_line(data)


def clean(raw: bytes, is_first: bool) -> bytes:
    """A line without its carriage return and zeros at its ends, the first one without a byte order mark."""
    line = raw[:-1] if raw.endswith(b"\r") else raw
    if line.startswith(b"\0") or line.endswith(b"\0"):
        line = _without_zeros(line)
    return line.removeprefix(b"\xef\xbb\xbf") if is_first else line


def _without_zeros(line: bytes) -> bytes:
    """Without the zeros of a power cut before it or of a sender behind it; a directive must start its
    line."""
    line = line.rstrip(b"\0")
    rest = line.lstrip(b"\0")
    return line if rest.startswith(b"#") else rest


def complete(start: bytes, size: int) -> bytes:
    """The complete lines of a start longer than `size`, or all of a shorter one."""
    return start if len(start) < size else start[: start.rfind(b"\n", 0, size) + 1]
