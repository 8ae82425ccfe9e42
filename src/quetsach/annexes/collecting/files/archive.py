"""From folders, ZIP archives and saved e-mails to single files with their names and times, within bounds."""

from __future__ import annotations

import email
import email.policy
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

from quetsach.annexes.collecting.files import container
from quetsach.annexes.collecting.folding import storable
from quetsach.annexes.collecting.paper import FileProblem
from quetsach.files import bounded_process
from quetsach.text.marks import normalize

MOST_BYTES = 30 << 20
"""Bytes of one file. An annex has some kilobytes, with a photographed signature some megabytes."""
MOST_FILES = 2_000
MOST_DEEP = 4
MOST_TOGETHER = 300 << 20
"""Bytes that one archive may unpack to, nested archives included."""
AT_ONCE = 40 << 20
"""Bytes of the files in one answer; a single file has at most MOST_BYTES."""
MOST_MAIL_PARTS = 2_000
MOST_MAIL_LEVELS = 50
_ZIP = b"PK\x03\x04"
_PASSED = {".ds_store", "thumbs.db", "desktop.ini"}
_OFFICE = ("[Content_Types].xml", "mimetype")


@dataclass(frozen=True, slots=True)
class Found:
    """One file, or the problem of reading it. `name` is its path below the folder; `inside` is the file on
    disk that holds it: itself, or the archive for a member of an archive."""

    name: str
    path: Path | None
    data: bytes = b""
    changed: datetime | None = None
    problem: FileProblem | None = None


@dataclass
class _Meter:
    """How much one archive has unpacked so far, over all its levels."""

    read: int = 0

    def add(self, count: int) -> None:
        self.read += count
        if self.read > MOST_TOGETHER:
            raise FileProblem("bomb", most=MOST_TOGETHER >> 20)


def walk(paths: Iterable[Path], *, skip: Iterable[Path] = ()) -> Iterator[Found]:
    """Every file of folders and files, also inside archives, in the order of their names. A bad file never
    stops the others. Links that lead out of a folder are not followed; hidden files and `skip` are passed
    over."""
    passed = {path.resolve() for path in skip}
    count = 0
    for root in paths:
        files = sorted(root.rglob("*")) if root.is_dir() else [root]
        for path in files:
            if path.is_dir() or path.resolve() in passed or is_passed(path.name):
                continue
            name = path.relative_to(root).as_posix() if root.is_dir() else path.name
            for found in _from_disk(normalize("NFC", name), path, is_link=path.is_symlink()):
                count += 1
                if count > MOST_FILES:
                    yield Found(found.name, path, problem=FileProblem("too_many_files", most=MOST_FILES))
                    return
                yield found


def unpacked(
    name: str, data: bytes, changed: datetime | None = None, path: Path | None = None
) -> Iterator[Found]:
    """The file, or the files in it if it is an archive or an e-mail; `path` is its place on disk."""
    if not _may_hold_others(name, data):
        yield Found(storable(name), path, data, changed)
        return
    number, is_all = 0, False
    while not is_all:
        try:
            batch = _batch(data, name, changed, number)
        except FileProblem as error:
            # A file that should be sent again is not kept: else its content would count as known.
            kept = b"" if number or error.code == "sending_later" else data
            yield Found(storable(name), path, kept, changed, error)
            return
        for one in batch.members:
            number += 1
            if number > MOST_FILES:
                yield Found(name, path, problem=FileProblem("too_many_files", most=MOST_FILES))
                return
            content = data if one.is_itself else one.data
            problem = FileProblem(one.problem, **one.facts) if one.problem else None
            if problem is not None and not problem.is_declared():
                problem = FileProblem("limits")
            yield Found(storable(one.name), path, content, one.changed, problem)
        is_all = batch.is_all or not batch.members


class _Member(NamedTuple):
    """A file from the reader's answer; `is_itself` replaces the bytes if they are the input itself."""

    name: str
    data: bytes
    is_itself: bool
    changed: datetime | None
    problem: str
    facts: dict[str, str | int]


class _Batch(NamedTuple):
    """The files of one answer, as many as fit into it."""

    members: list[_Member]
    is_all: bool


def _refused(error: bounded_process.NotReadError) -> FileProblem:
    return FileProblem("sending_later" if isinstance(error, bounded_process.SpentError) else "limits")


@bounded_process.bounded(
    seconds=20,
    raises=(FileProblem,),
    refused=_refused,
    imports=("email.message", "email.policy", "email.parser"),
)
def _batch(data: bytes, name: str, changed: datetime | None, number: int) -> _Batch:
    """The files from number `number` on, also inside nested archives."""
    found: list[_Member] = []
    left = AT_ONCE
    for at, one in enumerate(_opened(name, None, data, changed, 0, _Meter())):
        if at < number:
            continue
        is_itself = one.data is data
        left -= 0 if is_itself else len(one.data)
        if left < 0 or len(found) == MOST_FILES:
            return _Batch(found, is_all=False)
        code, facts = (one.problem.code, one.problem.facts) if one.problem else ("", {})
        found.append(_Member(one.name, b"" if is_itself else one.data, is_itself, one.changed, code, facts))
    return _Batch(found, is_all=True)


