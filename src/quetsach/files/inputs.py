"""From the paths of the command line to the logs to read: each content once, nothing left out silently."""

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from quetsach.errors import SourceError
from quetsach.files import openers, opening, sidefiles
from quetsach.files.decompress import codec_of
from quetsach.files.source import HEAD_BYTES, Source, is_address, is_capture

if TYPE_CHECKING:
    from quetsach.files.objectstore import StoredObject

STDIN = Path("-")
_PATTERN = re.compile(r"[*?]")


class Input(NamedTuple):
    """One file to read. `size` is in bytes as stored, 0 where unknown. `source` is None where it cannot be
    known before reading (standard input, pipes, containers), and for a lone log: `identity` computes its id.

    Where `is_container` the openers are asked for the logs inside; else an engine reads the file itself.
    `part` then names the members to read. `stored` is set for an object in storage; `path` then says nothing.
    `is_other`: another log has the same source id and is no copy of it.
    """

    path: Path
    size: int
    source: str | None
    is_container: bool = False
    part: openers.Part = openers.WHOLE
    stored: "StoredObject | None" = None
    is_other: bool = False

    @property
    def shown(self) -> str:
        """Path or address."""
        return str(self.path) if self.stored is None else self.stored.address


class Skipped(NamedTuple):
    """A file that is not read, and why: `duplicate` (of `same_as`), `result` of an earlier scan, `own`
    (a list or an output file of this very scan), `database` (a part of `same_as`, a database), `folder` (a
    link to a folder outside, not followed), `special` (a pipe, a socket or a device in a folder: to read it
    may take for ever), or `lease` (a file of a DHCP server, read only to learn which machine had an
    address)."""

    path: Path | str
    why: str
    same_as: Path | str | None = None


class Inputs:
    """The logs to read, the files to skip, and the errors: path and reason of what could not be opened."""

    def __init__(self) -> None:
        self.logs: list[Input] = []
        self.skipped: list[Skipped] = []
        self.errors: list[tuple[Path | str, str]] = []


def expanded(paths: Sequence[str], *, is_windows: bool = sys.platform == "win32") -> tuple[str, ...]:
    """Paths with the files that `*` and `?` stand for: on Windows no shell puts them in.

    No name there holds either of them; brackets stay, because names of downloads hold them. A pattern without
    a file stays as it is, to be told.
    """
    if not is_windows:
        return tuple(paths)
    found: list[str] = []
    for text in paths:
        if is_address(text) or not _PATTERN.search(text):
            found.append(text)
            continue
        import glob

        names = sorted(glob.glob(text.replace("[", "[[]"), include_hidden=True))  # noqa: PTH207
        found += names or [text]
    return tuple(found)


def real(path: Path | str) -> Path:
    """The path behind all links, or the path itself where the system cannot tell, as on a share of Windows.

    It accepts links in a circle, unlike Path.resolve.
    """
    try:
        return Path(os.path.realpath(path))
    except OSError:
        return Path(os.path.abspath(path))  # noqa: PTH100


def discover(paths: Sequence[str], own: Iterable[Path] = ()) -> Inputs:
    """Expand files, folders, addresses of object storage and `-`; of equal source ids keep the longest.

    Copies of one log all stay where some are compressed: their length shows only when they are read, and
    `scanning.work.run` keeps the longest. `own` are files that take part in the scan and are no logs.
    """
    found = Inputs()
    seen: set[Path] = set()
    not_logs = {real(path) for path in own}
    by_source: dict[str, list[tuple[Input, bool]]] = {}
    lone: list[tuple[Input, bytes, bool]] = []
    found.logs.extend(
        dict.fromkeys(log for text in paths if is_address(text) for log in _stored(text, found))
    )
    walked = list(_walk([text for text in paths if not is_address(text)], found))
    databases = _databases(walked)
    for path in walked:
        resolved = real(path)
        if resolved in seen:
            continue
        seen.add(resolved)
        if path != STDIN and resolved in not_logs:
            found.skipped.append(Skipped(path, "own"))
            continue
        if path in databases:
            found.skipped.append(Skipped(path, "database", databases[path]))
            continue
        if path == STDIN or not path.is_file():
            found.logs.append(Input(path, 0, None, is_container=path == STDIN or path.exists()))
            continue
        try:
            about = path.stat()
            size = about.st_size
            kind, is_packed = _kind(path)
            head = _head(path) if kind is None else b""
        except OSError:
            # The engine reports the reason, with advice.
            found.logs.append(Input(path, 0, None))
            continue
        if kind is not None and not kind.module:
            found.errors.append((path, kind.problem))
            continue
        if kind is not None:
            found.logs.extend(_parted(path, size, kind))
            continue
        if kind is None and not is_packed and openers.is_sparse(about):
            found.logs.append(Input(path, about.st_blocks * 512, None, is_container=True))
            continue
        if not head:
            found.logs.append(Input(path, size, None))
            continue
        if openers.is_result(head):
            found.skipped.append(Skipped(path, "result"))
            continue
        lone.append((Input(path, size, None), head, is_packed))
        if by_source or len(lone) > 1:
            _compare(lone, by_source)
    found.logs.extend(log for log, _head, _is_packed in lone)
    for copies in by_source.values():
        _keep_longest(copies, found)
    return found


