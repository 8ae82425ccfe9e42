"""From the paths of the command line to the files that are there now."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from quetsach.watching.content import Mark


class Names(NamedTuple):
    """Files with their marks, files beside them that may hold their rotated past, and paths that cannot be
    looked at, with the reason.

    `groups` are texts of the request with the files to which each leads; `bases` has the followed file beside
    which another lies. `rotated` are those beside them that have the name of a rotated log.
    """

    files: dict[Path, Mark]
    beside: dict[Path, Mark]
    errors: dict[str, str]
    groups: list[tuple[str, dict[Path, Mark]]]
    bases: dict[Path, Path]
    rotated: set[Path]

    @classmethod
    def none(cls) -> Names:
        """No names."""
        return cls({}, {}, {}, [], {}, set())

    def text(self, path: Path) -> str:
        """The text of the request that leads to a file or to the file beside which it lies."""
        base = self.bases.get(path, path)
        return next((text for text, files in self.groups if base in files), str(base))


_ROTATED = re.compile(r"[.-](\d[\d_T-]*(\.\d+)?|old)(\.(gz|bz2|xz|zst|lz4|zip))?", re.ASCII)
"""What follows the name of a log in that of a rotated one: `.1`, `-20260921.gz`, `.2026-09-21.0`."""
_WITHIN = re.compile(r"\.\d{1,3}|[.-]\d[\d_T-]{5,}(\.\d+)?", re.ASCII)
"""What stands before the ending: `dns.1.log`, `dns-20260921.log`. `dns-2.log` may be another server's."""
_PACKED = re.compile(r"\.(gz|bz2|xz|zst|lz4|zip)$")
_FORGOTTEN = 1_000
_DATE = re.compile(r"(19|20)\d\d(?P<between>[-_.]?)\d\d(?P=between)\d\d", re.ASCII)


def series(path: str) -> str:
    """What a log has in common with its rotated ones: the path of the log itself, if it is there, and the
    name without a date. Of a series only the latest grows."""
    name = os.path.basename(path)  # noqa: PTH119
    for at, letter in enumerate(name):
        base = path[: len(path) - len(name) + at]
        if letter in ".-" and _ROTATED.fullmatch(name, at) and os.path.isfile(base):  # noqa: PTH113
            return base
    stem, ending = os.path.splitext(_PACKED.sub("", name))  # noqa: PTH122
    for at, letter in enumerate(stem):
        base = path.removesuffix(name) + stem[:at] + ending
        if ending and letter in ".-" and _WITHIN.fullmatch(stem, at) and os.path.isfile(base):  # noqa: PTH113
            return base
    return path.removesuffix(name) + _DATE.sub("DATE", name)


_MISSING = "no such file or folder"
_NO_MATCH = "no file has such a name now; check the pattern"
_EMPTY_FOLDER = "the folder holds no file"
_NO_FILE = "is no file that can be followed; name a log, a folder or a pattern"


