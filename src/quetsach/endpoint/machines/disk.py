"""Files of a disk: the running system's own, or a tree that holds another's."""

from __future__ import annotations

import os
import stat
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Entry

_PLACEHOLDER = 0x1000 | 0x40000 | 0x400000
"""FILE_ATTRIBUTE_OFFLINE, _RECALL_ON_OPEN, _RECALL_ON_DATA_ACCESS: opening would fetch the content."""
_MOST_ENTRIES = 200_000
_REMEMBERED = 512
_MOST_LINKS = 40


def reason_of(error: OSError) -> str:
    """The reason of `Unavailable` for an error of the operating system."""
    if isinstance(error, PermissionError):
        return "no_permission"
    return "missing" if isinstance(error, FileNotFoundError | NotADirectoryError) else "failed"


def _entry(path: str, name: str, found: os.stat_result) -> Entry:
    attributes = getattr(found, "st_file_attributes", 0)
    is_reparse = bool(attributes & 0x400) and not attributes & _PLACEHOLDER
    return Entry(
        path,
        name,
        is_folder=stat.S_ISDIR(found.st_mode),
        size=found.st_size,
        modified=found.st_mtime,
        is_link=stat.S_ISLNK(found.st_mode) or is_reparse,
        is_placeholder=bool(attributes & _PLACEHOLDER),
    )


def _list(place: Path) -> list[tuple[str, os.stat_result]]:
    found: list[tuple[str, os.stat_result]] = []
    with os.scandir(place) as entries:
        for one in entries:
            if len(found) >= _MOST_ENTRIES:
                break
            try:
                found.append((one.name, one.stat(follow_symlinks=False)))
            except OSError:
                continue  # gone between listing and looking
    return found


def _open(place: Path, shown: str) -> BinaryIO:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        number = os.open(place, flags)
    except OSError as error:
        raise Unavailable(reason_of(error), shown) from error
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise Unavailable("failed", shown)
    return os.fdopen(number, "rb")


class DiskFiles:
    """Common to all disks: `_place` says where a path of the machine lies here."""

    separator = "\\"

    def _place(self, path: str) -> Path | None:
        raise NotImplementedError

    def place(self, path: str) -> Path | None:
        """Where a path of the machine lies on this system; None where it cannot be."""
        return self._place(path)

    def entries(self, folder: str) -> list[Entry]:
        place = self._place(folder)
        if place is None:
            return []
        try:
            found = _list(place)
        except OSError as error:
            if reason_of(error) == "missing":
                return []
            raise Unavailable(reason_of(error), folder) from error
        stem = folder.rstrip(self.separator) + self.separator
        return [
            _entry(stem + name, name, told)
            for name, told in sorted(found, key=lambda one: one[0])
            if stat.S_IFMT(told.st_mode) in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
        ]

    def entry(self, path: str) -> Entry | None:
        place = self._place(path)
        if place is None:
            return None
        try:
            told = place.lstat()
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError) or reason_of(error) in {"missing", "failed"}:
                return None
            raise Unavailable(reason_of(error), path) from error
        return _entry(path, path.rpartition(self.separator)[2], told)

    def open(self, path: str) -> BinaryIO:
        there = self.entry(path)
        if there is None or there.is_folder or there.is_link or there.is_placeholder:
            raise Unavailable("missing" if there is None else "failed", path)
        place = self._place(path)
        if place is None:
            raise Unavailable("missing", path)
        return _open(place, path)

    def read(self, path: str, most: int) -> bytes:
        with self.open(path) as file:
            try:
                # No more room than the file needs; one that grows meanwhile is read to `most` all the same.
                data = file.read(min(os.fstat(file.fileno()).st_size, most) + 1)
                if len(data) <= most:
                    data += file.read(most + 1 - len(data))
            except OSError as error:
                raise Unavailable(reason_of(error), path) from error
        if len(data) > most:
            raise Unavailable("too_large", path)
        return data


class OwnWindowsFiles(DiskFiles):
    """The disks of the Windows that this runs on."""

    def _place(self, path: str) -> Path | None:
        return None if "\0" in path or path.startswith("\\\\") else Path(path)


class WindowsTree(DiskFiles):
    """A Windows disk at a folder: `root/Windows`, or `root/C:/Windows`; names are found in any case.

    A link on the way counts as not there: on a mounted disk it may point anywhere.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: OrderedDict[Path, dict[str, str]] = OrderedDict()
        self._drives = {
            entry.name[0].casefold(): entry
            for entry in root.iterdir()
            if len(entry.name) == 2 and entry.name[1] == ":" and entry.is_dir() and not entry.is_symlink()
        }
        self._drives.setdefault("c", root)

    def _place(self, path: str) -> Path | None:
        place = self._drives.get(path[:1].casefold()) if path[1:2] == ":" else None
        if place is None or "\0" in path:
            return None
        for part in path[2:].replace("/", "\\").split("\\"):
            if part in ("", "."):
                continue
            name = None if part == ".." else self._folder(place).get(part.casefold())
            if name is None:
                return None
            place = place / name
        return place

    def _folder(self, place: Path) -> dict[str, str]:
        known = self._names.get(place)
        if known is not None:
            self._names.move_to_end(place)
            return known
        try:
            names = {} if place.is_symlink() else {name.casefold(): name for name, _stat in _list(place)}
        except PermissionError as error:
            raise Unavailable("no_permission", str(place)) from error
        except OSError:
            names = {}
        self._names[place] = names
        if len(self._names) > _REMEMBERED:
            self._names.popitem(last=False)
        return names


class UnixFiles(DiskFiles):
    """A Unix tree; links are resolved as that system would, so that none leads out of it."""

    separator = "/"

    def __init__(self, root: Path) -> None:
        self._root = root
        # Most paths that are asked for lie in the folder of the one before.
        self._folder = lru_cache(_REMEMBERED)(self._followed)

    def _place(self, path: str) -> Path | None:
        folder, _slash, name = path.rstrip("/").rpartition("/")
        if name in ("", ".", ".."):
            return self._folder(path)
        place = self._folder(folder)
        return None if place is None or "\0" in name else place / name

    def _followed(self, path: str) -> Path | None:
        waiting = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        place, links = self._root, 0
        while waiting:
            part = waiting.pop()
            if "\0" in part:
                return None
            if part == "..":
                place = place if place == self._root else place.parent
                continue
            place = place / part
            try:
                if not place.is_symlink():
                    continue
                target = str(place.readlink())
            except OSError:
                return None
            links += 1
            if links > _MOST_LINKS:
                return None
            place = self._root if target.startswith("/") else place.parent
            waiting += [one for one in reversed(target.split("/")) if one not in ("", ".")]
        return place

    def open(self, path: str) -> BinaryIO:
        return super().open(self.resolve(path))

    def resolve(self, path: str) -> str:
        """The path that a link leads to, within this tree."""
        for _ in range(_MOST_LINKS):
            place = self._place(path)
            try:
                if place is None or not place.is_symlink():
                    return path
                target = str(place.readlink())
            except OSError:
                return path
            path = target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"
        return path
