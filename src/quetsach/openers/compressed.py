"""A compressed file: xz and bzip2, and gzip and zstd where they hold a container or lie in one."""

from __future__ import annotations

from collections.abc import Iterator

from quetsach.openers.opened import Blocks, Opened
from quetsach.unpack import codec_of, unpack


def open(file: Opened) -> Iterator[Opened]:
    """The one stream inside."""
    codec = codec_of(file.stream.start(10))
    if codec is None:
        raise AssertionError("opened by its first bytes")

    def blocks() -> Iterator[bytes]:
        for block in unpack(codec, file.stream.read):
            yield block
            file.meter.add_unpacked(len(block))

    yield file.inner("", Blocks(blocks()), is_unpacked=True)
