"""Lines of a stream and rows of a delimited text from a stranger, each with its number."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from quetsach.text import delimited
from quetsach.text.delimited import Row

LONGEST = 1 << 20
"""Characters of a line. Certificates and banners in a report take some thousands."""
_BLOCK = 1 << 16


def numbered(stream: BinaryIO, long: list[int]) -> Iterator[tuple[int, str]]:
    """The lines with their numbers and LF at their ends; in the stream they end with LF, CRLF or CR alone.
    Bytes that are no UTF-8 are escaped. A line beyond `LONGEST` goes to `long` by its number."""
    utf8 = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    decoder = io.IncrementalNewlineDecoder(utf8, translate=True)
    number, held, is_long = 1, "", False
    while True:
        block = stream.read(_BLOCK)
        *whole, held = (held + decoder.decode(block, final=not block)).split("\n")
        if not block and held:
            whole.append(held)
        for line in whole:
            if is_long or len(line) > LONGEST:
                long.append(number)
            else:
                yield number, line.removeprefix("\ufeff") + "\n"
            number, is_long = number + 1, False
        if not block:
            return
        if len(held) > LONGEST:
            held, is_long = held[-1:], True


def rows(stream: BinaryIO, delimiter: str, width: int = 0) -> Iterator[Row]:
    """Yield the rows as `delimited.rows` does; a line beyond `LONGEST` has the code `too_long`."""
    long: list[int] = []
    for row in delimited.rows(numbered(stream, long), delimiter, width):
        for number in long:
            yield number, [], "too_long"
        long.clear()
        yield row
    for number in long:
        yield number, [], "too_long"
