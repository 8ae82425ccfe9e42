"""Files on a Unix, or on any disk mounted there: every folder on the way is opened without following a link.

A file in a folder that others may write to can be swapped at any moment. So a file is reached from an open
folder, never twice by its path.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from quetsach.endpoint.act.errors import ActError, of
from quetsach.endpoint.act.ground import State
from quetsach.endpoint.act.vault import LARGEST

_CHUNK = 1 << 20
_FOLDER = (
    os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
)
_READ = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class UnixDisk:
    """`place` maps a path of the machine to its place below `root`; `is_windows` says how paths are
    spelled."""

    def __init__(self, root: Path, place: Callable[[str], Path | None], *, is_windows: bool = False) -> None:
        self._root = root
        self._place = place
        self._is_windows = is_windows

    def spelled(self, path: str) -> str:
        place = self._place(path)
        if place is None:
            return path
        parts = place.relative_to(self._root).parts
        if not self._is_windows:
            return "/" + "/".join(parts)
        inside = parts[1:] if parts and parts[0].endswith(":") else parts
        return path[:2] + "\\" + "\\".join(inside)

    def look(self, path: str) -> State | None:
        try:
            with self._opened(path) as (_folder, _name, file):
                status = os.fstat(file)
                return {
                    "sha256": _sha256(file),
                    "size": status.st_size,
                    "mode": status.st_mode,
                    "uid": status.st_uid,
                    "gid": status.st_gid,
                    "mtime": status.st_mtime_ns,
                }
        except ActError as error:
            if error.reason == "missing":
                return None
            raise

    def content(self, path: str) -> Iterator[bytes]:
        with self._opened(path) as (_folder, _name, file):
            yield from _parts(file)

    def meta(self, path: str) -> dict[str, Any]:
        with self._opened(path) as (_folder, _name, file):
            status = os.fstat(file)
            return {
                "mode": stat.S_IMODE(status.st_mode),
                "uid": status.st_uid,
                "gid": status.st_gid,
                "atime": status.st_atime_ns,
                "mtime": status.st_mtime_ns,
                "xattrs": _xattrs(file),
            }

    def streams(self, path: str) -> Mapping[str, bytes]:  # noqa: ARG002
        return {}

    def remove(self, path: str, expected: str) -> None:
        with self._opened(path) as (folder, name, file):
            if _sha256(file) != expected or not _is_same(folder, name, file):
                raise ActError("changed", path)
            os.unlink(name, dir_fd=folder)
            os.fsync(folder)

    def put(
        self,
        path: str,
        content: Iterable[bytes],
        meta: Mapping[str, Any],
        streams: Mapping[str, bytes],  # noqa: ARG002
        *,
        instead_of: str = "",
    ) -> None:
        with self._folder_of(path) as (folder, name):
            part = _part_of(name)
            with suppress(FileNotFoundError):  # left by an earlier try that a power cut ended
                os.unlink(part, dir_fd=folder)
            try:
                _write(part, folder, content, meta)
                if instead_of:
                    with self._opened(path) as (_folder, _name, old):
                        if _sha256(old) != instead_of or not _is_same(folder, name, old):
                            raise ActError("changed", path)
                    os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
                else:
                    _name_it(part, name, folder, path)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(part, dir_fd=folder)
            os.fsync(folder)

    def tidy(self, path: str) -> None:
        with self._folder_of(path) as (folder, name), suppress(FileNotFoundError):
            os.unlink(_part_of(name), dir_fd=folder)

    def folder(self, path: str) -> State | None:
        try:
            with self._folder_of(path) as (above, name):
                status = os.stat(name, dir_fd=above, follow_symlinks=False)
                if not stat.S_ISDIR(status.st_mode):
                    raise ActError("linked" if stat.S_ISLNK(status.st_mode) else "changed", path)
                return {"is_folder": True, "mode": status.st_mode, "uid": status.st_uid, "gid": status.st_gid}
        except ActError as error:
            if error.reason == "missing":
                return None
            raise

    def remove_folder(self, path: str) -> None:
        with self._folder_of(path) as (above, name):
            os.rmdir(name, dir_fd=above)
            os.fsync(above)

    def make_folder(self, path: str, state: State) -> None:
        with self._folder_of(path) as (above, name):
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=above)
            made = os.open(name, _FOLDER, dir_fd=above)
            try:
                status = os.fstat(made)
                if (status.st_uid, status.st_gid) != (state["uid"], state["gid"]):
                    os.fchown(made, state["uid"], state["gid"])
                os.fchmod(made, stat.S_IMODE(state["mode"]))
                os.fsync(made)
            finally:
                os.close(made)
            os.fsync(above)

    @contextmanager
    def _folder_of(self, path: str) -> Iterator[tuple[int, str]]:
        """The open folder that holds a path, and the name in it."""
        holder, _, name = path.rpartition("\\" if self._is_windows else "/")
        place = self._place(f"{holder}\\") if self._is_windows else self._root / holder.lstrip("/")
        if place is None or not name or name in (".", "..") or "\0" in path:
            raise ActError("missing", path)
        try:
            folder = os.open(self._root, _FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
        except OSError as error:
            raise of(error, path) from error
        try:
            for part in place.relative_to(self._root).parts:
                if part == "..":
                    raise ActError("linked", path)
                below = os.open(part, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = below
            yield folder, name
        except OSError as error:
            raise of(error, path) from error
        finally:
            os.close(folder)

    @contextmanager
    def _opened(self, path: str) -> Iterator[tuple[int, str, int]]:
        """Folder, name, and the regular file itself."""
        with self._folder_of(path) as (folder, name):
            if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                raise ActError("linked", path)
            file = os.open(name, _READ, dir_fd=folder)
            try:
                status = os.fstat(file)
                if not stat.S_ISREG(status.st_mode):
                    raise ActError("not_a_file", path)
                if status.st_nlink > 1 and not (status.st_nlink == 2 and _has_part(folder, name, file)):
                    raise ActError("hard_links", path)
                if status.st_size > LARGEST:
                    raise ActError("too_large", path)
                yield folder, name, file
            finally:
                os.close(file)


def _part_of(name: str) -> str:
    """The name of a part file: a new file carries it until it is complete."""
    return f".quetsach-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"


def _is_same(folder: int, name: str, file: int) -> bool:
    there, opened = os.stat(name, dir_fd=folder, follow_symlinks=False), os.fstat(file)
    return (there.st_dev, there.st_ino) == (opened.st_dev, opened.st_ino)


def _has_part(folder: int, name: str, file: int) -> bool:
    """Whether the file's second name is its part name, left by a `put` that was cut off before its end."""
    try:
        return _is_same(folder, _part_of(name), file)
    except FileNotFoundError:
        return False


