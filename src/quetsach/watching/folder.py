"""The folder of a watcher: its state lies there, and one watcher at a time uses it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from quetsach.errors import ScanError

STATE = "watch.sqlite"
_LOCK = "watch.lock"
_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs")
_REMOTE_DRIVE = 4


def prepare(folder: Path) -> Path:
    """Make the folder, for its owner alone, and return the path of its state.

    Raises ScanError where the folder cannot be used or lies on a network file system.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if sys.platform != "win32":
            folder.chmod(0o700)
    except OSError as error:
        raise ScanError(f"{folder}: cannot be used for the state: {error.strerror or error}") from error
    system = network(folder)
    if system:
        raise ScanError(
            f"{folder}: lies on a network file system ({system}), where a state is not safe; give a folder on"
            " a disk of this machine"
        )
    return folder / STATE


def network(folder: Path, mounts: Path = _MOUNTS) -> str:
    """The kind of network file system on which a folder lies; "" for a disk of this machine."""
    if sys.platform == "win32":
        import ctypes

        drive = Path(os.path.realpath(folder)).anchor
        is_remote = drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(drive) == _REMOTE_DRIVE
        return "remote drive" if is_remote else ""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    real, best, kind = os.path.realpath(folder), "", ""
    for line in lines:
        # proc(5): mount point in the fifth field, with octal escapes; the type behind " - ".
        fields, _, rest = line.partition(" - ")
        place = fields.split()[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        is_below = real == place or real.startswith(place.rstrip("/") + "/")
        if is_below and len(place) >= len(best):
            best, kind = place, rest.split()[0]
    return kind if kind.startswith(_NETWORK) else ""


class Lock:
    """The lock of the watcher that uses a folder; the system gives it back when the process ends."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] = (folder / _LOCK).open("ab")
        try:
            _take(self._file)
        except OSError as error:
            self._file.close()
            raise ScanError(
                f"{folder}: another watcher uses this state; look at it with --show, or give another --state"
            ) from error

    def close(self) -> None:
        """Give it back."""
        self._file.close()


def _take(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
