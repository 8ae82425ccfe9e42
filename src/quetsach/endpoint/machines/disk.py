"""Files on a disk: of the running system, or of another machine below a folder."""

from __future__ import annotations

import errno
import os
import stat
from collections import OrderedDict
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.files import shortname
from quetsach.endpoint.machine import Entry

_PLACEHOLDER = 0x1000 | 0x40000 | 0x400000
"""FILE_ATTRIBUTE_OFFLINE, _RECALL_ON_OPEN, _RECALL_ON_DATA_ACCESS: opening would fetch the content."""
_MOST_ENTRIES = 200_000
_MOST_MEANT = 64
"""Paths that one path with short names in it may mean, at most."""
_REMEMBERED = 512
_MOST_LINKS = 40


_LONGEST_PATH = 4096
"""Bytes of a path, with its end, that Linux takes in one call; file systems may have longer paths."""
_LONGEST_NAME = 1024
"""Bytes of a name in a folder: no file system has longer names."""
_TOO_LONG = 206
"""Windows' number for ENAMETOOLONG."""
_BACKSLASH = "\uf05c"
"""Stands for a backslash within a name on a Windows disk, as in Samba, Cygwin and WSL."""
_NOT_CONNECTED = {21, 53, 67}
"""Windows: the drive, the other machine or its share is not there now."""
UNKNOWN_TO_WINDOWS = 1005
"""ERROR_UNRECOGNIZED_VOLUME: nothing that Windows can read, such as a partition of Linux."""
_LOCKED_VOLUME = 0x80310000
"""FVE_E_LOCKED_VOLUME of winerror.h: BitLocker keeps the drive closed."""


def reason_of(error: OSError) -> str:
    """The reason of `Unavailable` for an error of the operating system."""
    number = getattr(error, "winerror", None)
    if number in _NOT_CONNECTED:
        return "missing"
    if number is not None and number & 0xFFFFFFFF == _LOCKED_VOLUME:
        return "locked"
    if error.errno == errno.EINVAL and os.name == "nt":
        return "missing"  # Windows answers so to most names that it does not understand
    if error.errno == errno.ENAMETOOLONG:
        # Settings may hold names that no file system allows: no such file exists. A long path may still
        # exist.
        path = os.fsencode(error.filename or b"")
        is_name = len(path) < _LONGEST_PATH or max(map(len, path.split(b"/"))) > _LONGEST_NAME
        return "missing" if is_name else "too_long"
    if number == _TOO_LONG:
        return "too_long"
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


def _list(place: Path, shown: str) -> list[tuple[str, os.stat_result | None]]:
    """The names in a folder with their stat results; None where the system shows only the name."""
    found: list[tuple[str, os.stat_result | None]] = []
    with os.scandir(place) as entries:
        for one in entries:
            if len(found) >= _MOST_ENTRIES:
                raise Unavailable("too_large", shown)
            try:
                found.append((one.name, one.stat(follow_symlinks=False)))
            except OSError:
                # Even "no such file": a mount that cannot show a name correctly lists files that cannot be
                # opened.
                found.append((one.name, None))
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
    """The common part of all disks: `_place` maps a path of the machine to its place here."""

    separator = "\\"

    def _place(self, path: str) -> Path | None:
        raise NotImplementedError

    def _shown(self, name: str) -> str:
        """The machine's own spelling of a name in a folder here."""
        return name

    def place(self, path: str) -> Path | None:
        """The place of a machine's path on this system; None where there is none, or it is unknown."""
        try:
            return self._place(path)
        except Unavailable:
            return None

    def _folder_at(self, path: str) -> Path | None:
        return self._place(path)

    def entries(self, folder: str) -> list[Entry]:
        place = self._folder_at(folder)
        if place is None:
            return []
        try:
            found = _list(place, folder)
        except OSError as error:
            if reason_of(error) == "missing":
                return []
            raise Unavailable(reason_of(error), folder) from error
        stem = folder.rstrip(self.separator) + self.separator
        return [
            # An entry of which only the name is known counts as a file: opening it gives the reason.
            Entry(stem + name, name, is_folder=False) if told is None else _entry(stem + name, name, told)
            for name, told in sorted(((self._shown(name), told) for name, told in found), key=itemgetter(0))
            if told is None or stat.S_IFMT(told.st_mode) in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
        ]

    def entry(self, path: str) -> Entry | None:
        place = self._place(path)
        if place is None:
            return None
        try:
            status = place.lstat()
        except ValueError:
            return None
        except OSError as error:
            if reason_of(error) == "missing":
                return None
            raise Unavailable(reason_of(error), path) from error
        return _entry(path, path.rpartition(self.separator)[2], status)

    def follow(self, path: str) -> str:
        there = self.entry(path)
        if there is None:
            raise Unavailable("missing", path)
        if there.is_link:
            raise Unavailable("elsewhere", path)
        return path

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
                # No more memory than the file needs; a file that grows meanwhile is still read up to `most`.
                data = file.read(min(os.fstat(file.fileno()).st_size, most) + 1)
                if len(data) <= most:
                    data += file.read(most + 1 - len(data))
            except OSError as error:
                raise Unavailable(reason_of(error), path) from error
        if len(data) > most:
            raise Unavailable("too_large", path)
        return data


