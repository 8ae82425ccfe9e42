"""What a person dropped onto the portal, file by file: results, folders of results, ZIP files of them.

File names are hostile text and never become paths here.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from django.core.files.uploadedfile import UploadedFile

from quetsach.endpoint import suffixes
from quetsach.evidence import escape
from quetsach.portal.checks.arriving.reading import MOST_BYTES, ResultError

ENDINGS = (".json", suffixes.RESULT)
"""A result as it is, and a sealed one."""
MOST_MEMBERS, MOST_ENTRIES = 1_000, 10_000
MOST_TOTAL = 256 << 20


@dataclass(frozen=True, slots=True)
class Dropped:
    """One file: its name made safe to show, and its content or why it cannot be had."""

    name: str
    content: bytes = b""
    problem: ResultError | None = None


def dropped(files: Iterable[UploadedFile[bytes]]) -> Iterator[Dropped]:
    """Every result among the files. What stands beside results in a folder (reports, logs) is passed over."""
    for file in files:
        name = _shown(file.name or "")
        assert file.file is not None
        if name.lower().endswith(".zip"):
            yield from _members(name, file.file)
        elif name.lower().endswith(ENDINGS):
            yield _read(name, file.file)


def _shown(name: str) -> str:
    return escape(name.encode("utf-8", "surrogateescape"), 200)


def _read(name: str, file: IO[bytes]) -> Dropped:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        return Dropped(name, problem=ResultError("too_large"))
    return Dropped(name, content)


def _members(name: str, file: IO[bytes]) -> Iterator[Dropped]:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                yield Dropped(name, problem=ResultError("too_many"))
                return
            wanted = [one for one in entries if one.filename.lower().endswith(ENDINGS)]
            if len(wanted) > MOST_MEMBERS:
                yield Dropped(name, problem=ResultError("too_many"))
                return
            total = 0
            for entry in wanted:
                found = _member(archive, entry, f"{name} › {_shown(entry.filename)}")
                total += len(found.content)
                if total > MOST_TOTAL:
                    yield Dropped(found.name, problem=ResultError("too_many"))
                    return
                yield found
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        yield Dropped(name, problem=ResultError("broken_zip"))


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Dropped:
    # Read to the bound and no further: what the entry says of its own size proves nothing.
    try:
        with archive.open(entry) as member:
            return _read(name, member)
    except RuntimeError:
        return Dropped(name, problem=ResultError("locked_zip"))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError):
        return Dropped(name, problem=ResultError("broken_zip"))