def _databases(paths: list[Path]) -> dict[Path, Path]:
    """The parts of databases among these paths, each with its database, which is among them, too."""
    parts = [path for path in paths if path.name.endswith(sidefiles.ENDINGS)]
    told = set(paths) if parts else set()
    found = ((path, sidefiles.database_of(path)) for path in parts)
    return {path: database for path, database in found if database is not None and database in told}


def _compare(lone: list[tuple[Input, bytes, bool]], by_source: dict[str, list[tuple[Input, bool]]]) -> None:
    # To import hashlib takes as long as 3 MB of a log.
    import hashlib

    for log, head, is_packed in lone:
        source = hashlib.sha256(head).hexdigest()
        by_source.setdefault(source, []).append((log._replace(source=source), is_packed))
    lone.clear()


def identity(log: Input) -> str | None:
    """The source id of a log; None where it cannot be known before reading."""
    if log.source is not None or log.is_container or log.path == STDIN or not log.size:
        return log.source
    import hashlib

    head = _head(log.path)
    return hashlib.sha256(head).hexdigest() if head else None


def _parted(path: Path, size: int, kind: openers.Kind) -> Iterator[Input]:
    parts = openers.parts(path, kind)
    for member, part_size in parts.items():
        yield Input(path, part_size, None, is_container=True, part=openers.Part(only=member))
    rest = size - sum(parts.values())
    yield Input(path, rest, None, is_container=True, part=openers.Part(without=frozenset(parts)))


def _stored(address: str, found: Inputs) -> Iterator[Input]:
    from quetsach.files.objectstore import listing

    is_empty = True
    try:
        for stored in listing(address):
            is_empty = False
            yield Input(Path(), stored.size, None, is_container=True, stored=stored)
    except SourceError as error:
        found.errors.append((address, str(error)))
        return
    if is_empty:
        found.errors.append((address, "the folder holds no file"))


def _keep_longest(copies: list[tuple[Input, bool]], found: Inputs) -> None:
    kept: list[Input] = []
    plain = [log for log, is_packed in copies if not is_packed]
    for log in sorted(plain, key=lambda log: -log.size):
        end = _end(log.path, log.size)
        longer = next((one for one in kept if _end(one.path, log.size) == end), None)
        if longer is None:
            kept.append(log)
        else:
            found.skipped.append(Skipped(log.path, "duplicate", longer.path))
    found.logs.extend(log for log, is_packed in copies if is_packed)
    found.logs.extend(log._replace(is_other=len(kept) > 1) for log in kept)


def _end(path: Path, end: int) -> bytes:
    """The bytes before a place; none where they cannot be read, which the engine reports."""
    try:
        with opening.read(path) as file:
            file.seek(max(0, end - HEAD_BYTES))
            return file.read(min(end, HEAD_BYTES))
    except OSError:
        return b""


def _walk(paths: Sequence[str], found: Inputs) -> Iterator[Path]:
    tops = [real(text) for text in paths if text != "-"]
    for text in paths:
        path = Path(text)
        if text == "-" or not os.path.isdir(path):  # noqa: PTH112 False also without rights
            if text != "-" and (why := _why_not(path)):
                found.errors.append((path, why))
                continue
            yield path
            continue
        is_empty = True
        failed: list[OSError] = []
        for folder, names, files in os.walk(path, onerror=failed.append):
            names.sort()
            found.skipped.extend(_outside(tops, Path(folder), names))
            for name in sorted(files):
                file = Path(folder, name)
                if _is_regular(file):
                    is_empty = False
                    yield file
                else:
                    found.skipped.append(Skipped(file, "special"))
        found.errors.extend(
            (Path(error.filename or path), f"folder not readable: {error.strerror}") for error in failed
        )
        if is_empty and not failed:
            found.errors.append((path, "the folder holds no file"))


def _why_not(path: Path) -> str:
    """Why nothing can be looked at under a path; "" where something is there."""
    try:
        return "" if path.exists() else "no such file or folder"
    except OSError as error:
        # A folder above it may not be entered.
        return f"cannot be read: {error.strerror}; check that it may be read"


def _outside(tops: list[Path], folder: Path, names: list[str]) -> Iterator[Skipped]:
    """Links to folders outside all `tops`: not followed, as they can lead anywhere, even to /proc."""
    for link in (folder / name for name in names):
        if link.is_symlink():
            target = real(link)
            if not any(target.is_relative_to(top) for top in tops):
                yield Skipped(link, "folder", target)


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        # A dangling link or a file that vanished: reading it will report the error.
        return True


def _kind(path: Path) -> tuple[openers.Kind | None, bool]:
    with opening.read(path) as file:
        start = openers.Start(file)
        kind, is_packed = openers.kind_of(start), codec_of(start.start(10)) is not None
        if kind is None and not is_packed and not is_capture(start.start(12)):
            kind = openers.kind_by_end(file)
        return kind, is_packed


def _head(path: Path) -> bytes:
    source = Source(path, any_encoding=True)
    for _block in source.chunks():
        break
    return source.head
