"""Calls into Windows for parts of a file that Python does not show: rights, times, attributes, streams.

Sources: aclapi.h, sddl.h and fileapi.h of the Windows SDK. All raise OSError with Windows' error number.
"""

# mypy: disable-error-code="attr-defined,unused-ignore"
from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from ctypes import POINTER, Structure, byref, c_int64, c_uint32, c_void_p, c_wchar, c_wchar_p
from pathlib import Path
from typing import Any

_FILE_OBJECT = 1
_OWNER, _GROUP, _DACL = 1, 2, 4
_PROTECTED, _UNPROTECTED = 0x80000000, 0x20000000
_REVISION = 1
_WRITE_ATTRIBUTES, _READ_ATTRIBUTES, _SHARE_ALL, _OPEN_EXISTING, _BACKUP = 0x100, 0x80, 7, 3, 0x02000000
_QUERY_LIMITED, _LONGEST_PATH = 0x1000, 32_768
_INVALID = c_void_p(-1).value
_END_OF_FILE, _NO_FUNCTION, _NOT_SUPPORTED, _BAD_PARAMETER = 38, 1, 50, 87


class _Stream(Structure):
    _fields_ = (("size", c_int64), ("name", c_wchar * 296))


def _library(name: str) -> Any:
    return ctypes.WinDLL(name, use_last_error=True)


def _fail(number: int | None = None) -> OSError:
    error: OSError = ctypes.WinError(ctypes.get_last_error() if number is None else number)
    return error


def system_folder() -> str:
    """Windows' folder of programs, from Windows itself: a user's variables cannot move it."""
    found = ctypes.create_unicode_buffer(_LONGEST_PATH)
    if not _library("kernel32").GetSystemDirectoryW(found, len(found)):
        raise _fail()
    return found.value


def security(path: str) -> str:
    """Owner, group and access rights as text (SDDL)."""
    advapi, kernel = _library("advapi32"), _library("kernel32")
    descriptor, text = c_void_p(), c_void_p()
    which = _OWNER | _GROUP | _DACL
    number = advapi.GetNamedSecurityInfoW(
        c_wchar_p(path), _FILE_OBJECT, which, None, None, None, None, byref(descriptor)
    )
    if number:
        raise _fail(number)
    try:
        if not advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor, _REVISION, which, byref(text), None
        ):
            raise _fail()
        return ctypes.wstring_at(text.value) if text.value else ""
    finally:
        kernel.LocalFree(text)
        kernel.LocalFree(descriptor)


def set_security(path: str, sddl: str) -> None:
    """Give a file the owner, group and access rights of a text; equal ones are not set again."""
    if not sddl or security(path) == sddl:
        return
    advapi, kernel = _library("advapi32"), _library("kernel32")
    descriptor = c_void_p()
    if not advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW(
        c_wchar_p(sddl), _REVISION, byref(descriptor), None
    ):
        raise _fail()
    try:
        if not advapi.SetFileSecurityW(c_wchar_p(path), _DACL, descriptor):
            raise _fail()
        if security(path) != sddl and not advapi.SetFileSecurityW(
            c_wchar_p(path), _OWNER | _GROUP | _DACL, descriptor
        ):
            raise _fail()
    finally:
        kernel.LocalFree(descriptor)


class _Handle:
    """An open file, for its attributes only."""

    def __init__(self, path: str, access: int) -> None:
        self._kernel = _library("kernel32")
        self._kernel.CreateFileW.restype = c_void_p
        self._kernel.CloseHandle.argtypes = [c_void_p]
        self.number = self._kernel.CreateFileW(
            c_wchar_p(path), c_uint32(access), _SHARE_ALL, None, _OPEN_EXISTING, c_uint32(_BACKUP), None
        )
        if self.number == _INVALID:
            raise _fail()

    def __enter__(self) -> _Handle:
        return self

    def __exit__(self, *_error: object) -> None:
        self._kernel.CloseHandle(self.number)


def times(path: str) -> tuple[int, int, int]:
    """Times of creation, last access and last write, each in 100 ns since 1601."""
    kernel = _library("kernel32")
    found = (c_int64 * 3)()
    with _Handle(path, _READ_ATTRIBUTES) as handle:
        if not kernel.GetFileTime(
            c_void_p(handle.number), *(c_void_p(ctypes.addressof(found) + 8 * at) for at in range(3))
        ):
            raise _fail()
    return found[0], found[1], found[2]


def set_times(path: str, told: Sequence[int]) -> None:
    """Give a file the three times of `times`."""
    kernel = _library("kernel32")
    given = (c_int64 * 3)(*told)
    with _Handle(path, _WRITE_ATTRIBUTES) as handle:
        if not kernel.SetFileTime(
            c_void_p(handle.number), *(c_void_p(ctypes.addressof(given) + 8 * at) for at in range(3))
        ):
            raise _fail()


def set_attributes(path: str, attributes: int) -> None:
    """Give a file the FILE_ATTRIBUTE_* flags; no flags are FILE_ATTRIBUTE_NORMAL."""
    if not _library("kernel32").SetFileAttributesW(c_wchar_p(path), c_uint32(attributes or 0x80)):
        raise _fail()


def image(pid: int) -> str:
    """The file of a running program; needs fewer rights than reading its memory."""
    kernel = _library("kernel32")
    kernel.OpenProcess.restype = c_void_p
    kernel.CloseHandle.argtypes = [c_void_p]
    handle = kernel.OpenProcess(_QUERY_LIMITED, 0, c_uint32(pid))
    if not handle:
        raise _fail()
    try:
        size = c_uint32(_LONGEST_PATH)
        path = ctypes.create_unicode_buffer(size.value)
        if not kernel.QueryFullProcessImageNameW(c_void_p(handle), 0, path, byref(size)):
            raise _fail()
        return path.value
    finally:
        kernel.CloseHandle(handle)


def streams(path: str) -> list[tuple[str, int]]:
    """Name and size of the alternate streams; none where the file system has no streams."""
    kernel = _library("kernel32")
    kernel.FindFirstStreamW.restype = c_void_p
    kernel.FindNextStreamW.argtypes = [c_void_p, POINTER(_Stream)]
    kernel.FindClose.argtypes = [c_void_p]
    one = _Stream()
    search = kernel.FindFirstStreamW(c_wchar_p(path), 0, byref(one), 0)
    if search == _INVALID:
        number = ctypes.get_last_error()
        # A system without this call (another maker's Windows, FAT) has no streams to lose.
        if number in (_END_OF_FILE, _NO_FUNCTION, _NOT_SUPPORTED, _BAD_PARAMETER, 120):
            return []
        raise _fail(number)
    found = []
    try:
        while True:
            _, name, kind = one.name.split(":", 2)
            if name and kind == "$DATA":
                found.append((name, one.size))
            if not kernel.FindNextStreamW(search, byref(one)):
                if (number := ctypes.get_last_error()) != _END_OF_FILE:
                    # An incomplete list would lose the other streams.
                    raise _fail(number)
                return found
    finally:
        kernel.FindClose(search)


def read_stream(path: str, name: str) -> bytes:
    """The content of an alternate stream."""
    return Path(f"{path}:{name}").read_bytes()


def write_stream(path: str, name: str, content: bytes) -> None:
    """Make an alternate stream, or replace its content; it is on the disk when this returns."""
    with Path(f"{path}:{name}").open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
