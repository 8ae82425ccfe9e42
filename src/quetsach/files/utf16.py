"""Text in UTF-16, and logs in which lines of UTF-16 and of UTF-8 stand beside one another.

PowerShell's `>>` appends UTF-16 to any file, and other programs append UTF-8 to a file that PowerShell began
(docs/log-formats.md 9).
"""

from __future__ import annotations

import codecs

MOST_AHEAD = 4096
"""So many bytes of a line decide at most whether it is in UTF-8."""
_LEAST_PAIRS = 4


def read_lines(text: bytes) -> bytes:
    """Whole lines, with those in UTF-16LE as UTF-8; each keeps its length, by zeros at its end."""
    if b"\0" not in text:
        return text
    return b"\n".join(map(read_line, text.split(b"\n")))


def read_line(line: bytes) -> bytes:
    """A line without its line feed, as UTF-8 if it is in UTF-16LE; it keeps its length, by zeros at its end.

    It is in UTF-16LE if, from its first or second byte on, more than half of at least four pairs of bytes are
    ASCII characters, and less than a twentieth have a low half of zero. The second half of the line feed
    before such a line is its first byte.
    """
    if b"\0" not in line:
        return line
    for begin in (0, 1):
        pairs = (len(line) - begin) // 2
        end = begin + 2 * pairs
        if pairs < _LEAST_PAIRS:
            continue
        low, high = line[begin:end:2], line[begin + 1 : end : 2]
        zeros = low.count(0)
        if 20 * zeros < pairs and 2 * _ascii(low, high) > pairs:
            text = line[begin:end].decode("utf-16-le", "replace").removeprefix("\ufeff")
            found = text.encode() + line[end:]
            return found.rstrip(b"\0").removesuffix(b"\r").ljust(len(line), b"\0")
    return line


def _ascii(low: bytes, high: bytes) -> int:
    return sum(1 for one, other in zip(low, high, strict=True) if not other and 0 < one < 128)


class Decoder:
    """Makes UTF-8 of a text in `encoding` (UTF-16LE or UTF-16BE), block by block.

    A line is in UTF-8 already if no zero stands before its first byte 0x0A (or among its first 4,096 bytes,
    where 0x0A is not among them) and, in UTF-16LE, none behind it. A single last byte is half a character.
    Surrogates without their other half become U+FFFD. `line_end` is the number of bytes up to the end of the
    last line.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._feed = "\n".encode(encoding)
        self._is_little = self._feed[0] != 0
        self._wide: codecs.IncrementalDecoder | None = None
        self._is_within = False
        """The bytes that come next belong to a line that has begun; `_wide` reads it if it is in UTF-16."""
        self._held = b""
        self._taken = 0
        self.line_end = 0

    def feed(self, block: bytes, *, is_last: bool = False) -> bytes:
        """The text of the next bytes, as far as it is known; `is_last` says that no more bytes follow."""
        data = self._held + block
        text: list[bytes] = []
        at = 0
        while at < len(data):
            if not self._is_within and not self._begin(data, at, is_last=is_last):
                break
            end, found = self._rest_of_line(data, at)
            text.append(found)
            if end == at:
                break
            at = end
            if not self._is_within:
                self.line_end = self._taken + at
        self._taken += at
        self._held = data[at:]
        if is_last and self._wide is not None and self._wide.getstate()[0]:
            self._wide.reset()
            text.append("\ufffd".encode())
        return b"".join(text)

    @property
    def is_cut(self) -> bool:
        """Whether half a character was left over."""
        return bool(self._held)

    def _begin(self, data: bytes, at: int, *, is_last: bool) -> bool:
        """Decide how the line that begins here is read; False where more bytes must be known."""
        feed = data.find(b"\n", at, at + MOST_AHEAD)
        seen = data[at : feed if feed >= 0 else at + MOST_AHEAD]
        is_wide = b"\0" in seen or (is_last and feed < 0 and len(seen) == 1)
        if not is_wide and feed < 0 and len(seen) < MOST_AHEAD and not is_last:
            return False
        if not is_wide and feed >= 0 and self._is_little:
            if feed + 1 == len(data) and not is_last:
                return False
            is_wide = data[feed + 1 : feed + 2] == b"\0"
        self._wide = codecs.getincrementaldecoder(self._encoding)("replace") if is_wide else None
        self._is_within = True
        return True

    def _rest_of_line(self, data: bytes, at: int) -> tuple[int, bytes]:
        """The place behind what can be read of a line, and its text."""
        if self._wide is None:
            end = data.find(b"\n", at) + 1
            self._is_within = not end
            return (end, data[at:end]) if end else (len(data), data[at:])
        feed = data.find(self._feed, at)
        while feed >= 0 and (feed - at) % 2:
            feed = data.find(self._feed, feed + 1)
        self._is_within = feed < 0
        end = feed + 2 if feed >= 0 else at + (len(data) - at) // 2 * 2
        return end, self._wide.decode(data[at:end]).encode("utf-8", "surrogatepass")
