"""Files named by the SHA-256 of their content, on a shelf below MEDIA_ROOT. Written once, never changed.

A list is stored as lines `hashed spelling TAB kind TAB family TAB file`, sorted by the spelling's bytes, so
that bisection finds a name without reading a million others. `file` is the number of the uploaded file.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from io import BufferedReader
from itertools import repeat
from pathlib import Path

from django.conf import settings

from quetsach.indicators.indicator import Indicator, Kind, Scope


def place(sha256: str, shelf: str = "sets") -> Path:
    """The path of the content with that hash."""
    return Path(settings.MEDIA_ROOT) / shelf / sha256[:2] / sha256


def keep(parts: Iterable[bytes], shelf: str = "sets") -> tuple[str, int]:
    """Store a stream of bytes; returns (SHA-256, length). The file is safely on the disk at the return.

    Raises:
        OSError: the disk is full or the folder cannot be written; nothing half-written keeps a name.
    """
    folder = Path(settings.MEDIA_ROOT) / shelf
    folder.mkdir(parents=True, exist_ok=True)
    digest, length = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=folder, prefix="new-", delete=False) as file:
        temporary = Path(file.name)
        try:
            for part in parts:
                digest.update(part)
                length += len(part)
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
            target = place(digest.hexdigest(), shelf)
            target.parent.mkdir(exist_ok=True)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    _sync(target.parent)
    return digest.hexdigest(), length


def _sync(folder: Path) -> None:
    """Make the new file name itself durable, if the system can (POSIX)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def list_lines(indicators: Iterable[Indicator], files: Iterable[int | None] = repeat(0)) -> Iterator[bytes]:
    """The stored form of a list; `indicators` must be sorted by the bytes of their hashed spelling.

    `files` gives the number of the uploaded file of each, None where it is not known.
    """
    for i, number in zip(indicators, files, strict=False):
        file = "" if number is None else number
        yield f"{i.hashed}\t{i.kind.value}\t{' '.join(i.family.split())}\t{file}\n".encode()


def read_list(sha256: str) -> Iterator[Indicator]:
    """Stream a stored list."""
    with place(sha256).open(encoding="utf-8", newline="\n") as file:
        for line in file:
            hashed, kind, family = line.rstrip("\n").split("\t")[:3]
            yield Indicator(*_unhash(hashed, Kind(kind)), family)


def hash_lines(hashes: Mapping[str, str]) -> Iterator[bytes]:
    """The stored form of hashes of files: `hexadecimal TAB family`, sorted."""
    for value in sorted(hashes):
        yield f"{value}\t{' '.join(hashes[value].split())}\n".encode()


def read_hashes(sha256: str, shelf: str = "sets") -> dict[str, str]:
    """Stored hashes with their families."""
    with place(sha256, shelf).open(encoding="utf-8", newline="\n") as file:
        return dict(line.rstrip("\n").split("\t") for line in file)


def _unhash(hashed: str, kind: Kind) -> tuple[str, Kind, Scope]:
    if kind is Kind.DOMAIN and hashed.startswith("*."):
        return hashed[2:], kind, Scope.SUBDOMAINS_ONLY
    if kind is Kind.DOMAIN and hashed.startswith("="):
        return hashed[1:], kind, Scope.EXACT
    return hashed, kind, Scope.WITH_SUBDOMAINS


def listed(sha256: str, names: Iterable[str]) -> set[str]:
    """The canonical names (of the wire format) that the stored list holds."""
    with place(sha256).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        return {n for n in names if _holds(file, size, n.encode()) or _holds(file, size, b"=" + n.encode())}


def lists_all(sha256: str, names: Iterable[str]) -> bool:
    """Whether the stored list holds all of the names."""
    return all(_lists(sha256, name) for name in names)


@lru_cache(maxsize=1 << 16)
def _lists(sha256: str, name: str) -> bool:
    """The content of a list never changes, so the answer is kept."""
    return bool(listed(sha256, (name,)))


def _holds(file: BufferedReader, size: int, wanted: bytes) -> bool:
    """Bisect the sorted lines by byte offset; `low` is always the start of a line."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        file.seek(middle if middle == low else middle - 1)
        if middle != low:
            file.readline()
        start = file.tell()
        if start >= high:
            high = middle
            continue
        line = file.readline()
        spelling = line.split(b"\t", 1)[0]
        if spelling == wanted:
            return True
        if spelling < wanted:
            low = start + len(line)
        else:
            high = middle
    return False
