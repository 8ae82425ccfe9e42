"""The target of a Windows shortcut ([MS-SHLLINK] 2.1 to 2.4), as far as it is a local path."""

from __future__ import annotations

import struct

_SIZE = b"\x4c\0\0\0"
_REST = 0x4C - 20
"""Bytes of the head behind its size and class."""
_CLASS = bytes.fromhex("0114020000000000c000000000000046")
_HAS_IDS, _HAS_INFO = 1, 2
_STRINGS = (4, 8, 16, 32)  # name, relative path, working folder, arguments
_IS_UNICODE = 128
_LOCAL, _ON_A_SERVER = 1, 2
_NO_PATH = '""'
_GROUP, _DRIVE_ITEM, _FILE_ITEM, _WIDE_ITEM = 0x70, 0x20, 0x30, 0x04
_VARIABLES, _VARIABLES_SIZE = 0xA0000001, 0x314
"""EnvironmentVariableDataBlock ([MS-SHLLINK] 2.5.4): 260 bytes of text, then 520 bytes of UTF-16."""


def target(content: bytes) -> tuple[str, bool]:
    """Path and arguments, "" where the shortcut leads to something that has no path; False where it is
    damaged. Never raises."""
    if content[:4] != _SIZE or content[4:20] != _CLASS:
        return "", True  # Windows takes it for no shortcut either
    try:
        return _target(content), True
    except (struct.error, IndexError, ValueError):
        return "", False


def _target(content: bytes) -> str:
    flags = struct.unpack_from("<I", content, 20)[0]
    at, path, listed = len(_SIZE) + len(_CLASS) + _REST, "", ""
    if flags & _HAS_IDS:
        length = struct.unpack_from("<H", content, at)[0]
        listed = _of_items(content[at + 2 : at + 2 + length])
        at += 2 + length
    if flags & _HAS_INFO:
        length, header, told, _volume, base, net, suffix = struct.unpack_from("<7I", content, at)
        if told & _LOCAL:
            if header >= 0x24:
                wide = struct.unpack_from("<I", content, at + 28)[0]
                path = _wide(content, at + wide)
            else:
                path = _narrow(content, at + base)
        elif told & _ON_A_SERVER:
            share = struct.unpack_from("<I", content, at + net + 8)[0]
            path = f"{_narrow(content, at + net + share)}\\{_narrow(content, at + suffix)}"
        at += length
    texts = {}
    for bit in _STRINGS:
        if not flags & bit:
            continue
        count = struct.unpack_from("<H", content, at)[0]
        count *= 2 if flags & _IS_UNICODE else 1
        raw = content[at + 2 : at + 2 + count]
        if len(raw) < count:
            raise ValueError("cut off")
        texts[bit] = raw.decode("utf-16-le" if flags & _IS_UNICODE else "cp1252", "replace")
        at += 2 + count
    path = path or _of_variables(content, at) or listed or texts.get(8, "")
    # Arguments alone still tell an address.
    return f"{path or _NO_PATH} {texts[32]}" if texts.get(32) else path


def _of_items(items: bytes) -> str:
    """The path in a list of items of the shell, which its maker does not document (libfwsi, 'Windows Shell
    Item format'): a drive, then folders and a file by their short names. "" for other places."""
    parts: list[str] = []
    at = 0
    while at + 2 < len(items) and (size := struct.unpack_from("<H", items, at)[0]):
        item = items[at : at + size]
        kind = item[2] if len(item) > 2 else 0
        if kind & _GROUP == _DRIVE_ITEM:
            parts = [_narrow(item + b"\0", 3).rstrip("\\")]
        elif kind & _GROUP == _FILE_ITEM:
            is_wide = kind & _WIDE_ITEM
            parts.append(_wide(item, 14) if is_wide else _narrow(item + b"\0", 14))
        at += max(size, 2)
    return "\\".join(parts) if len(parts) > 1 and parts[0][1:2] == ":" else ""


def _of_variables(content: bytes, at: int) -> str:
    """The target with variables such as `%ComSpec%`, from the blocks behind the texts."""
    while at + 8 <= len(content):
        size, signature = struct.unpack_from("<II", content, at)
        if size < 8:
            break
        if signature == _VARIABLES and size >= _VARIABLES_SIZE:
            return _wide(content[: at + size], at + 268) or _narrow(content, at + 8)
        at += size
    return ""


def _narrow(content: bytes, at: int) -> str:
    return content[at : content.index(b"\0", at)].decode("cp1252", "replace")


def _wide(content: bytes, at: int) -> str:
    end = at
    while content[end : end + 2] not in (b"\0\0", b""):
        end += 2
    return content[at:end].decode("utf-16-le", "replace")