class Paths:
    """Files, folders and patterns such as `/var/log/dns/*.log`; `own` are never followed."""

    def __init__(self, follow: Iterable[str], own: Iterable[Path]) -> None:
        self._follow = list(follow)
        self._own = [os.path.realpath(path) for path in own]
        self._judged: dict[str, bool] = {}
        self._paths: dict[str, Path] = {}
        """A path is made once: that, and its hash, take longer than to ask for the file's size."""

    def now(self) -> Names:
        """What is there now."""
        found = Names.none()
        for text in self._follow:
            is_pattern = glob.has_magic(text) and not os.path.lexists(text)
            one = Names.none()
            for name in _matching(text) if is_pattern else [text]:
                self._add(name, one)
            why = _NO_MATCH if is_pattern else self._nothing(text)
            if not one.files and not one.errors and why:
                one.errors[text] = why
            found.groups.append((text, one.files))
            found.files.update(one.files)
            found.errors.update(one.errors)
        self._add_past_of(found)
        if len(self._paths) > 2 * len(found.files) + _FORGOTTEN:
            # Names that are gone.
            self._paths.clear()
        return found

    def _add(self, name: str, found: Names) -> None:
        path = self._path(name)
        try:
            about = path.stat()
            if stat.S_ISDIR(about.st_mode):
                with os.scandir(name) as entries:
                    # A link to a folder can lead anywhere, and in a circle.
                    inner = sorted(one.path for one in entries if not (one.is_symlink() and one.is_dir()))
                for one in inner:
                    self._add(one, found)
            elif stat.S_ISREG(about.st_mode) and not self._is_own(name):
                found.files[path] = Mark.of(about)
        except FileNotFoundError:
            # It was renamed between two looks, or is a dangling link.
            return
        except OSError as error:
            found.errors[name] = error.strerror or str(error)

    def _path(self, name: str) -> Path:
        known = self._paths.get(name)
        if known is None:
            known = self._paths[name] = Path(name)
        return known

    def _nothing(self, path: str) -> str:
        """Why nothing is followed at a path; "" where it came back meanwhile."""
        if not os.path.lexists(path):
            return _MISSING
        if Path(path).is_dir():
            return _EMPTY_FOLDER
        return "" if Path(path).is_file() and not self._is_own(path) else _NO_FILE

    def _add_past_of(self, found: Names) -> None:
        """Add files whose name begins as that of a followed file: `dns.log.1` beside `dns.log`."""
        bases: dict[Path, dict[str, Path]] = {}
        # A file that was renamed may not have a new one in its place yet.
        missing = [Path(text) for text, why in found.errors.items() if why == _MISSING]
        for path in [*found.files, *missing]:
            bases.setdefault(path.parent, {})[path.name] = path
        beside: dict[Path, Mark] = {}
        for folder, names in bases.items():
            stems: set[tuple[str, str]] = set()
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    ends = [at for at, letter in enumerate(entry.name) if letter in ".-"]
                    before = [at for at in ends if entry.name[:at] in names]
                    within = ""
                    if entry.name not in names:
                        stems = stems or {os.path.splitext(name) for name in names}  # noqa: PTH122
                        within = _within(entry.name, ends, stems)
                    if not before and not within:
                        continue
                    path = Path(folder, entry.name)
                    self._add_past(path, found, beside)
                    found.bases.setdefault(path, names[within or entry.name[: before[-1]]])
                    if within or any(_ROTATED.fullmatch(entry.name, at) for at in before):
                        found.rotated.add(path)
        found.beside.update(sorted(beside.items()))

    def _add_past(self, path: Path, found: Names, beside: dict[Path, Mark]) -> None:
        if path in found.files or self._is_own(str(path)):
            return
        with suppress(OSError):
            about = path.stat()
            if stat.S_ISREG(about.st_mode):
                beside[path] = Mark.of(about)

    def _is_own(self, name: str) -> bool:
        if name not in self._judged:
            real = os.path.realpath(name)
            self._judged[name] = any(real == own or real.startswith(own + os.sep) for own in self._own)
        return self._judged[name]


def _within(name: str, ends: Iterable[int], stems: Collection[tuple[str, str]]) -> str:
    """The log whose rotated one has its number or day before the ending; "" where there is none."""
    plain = _PACKED.sub("", name)
    stem, ending = os.path.splitext(plain)  # noqa: PTH122
    for at in ends:
        if ending and (stem[:at], ending) in stems and _WITHIN.fullmatch(stem, at):
            return stem[:at] + ending
    return ""


def _matching(pattern: str) -> list[str]:
    # Path.glob takes no absolute pattern.
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207


def unique(files: Iterable[tuple[Path, Mark]]) -> Iterator[tuple[Path, Mark]]:
    """Each file once, whatever links lead to it."""
    seen: set[tuple[int, int]] = set()
    for path, mark in files:
        key = (mark.device, mark.inode)
        if key == (0, 0) or key not in seen:
            seen.add(key)
            yield path, mark
