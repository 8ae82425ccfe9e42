"""Records of a binary or nested file as lines of JSON, the form in which both engines read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from quetsach.files.openers.opened import Blocks, Opened
from quetsach.files.source import HEAD_BYTES, ByteStream

_BLOCK_BYTES = 1 << 16


def opened(file: Opened, lines: Iterable[bytes], *, format: str | None = None) -> Opened:
    """The stream of these lines; if `lines` raises an error, the stream raises it after all lines before."""
    return file.inner("", Blocks(_blocks(file, lines)), format=format)


def _blocks(file: Opened, lines: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    try:
        for line in lines:
            held += line
            if len(held) >= _BLOCK_BYTES:
                file.meter.add_unpacked(len(held))
                yield bytes(held)
                held.clear()
    except Exception:
        if held:
            yield bytes(held)
        raise
    if held:
        yield bytes(held)


def line(fields: dict[str, Any]) -> bytes:
    """One object as one line; values that are None, empty or false are left out."""
    shown = {key: value for key, value in fields.items() if value not in (None, "", [], False)}
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def store(*names: str) -> bytes:
    """The first line for a store that drops its oldest records: it alone makes the source id.

    So the id stays when the first record changes (docs/contract.md 4). The line holds no name that a list
    could hold.
    """
    # To import hashlib takes as long as 3 MB of a log.
    import hashlib

    digest = hashlib.sha256("\0".join(names).encode("utf-8", "replace")).hexdigest()
    return f"# store {digest}".encode().ljust(HEAD_BYTES) + b"\n"


def is_store(line: bytes) -> bool:
    """Whether a line names a store."""
    return line.startswith(b"# store ")


def exactly(stream: ByteStream, size: int) -> bytes:
    """The next `size` bytes, fewer only at the end of the stream."""
    data = stream.read(size)
    if len(data) == size or not data:
        return data
    held = bytearray(data)
    while len(held) < size and (data := stream.read(size - len(held))):
        held += data
    return bytes(held)
