"""A header that is carried from one span of a file to the next, as JSON."""

from __future__ import annotations

import json

from quetsach.scanning.engines.shapes.header import Header

_LETTERS = ("separator", "set_separator", "empty", "unset")


def written(header: Header) -> bytes:
    """The header as bytes."""
    letters = {slot: getattr(header, slot).hex() for slot in _LETTERS}
    path = header.path.hex() if header.path is not None else None
    rest = {"depth": header.depth, "kind": header.kind, "is_local": header.is_local}
    return json.dumps({**rest, **letters, "path": path, "fields": header.fields}).encode()


def read(data: bytes) -> Header:
    """The header that `written` wrote; the first header of a file for no bytes."""
    header = Header()
    if not data:
        return header
    told = json.loads(data)
    for slot in _LETTERS:
        setattr(header, slot, bytes.fromhex(told[slot]))
    header.depth, header.kind, header.is_local = told["depth"], told["kind"], told["is_local"]
    header.path = bytes.fromhex(told["path"]) if told["path"] is not None else None
    header.fields = tuple(told["fields"])
    header.index = {name: i for i, name in reversed(list(enumerate(header.fields)))}
    return header