def _name_it(part: str, name: str, folder: int, path: str) -> None:
    """Give a finished file its name, never over an existing file."""
    try:
        os.link(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except FileExistsError as error:
        raise ActError("changed_since", path) from error
    except OSError:
        # The file system knows no second names (FAT).
        with suppress(FileNotFoundError):
            os.stat(name, dir_fd=folder, follow_symlinks=False)
            raise ActError("changed_since", path) from None
        os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)


def _write(part: str, folder: int, content: Iterable[bytes], meta: Mapping[str, Any]) -> None:
    file = os.open(part, _NEW, 0o600, dir_fd=folder)
    with os.fdopen(file, "wb", closefd=True) as out:
        for one in content:
            out.write(one)
        out.flush()
        status = os.fstat(file)
        if (status.st_uid, status.st_gid) != (meta["uid"], meta["gid"]):
            os.fchown(file, meta["uid"], meta["gid"])
        os.fchmod(file, meta["mode"])
        for name, value in meta["xattrs"].items():
            os.setxattr(file, name, bytes.fromhex(value))
        if "mtime" in meta:
            os.utime(file, ns=(meta["atime"], meta["mtime"]))
        os.fsync(file)


def _parts(file: int) -> Iterator[bytes]:
    at = 0
    while part := os.pread(file, _CHUNK, at):
        at += len(part)
        yield part


def _sha256(file: int) -> str:
    digest = hashlib.sha256()
    for part in _parts(file):
        digest.update(part)
    return digest.hexdigest()


def _xattrs(file: int) -> dict[str, str]:
    try:
        return {name: os.getxattr(file, name).hex() for name in os.listxattr(file)}
    except (OSError, AttributeError):
        return {}  # the file system or the system has none
