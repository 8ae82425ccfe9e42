"""Bytes of one log source: plain, gzip or zstd, told apart by their first bytes, never by a name.

What cannot be read is said in `errors` with file, place and advice; what came before is still scanned.
"""

from __future__ import annotations

import importlib
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 1 << 16
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
_UNPACK = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf\x27\x1c": "7z",
}
_UTF16 = {b"\xff\xfe": "UTF-16LE", b"\xfe\xff": "UTF-16BE"}


class _Decoder(Protocol):
    """What zlib's and zstd's decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def is_zstd(start: bytes) -> bool:
    """A zstd frame or a skippable frame (RFC 8878 3.1)."""
    return start.startswith(ZSTD) or (
        len(start) >= 4 and 0x50 <= start[0] <= 0x5F and start[1:4] == b"\x2a\x4d\x18"
    )


class Source:
    """One input, read once. `stored` counts bytes as they lie on disk, `decompressed` bytes given out.

    UTF-16 is an error, unless `any_encoding` says that the reader will decode it.
    """

    def __init__(self, path: Path | str, *, any_encoding: bool = False) -> None:
        self.path = str(path)
        self._any_encoding = any_encoding
        self.errors: list[str] = []
        self.stored = 0
        self.decompressed = 0
        self.mtime: float | None = None

    def chunks(self) -> Iterator[bytes]:
        """Decompressed bytes in order; never raises for what is wrong with the input."""
        try:
            with self._open() as stream:
                yield from self._read(stream)
        except OSError as error:
            self._fail(f"cannot be read: {error.strerror or error}; check that it exists and may be read")

    def _open(self) -> BinaryIO:
        if self.path == "-":
            return sys.stdin.buffer
        path = Path(self.path)
        if path.is_file():
            self.mtime = path.stat().st_mtime
        return path.open("rb")

    def _fail(self, problem: str) -> None:
        self.errors.append(f"{self.path}: {problem}")

    def _take(self, stream: BinaryIO, size: int = CHUNK) -> bytes:
        data = stream.read(size)
        self.stored += len(data)
        return data

    def _read(self, stream: BinaryIO) -> Iterator[bytes]:
        first = self._take(stream)
        for magic, name in _UNPACK.items():
            if first.startswith(magic):
                self._fail(f"is a {name} archive, which is not read; unpack it and scan what comes out")
                return
        if first.startswith(GZIP):
            raw = self._unpack(stream, first, lambda: zlib.decompressobj(wbits=31), GZIP.__eq__, 2, "gzip")
        elif is_zstd(first):
            make = self._zstd()
            if make is None:
                return
            raw = self._unpack(stream, first, make, is_zstd, 4, "zstd")
        else:
            raw = self._plain(stream, first)
        yield from self._text(raw)

    def _text(self, raw: Iterator[bytes]) -> Iterator[bytes]:
        start = b""
        for chunk in raw:
            start += chunk
            if len(start) >= 3:
                break
        if start[:2] in _UTF16 and not self._any_encoding:
            self._fail(
                f"is {_UTF16[start[:2]]} text; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8) and scan that"
            )
            return
        if start:
            self.decompressed += len(start)
            yield start
        for chunk in raw:
            self.decompressed += len(chunk)
            yield chunk

    def _plain(self, stream: BinaryIO, data: bytes) -> Iterator[bytes]:
        while data:
            yield data
            data = self._take(stream)

    def _zstd(self) -> Callable[[], _Decoder] | None:
        for module in ("compression.zstd", "backports.zstd"):
            try:
                made: Callable[[], _Decoder] = importlib.import_module(module).ZstdDecompressor
            except ImportError:
                continue
            return made
        self._fail("is zstd, which needs Python 3.14 or the package backports.zstd; or unpack it first")
        return None

    def _unpack(
        self,
        stream: BinaryIO,
        data: bytes,
        make: Callable[[], _Decoder],
        is_start: Callable[[bytes], bool],
        magic: int,
        kind: str,
    ) -> Iterator[bytes]:
        """Members or frames one after another (RFC 1952 2.2, RFC 8878 3); zero padding after one is fine."""
        given = 0
        decoder = make()
        fed = False
        padding = False
        while True:
            if not data:
                data = self._take(stream)
                if not data:
                    break
            if decoder.eof or padding:
                stripped = data.lstrip(b"\0")
                padding = True
                if not stripped:
                    data = b""
                    continue
                while len(stripped) < magic and (more := self._take(stream)):
                    stripped += more
                if not is_start(stripped[:magic]):
                    self._fail(
                        f"{kind}: what follows decompressed byte {given} is no {kind} and was not read"
                    )
                    return
                data, decoder, fed, padding = stripped, make(), False, False
            out, problem = _feed(decoder, data, make, fed)
            fed = True
            given += len(out)
            if out:
                yield out
            if problem is not None:
                self._fail(
                    f"{kind}: damaged at decompressed byte {given} ({problem}); "
                    "what came before was scanned, copy the file again from its origin"
                )
                return
            data = decoder.unused_data if decoder.eof else b""
        if not decoder.eof and not padding:
            self._fail(
                f"{kind}: cut off at decompressed byte {given}; "
                "what came before was scanned, copy the file again when it is complete"
            )


def _feed(
    decoder: _Decoder, data: bytes, make: Callable[[], _Decoder], fed: bool
) -> tuple[bytes, str | None]:
    """Decompress; after an error as much as can be had, by feeding single bytes."""
    copy = getattr(decoder, "copy", None)
    saved = copy() if copy is not None else (None if fed else make())
    try:
        return decoder.decompress(data), None
    except Exception as error:  # zlib.error and ZstdError share no base
        problem = str(error)
    out = bytearray()
    if saved is not None:
        try:
            for at in range(len(data)):
                out += saved.decompress(data[at : at + 1])
        except Exception as error:
            problem = str(error)
    return bytes(out), problem
