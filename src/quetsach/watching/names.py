"""From the paths of the command line to the files that are there now."""

from __future__ import annotations

import glob
import os
import re
import stat
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from quetsach.files import opening, sidefiles
from quetsach.watching.content import Mark


class Names(NamedTuple):
    """Files with their marks, files beside them that may hold their rotated past, and paths that cannot be
    looked at, with the reason. `left_out` are paths that lie in a folder and are no logs, with the code of
    the reason (docs/contract.md 4).

    `groups` are texts of the request with the files to which each leads; `bases` has the followed file beside
    which another lies. `rotated` are those beside them that have the name of a rotated log.
    """

    files: dict[Path, Mark]
    beside: dict[Path, Mark]
    errors: dict[str, str]
    left_out: dict[str, str]
    groups: list[tuple[str, dict[Path, Mark]]]
    bases: dict[Path, Path]
    rotated: set[Path]

    @classmethod
    def none(cls) -> Names:
        """No names."""
        return cls({}, {}, {}, {}, [], {}, set())

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
_CLOCK_SECONDS = 2.0
"""The clock of a file system may be coarse: what was written later may bear the same time."""
_LISTED_SECONDS = 5.0
"""Some file systems (FAT) do not note when a folder is written."""
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
LEFT_OUT = {
    "folder": "is a link to a folder, which is not followed; name that folder, too",
    "special": opening.SPECIAL,
}
"""The reasons in words, by their code."""
_UNLISTED = "cannot be listed: {why}; nothing in it is seen that nobody named"
_NO_FILE = "is no file that can be followed; name a log, a folder or a pattern"
_DANGLING = "is a link to a file that is not there"


class _Listing(NamedTuple):
    """What a folder held when it was written at `mtime_ns`: the names of all entries, the paths of those
    that may be followed, and links to folders outside. Until `until`, by the monotonic clock, it counts while
    that time is the same."""

    mtime_ns: int
    until: float
    names: list[str]
    paths: list[str]
    links: list[str]


class _Past(NamedTuple):
    """The files of a listing that may hold the past of logs with these names: path, name of the log, and
    whether it has the name of a rotated one."""

    listing: _Listing
    names: set[str]
    files: list[tuple[Path, str, bool]]


class Paths:
    """Files, folders and patterns such as `/var/log/dns/*.log`; `own` are never followed."""

    def __init__(self, follow: Iterable[str], own: Iterable[Path]) -> None:
        self._follow = list(follow)
        self._own = [os.path.realpath(path) for path in own]
        self._exact: set[str] = set()
        """Texts that look like patterns and were there by that very name."""
        self._judged: dict[str, bool] = {}
        self._paths: dict[str, Path] = {}
        """A path is made once: that, and its hash, take longer than to ask for the file's size."""
        self._listings: dict[str, _Listing] = {}
        self._past: dict[Path, _Past] = {}
        self._unlisted: dict[str, tuple[float, dict[str, str]]] = {}
        """By pattern its folders that cannot be listed, and until when that counts."""
        self._followed: list[Path] = []
        self._bases: dict[Path, dict[str, Path]] = {}
        """The files that were followed last, by folder and name."""

    def now(self) -> Names:
        """What is there now."""
        found = Names.none()
        for text in self._follow:
            is_pattern = self._is_pattern(text)
            one = Names.none()
            for name in _matching(text) if is_pattern else [text]:
                self._add(name, one, is_named=not is_pattern)
            if is_pattern:
                one.errors.update(self._unlisted_of(text))
            why = _NO_MATCH if is_pattern else self._nothing(text)
            if not one.files and not one.errors and why:
                one.errors[text] = why
            found.groups.append((text, one.files))
            found.files.update(one.files)
            found.errors.update(one.errors)
            found.left_out.update(one.left_out)
        self._add_past_of(found)
        _drop_parts(found)
        if len(self._paths) > 2 * len(found.files) + _FORGOTTEN:
            # Names that are gone.
            for known in (self._paths, self._listings, self._past):
                known.clear()
        return found

    def _is_pattern(self, text: str) -> bool:
        """Whether a text stands for names that it does not spell. A log such as `dns[1].log` has its own
        name, also while it is renamed."""
        if text not in self._exact and glob.has_magic(text) and os.path.lexists(text):
            self._exact.add(text)
        return glob.has_magic(text) and text not in self._exact

    def _add(self, name: str, found: Names, *, is_named: bool = False) -> None:
        """Add what a path leads to; `is_named`: the request spells it."""
        path = self._path(name)
        try:
            about = os.stat(name)  # noqa: PTH116
            if stat.S_ISDIR(about.st_mode):
                listing = self._listing(name, about.st_mtime_ns)
                found.left_out.update(dict.fromkeys(listing.links, "folder"))
                for one in listing.paths:
                    self._add(one, found)
            elif not stat.S_ISREG(about.st_mode):
                if is_named:
                    found.errors[name] = opening.SPECIAL
                else:
                    found.left_out[name] = "special"
            elif not self._is_own(name):
                found.files[path] = Mark.of(about)
        except FileNotFoundError:
            # Else it was renamed between two looks.
            if os.path.islink(name):  # noqa: PTH114
                found.errors[name] = _DANGLING
        except OSError as error:
            found.errors[name] = error.strerror or str(error)

    def _listing(self, folder: str, mtime_ns: int) -> _Listing:
        """What a folder holds. Raises OSError."""
        known, now = self._listings.get(folder), time.monotonic()
        if known is not None and known.mtime_ns == mtime_ns and now < known.until:
            return known
        is_sure = time.time() - mtime_ns / 1e9 > _CLOCK_SECONDS
        with os.scandir(folder) as entries:
            found = list(entries)
        # A link to a folder can lead anywhere, and in a circle.
        links = {one.path for one in found if one.is_symlink() and _is_folder(one)}
        paths = sorted(one.path for one in found if one.path not in links)
        names = [one.name for one in found]
        outside = sorted(filter(self._is_outside, links))
        until = now + _LISTED_SECONDS * is_sure
        new = self._listings[folder] = _Listing(mtime_ns, until, names, paths, outside)
        return new

    def _is_outside(self, link: str) -> bool:
        """Whether a link leads out of all that is followed."""
        target = os.path.realpath(link)
        tops = map(os.path.realpath, self._follow)
        return not any(target == top or target.startswith(top + os.sep) for top in tops)

    def _unlisted_of(self, pattern: str) -> dict[str, str]:
        """The folders of a pattern that cannot be listed, with the reason: its files there are not seen."""
        until, known = self._unlisted.get(pattern, (0.0, {}))
        if time.monotonic() >= until:
            known = dict(_unlisted(pattern))
            self._unlisted[pattern] = time.monotonic() + _LISTED_SECONDS, known
        return known

    def _path(self, name: str) -> Path:
        known = self._paths.get(name)
        if known is None:
            known = self._paths[name] = Path(name)
        return known

    def _nothing(self, path: str) -> str:
        """Why nothing is followed at a path; "" where it came back meanwhile."""
        if not os.path.lexists(path):
            return _MISSING
        # Both are False where a link leads into a folder without rights.
        if os.path.isdir(path):  # noqa: PTH112
            return _EMPTY_FOLDER
        return "" if os.path.isfile(path) and not self._is_own(path) else _NO_FILE  # noqa: PTH113

    def _add_past_of(self, found: Names) -> None:
        """Add files whose name begins as that of a followed file: `dns.log.1` beside `dns.log`."""
        # A file that was renamed may not have a new one in its place yet.
        missing = [Path(text) for text, why in found.errors.items() if why == _MISSING]
        followed = [*found.files, *missing]
        if followed != self._followed:
            self._followed, self._bases = followed, {}
            for path in followed:
                self._bases.setdefault(path.parent, {})[path.name] = path
        beside: dict[Path, Mark] = {}
        for folder, names in self._bases.items():
            with self._told(found, folder):
                listing = self._listing(str(folder), folder.stat().st_mtime_ns)
                known = self._past.get(folder)
                if known is None or known.listing is not listing or known.names != names.keys():
                    known = self._past[folder] = _past_in(folder, listing, names)
                for path, base, is_rotated in known.files:
                    self._add_past(path, found, beside)
                    found.bases.setdefault(path, names[base])
                    if is_rotated:
                        found.rotated.add(path)
        found.beside.update(sorted(beside.items()))

    @contextmanager
    def _told(self, found: Names, folder: Path) -> Iterator[None]:
        """Tell why a folder beside followed files cannot be listed; one that is gone is no problem."""
        try:
            yield
        except OSError as error:
            if _is_told(error):
                found.errors.setdefault(str(folder), _why(error))

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


