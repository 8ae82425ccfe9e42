"""Writes registry hives: enough of the REGF format for independent readers.

Layout after "Windows registry file format specification" (M. Suhanov): a base block of 4,096 bytes, then bins
of cells; key nodes (nk), lists of subkeys (lh), values (vk).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

_NONE = 0xFFFFFFFF
_BASE = 4096


class Hive:
    """A hive from nested tables: a mapping is a key; `str`, `int`, `bytes`, `list[str]` are values."""

    def __init__(self, keys: Mapping[str, Any]) -> None:
        self._cells = bytearray(32)
        root = self._key("ROOT", keys, parent=_NONE, is_root=True)
        size = -(-len(self._cells) // _BASE) * _BASE
        rest = size - len(self._cells)
        if rest >= 8:
            self._cells += struct.pack("<i", rest).ljust(rest, b"\0")
        self._cells[:32] = struct.pack("<4sIIQQI", b"hbin", 0, size, 0, 0, 0)
        head = bytearray(_BASE)
        struct.pack_into("<4sIIQIIIIIII", head, 0, b"regf", 1, 1, 0, 1, 5, 0, 1, root, size, 1)
        head[48:64] = "TEST".encode("utf-16-le").ljust(16, b"\0")
        total = 0
        for (word,) in struct.iter_unpack("<I", head[:508]):
            total ^= word
        struct.pack_into("<I", head, 508, total)
        self.content = bytes(head + self._cells)

    def _cell(self, data: bytes) -> int:
        at = len(self._cells)
        size = -(-(len(data) + 4) // 8) * 8
        self._cells += struct.pack("<i", -size) + data.ljust(size - 4, b"\0")
        return at

    def _key(self, name: str, told: Mapping[str, Any], parent: int, is_root: bool = False) -> int:
        raw = name.encode("latin-1")
        node = struct.pack(
            "<2sHQIIIIIIIIIIIIIIIHH", b"nk", 0x2C if is_root else 0x20, 0, 0, parent, 0, 0, _NONE, _NONE, 0,
            _NONE, _NONE, _NONE, 0, 0, 0, 0, 0, len(raw), 0,
        )  # fmt: skip
        at = self._cell(node + raw)
        keys = {k: v for k, v in told.items() if isinstance(v, Mapping)}
        values = [self._value(k, v) for k, v in told.items() if not isinstance(v, Mapping)]
        below = [self._key(k, v, at) for k, v in sorted(keys.items(), key=lambda one: one[0].upper())]
        if below:
            listed = b"".join(struct.pack("<II", one, 0) for one in below)
            struct.pack_into("<I", self._cells, at + 4 + 20, len(below))
            struct.pack_into("<I", self._cells, at + 4 + 28, self._list(b"lh", len(below), listed))
        if values:
            place = self._cell(struct.pack(f"<{len(values)}I", *values))
            struct.pack_into("<II", self._cells, at + 4 + 36, len(values), place)
        return at

    def _list(self, kind: bytes, count: int, body: bytes) -> int:
        return self._cell(struct.pack("<2sH", kind, count) + body)

    def _value(self, name: str, told: Any) -> int:
        if isinstance(told, int):
            kind, data = 4, struct.pack("<I", told)
        elif isinstance(told, bytes):
            kind, data = 3, told
        elif isinstance(told, list):
            kind, data = 7, "".join(f"{one}\0" for one in [*told, ""]).encode("utf-16-le")
        else:
            kind, data = 1, f"{told}\0".encode("utf-16-le")
        if len(data) <= 4:
            length, place = len(data) | 0x80000000, struct.unpack("<I", data.ljust(4, b"\0"))[0]
        else:
            length, place = len(data), self._cell(data)
        raw = name.encode("latin-1")
        return self._cell(struct.pack("<2sHIIIHH", b"vk", len(raw), length, place, kind, 1, 0) + raw)


def nested(keys: Mapping[str, Mapping[str, Any]], root: str) -> dict[str, Any]:
    r"""The keys below a root such as `HKLM\SOFTWARE`, as nested tables."""
    found: dict[str, Any] = {}
    for path, values in keys.items():
        if not path.upper().startswith(root.upper() + "\\"):
            continue
        place = found
        for part in path[len(root) + 1 :].split("\\"):
            same = next((name for name in place if name.upper() == part.upper()), part)
            place = place.setdefault(same, {})
        place.update(values)
    return found
