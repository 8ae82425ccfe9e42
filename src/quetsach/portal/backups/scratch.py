"""Folders that exist only while a backup or a restore works in them.

A killed process cannot tidy up. Each folder is locked while in use, and the kernel frees the lock of a
process that dies: the next backup or restore, and the portal at its start, remove folders without a lock.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nothing tells whether a process still works there, so nothing is removed
    fcntl = None  # type: ignore[assignment]

BACKUP, RESTORE = ".backup-", "restore-"
_UPLOADING_SECONDS = 86_400
"""Seconds; an upload that has not ended by then never will."""


@contextmanager
def scratch(folder: Path, prefix: str) -> Iterator[Path]:
    """A new folder for its owner only, removed afterwards; folders that others left behind go first."""
    with _locked(folder):
        _sweep(folder, prefix)
        made = Path(tempfile.mkdtemp(dir=folder, prefix=prefix))
        held = _hold(made)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        if held is not None:
            os.close(held)


def sweep(folder: Path, prefix: str) -> None:
    """Remove the folders that killed processes left there; never raises."""
    with suppress(OSError), _locked(folder):
        _sweep(folder, prefix)


def sweep_uploads(root: Path) -> None:
    """Remove the parts of uploads that were killed; never raises."""
    before = time.time() - _UPLOADING_SECONDS
    with suppress(OSError):
        for path in root.glob("*/new-*"):
            with suppress(OSError):
                if path.is_file() and path.lstat().st_mtime < before:
                    path.unlink()


def _sweep(folder: Path, prefix: str) -> None:
    if fcntl is None:
        return
    for path in folder.glob(f"{prefix}*"):
        if path.is_symlink() or not path.is_dir():
            continue
        held = _hold(path)
        if held is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(held)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time look for leftovers or make a folder here."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _hold(folder: Path) -> int | None:
    """An open file whose lock keeps the folder from removal; None where another process holds the lock."""
    if fcntl is None:
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
