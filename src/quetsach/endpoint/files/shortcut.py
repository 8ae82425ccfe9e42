"""What a Windows shortcut leads to ([MS-SHLLINK] 2.1 to 2.5): every path and address that it names.

A shortcut may name one file in its list of items, another in its information about the link and a third in
its variables. Windows starts one of those that are there.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

_SIZE = b"\x4c\0\0\0"
_REST = 0x4C - 20
"""Bytes of the head behind its size and class."""
_CLASS = bytes.fromhex("0114020000000000c000000000000046")
_HAS_IDS, _HAS_INFO = 1, 2
_STRINGS = (4, 8, 16, 32)  # name, relative path, working folder, arguments
_RELATIVE, _ARGUMENTS = 8, 32
_IS_UNICODE = 128
_LOCAL, _ON_A_SERVER = 1, 2
_VARIABLES, _VARIABLES_SIZE = 0xA0000001, 0x314
"""EnvironmentVariableDataBlock ([MS-SHLLINK] 2.5.4): 260 bytes of text, then 520 bytes of UTF-16."""
_SECOND_ITEMS = 0xA000000C
"""VistaAndAboveIDListDataBlock (2.5.11): a second list of items."""

_GROUP, _DRIVE_ITEM, _FILE_ITEM, _SERVER_ITEM, _WEB_ITEM = 0x70, 0x20, 0x30, 0x40, 0x60
_ROOTS = (0x1F, 0x2E)
_WIDE_ITEM, _IN_PROFILE = 0x04, 0x74
_LONG_NAME = b"\x04\0\xef\xbe"
"""The mark of the extension 0xBEEF0004, whose version stands before it."""
_LONG_NAME_AT = {3: 16, 7: 34, 8: 38, 9: 42}
"""Version of that extension → where the long name begins, from the mark."""
_WEB = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[!-~]+")
_COMPUTER = UUID("20d04fe0-3aea-1069-a2d8-08002b30309d")
_KNOWN = {
    UUID(number): path
    for path, numbers in {
        r"%USERPROFILE%\Desktop": ("b4bfcc3a-db2c-424c-b029-7fe99a87c641",),
        r"%USERPROFILE%\Documents": (
            "fdd39ad0-238f-46af-adb4-6c85480369c7", "d3162b92-9365-467a-956b-92703aca08af",
            "450d8fba-ad25-11d0-98a8-0800361b1103",
        ),
        r"%USERPROFILE%\Downloads": (
            "374de290-123f-4565-9164-39c4925e467b", "088e3905-0323-4b02-9826-5d99428e115f",
        ),
        r"%USERPROFILE%\Music": ("4bd8d571-6d19-48d3-be97-422220080e43",),
        r"%USERPROFILE%\Pictures": ("33e28130-4e1e-4676-835a-98395c3bc3bb",),
        r"%USERPROFILE%\Videos": ("18989b1d-99b5-455b-841c-ab7c74e4ddfc",),
        "%USERPROFILE%": ("59031a47-3f72-44a7-89c5-5595fe6b30ee",),
        "%PUBLIC%": ("4336a54d-038b-4685-ab02-99bb52d3fb8b",),
    }.items()
    for number in numbers
}  # fmt: skip
"""Folders of the shell by their numbers (Microsoft Learn, 'KNOWNFOLDERID')."""
_DESKTOP = r"%USERPROFILE%\Desktop"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """`paths` and `addresses` are all that it names, each once; `arguments` go with each of the paths.

    `guessed` are the paths that stand in a folder of the shell, which may lie elsewhere on this machine;
    `unplaced` the files whose folder is not known. Not `is_whole`: it is damaged.
    """

    paths: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    arguments: str = ""
    guessed: tuple[str, ...] = ()
    unplaced: tuple[str, ...] = ()
    is_whole: bool = True


class _Found:
    def __init__(self) -> None:
        self.paths: dict[str, str] = {}
        self.addresses: dict[str, None] = {}
        self.guessed: dict[str, None] = {}
        self.unplaced: dict[str, None] = {}
        self.arguments = ""

    def add(self, path: str) -> None:
        if path:
            self.paths.setdefault(path.casefold(), path)


def read(content: bytes) -> Shortcut:
    """All that the shortcut names, also the part before damage. Never raises."""
    if content[:4] != _SIZE or content[4:20] != _CLASS:
        return Shortcut()  # Windows takes it for no shortcut either
    found, is_whole = _Found(), True
    try:
        _read(content, found)
    except (struct.error, IndexError, ValueError):
        is_whole = False
    # Another path often tells where the file of an item lies.
    ends = tuple(f"\\{one}" for one in found.paths)
    guessed = tuple(one for one in found.guessed if not _is_told(one.rpartition("\\")[2], ends))
    unplaced = tuple(one for one in found.unplaced if not _is_told(one, ends))
    paths = (*found.paths.values(), *(one for one in guessed if one.casefold() not in found.paths))
    return Shortcut(paths, tuple(found.addresses), found.arguments, guessed, unplaced, is_whole)


def _is_told(name: str, paths: tuple[str, ...]) -> bool:
    return any(one.endswith(f"\\{name.casefold()}") for one in paths)


def _read(content: bytes, found: _Found) -> None:
    flags = struct.unpack_from("<I", content, 20)[0]
    at = len(_SIZE) + len(_CLASS) + _REST
    if flags & _HAS_IDS:
        length = struct.unpack_from("<H", content, at)[0]
        items, at = content[at + 2 : at + 2 + length], at + 2 + length
        _of_items(items, found)
        _must_hold(content, at)
    if flags & _HAS_INFO:
        found.add(_of_info(content, at))
        at += struct.unpack_from("<I", content, at)[0]
    texts = {}
    for bit in _STRINGS:
        if flags & bit:
            count = struct.unpack_from("<H", content, at)[0] * (2 if flags & _IS_UNICODE else 1)
            raw, at = content[at + 2 : at + 2 + count], at + 2 + count
            texts[bit] = raw.decode("utf-16-le" if flags & _IS_UNICODE else "cp1252", "replace")
            found.arguments = texts.get(_ARGUMENTS, "")
            _must_hold(content, at)
    _of_blocks(content, at, found)
    if not found.paths and not found.guessed:
        found.add(texts.get(_RELATIVE, ""))


def _must_hold(content: bytes, end: int) -> None:
    if end > len(content):
        raise ValueError("cut off")


def _of_info(content: bytes, at: int) -> str:
    """The path in the information about the link ([MS-SHLLINK] 2.3)."""
    length, header, told, _volume, base, net, suffix = struct.unpack_from("<7I", content, at)
    _must_hold(content, at + length)
    if told & _LOCAL:
        if header >= 0x24:
            wide, rest = struct.unpack_from("<2I", content, at + 28)
            return _joined(_wide(content, at + wide), _wide(content, at + rest) if rest else "")
        return _joined(_narrow(content, at + base), _narrow(content, at + suffix) if suffix else "")
    if told & _ON_A_SERVER:
        share = struct.unpack_from("<I", content, at + net + 8)[0]
        return f"{_narrow(content, at + net + share)}\\{_narrow(content, at + suffix)}"
    return ""


def _joined(base: str, suffix: str) -> str:
    return f"{base.rstrip('\\')}\\{suffix}" if suffix else base


def _items(items: bytes) -> Iterator[bytes]:
    at = 0
    while at + 2 <= len(items) and (size := struct.unpack_from("<H", items, at)[0]):
        _must_hold(items, at + size)
        yield items[at : at + size]
        at += max(size, 2)


def _of_items(items: bytes, found: _Found) -> None:
    """A list of items of the shell, which its maker does not document (libfwsi, 'Windows Shell Item format'):
    a drive, a server or a folder of the shell, then folders and a file; or an address."""
    root: str | None = _DESKTOP
    parts: list[str] = []
    for item in _items(items):
        kind = item[2] if len(item) > 2 else 0
        if kind in _ROOTS and len(item) >= 20:
            number = UUID(bytes_le=item[4:20])
            root, parts = ("" if number == _COMPUTER else _KNOWN.get(number)), []
        elif kind & _GROUP == _DRIVE_ITEM:
            root, parts = _narrow(item + b"\0", 3).rstrip("\\"), []
        elif kind & _GROUP == _SERVER_ITEM and item[5:7] == b"\\\\":
            root, parts = _narrow(item + b"\0", 5), []
        elif kind & _GROUP == _WEB_ITEM:
            for text in (item[4:].decode("utf-16-le", "replace"), item[4:].decode("cp1252", "replace")):
                found.addresses |= dict.fromkeys(_WEB.findall(text))
        elif kind & _GROUP == _FILE_ITEM or (kind == _IN_PROFILE and item[6:10] == b"CFSF"):
            parts.append(_name(item, kind))
    if not parts:
        return
    path = "\\".join([root or "", *parts])
    if root and (root[1:2] == ":" or root.startswith("\\\\")):
        found.add(path)
    elif root:
        found.guessed[path] = None
    else:
        found.unplaced["\\".join(parts)] = None


def _name(item: bytes, kind: int) -> str:
    """The long name of a folder or a file, the short one where it has no long one."""
    mark = item.rfind(_LONG_NAME)
    if mark >= 2:
        version = struct.unpack_from("<H", item, mark - 2)[0]
        start = next((at for least, at in sorted(_LONG_NAME_AT.items(), reverse=True) if version >= least), 0)
        name = _wide(item + b"\0\0\0", mark + start) if start else ""
        if name:
            return name
    at = 24 if kind == _IN_PROFILE else 14
    is_wide = kind & _WIDE_ITEM and kind != _IN_PROFILE
    return _wide(item + b"\0\0\0", at) if is_wide else _narrow(item + b"\0", at)


def _of_blocks(content: bytes, at: int, found: _Found) -> None:
    """The blocks behind the texts: a target with variables such as `%ComSpec%`, a second list of items."""
    while at + 8 <= len(content):
        size, signature = struct.unpack_from("<II", content, at)
        if size < 8:
            break
        _must_hold(content, at + size)
        if signature == _VARIABLES and size >= _VARIABLES_SIZE:
            block = content[at : at + size] + b"\0\0"
            found.add(_wide(block, 268) or _narrow(block, 8))
        elif signature == _SECOND_ITEMS:
            _of_items(content[at + 8 : at + size], found)
        at += size


def _narrow(content: bytes, at: int) -> str:
    return content[at : content.index(b"\0", at)].decode("cp1252", "replace")


def _wide(content: bytes, at: int) -> str:
    end = at
    while (pair := content[end : end + 2]) != b"\0\0":
        if len(pair) < 2:
            raise ValueError("cut off")
        end += 2
    return content[at:end].decode("utf-16-le", "replace")