def _drop_parts(found: Names) -> None:
    """Leave out what belongs to a database that is followed."""
    groups = [files for _text, files in found.groups]
    for files in (*groups, found.files, found.beside):
        for path in [path for path in files if path.name.endswith(sidefiles.ENDINGS)]:
            if sidefiles.database_of(path) in {*found.files, *found.beside}:
                del files[path]
                found.left_out[str(path)] = "database"


def _past_in(folder: Path, listing: _Listing, names: Collection[str]) -> _Past:
    """The files of a folder that may hold the past of the logs with these names."""
    stems = {os.path.splitext(name) for name in names}  # noqa: PTH122
    files: list[tuple[Path, str, bool]] = []
    for name in listing.names:
        ends = [at for at, letter in enumerate(name) if letter in ".-"]
        before = [at for at in ends if name[:at] in names]
        within = _within(name, ends, stems) if name not in names else ""
        if before or within:
            is_rotated = bool(within) or any(_ROTATED.fullmatch(name, at) for at in before)
            files.append((folder / name, within or name[: before[-1]], is_rotated))
    return _Past(listing, set(names), files)


def _within(name: str, ends: Iterable[int], stems: Collection[tuple[str, str]]) -> str:
    """The log whose rotated one has its number or day before the ending; "" where there is none."""
    plain = _PACKED.sub("", name)
    stem, ending = os.path.splitext(plain)  # noqa: PTH122
    for at in ends:
        if ending and (stem[:at], ending) in stems and _WITHIN.fullmatch(stem, at):
            return stem[:at] + ending
    return ""


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link that leads to itself: looking at it reports the error.
        return False


def _unlisted(pattern: str) -> Iterator[tuple[str, str]]:
    """The folders that a pattern asks for and nobody may list."""
    parts = Path(pattern).parts
    for number, part in enumerate(parts):
        if not glob.has_magic(part):
            continue
        above = os.path.join(*parts[:number]) if number else os.curdir  # noqa: PTH118
        folders = _matching(above) if glob.has_magic(above) else [above]
        for folder in folders:
            if part == "**":
                failed: list[OSError] = []
                for _found in os.walk(folder, onerror=failed.append):
                    pass
                yield from ((str(one.filename), _why(one)) for one in failed if _is_told(one))
            elif os.path.isdir(folder):  # noqa: PTH112
                try:
                    os.scandir(folder).close()
                except OSError as error:
                    if _is_told(error):
                        yield folder, _why(error)


def _is_told(error: OSError) -> bool:
    return not isinstance(error, FileNotFoundError | NotADirectoryError)


def _why(error: OSError) -> str:
    return _UNLISTED.format(why=error.strerror or str(error))


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
