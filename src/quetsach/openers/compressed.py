"""A compressed file: xz and bzip2, and gzip and zstd where they hold a container or lie in one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from quetsach.openers.opened import Blocks, Opened
from quetsach.unpack import XZ, codec_of, unpack

_MOST_WINDOWS = 2
"""Files of xz unpacked at once: each holds the last 8 MB of its text, with `xz -9` 64 MB."""
_windows = threading.BoundedSemaphore(_MOST_WINDOWS)


@contextmanager
def _window(file: Opened) -> Iterator[None]:
    """Waits until another file of xz may be unpacked."""
    while not _windows.acquire(timeout=0.1):
        file.meter.go_on()
    try:
        yield
    finally:
        _windows.release()


def open(file: Opened) -> Iterator[Opened]:
    """The one stream inside."""
    codec = codec_of(file.stream.start(10))
    if codec is None:
        raise AssertionError("opened by its first bytes")
    # A file that waits inside of another would never let that one go on.
    waits = codec is XZ and not file.is_unpacked

    def blocks() -> Iterator[bytes]:
        with _window(file) if waits else nullcontext():
            for block in unpack(codec, file.stream.read):
                yield block
                file.meter.add_unpacked(len(block))

    yield file.inner("", Blocks(blocks()), is_unpacked=True)
