"""A compressed file: xz and bzip2, and gzip and zstd where they hold a container or lie in one.

A plain log in gzip or zstd on disk is not opened here: the engines unpack it themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

from quetsach.files.decompress import XZ, codec_of, unpack
from quetsach.files.openers.opened import Blocks, Opened
from quetsach.files.openers.windows import HEAD_BYTES, Room, window_of

_room = Room()


def open(file: Opened) -> Iterator[Opened]:
    """Its only stream: the unpacked bytes."""
    codec = codec_of(file.stream.start(10))
    if codec is None:
        # Cannot happen: this opener is chosen by the same first bytes.
        raise AssertionError("opened by its first bytes")
    # `is_unpacked`: the file itself comes out of an outer compressed file, whose room is held until the inner
    # file is read. So the inner file takes no room: else both might wait for ever.
    waits = codec is XZ and not file.is_unpacked
    window = window_of(file.stream.start(HEAD_BYTES))

    def blocks() -> Iterator[bytes]:
        with _room.take(window, file.meter.go_on) if waits else nullcontext():
            for block in unpack(codec, file.stream.read):
                yield block
                file.meter.add_unpacked(len(block))

    yield file.inner("", Blocks(blocks()), is_unpacked=True)
