"""Values in the hives of a Windows that is off, changed in place.

Nothing is allocated and nothing moves. A new value overwrites the old value within its own cell. To delete a
value, its entry in the key's list moves to the end and the count goes down by one, so undo finds all of it.
Layout after "Windows registry file format specification" (M. Suhanov): key node (nk) +0x24 count and +0x28
offset of the list of values; value (vk) +2 length of the name, +4 length of the data, +8 data or its offset,
+12 type, +16 flags. Offsets count from byte 4,096. A hive whose two sequence numbers differ was not written
completely, and is refused: Windows would play its log over any change.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from quetsach.endpoint.act.errors import ActError, of
from quetsach.endpoint.act.ground import State
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Machine
from quetsach.endpoint.machines.hive import Hive, is_settled

_BASE, _INLINE = 4096, 0x80000000
_LARGEST = 16344
"""Larger data lies in several cells; such a value is not changed here."""
_LARGEST_CELL = 1 << 20
_MOST_VALUES = 20_000
_RECORDS = frozenset((b"nk", b"vk", b"lf", b"lh", b"li", b"ri", b"sk", b"db"))
_CONFIG = r"C:\Windows\System32\config"
_FILES = {
    r"hklm\software": rf"{_CONFIG}\SOFTWARE",
    r"hklm\system": rf"{_CONFIG}\SYSTEM",
    r"hku\s-1-5-20": r"C:\Windows\ServiceProfiles\NetworkService\NTUSER.DAT",
}


@dataclass(frozen=True, slots=True)
class _Value:
    """Where a value stands in the file; `slot` is its number in the list."""

    at: int
    slot: int
    length: int
    where: int
    kind: int

    @property
    def is_inline(self) -> bool:
        return bool(self.length & _INLINE)

    @property
    def size(self) -> int:
        return self.length & ~_INLINE


class HiveSettings:
    """See the module. A value's state holds `slot`, and the bytes of its cell in `raw`."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def admit(self, key: str) -> None:
        place, _path = self._split(key)
        try:
            with place.open("rb") as file:
                if not is_settled(file):
                    raise ActError("unclean", str(place))
        except OSError as error:
            raise of(error, str(place)) from error

    def get(self, key: str, name: str) -> State | None:
        with self._opened(key, "rb") as (file, node):
            found = _find(file, node, name, _count(file, node)) if node is not None else None
            return None if found is None else _state(file, found)

    def set(self, key: str, name: str, value: State) -> None:
        with self._opened(key, "r+b") as (file, node):
            if node is None:
                raise ActError("missing", key)
            count = _count(file, node)
            found = _find(file, node, name, count)
            if found is not None:
                _apart(file, node, count, found)
            if found is None and "slot" in value:
                _bring_back(file, node, count, name, value)
            elif found is None:
                raise ActError("not_here", f"{key}\\{name}")
            elif "raw" in value:
                _reorder(file, node, found.slot, value["slot"])
                _restore(file, found, value)
            else:
                _overwrite(file, found, value, f"{key}\\{name}")
            _finish(file)

    def delete(self, key: str, name: str) -> None:
        with self._opened(key, "r+b") as (file, node):
            count = _count(file, node) if node is not None else 0
            found = _find(file, node, name, count) if node is not None else None
            if node is None or found is None:
                raise ActError("missing", f"{key}\\{name}")
            _apart(file, node, count, found)
            at = _list(file, node)
            order = list(_read(file, at, f"<{count}I"))
            order.append(order.pop(found.slot))
            # Two writes: the list is valid in any order, and the count then drops its last entry.
            _write(file, at, struct.pack(f"<{count}I", *order))
            _write(file, node + 0x24, struct.pack("<I", count - 1))
            _finish(file)

    @contextmanager
    def _opened(self, key: str, mode: str) -> Iterator[tuple[BinaryIO, int | None]]:
        place, path = self._split(key)
        try:
            with place.open(mode) as opened:
                file: Any = opened
                if mode != "rb" and not is_settled(file):
                    raise ActError("unclean", str(place))
                try:
                    node = Hive(file, key).node(path)
                except Unavailable as error:
                    raise ActError("unclean", str(place)) from error
                yield file, node
        except OSError as error:
            raise of(error, str(place)) from error
        except struct.error as error:
            raise ActError("unclean", str(place)) from error

    def _split(self, key: str) -> tuple[Path, str]:
        parts = key.split("\\")
        root = "\\".join(parts[:2]).casefold()
        files = _FILES | {
            user.root.casefold(): rf"{user.folder}\NTUSER.DAT" for user in self._machine.users()
        }
        place = getattr(self._machine.files, "place")(files[root]) if root in files else None  # noqa: B009
        if place is None or place.is_symlink():
            raise ActError("missing", key)
        rest = parts[2:]
        if root == "hklm\\system" and rest and rest[0].casefold() == "currentcontrolset":
            number = self._machine.registry.values(r"HKLM\SYSTEM\Select").get("Current", "1")
            rest[0] = f"ControlSet{int(number) if number.isdecimal() and len(number) < 4 else 1:03d}"
        return place, "\\".join(rest)