class OwnWindowsFiles(DiskFiles):
    """The disks of the Windows that this runs on. `mounted` are the folders in which drives are mounted."""

    def __init__(self) -> None:
        self.mounted: frozenset[str] = frozenset()

    def _place(self, path: str) -> Path | None:
        return None if "\0" in path or windowspath.is_elsewhere(path) else Path(path)

    def follow(self, path: str) -> str:
        if path.rstrip("\\").casefold() in self.mounted:
            return path
        there = self.entry(path)
        if there is None or not there.is_link:
            return super().follow(path)
        try:
            found = os.path.realpath(path, strict=True)
        except OSError as error:
            raise Unavailable(reason_of(error), path) from error
        if found.startswith("\\\\"):
            raise Unavailable("elsewhere", path)  # a path of another machine, or of no file system
        return super().follow(found)


class WindowsTree(DiskFiles):
    """A Windows disk at a folder: `root/Windows`, or `root/C:/Windows`; names are found in any case.

    Links are not followed: on a mounted disk a link may point anywhere.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: OrderedDict[Path, dict[str, tuple[str, ...]]] = OrderedDict()
        self._drives = {
            entry.name[0].casefold(): entry
            for entry in root.iterdir()
            if len(entry.name) == 2 and entry.name[1] == ":" and entry.is_dir() and not entry.is_symlink()
        }
        self._drives.setdefault("c", root)

    @property
    def roots(self) -> list[str]:
        """The roots of the drives in this tree, C: first."""
        return [f"{letter.upper()}:\\" for letter in sorted(self._drives)]

    def _place(self, path: str) -> Path | None:
        place = self._drives.get(path[:1].casefold()) if path[1:2] == ":" else None
        if place is None or "\0" in path:
            return None
        places = [place]
        for part in path[2:].replace("/", "\\").split("\\"):
            if part in ("", "."):
                continue
            if part == "..":
                return None
            places = [one / name for one in places for name in self._names_of(one, part)]
            if len(places) > _MOST_MEANT:
                raise Unavailable("unplaced", path)
        if len(places) > 1:
            raise Unavailable("unplaced", path)
        return places[0] if places else None

    def _names_of(self, folder: Path, part: str) -> list[str]:
        """The folder's names that a part of a path may mean: several where it is a short name."""
        name = self._name(folder, part)
        if name is not None:
            return [name]
        short = shortname.pattern(part)
        if short is None:
            return []
        return [one for names in self._folder(folder).values() for one in names if short(self._shown(one))]

    def _name(self, folder: Path, part: str) -> str | None:
        """The folder's spelling of a name. An exact match comes first: where a disk has both `a.exe` and
        `A.EXE`, each is its own file."""
        known = self._folder(folder).get(part.casefold(), ())
        spelled = [name for name in known if self._shown(name) == part] or known
        if len(spelled) > 1:
            raise Unavailable("failed", str(folder / part))
        return spelled[0] if spelled else None

    def _shown(self, name: str) -> str:
        return name.replace("\\", _BACKSLASH)

    def _folder_at(self, path: str) -> Path | None:
        place = self._place(path)
        if place is not None:
            self._refuse_link(place)
        return place

    def _refuse_link(self, place: Path) -> None:
        if place not in self._drives.values() and place.is_symlink():
            raise Unavailable("elsewhere", str(place))

    def _folder(self, place: Path) -> dict[str, tuple[str, ...]]:
        known = self._names.get(place)
        if known is not None:
            self._names.move_to_end(place)
            return known
        names: dict[str, tuple[str, ...]] = {}
        try:
            self._refuse_link(place)
            for name, _stat in _list(place, str(place)):
                key = self._shown(name).casefold()
                names[key] = (*names.get(key, ()), name)
        except OSError as error:
            if reason_of(error) != "missing":
                raise Unavailable(reason_of(error), str(place)) from error
        self._names[place] = names
        if len(self._names) > _REMEMBERED:
            self._names.popitem(last=False)
        return names


