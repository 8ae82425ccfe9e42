"""The lines of a stream, for logs that are changed line by line before an engine sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from quetsach.files.source import ByteStream

_BLOCK_BYTES = 1 << 16
_MOST_LINE = 1 << 20


def lines(stream: ByteStream, rewrite: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Every line after `rewrite`, with its end; a line beyond 1 MiB comes unchanged, in pieces."""
    held = b""
    while block := stream.read(_BLOCK_BYTES):
        *whole, held = (held + block).split(b"\n")
        for line in whole:
            yield rewrite(line) + b"\n"
        if len(held) > _MOST_LINE:
            yield held
            held = b""
    if held:
        yield rewrite(held)