def _read(file: BinaryIO, at: int, form: str) -> tuple[Any, ...]:
    file.seek(at)
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _bytes(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def _write(file: BinaryIO, at: int, data: bytes) -> None:
    file.seek(at)
    file.write(data)
    file.flush()


def _finish(file: BinaryIO) -> None:
    os.fsync(file.fileno())


def _count(file: BinaryIO, node: int) -> int:
    count = int(_read(file, node + 0x24, "<I")[0])
    return 0 if count == 0xFFFFFFFF else min(count, _MOST_VALUES)


def _list(file: BinaryIO, node: int) -> int:
    return _BASE + int(_read(file, node + 0x28, "<I")[0]) + 4


def _capacity(file: BinaryIO, data: int) -> int:
    """Bytes of the cell whose content begins at `data`."""
    size = -int(_read(file, data - 4, "<i")[0])
    if not 4 < size <= _LARGEST_CELL:
        raise struct.error("a free cell, or none that a value has")
    return size - 4


def _apart(file: BinaryIO, node: int, count: int, value: _Value) -> None:
    """Refuse cells that overlap: they are damage or a trap, and a change in them could not be taken back."""
    at = _list(file, node)
    # All values: after a change a search may have to read them to the last.
    if len({_value(file, node, slot)[1].at for slot in range(count)}) < count:
        raise struct.error("one value twice")
    needed = {node: 0x4C, at: 4 * count, value.at: 20}
    if not value.is_inline and value.size <= _LARGEST:
        data = _BASE + value.where + 4
        if data in needed or _bytes(file, data, 2) in _RECORDS:
            raise struct.error("data where a record is")
        needed[data] = value.size
    if len(needed) < 3 or any(_capacity(file, one) < size for one, size in needed.items()):
        raise struct.error("cells that are one another")
    for one in needed:
        if not _is_cell(file, one - 4):
            raise struct.error("cells that overlap")


def _is_cell(file: BinaryIO, at: int) -> bool:
    """Whether a cell starts there: bins (hbin) follow one another, and so do the cells in each bin."""
    start, size = _BASE, 0
    while start + size <= at:
        start += size
        sign, size = _read(file, start, "<4s4xI")
        if sign != b"hbin" or not size or size % 4096:
            raise struct.error("no bin")
    cell = start + 32
    while cell < at:
        length = abs(_read(file, cell, "<i")[0])
        if length < 8:
            raise struct.error("no cell")
        cell += length
    return cell == at


def _value(file: BinaryIO, node: int, slot: int) -> tuple[str, _Value]:
    at = _BASE + int(_read(file, _list(file, node) + 4 * slot, "<I")[0]) + 4
    sign, name_length, length, where, kind, flags = _read(file, at, "<2sHIIIH")
    if sign != b"vk":
        raise struct.error("no value")
    name = _bytes(file, at + 20, name_length).decode("latin-1" if flags & 1 else "utf-16-le", "replace")
    return name, _Value(at, slot, length, where, kind)


def _find(file: BinaryIO, node: int, name: str, count: int) -> _Value | None:
    for slot in range(count):
        found, value = _value(file, node, slot)
        if found.casefold() == name.casefold():
            return value
    return None


def _state(file: BinaryIO, value: _Value) -> State:
    record = _bytes(file, value.at + 4, 12)
    if value.is_inline:
        data, cell = record[4 : 4 + value.size], b""
    elif value.size > _LARGEST:
        raise ActError("too_large", "")
    else:
        at = _BASE + value.where + 4
        cell = _bytes(file, at, _capacity(file, at))
        data = cell[: value.size]
    return {"type": value.kind, "data": data.hex(), "slot": value.slot, "raw": (record + cell).hex()}


def _overwrite(file: BinaryIO, value: _Value, told: State, what: str) -> None:
    data = bytes.fromhex(told["data"])
    if value.is_inline:
        if len(data) > 4:
            raise ActError("not_here", what)
        record = struct.pack("<I4sI", len(data) | _INLINE, data.ljust(4, b"\0"), told["type"])
    else:
        at = _BASE + value.where + 4
        if not 4 < len(data) <= _capacity(file, at) or value.size > _LARGEST:
            raise ActError("not_here", what)
        _write(file, at, data)
        record = struct.pack("<III", len(data), value.where, told["type"])
    _write(file, value.at + 4, record)


def _restore(file: BinaryIO, value: _Value, told: State) -> None:
    raw = bytes.fromhex(told["raw"])
    if len(raw) > 12:
        _write(file, _BASE + value.where + 4, raw[12:])
    _write(file, value.at + 4, raw[:12])


def _reorder(file: BinaryIO, node: int, slot: int, wanted: int) -> None:
    """Put the list back in order: a change cut off half-way may have reordered it without shortening it."""
    count = _count(file, node)
    if slot != wanted < count:
        order = list(_read(file, _list(file, node), f"<{count}I"))
        order.insert(wanted, order.pop(slot))
        _write(file, _list(file, node), struct.pack(f"<{count}I", *order))


def _bring_back(file: BinaryIO, node: int, count: int, name: str, told: State) -> None:
    """Move the value that `delete` put at the end of the list back to its place."""
    at = _list(file, node)
    if _capacity(file, at) < 4 * (count + 1):
        raise ActError("changed_since", name)
    found, value = _value(file, node, count)
    if found.casefold() != name.casefold() or _state(file, value)["raw"] != told["raw"]:
        raise ActError("changed_since", name)
    order = list(_read(file, at, f"<{count + 1}I"))
    order.insert(told["slot"], order.pop())
    _write(file, node + 0x24, struct.pack("<I", count + 1))
    _write(file, at, struct.pack(f"<{count + 1}I", *order))
