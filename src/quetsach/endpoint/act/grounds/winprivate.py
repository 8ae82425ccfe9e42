"""A folder of Windows that only administrators may write to: any account may make folders in
%ProgramData%."""

# mypy: disable-error-code="attr-defined,unused-ignore"
from __future__ import annotations

import ctypes
from ctypes import Structure, byref, c_int, c_uint32, c_void_p, c_wchar_p, sizeof
from pathlib import Path

from quetsach.endpoint.act.errors import ActError, of
from quetsach.endpoint.act.grounds import winfile

_RIGHTS = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
"""Full access for the system and for administrators, nothing inherited from above."""
_ALLOWED = ("O:BA", "O:SY")
_REPARSE = 0x400
_EXISTS = 183


class _Attributes(Structure):
    _fields_ = (("length", c_uint32), ("descriptor", c_void_p), ("inherit", c_int))


def make(folder: Path) -> None:
    """Make the folder together with its rights; a folder that another account made is refused."""
    try:
        for one in (folder.parent, folder):
            _make(one)
            told = winfile.security(str(one))
            if one.lstat().st_file_attributes & _REPARSE or not told.startswith((*_ALLOWED, *_own(folder))):
                raise ActError("unsafe_store", str(one))
    except OSError as error:
        raise of(error, str(folder)) from error


def _make(folder: Path) -> None:
    advapi = ctypes.WinDLL("advapi32", use_last_error=True)
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    descriptor = c_void_p()
    if not advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW(
        c_wchar_p(_RIGHTS), 1, byref(descriptor), None
    ):
        raise ctypes.WinError(ctypes.get_last_error())
    try:
        asked = _Attributes(sizeof(_Attributes), descriptor, 0)
        number = (
            0 if kernel.CreateDirectoryW(c_wchar_p(str(folder)), byref(asked)) else ctypes.get_last_error()
        )
    finally:
        kernel.LocalFree(descriptor)
    if number not in (0, _EXISTS):
        raise ctypes.WinError(number)


def _own(folder: Path) -> tuple[str, ...]:
    """The owner of new files of this account; for an account without administrator rights, itself."""
    probe = folder.parent / ".quetsach-owner"
    try:
        probe.write_bytes(b"")
        return (winfile.security(str(probe)).partition("G:")[0],)
    finally:
        probe.unlink(missing_ok=True)