def _may_hold_others(name: str, data: bytes) -> bool:
    return data.startswith(_ZIP) or name.lower().endswith(".eml")


def is_passed(name: str) -> bool:
    """Whether it is a hidden file, a system file of a folder, or a `~$` mark of an open document."""
    return name.startswith((".", "~$", "__MACOSX")) or name.casefold() in _PASSED


def _from_disk(name: str, path: Path, *, is_link: bool) -> Iterator[Found]:
    try:
        about = path.stat()
        if is_link or not stat.S_ISREG(about.st_mode):
            yield Found(name, path, problem=FileProblem("no_file"))
        elif about.st_size > MOST_BYTES:
            yield Found(name, path, problem=FileProblem("too_large", most=MOST_BYTES >> 20))
        else:
            at = datetime.fromtimestamp(about.st_mtime, UTC)
            yield from unpacked(name, path.read_bytes(), at, path)
    except OSError as error:
        yield Found(name, path, problem=FileProblem("unreadable", why=error.strerror or str(error)))


def _opened(
    name: str, path: Path | None, data: bytes, at: datetime | None, depth: int, meter: _Meter
) -> Iterator[Found]:
    name = storable(name)
    kind = _kind(name, data)
    if not kind:
        yield Found(name, path, data, at)
    elif depth == MOST_DEEP:
        yield Found(name, path, problem=FileProblem("too_deep", most=MOST_DEEP))
    else:
        try:
            yield from (_zipped if kind == "zip" else _mailed)(name, path, data, at, depth, meter)
        except FileProblem as problem:
            yield Found(name, path, data, at, problem)


def _kind(name: str, data: bytes) -> str:
    if data.startswith(_ZIP):
        try:
            with container.opened(data) as packed:
                return "" if any(one in packed.namelist() for one in _OFFICE) else "zip"
        except FileProblem:
            return "zip" if name.lower().endswith(".zip") else ""
    return "mail" if name.lower().endswith(".eml") else ""


def _zipped(
    name: str, path: Path | None, data: bytes, _at: datetime | None, depth: int, meter: _Meter
) -> Iterator[Found]:
    with container.opened(data) as packed:
        for info in packed.infolist():
            inner = _member_name(info)
            if info.is_dir() or any(map(is_passed, inner.split("/"))):
                continue
            full = storable(f"{name}/{inner}")
            if info.flag_bits & 1:
                yield Found(full, path, problem=FileProblem("encrypted"))
            elif info.file_size > MOST_BYTES:
                yield Found(full, path, problem=FileProblem("too_large", most=MOST_BYTES >> 20))
            else:
                yield from _member(packed, info, full, path, depth, meter)


def _member(
    packed: zipfile.ZipFile, info: zipfile.ZipInfo, full: str, path: Path | None, depth: int, meter: _Meter
) -> Iterator[Found]:
    try:
        meter.add(info.file_size)
        data = b"".join(container.blocks(packed, info.filename))
    except FileProblem as problem:
        yield Found(full, path, problem=problem)
        return
    except Exception as error:
        # Wrong checksums, methods and lengths raise half a dozen types of errors.
        yield Found(full, path, problem=FileProblem("damaged", why=str(error)))
        return
    yield from _opened(full, path, data, _member_time(info), depth + 1, meter)


def _member_name(info: zipfile.ZipInfo) -> str:
    """The member's path as a name to show; no file with this name is ever written.

    Windows writes names in the code page of the machine; many programs write UTF-8 without saying so.
    """
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.filename
    parts = normalize("NFC", name.replace("\\", "/")).split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))


def _member_time(info: zipfile.ZipInfo) -> datetime | None:
    # A ZIP holds the local time of the machine that packed it: good for comparisons within one archive.
    try:
        return datetime(*info.date_time, tzinfo=UTC) if info.date_time[0] > 1980 else None
    except ValueError:
        return None


def _mailed(
    name: str, path: Path | None, data: bytes, at: datetime | None, depth: int, meter: _Meter
) -> Iterator[Found]:
    # The parser takes a second for some thousand parts, and keeps every nested part in memory.
    if data.count(b"\n--") > 2 * MOST_MAIL_PARTS or data.lower().count(b"multipart/") > MOST_MAIL_LEVELS:
        raise FileProblem("crowded_mail", most=MOST_MAIL_PARTS)
    message = email.message_from_bytes(data, policy=email.policy.default)
    try:
        sent = parsedate_to_datetime(str(message["date"]))
        at = sent.astimezone(UTC) if sent.tzinfo else sent.replace(tzinfo=UTC)
    except (TypeError, ValueError):
        pass
    count = 0
    for part in message.walk():
        if not isinstance(part, EmailMessage) or part.is_multipart():
            continue
        title = part.get_filename()
        if not title or is_passed(title):
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and len(content) <= MOST_BYTES:
            count += 1
            inner = normalize("NFC", title.replace("\\", "/").rpartition("/")[2])
            yield from _opened(f"{name}/{inner}", path, content, at, depth + 1, meter)
    if not count:
        yield Found(name, path, data, at, FileProblem("no_attachment"))
