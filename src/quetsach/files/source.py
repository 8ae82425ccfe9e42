"""The bytes of one log source, as an engine reads them: plain, gzip or zstd, in UTF-8 or UTF-16.

The first bytes decide the kind, never a name. If some of it cannot be read, `errors` says so with file, place
and advice; the bytes before are still scanned.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

from quetsach.errors import SourceError
from quetsach.files import opening
from quetsach.files.decompress import BLOCK, GZIP, ZSTD, unpack
from quetsach.files.utf16 import Decoder, read_lines

HEAD_BYTES = 4096
"""The source id is the SHA-256 of the first `HEAD_BYTES` decompressed bytes."""
_ARCHIVES = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf\x27\x1c": "7z",
}
_UTF16 = {"UTF-16LE": (codecs.BOM_UTF16_LE, 1), "UTF-16BE": (codecs.BOM_UTF16_BE, 0)}


_PCAP = (b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1")
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_PCAPNG_ORDERS = (b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a")


def is_capture(head: bytes) -> bool:
    """Whether a file that begins like this is a packet capture: pcap or pcapng."""
    return head.startswith(_PCAP) or (head.startswith(_PCAPNG) and head[8:12] in _PCAPNG_ORDERS)


def is_address(text: str) -> bool:
    """Whether this is an address in object storage (`s3://`, `gs://`, `az://`; see `objectstore`)."""
    return text.startswith(("s3://", "gs://", "az://"))


SET_MAGIC = b"QSSET2\n"
OLD_SET_MAGIC = b"QSSET1\n"


def is_set_file(path: Path) -> bool:
    """Whether the file begins like a compiled set of indicators (`quetsach.indicators.setfile`)."""
    with opening.read(path) as file:
        return file.read(len(SET_MAGIC)) in (SET_MAGIC, OLD_SET_MAGIC)


SHORTENED = "became shorter while it was read; scan it again"
"""A log emptied for rotation (logrotate's copytruncate) ends early without an error of reading."""


BINARY = (
    "is neither text nor a kind of file that is read, so only words that stand in it as text were looked for;"
    " export the log as text and scan that"
)
FOREIGN = (
    "is text in an encoding that is not read, such as EBCDIC of a mainframe, so nothing in it was looked for;"
    " convert it to UTF-8 and scan that"
)
LINE_NO_TEXT = (
    "is no text, such as gzip, EBCDIC or UTF-32 behind the beginning of a log, so nothing in it was looked"
    " for; take it out, make text of it and scan that"
)
CUT = (
    "{encoding} text: ends in the middle of a character at byte {at}; what came before was scanned, copy the"
    " file again when it is complete"
)
_CONTROLS = frozenset(range(1, 9)) | frozenset(range(14, 27)) | frozenset(range(28, 32)) | {127}
_OTHERS = bytes(byte for byte in range(256) if byte not in _CONTROLS)
_ZEROS_INSIDE = re.compile(rb"[^\0\r\n]\0+(?=[^\0\r\n])")
_FEW = 6


def no_text(head: bytes) -> str:
    """Why a file that begins like this, as unpacked, holds no lines that anybody can read: `BINARY` or
    `FOREIGN`; "" where it may."""
    if is_capture(head) or utf16_of(head) is not None:
        return ""
    head = read_lines(head)
    return BINARY if _is_binary(head) else FOREIGN if _is_foreign(head) else ""


def _is_foreign(head: bytes) -> bool:
    """Whether text has an encoding in which ASCII characters have other bytes.

    Every log has digits and blanks. In EBCDIC digits and letters lie above 0x80, and the blank is 0x40, of
    which a table may be full.
    """
    readable = len(head) - len(head.translate(None, b"0123456789 \t\n"))
    shown = head.replace(b"@", b"")
    strange = len(shown) - len(shown.decode("utf-8", "ignore").encode())
    return 2 * strange > len(shown) and 50 * readable <= len(head)


def _is_binary(head: bytes) -> bool:
    """Whether bytes are those of binary records.

    A table may use one or two control characters between its columns, and a power cut leaves a hole of zeros
    in a log: both are text still.
    """
    controls = head.translate(None, _OTHERS)
    has_many = len(set(controls)) > _FEW and 100 * len(controls) > len(head)
    return has_many or (b"\0" in head and len(_ZEROS_INSIDE.findall(head)) > _FEW)


class ByteStream(Protocol):
    """A stream of bytes from an opener."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end. Raises SourceError after all bytes that could be read."""
        ...


def utf16_of(head: bytes) -> str | None:
    """UTF-16LE or UTF-16BE, by the byte order mark or by nearly every second byte of `HEAD_BYTES` being
    zero, the first of them before the first line feed."""
    if is_capture(head):
        return None
    pairs = len(head) // 2 if b"\0" in head.partition(b"\n")[0] else 0
    for name, (mark, high) in _UTF16.items():
        if head.startswith(mark):
            return name
        if pairs >= 32:
            zeros, others = head[high : 2 * pairs : 2].count(0), head[1 - high : 2 * pairs : 2].count(0)
            if 10 * zeros > 7 * pairs and 20 * others < pairs:
                return name
    return None


class Source:
    """One input, read once, from a path or from the stream of an opener.

    `stored` counts bytes as they lie on disk, `decompressed` the bytes they unpack to, `decoded` bytes given
    out; `head` holds the first decompressed bytes. With `any_encoding` UTF-16 is given out as it is.
    """

    def __init__(
        self,
        path: Path | str,
        stream: ByteStream | None = None,
        mtime: float | None = None,
        *,
        any_encoding: bool = False,
    ) -> None:
        self.path = str(path)
        self._stream = stream
        self._any_encoding = any_encoding
        self.errors: list[str] = []
        self.stored = self.decompressed = self.decoded = 0
        self.head = b""
        self.mtime = mtime
        self._size = 0

    def chunks(self) -> Iterator[bytes]:
        """The bytes of the text in order; errors of the input go to `errors` and are never raised."""
        try:
            if self._stream is not None:
                yield from self._read(self._stream)
            elif self.path == "-":
                yield from self._read(sys.stdin.buffer)
            else:
                path = Path(self.path)
                if path.is_file():
                    self.mtime = path.stat().st_mtime
                with opening.read(path) as file:
                    about = os.fstat(file.fileno())
                    self._size = about.st_size if stat.S_ISREG(about.st_mode) else 0
                    yield from self._read(file)
        except SourceError as error:
            self._fail(str(error))
        except OSError as error:
            self._fail(f"cannot be read: {error.strerror or error}; check that it exists and may be read")

    def _fail(self, problem: str) -> None:
        self.errors.append(f"{self.path}: {problem}")

    def _read(self, stream: ByteStream) -> Iterator[bytes]:
        def take(size: int) -> bytes:
            data = stream.read(size)
            if not data and self.stored < self._size:
                raise SourceError(SHORTENED)
            self.stored += len(data)
            return data

        first = b""
        while len(first) < 8 and (more := take(BLOCK)):
            first += more
        for magic, name in _ARCHIVES.items():
            if first.startswith(magic):
                self._fail(f"is a {name} archive, which is not read; unpack it and scan what comes out")
                return
        codec = next((codec for codec in (GZIP, ZSTD) if codec.begins(first)), None)
        blocks = unpack(codec, take, first) if codec else _plain(take, first)
        with closing(blocks):
            yield from self._text(blocks)

    def _text(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        start = bytearray()
        problem: Exception | None = None
        try:
            for block in blocks:
                start += block
                if len(start) >= HEAD_BYTES:
                    break
        except (SourceError, OSError) as error:
            problem = error
        self.head = bytes(start[:HEAD_BYTES])
        encoding = None if self._any_encoding else utf16_of(self.head)
        decoder = Decoder(encoding) if encoding else None
        for block in _chain(bytes(start), blocks):
            self.decompressed += len(block)
            text = decoder.feed(block) if decoder else block
            self.decoded += len(text)
            if text:
                yield text
        if problem is not None:
            raise problem
        if decoder is not None:
            yield from self._last(decoder, encoding)

    def _last(self, decoder: Decoder, encoding: str | None) -> Iterator[bytes]:
        text = decoder.feed(b"", is_last=True)
        self.decoded += len(text)
        if text:
            yield text
        if decoder.is_cut:
            self._fail(CUT.format(encoding=encoding, at=self.decompressed))


class Text(Source):
    """A span of a text, from a stream in UTF-8: neither its kind nor its encoding is recognised.

    `start` is the place of its first byte in the text. `decoded` counts from the beginning of the text,
    `decompressed` from `start`.
    """

    def __init__(self, path: Path | str, stream: ByteStream, mtime: float | None, start: int) -> None:
        super().__init__(path, stream, mtime)
        self._text_stream = stream
        self.decoded = start

    def chunks(self) -> Iterator[bytes]:
        """See `Source`."""
        try:
            while block := self._text_stream.read(BLOCK):
                self.stored += len(block)
                self.decompressed += len(block)
                self.decoded += len(block)
                yield block
        except SourceError as error:
            self._fail(str(error))
        except OSError as error:
            self._fail(f"cannot be read: {error.strerror or error}; check that it exists and may be read")


def _plain(take: Callable[[int], bytes], data: bytes) -> Generator[bytes]:
    while data:
        yield data
        data = take(BLOCK)


def _chain(start: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if start:
        yield start
    yield from blocks
