"""The target of a Windows shortcut ([MS-SHLLINK] 2.1 to 2.4), as far as it is a local path."""

from __future__ import annotations

import struct

_CLASS = bytes.fromhex("0114020000000000c000000000000046")
_HAS_IDS, _HAS_INFO = 1, 2
_STRINGS = (4, 8, 16, 32)  # name, relative path, working folder, arguments
_IS_UNICODE = 128
_VARIABLES, _VARIABLES_SIZE = 0xA0000001, 0x314
"""EnvironmentVariableDataBlock ([MS-SHLLINK] 2.5.4): 260 bytes of text, then 520 bytes of UTF-16."""


def target(content: bytes) -> str:
    """Path and arguments, "" where the shortcut is damaged or leads elsewhere; never raises."""
    try:
        return _target(content)
    except (struct.error, IndexError, ValueError):
        return ""


def _target(content: bytes) -> str:
    size, flags = struct.unpack_from("<I", content, 0)[0], struct.unpack_from("<I", content, 20)[0]
    if size != 0x4C or content[4:20] != _CLASS:
        return ""
    at, path = size, ""
    if flags & _HAS_IDS:
        at += 2 + struct.unpack_from("<H", content, at)[0]
    if flags & _HAS_INFO:
        length, header, told, _volume, base = struct.unpack_from("<5I", content, at)
        if told & 1:
            if header >= 0x24:
                wide = struct.unpack_from("<I", content, at + 28)[0]
                path = _wide(content, at + wide)
            else:
                path = _narrow(content, at + base)
        at += length
    texts = {}
    for bit in _STRINGS:
        if not flags & bit:
            continue
        count = struct.unpack_from("<H", content, at)[0]
        count *= 2 if flags & _IS_UNICODE else 1
        raw = content[at + 2 : at + 2 + count]
        texts[bit] = raw.decode("utf-16-le" if flags & _IS_UNICODE else "cp1252", "replace")
        at += 2 + count
    path = path or _of_variables(content, at) or texts.get(8, "")
    return f"{path} {texts[32]}" if path and texts.get(32) else path


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
