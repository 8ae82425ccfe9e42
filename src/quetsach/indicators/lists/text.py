"""The bytes of a list become lines of text: gzip or not, in any encoding that offices send."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

from quetsach.errors import IndicatorError
from quetsach.files.decompress import BLOCK
from quetsach.files.source import Source

_GUESSES = ("cp1258", "cp1252")
"""Vietnamese Windows, then western; the result is marked as guessed."""

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of an unpacked list: six times the largest real list seen. A small gzip can unpack to all memory."""


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The whole list, unpacked if it is gzip or zstd.

    Raises IndicatorError naming the file when it cannot be read to its end, is larger than `most` unpacked,
    or is no text.
    """
    data = read_raw(path, most=most)
    check_text(str(path), data)
    return data


def read_raw(
    path: Path, is_left: Callable[[bytes], bool] = lambda _start: False, *, most: int = MOST_BYTES
) -> bytes:
    """The whole file, unpacked if it is gzip or zstd; `is_left` decides by the first bytes to leave it
    packed.

    Raises IndicatorError as `read_bytes`.
    """
    source = Source(path, any_encoding=True)
    start = next(_stored(path), b"") if path.is_file() else b""
    data = _joined(path, _stored(path) if is_left(start) else source.chunks(), most)
    if source.errors:
        raise unusable(str(path), source.errors[0].removeprefix(f"{path}: "))
    return data


def read_stream(path: Path, *, most: int = MOST_BYTES) -> bytes:
    """All bytes from a pipe, or from standard input for `-`, unchanged.

    Raises IndicatorError as `read_bytes`.
    """
    return _joined(path, _stored(path), most)


def _joined(path: Path, chunks: Iterable[bytes], most: int) -> bytes:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > most:
            raise IndicatorError(f"{path}: more than {most // 1024**2} MB unpacked; split the list")
    return bytes(data)


def unusable(source: str, problem: str) -> IndicatorError:
    """The error for a list that cannot be read completely; `problem` is the error of a log with that
    fault."""
    if not problem.startswith("cannot be read"):
        what = problem.partition(";")[0]
        problem = f"{what}; nothing of the list was used, copy it again or unpack it first"
    return IndicatorError(f"{source}: {problem}")


def _stored(path: Path) -> Iterator[bytes]:
    try:
        with nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb") as file:
            while chunk := file.read(BLOCK):
                yield chunk
    except OSError as error:
        raise IndicatorError(
            f"{path}: cannot be read: {error.strerror}; check that it exists and may be read"
        ) from error


_OFFICE = "is an office document, not a list; save its table as .xlsx or CSV"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
"""The stream that holds a document with a password ([MS-OFFCRYPTO] 2.3)."""
_NO_LISTS = (
    (b"%PDF-", "is a PDF document, not a list; ask for its table as .xlsx or CSV"),
    (b"{\\rtf", _OFFICE),
    (_COMPOUND, _OFFICE),
    (b"Rar!\x1a\x07", "is a RAR archive, which is not read; unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive, which is not read; unpack it"),
)
"""The first bytes of letters with a list as their annex, some of which are text, and advice about them."""


def check_text(source: str, data: bytes) -> None:
    """Refuse bytes that are no text, or text of another kind. Raises IndicatorError."""
    if data.startswith(_COMPOUND) and _LOCKED in data:
        raise IndicatorError(
            f"{source}: is locked with a password; open it, save it without one, and give that"
        )
    for beginning, what in _NO_LISTS:
        if data.startswith(beginning):
            raise IndicatorError(f"{source}: {what}")
    if b"\0" in data and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise IndicatorError(f"{source}: not a text file; save the list as text, CSV or TSV")


def decode(data: bytes) -> tuple[str, str | None]:
    """The text, and the encoding if it was guessed."""
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
