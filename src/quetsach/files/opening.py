"""The one way in which logs are opened: nobody who writes, rotates or deletes them meets an obstacle.

On Windows a file that Python's own `open` holds cannot be renamed or deleted, so a server could not rotate a
log while it is read. There the file is opened with all three ways of sharing, by a path of any length.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

_LONGEST = 240
"""Longer paths need a prefix on Windows, where no setting of the machine allows them."""


SPECIAL = "is a pipe, a socket or a device, which is not followed; name a file"


def regular(path: Path) -> BinaryIO:
    """Open a file of bytes without a buffer. A pipe to which nobody writes, under the same name, never makes
    the caller wait. Raises OSError, also where it is no file."""
    if sys.platform == "win32":
        return read(path, is_raw=True)
    file = open(path, "rb", 0, opener=_at_once)  # noqa: SIM115 The caller closes it
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, SPECIAL, str(path))
    return file


def read(path: Path, *, is_raw: bool = False) -> BinaryIO:
    """Open a file for reading bytes, without a buffer where it `is_raw`. Raises OSError."""
    opener = _shared if sys.platform == "win32" else None
    return open(path, "rb", 0 if is_raw else -1, opener=opener)


def open_files(wanted: int) -> int:
    """Let this process open more files, up to the system's limit; returns how many it may open."""
    if sys.platform == "win32":
        return 512  # what select() takes
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return wanted if soft == resource.RLIM_INFINITY else soft


if sys.platform == "win32":
    import _winapi
    import msvcrt

    _SHARED = 0x1 | 0x2 | 0x4
    """FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_SHARE_DELETE."""

    def _shared(path: str, flags: int) -> int:
        try:
            handle = _winapi.CreateFile(
                _long(path),
                _winapi.GENERIC_READ,
                _SHARED,
                _winapi.NULL,
                _winapi.OPEN_EXISTING,
                0,
                _winapi.NULL,
            )
        except OSError as error:
            raise OSError(error.errno, error.strerror, path, error.winerror) from None
        return msvcrt.open_osfhandle(handle, flags)

    def _long(path: str) -> str:
        whole = os.path.abspath(path)  # noqa: PTH100
        if len(whole) < _LONGEST or whole.startswith("\\\\?\\"):
            return path
        return f"\\\\?\\UNC{whole[1:]}" if whole.startswith("\\\\") else f"\\\\?\\{whole}"

else:
    _shared = None

    def _at_once(path: str, flags: int) -> int:
        return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
