"""Registry hives of a disk that is not running, read with python-registry.

A hive is data from the suspect machine: every error of the parser becomes `Unavailable`, and lists are
bounded. Changes that are only in the transaction logs beside a hive are not seen; such a hive is named.
"""

from __future__ import annotations

import io
import mmap
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import Any, BinaryIO

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Files
from quetsach.endpoint.registry_values import Values

_LARGEST, _LARGEST_HELD = 512 << 20, 64 << 20
_MOST_KNOWN, _MOST_TOGETHER = 64, 120_000
"""Keys of a hive of which the names below are kept, and names of all of them; at least those of one key."""
MOST_HELD = 8
"""Hives that are in memory at once; of a machine with more people the others are read again."""
MOST_NAMES = 100_000
"""Keys or values of one key; a key with more is a gap, for nobody knows what stands behind them."""
_LONGEST_DATA = 64 << 10
_HEAD = struct.Struct("<4xII496xI")
"""The first sector: two sequence numbers, and at its end the checksum of all before it."""
_TEXTS = frozenset({1, 2})  # REG_SZ, REG_EXPAND_SZ
_MANY_TEXTS = 7  # REG_MULTI_SZ
_NUMBERS = {4: 4, 11: 8}  # bytes of REG_DWORD, REG_QWORD
_LARGEST_CELL = 16344
"""Larger data lies in several cells, from version 1.4 of the format on."""
_LONGEST_BYTES = 1 << 20
"""Bytes of a value: the cache of programs that ran (ShimCache) has some hundred kilobytes. A text ends at its
first NUL, whatever stands behind it."""
_SHORTEST_TEXT, _LETTERS = 8, 0x2100
"""Binary data are a text from so many characters on, if all stand before this one: Latin and Vietnamese
letters do, while two bytes of other data are mostly a sign of China or Korea."""
_BLANKS = {ord(blank): " " for blank in "\t\r\n"}


