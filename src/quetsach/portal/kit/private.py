"""Closes the portal's data to other accounts of the machine: the data folder, the database, uploads, keys.

If several accounts share a machine, none of the others may read the list of infected machines.
"""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from pathlib import Path

_OTHERS = 0o077
_log = logging.getLogger(__name__)


def keep_once(file: Path, text: str) -> None:
    """Write a new file for its owner only. Of several processes at once, the text of the first stays."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as made:
            made.write(text)
            made.flush()
            os.fsync(made.fileno())
        try:
            os.link(name, file)
        except FileExistsError:
            pass
        except OSError:
            if not file.exists():  # the file system has no hard links
                Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)


def close_to_others(folder: Path) -> None:
    """Take all rights of other accounts from the folder and its files. The log names files of another
    account, and file systems without rights.

    For later files the umask of the starting process closes them: `wsgi` and `quetsach manage`.
    """
    if os.name != "posix" or not folder.is_dir():
        return
    for path in (folder, *(one for one in folder.iterdir() if one.is_file())):
        _close(path)


def _close(path: Path) -> None:
    try:
        found = path.lstat().st_mode
        if stat.S_ISLNK(found) or not found & _OTHERS:
            return
        # A shared folder, such as /tmp, must stay open.
        if not found & stat.S_ISVTX:
            path.chmod(stat.S_IMODE(found) & ~_OTHERS)
        is_closed = not path.lstat().st_mode & _OTHERS
    except FileNotFoundError:
        return
    except OSError:
        is_closed = False
    if not is_closed:
        _log.warning(
            "%s: other accounts of this machine can read it, and this one may not change that."
            " As its owner: chmod go= '%s'",
            path,
            path,
        )
