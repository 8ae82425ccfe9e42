"""Bytes of a list become lines of text: gzip or not, any encoding that offices send."""

from __future__ import annotations

import codecs
from pathlib import Path

from quetsach.errors import IndicatorError
from quetsach.source import Source

_GUESSES = ("cp1258", "cp1252")
"""Vietnamese Windows, then western; both are guesses and are said to be."""

MOST_BYTES = 256 * 1024 * 1024
"""Of an unpacked list: six times the largest real one seen. A small gzip can unpack to a full memory."""


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The whole list, unpacked.

    Raises IndicatorError naming the file when it cannot be read to its end, is larger than `most` unpacked,
    or is no text.
    """
    source = Source(path, any_encoding=True)
    data = bytearray()
    for chunk in source.chunks():
        data += chunk
        if len(data) > most:
            raise IndicatorError(f"{path}: more than {most // 1024**2} MB unpacked; split the list")
    if source.errors:
        raise IndicatorError(source.errors[0])
    if b"\0" in data and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise IndicatorError(f"{path}: not a text file; save the list as text, CSV or TSV")
    return bytes(data)


def decode(data: bytes) -> tuple[str, str | None]:
    """The text, and the encoding if it was only a guess."""
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace"), None
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        for guess in _GUESSES:
            try:
                return data.decode(guess), guess
            except UnicodeDecodeError:
                continue
    return data.decode("latin-1"), "latin-1"