def is_settled(file: BinaryIO) -> bool:
    """Whether all changes are in the file itself.

    The two sequence numbers in its first sector are then equal, and so is the checksum: Windows, too, plays
    its logs over any other hive, and over no hive else ("Windows registry file format specification" by
    M. Suhanov, "Dirty state of a hive").
    """
    file.seek(0)
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return False
    first, second, checksum = _HEAD.unpack(head)
    found: int = reduce(xor, (word for (word,) in struct.iter_unpack("<I", head[:-4])))
    # Neither of these two is ever stored.
    is_sound: bool = checksum == {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(found, found)
    return is_sound and bool(first == second)


class Hive:
    """One hive file: mapped, or read into memory and let go at once (`is_held`)."""

    def __init__(self, file: BinaryIO, shown: str, *, is_held: bool = False) -> None:
        self.shown = shown
        self._most = _LARGEST_HELD if is_held else _LARGEST
        self._is_held = is_held
        self._known: OrderedDict[str, _Names] = OrderedDict()
        self.is_settled = self._guarded(lambda: is_settled(file))
        self._root = self._guarded(lambda: self._open(file))

    def _open(self, file: BinaryIO) -> Any:
        try:
            from Registry.Registry import Registry  # type: ignore[import-untyped]
        except ImportError as error:
            raise Unavailable("no_reader", "python-registry") from error
        if file.seek(0, io.SEEK_END) > self._most:
            raise Unavailable("too_large", self.shown)
        file.seek(0)
        if self._is_held:
            return Registry(_Mapped(file.read(self._most))).root()
        try:
            # The map stays valid after its file is closed.
            mapped: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, io.UnsupportedOperation):
            mapped = file.read()
        return Registry(_Mapped(mapped)).root()

    def _guarded[T](self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except Unavailable as error:
            raise Unavailable(error.reason, error.detail or self.shown) from error
        except Exception as error:  # the parser can raise anything
            raise Unavailable("damaged", self.shown) from error

    def _find(self, path: str) -> Any:
        key, place = self._root, ""
        for part in filter(None, path.casefold().split("\\")):
            known = self._names(key, place)
            key = known.keys.get(part)
            if key is None and known.broken is not None:
                raise known.broken
            if key is None:
                return None
            place = f"{place}\\{part}"
        return key

    def _names(self, key: Any, place: str) -> _Names:
        """The keys below a key by their names. Kept for the last keys that were asked: who asks for one of
        thousands asks for the next one, too."""
        known = self._known.get(place)
        if known is None:
            known = _Names()
            try:
                for one in _below(key):
                    known.keys.setdefault(_name_of_key(one).casefold(), one)
            except Exception as error:  # names before a damaged one are still found
                known.broken = error
            self._known[place] = known
            while len(self._known) > 1 and self._are_too_many():
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(place)
        return known

    def _are_too_many(self) -> bool:
        together = sum(len(one.keys) for one in self._known.values())
        return len(self._known) > _MOST_KNOWN or together > _MOST_TOGETHER

    def values(self, path: str, called: str = "") -> Values:
        """The values of a key below the hive's root; `called` is the key's name in what could not be read."""

        def ask() -> Values:
            key = self._find(path)
            found = Values(called or path)
            if key is None:
                return found
            try:
                for one in _values(key):
                    found.add(_name(one), *_data(one))
            except Exception as error:  # values before a damaged one are still found
                found.end(error.reason if isinstance(error, Unavailable) else "damaged")
            return found

        return self._guarded(ask)

    def node(self, path: str) -> int | None:
        """The offset in the file of the record (nk) of a key below the hive's root."""

        def ask() -> int | None:
            key = self._find(path)
            return None if key is None else int(key._nkrecord.offset())

        return self._guarded(ask)

    def subkeys(self, path: str) -> list[str]:
        """The names of the keys below a key."""

        def ask() -> list[str]:
            key = self._find(path)
            return [] if key is None else [_name_of_key(one) for one in _below(key)]

        return self._guarded(ask)


@dataclass(slots=True)
class _Names:
    """The keys below a key; `broken` is why those behind the last one could not be read."""

    keys: dict[str, Any] = field(default_factory=dict)
    broken: Exception | None = None


# The parser builds its own lists completely, however long a damaged record claims to be; here its records
# are read one by one.
def _below(key: Any) -> Iterator[Any]:
    from Registry.Registry import RegistryKey

    record = key._nkrecord
    if record.subkey_number():
        for one in _bounded(record.subkey_list().keys()):
            yield RegistryKey(one)


def _values(key: Any) -> Iterator[Any]:
    from Registry.Registry import RegistryValue

    record = key._nkrecord
    if record.values_number():
        for one in _bounded(record.values_list().values()):
            yield RegistryValue(one)


def _bounded(records: Iterable[Any]) -> Iterator[Any]:
    for number, one in enumerate(records):
        if number >= MOST_NAMES:
            raise Unavailable("too_large")
        yield one


class _Mapped:
    """A file-like object for python-registry, which reads it in one call."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def read(self) -> Any:
        return self._data


def _name(value: Any) -> str:
    """The name of a value, "" for the key's default value. The parser calls that one `(default)`, which is an
    ordinary name, too."""
    return _spelled(value._vkrecord, 0x2, 0x14)


def _name_of_key(key: Any) -> str:
    return _spelled(key._nkrecord, 0x48, 0x4C)


def _spelled(record: Any, length: int, at: int) -> str:
    """The name in a record, by the places of its length and its text. With one byte a letter a name is
    Latin-1; the parser takes it for Windows-1252, where five bytes are no letter at all."""
    name = record.unpack_string(at, record.unpack_word(length))
    return str(name.decode("latin-1" if record.has_ascii_name() else "utf-16-le", "replace"))


def _data(value: Any) -> tuple[str, str]:
    """The data of a value as text, and why it is not all of it: a reason of `fact.REASONS`, or ""."""
    try:
        record = value._vkrecord
        is_cut = record.raw_data_length() & 0x7FFFFFFF > _LONGEST_BYTES
        return text_of(_typed(record.data_type(), _raw(record)), is_cut=is_cut)
    except Exception:  # one unreadable value must not hide the others
        return "", "damaged"


def _raw(record: Any) -> bytes:
    """The first bytes of a value's data, at most `_LONGEST_BYTES`. The parser gives for some kinds what lies
    behind the cell of a value, or in place of it; this raises an error."""
    from Registry.RegistryParse import HBINCell  # type: ignore[import-untyped]

    told = record.raw_data_length()
    size = told & 0x7FFFFFFF
    wanted = min(size, _LONGEST_BYTES)
    if told != size:  # the data stand in place of their offset
        raw = bytes(record.unpack_binary(0x8, 4)[:size])
    elif not size:
        return b""
    else:
        place = record.abs_offset_from_hbin_offset(record.unpack_dword(0x8))
        cell = HBINCell(record._buf, place, record)
        if size > _LARGEST_CELL and cell.data_id() == b"db":
            raw = cell.child().large_data(wanted)
        elif size > cell.size() - 4:
            raise ValueError("data larger than their cell")
        else:
            raw = bytes(record._buf[place + 4 : place + 4 + wanted])
    if len(raw) < wanted:
        raise ValueError("data outside of the hive")
    return raw


def _typed(kind: int, raw: bytes) -> object:
    """Data in the types in which `winreg` gives them, so that both readers say the same."""
    if kind in _TEXTS:
        return raw[: len(raw) & ~1].decode("utf-16-le", "replace").partition("\0")[0]
    if kind == _MANY_TEXTS:
        return raw[: len(raw) & ~1].decode("utf-16-le", "replace").split("\0")
    if kind in _NUMBERS:
        return int.from_bytes(raw[: _NUMBERS[kind]], "little")
    return raw


def text_of(data: object, *, is_cut: bool = False) -> tuple[str, str]:
    """Registry data as text, in the form of `machine.Registry`, and why it is not all of it, or "".

    `is_cut` says that the data go on. A text whose end is there is whole all the same.
    """
    if isinstance(data, bytes):
        if text := _text_in(data):
            return text_of(text)
        return data[:_LONGEST_BYTES].hex(), "too_large" if is_cut or len(data) > _LONGEST_BYTES else ""
    if isinstance(data, list | tuple):
        text = "\n".join(str(one) for one in data if one != "")
    else:
        text = "" if data is None else str(data).rstrip("\0")
        is_cut = False  # a text without a NUL is longer than the longest text
    return text[:_LONGEST_DATA], "too_large" if is_cut or len(text) > _LONGEST_DATA else ""


def _text_in(data: bytes) -> str:
    """The text that binary data are, up to its first NUL; "" where they are none. A program that asks for a
    command may take it whatever kind its value says."""
    wide = data[: len(data) & ~1].decode("utf-16-le", "replace").partition("\0")[0]
    narrow = data.partition(b"\0")[0].decode("ascii", "replace")
    for text in (wide, narrow):
        is_text = len(text) >= _SHORTEST_TEXT and ord(max(text)) < _LETTERS
        if is_text and text.translate(_BLANKS).isprintable():
            return text
    return ""


class Opener:
    """Opens a hive on demand. A hive that every Windows has must be there; others may be missing.

    A hive of a running system is held in memory: as long as it was mapped, its person could not sign in.
    """

    def __init__(self, files: Files, path: str, *, is_needed: bool = False, is_held: bool = False) -> None:
        self._is_held = is_held
        self._files = files
        self._path = path
        self._is_needed = is_needed

    def __call__(self) -> Hive | None:
        if self._files.entry(self._path) is None:
            if self._is_needed:
                raise Unavailable("no_registry", self._path)
            return None
        with self._files.open(self._path) as file:
            return Hive(file, self._path, is_held=self._is_held)


class Hives:
    """Hives joined under the names that a running system gives them.

    `places` maps a root such as `HKLM\\SOFTWARE` to a function that opens its hive, or returns None where the
    system has no such hive. At most `most` are open at once.
    """

    def __init__(self, places: Mapping[str, Callable[[], Hive | None]], most: int = sys.maxsize) -> None:
        self._most = most
        self._places = {root.casefold(): open_it for root, open_it in places.items()}
        self._opened: dict[str, Hive | Unavailable | None] = {}

    def unsettled(self) -> list[str]:
        """The paths of hives that were not written wholly; a hive that cannot be opened is named by
        others."""
        found = []
        for root in self._places:
            try:
                self._split(root)
            except Unavailable:
                continue
            hive = self._opened[root]
            if isinstance(hive, Hive) and not hive.is_settled:
                found.append(hive.shown)
        return found

    def holds(self, key: str) -> bool:
        """Whether a key lies below one of the roots."""
        return _root_of(key) in self._places

    def _split(self, key: str) -> tuple[Hive, str] | None:
        root = _root_of(key)
        if root not in self._places:
            return None
        if root not in self._opened:
            if len(self._opened) >= self._most:
                self._opened.pop(next(iter(self._opened)))
            try:
                self._opened[root] = self._places[root]()
            except Unavailable as error:
                self._opened[root] = error
        hive = self._opened[root]
        if hive is None:
            return None
        if isinstance(hive, Unavailable):
            raise Unavailable(hive.reason, hive.detail)
        rest = key.split("\\")[2:]
        if root == "hklm\\system" and rest and rest[0].casefold() == "currentcontrolset":
            number = hive.values("Select", rf"{root}\Select").get("Current", "1")
            rest[0] = f"ControlSet{int(number) if number.isdecimal() and len(number) < 4 else 1:03d}"
        return hive, "\\".join(rest)

    def values(self, key: str) -> Values:
        found = self._split(key)
        return found[0].values(found[1], key) if found else Values(key)

    def subkeys(self, key: str) -> Sequence[str]:
        found = self._split(key)
        return found[0].subkeys(found[1]) if found else ()


def _root_of(key: str) -> str:
    return "\\".join(key.split("\\")[:2]).casefold()
