"""Input and output of openers: a named stream of bytes, and the meter that all streams of a file share."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from quetsach.errors import SourceError
from quetsach.files.decompress import FREE, MOST_RATIO, endless, is_endless
from quetsach.files.source import ByteStream

HELD_BYTES = 32 << 20
"""The largest container that is kept in memory for seeking, when it lies in a stream; larger ones are
refused."""
_TOTAL_FREE = 16 * FREE
_LAST_TIME = 253_402_300_800
"""The year 10000."""
_NAME_CHARACTERS = 1000


class Meter:
    """Bytes taken from the file on disk and bytes unpacked from them, over all members."""

    def __init__(self) -> None:
        self.stored = self.unpacked = 0
        self.is_cancelled = False
        self._begun = (0, 0)

    def go_on(self) -> None:
        """Raises SourceError where the scan was cancelled."""
        if self.is_cancelled:
            raise SourceError(f"cancelled at byte {self.stored}; the rest was not looked at")

    def begin_member(self) -> None:
        """Count the next member's bytes from here on."""
        self._begun = (self.stored, self.unpacked)

    def add_unpacked(self, size: int) -> None:
        """Raises SourceError where a member, or the whole file, unpacks without end."""
        self.unpacked += size
        stored, unpacked = self._begun
        if is_endless(self.stored - stored, self.unpacked - unpacked):
            raise endless(self.unpacked - unpacked)
        if self.unpacked > _TOTAL_FREE and self.unpacked > MOST_RATIO * self.stored:
            raise endless(self.unpacked)


class Disk:
    """The file on disk or standard input, below all other streams; a file that libraries can read, too."""

    def __init__(self, file: BinaryIO, meter: Meter) -> None:
        self._file = file
        self._meter = meter
        self._read = file.read if file.seekable() else getattr(file, "read1", file.read)

    def read(self, size: int = -1, /) -> bytes:
        """Raises SourceError; see `ByteStream`."""
        self._meter.go_on()
        if size < 0:
            size = self._left()
        if size > HELD_BYTES:
            # Without a bound a damaged or hostile directory could ask for gigabytes.
            raise SourceError(f"damaged: asks for {size} bytes at once; copy the file again from its origin")
        try:
            data: bytes = self._read(size)
        except OSError as error:
            raise SourceError(
                f"cannot be read: {error.strerror or error}; check that it exists and may be read"
            ) from error
        self._meter.stored += len(data)
        return data

    def _left(self) -> int:
        at = self._file.tell()
        end = self._file.seek(0, io.SEEK_END)
        self._file.seek(at)
        return max(0, end - at)

    def seekable(self) -> bool:
        """Whether a library can seek in it."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """As `io.IOBase.seek`."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As `io.IOBase.tell`."""
        return self._file.tell()


class Blocks:
    """A stream made of blocks, such as a decompressor gives."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._held = b""

    def read(self, size: int, /) -> bytes:
        """Raises what the blocks raise."""
        if not self._held:
            self._held = next(self._blocks, b"")
        data, self._held = self._held[:size], self._held[size:]
        return data


class Failing:
    """A stream that cannot be read at all."""

    def __init__(self, problem: str) -> None:
        self._problem = problem

    def read(self, _size: int, /) -> bytes:
        """Raises SourceError."""
        raise SourceError(self._problem)


class Start:
    """A stream whose first bytes can be looked at before they are read."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._held = b""
        self._problem: SourceError | None = None

    def start(self, size: int) -> bytes:
        """The first bytes, fewer only where the stream is shorter."""
        while len(self._held) < size and self._problem is None:
            try:
                more = self._stream.read(size - len(self._held))
            except SourceError as error:
                self._problem = error
                break
            if not more:
                break
            self._held += more
        return self._held[:size]

    def read(self, size: int, /) -> bytes:
        """Raises SourceError; see `ByteStream`."""
        if self._held:
            data, self._held = self._held[:size], self._held[size:]
            return data
        if self._problem is not None:
            raise self._problem
        return self._stream.read(size)

    def below(self) -> BinaryIO | None:
        """The stream below, at its beginning, where a library can seek in it."""
        seekable = getattr(self._stream, "seekable", None)
        if seekable is None or not seekable():
            return None
        file = cast(BinaryIO, self._stream)
        file.seek(0)
        return file


class Opened:
    """One stream: a file, or a member of a container.

    `member` is its name inside the file on disk as it is shown, "" for the file itself. `format` names the
    log format where the opener knows it; such a stream is not opened further. `mtime` in seconds since 1970.
    `path` is set where the stream is a whole file on disk, for libraries that open files by name.
    `is_unpacked` says that it comes out of a decompressor, whose bytes the meter counts.
    """

    def __init__(
        self,
        member: str,
        stream: Start,
        format: str | None = None,
        mtime: float | None = None,
        meter: Meter | None = None,
        path: Path | None = None,
        is_unpacked: bool = False,
    ) -> None:
        self.member, self.stream, self.format, self.mtime = member, stream, format, mtime
        self.meter = meter or Meter()
        self.path, self.is_unpacked = path, is_unpacked

    def inner(
        self,
        name: str,
        stream: ByteStream,
        *,
        format: str | None = None,
        mtime: float | None = None,
        is_unpacked: bool = False,
    ) -> Opened:
        """A member of this stream. `name` is shown, hostile or not; "" where a container holds one thing."""
        return Opened(
            self._named(name),
            Start(stream),
            format,
            mtime if mtime is not None and 0 < mtime < _LAST_TIME else self.mtime,
            self.meter,
            is_unpacked=is_unpacked or self.is_unpacked,
        )

    def passed(self, name: str, why: str) -> Passed:
        """A member that is not read."""
        return Passed(self._named(name), why)

    def _named(self, name: str) -> str:
        return "!/".join(part for part in (self.member, shown(name)) if part)

    def seekable(self) -> BinaryIO:
        """The whole stream as a seekable file, at its beginning.

        Raises SourceError where it lies in another container and is larger than `HELD_BYTES`, or is damaged.
        """
        file = self.stream.below()
        if file is not None:
            return file
        data = bytearray()
        while block := self.stream.read(1 << 20):
            data += block
            if len(data) > HELD_BYTES:
                raise SourceError(
                    f"is larger than {HELD_BYTES >> 20} MB and comes as a stream; unpack what it lies in"
                    " and scan what comes out"
                )
        return io.BytesIO(data)


class Passed(NamedTuple):
    """A member that is no file to be read: `why` is `link` (or a device) or `result` (of an earlier scan)."""

    member: str
    why: str


def shown(name: str) -> str:
    """A member's name, made safe to show."""
    from quetsach.text.escape import escape

    return escape(name.encode("utf-8", "surrogateescape"), _NAME_CHARACTERS)
