"""What the portal keeps is for its own account only: the data folder, the database, uploads, keys.

Where several accounts share a machine, another one must not read the list of infected machines.
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
    """Write a new file for its owner only. Of several who do so at once one is first, and its text stays."""
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
            if not file.exists():  # a file system without second names
                Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)


def close_to_others(folder: Path) -> None:
    """Take everybody else's rights from the folder and the files in it. What another account owns, or a file
    system without rights, is told in the log.

    What is made later is closed by the umask of who starts: `wsgi` and `quetsach manage`.
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
        # A folder that everybody shares, such as /tmp, is nobody's to close.
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
