"""Compressed streams become bytes: gzip, zstd, xz and bzip2 by one loop over the standard library's decoders.

Nothing here holds more than a block, whatever the input unpacks to.
"""

import importlib
from collections.abc import Callable, Generator
from typing import NamedTuple, Protocol

from quetsach.errors import SourceError

BLOCK = 1 << 16
"""Bytes read from the stored data at a time, and the most bytes given out at a time."""
FREE = 1 << 30
MOST_RATIO = 1000
_MOST_IDLE = 8
"""Beyond `FREE` bytes unpacked, more than `MOST_RATIO` for each stored byte is no log."""


class Decoder(Protocol):
    """The common interface of the decompressors of lzma, bz2 and zstd."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes: ...


class Zlib:
    """zlib's decompressor with the interface of the others; `wbits` as in zlib."""

    def __init__(self, wbits: int) -> None:
        import zlib

        self._inner = zlib.decompressobj(wbits)
        self._tail = b""
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
        """At most `max_length` bytes; unused input is kept for the next call."""
        block = self._tail + data
        saved = self._inner.copy()
        try:
            out = self._inner.decompress(block, max(0, max_length))
        except Exception as error:
            # At an error zlib throws away all that it unpacked in this call; byte by byte nothing is lost.
            raise Damaged(_rescue(saved.decompress, block), _in_words(error)) from error
        self._tail = self._inner.unconsumed_tail
        self.needs_input = not self._tail and (max_length < 0 or len(out) < max_length)
        return out


def _in_words(error: Exception) -> str:
    """The report of zlib in the words of the native engine, which has another library."""
    is_sum = any(part in str(error) for part in ("incorrect data check", "incorrect length check"))
    return "incorrect checksum" if is_sum else "invalid data"


class Damaged(Exception):
    """A decoder failed after giving `rescued`."""

    def __init__(self, rescued: bytes, problem: str) -> None:
        super().__init__(problem)
        self.rescued = rescued


def _rescue(decompress: Callable[[bytes], bytes], block: bytes) -> bytes:
    out = bytearray()
    try:
        for at in range(len(block)):
            out += decompress(block[at : at + 1])
    except Exception:
        return bytes(out)
    return bytes(out)


class Codec(NamedTuple):
    """One kind of compressed stream; streams of a kind may follow one another, with zeros between them."""

    name: str
    magic_size: int
    begins: Callable[[bytes], bool]
    make: Callable[[], Decoder]


def _zstd() -> Decoder:
    for module in ("compression.zstd", "backports.zstd"):
        try:
            made: Callable[[], Decoder] = importlib.import_module(module).ZstdDecompressor
        except ImportError:
            continue
        return made()
    raise SourceError("is zstd, which needs Python 3.14 or the package backports.zstd; or unpack it first")


def _xz() -> Decoder:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ)


def _bzip2() -> Decoder:
    import bz2

    return bz2.BZ2Decompressor()


def _is_zstd(start: bytes) -> bool:
    """A zstd frame or a skippable frame (RFC 8878 3.1)."""
    return start.startswith(b"\x28\xb5\x2f\xfd") or (
        len(start) >= 4 and 0x50 <= start[0] <= 0x5F and start[1:4] == b"\x2a\x4d\x18"
    )


def _is_bzip2(start: bytes) -> bool:
    """The header, then a block or the end of an empty stream."""
    return (
        start.startswith(b"BZh")
        and b"1" <= start[3:4] <= b"9"
        and (start[4:10] in (b"1AY&SY", b"\x17rE8P\x90"))
    )


GZIP = Codec("gzip", 2, lambda start: start.startswith(b"\x1f\x8b"), lambda: Zlib(31))
ZSTD = Codec("zstd", 4, _is_zstd, _zstd)
XZ = Codec("xz", 6, lambda start: start.startswith(b"\xfd7zXZ\0"), _xz)
BZIP2 = Codec("bzip2", 10, _is_bzip2, _bzip2)


def codec_of(start: bytes) -> Codec | None:
    """The codec of a stream by its first ten bytes."""
    return next((codec for codec in (GZIP, ZSTD, XZ, BZIP2) if codec.begins(start)), None)


def is_endless(stored: int, given: int) -> bool:
    """Whether so few stored bytes gave so many that this is no log but a decompression bomb."""
    return given > FREE and given > MOST_RATIO * stored


def endless(at: int) -> SourceError:
    """The error that a user reads about such a stream."""
    return SourceError(
        f"unpacks without end, stopped at decompressed byte {at}; what came before was scanned,"
        " look at the file by hand"
    )


def unpack(
    codec: Codec, take: Callable[[int], bytes], data: bytes = b"", *, is_single: bool = False
) -> Generator[bytes]:
    """Blocks of the unpacked bytes of all streams one after another (RFC 1952 2.2, RFC 8878 3).

    `take(n)` brings up to n stored bytes, none at the end; `data` was taken already. With `is_single` the
    bytes behind the first stream are left alone. Raises SourceError after all that could be unpacked was
    given.
    """
    stored = len(data)
    given = 0
    decoder = codec.make()
    is_fed = True
    idle = 0
    while True:
        if not data and decoder.needs_input and is_fed:
            data = take(BLOCK)
            stored += len(data)
            is_fed = bool(data)
        try:
            out = decoder.decompress(data, BLOCK) if not decoder.eof else b""
            problem = None
        except Damaged as error:
            out, problem = error.rescued, str(error)
        except Exception as error:  # LZMAError, OSError and ZstdError share no base
            out, problem = b"", str(error)
        idle = 0 if out or data or decoder.eof else idle + 1
        if idle > _MOST_IDLE and is_fed and problem is None:
            problem = "no progress"
        data = b""
        given += len(out)
        if out:
            yield out
        if problem is not None:
            raise SourceError(
                f"{codec.name}: damaged at decompressed byte {given} ({problem}); "
                "what came before was scanned, copy the file again from its origin"
            )
        if is_endless(stored, given):
            raise endless(given)
        if decoder.eof:
            if is_single:
                return
            data = decoder.unused_data.lstrip(b"\0")
            while len(data) < codec.magic_size and (more := take(BLOCK)):
                stored += len(more)
                data = (data + more).lstrip(b"\0")
            if not data:
                return
            if not codec.begins(data):
                raise SourceError(
                    f"{codec.name}: something that is no {codec.name} follows at decompressed byte {given};"
                    " it was not read"
                )
            decoder = codec.make()
        elif not out and not is_fed:
            raise SourceError(
                f"{codec.name}: cut off at decompressed byte {given}; "
                "what came before was scanned, copy the file again when it is complete"
            )