class UnixFiles(DiskFiles):
    """A Unix tree; links are followed as that system would follow them, so no link leads out of the tree.

    Args:
        is_own: the tree is all that a running system sees, so a link's missing target does not exist. On a
        disk
            that is off, the target may lie on another disk, or in memory that is gone.
    """

    separator = "/"

    def __init__(self, root: Path, *, is_own: bool = False) -> None:
        self._root = root
        self._is_own = is_own
        # Remembered, as most paths lie in the same folder as the path before.
        self._folder = lru_cache(_REMEMBERED)(self._followed)

    def _place(self, path: str) -> Path | None:
        folder, _slash, name = path.rstrip("/").rpartition("/")
        if name in ("", ".", ".."):
            return self._folder(path)
        place = self._folder(folder)
        return None if place is None or "\0" in name else place / name

    def _folder_at(self, path: str) -> Path | None:
        return self._folder(path)

    def _followed(self, path: str) -> Path | None:
        """The end of a path after every link, also the last, is followed; None where it does not exist.

        Raises:
            Unavailable: `elsewhere` where a link's target is not on this disk; or the system's reason.
        """
        waiting = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        # While at least `behind` parts wait, the current part belongs to a link's target.
        place, links, behind = self._root, 0, -1
        while waiting:
            part = waiting.pop()
            is_linked = behind >= 0 and len(waiting) >= behind
            behind = behind if is_linked else -1
            if "\0" in part:
                return None
            if part == "..":
                place = place if place == self._root else place.parent
                continue
            place = place / part
            try:
                target = str(place.readlink()) if stat.S_ISLNK(place.lstat().st_mode) else ""
            except ValueError:
                return None  # no Unix disk can hold this name
            except OSError as error:
                if reason_of(error) != "missing":
                    raise Unavailable(reason_of(error), path) from error
                aim = place.joinpath(*reversed(waiting[behind:])) if is_linked else place
                if is_linked and not self._is_own and aim != self._root / "dev/null":
                    raise Unavailable("elsewhere", path) from error
                return None
            if not target:
                continue
            links += 1
            if links > _MOST_LINKS:
                raise Unavailable("failed", path)
            behind = behind if is_linked else len(waiting)
            place = self._root if target.startswith("/") else place.parent
            waiting += [one for one in reversed(target.split("/")) if one not in ("", ".")]
        return place

    def open(self, path: str) -> BinaryIO:
        return super().open(self.follow(path))

    def follow(self, path: str) -> str:
        place = self._followed(path)
        # Links to /dev/null (systemd's mask, an unwanted history) stand for an empty file.
        if place is None or place == self._root / "dev/null":
            raise Unavailable("missing", path)
        return "/" + "/".join(place.relative_to(self._root).parts)
