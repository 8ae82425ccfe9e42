"""Files and folders become lists: archives member by member, a MISP feed event by event, nested a little."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from quetsach.errors import IndicatorError
from quetsach.feeds.spreadsheet import ZIP, is_workbook
from quetsach.feeds.text import MOST_BYTES, read_raw

DEEPEST = 3
MOST_MEMBERS = 10_000
_GZIP = b"\x1f\x8b"
_OPENERS: dict[bytes, Callable[[BinaryIO], BinaryIO]] = {
    _GZIP: lambda file: gzip.GzipFile(fileobj=file),  # type: ignore[dict-item,return-value]
    b"BZh": bz2.BZ2File,  # type: ignore[dict-item]
    b"\xfd7zXZ\x00": lzma.LZMAFile,  # type: ignore[dict-item]
}
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError)
_UNASKED = re.compile(r"(?:^|/)(?:__MACOSX/|\.|Thumbs\.db)")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def lists(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every list that a path leads to; `archive.zip!/folder/name` within an archive.

    Raises IndicatorError naming the file when something cannot be read to its end or unpacks without end.
    """
    if str(path) != "-" and path.is_dir():
        yield from _feed(path)
        return
    yield from _expand(str(path), read_raw(path, frozenset((*_OPENERS, ZIP))), 0, [0])


def _feed(folder: Path) -> Iterator[tuple[str, bytes]]:
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise IndicatorError(f"{folder}: is a folder without a manifest.json; name the lists in it")
    try:
        events = json.loads(read_raw(manifest))
    except (ValueError, RecursionError) as error:
        raise IndicatorError(f"{manifest}: is no JSON; fetch the feed again") from error
    for uuid in events if isinstance(events, dict) else ():
        if not _UUID.fullmatch(uuid):
            raise IndicatorError(f"{manifest}: '{uuid[:80]}' is no UUID of an event")
        path = folder / f"{uuid}.json"
        yield str(path), read_raw(path)


def _expand(source: str, data: bytes, depth: int, total: list[int]) -> Iterator[tuple[str, bytes]]:
    """The lists in one file's bytes. `total` counts what was unpacked of the whole, against bombs."""
    total[0] += len(data)
    if total[0] > MOST_BYTES:
        raise IndicatorError(f"{source}: more than {MOST_BYTES // 1024**2} MB unpacked; split the list")
    is_tar = data[257:262] == b"ustar"
    opener = next((o for magic, o in _OPENERS.items() if data.startswith(magic)), None)
    is_zip = data.startswith(ZIP) and not is_workbook(data)
    if not (is_tar or opener or is_zip):
        yield source, data
        return
    if depth == DEEPEST:
        raise IndicatorError(f"{source}: archives in archives, more than {DEEPEST} deep; unpack it")
    try:
        if opener is not None:
            with opener(io.BytesIO(data)) as stream:
                found = [("", stream.read(MOST_BYTES + 1 - total[0]))]
        else:
            found = list(_zip(source, data, total) if is_zip else _tar(source, data, total))
    except _DAMAGE as error:
        raise IndicatorError(
            f"{source}: cut off or damaged ({error}); copy the file again from its origin"
        ) from error
    is_feed = any(name.rpartition("/")[2] == "manifest.json" for name, _ in found)
    for name, member in found:
        if is_feed and name.rpartition("/")[2] in ("manifest.json", "hashes.csv"):
            continue
        yield from _expand(f"{source}!/{name}" if name else source, member, depth + 1, total)


def _zip(source: str, data: bytes, total: list[int]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        infos = [i for i in packed.infolist() if not i.is_dir() and not _UNASKED.search(i.filename)]
        if "[Content_Types].xml" in packed.namelist():
            raise IndicatorError(
                f"{source}: is an office document, not a list; save its table as .xlsx or CSV"
            )
        room = _Room(source, len(infos), total)
        for info in infos:
            if info.flag_bits & 1:
                raise IndicatorError(f"{source}: {info.filename} needs a password; unpack it")
            try:
                with packed.open(info) as stream:
                    yield info.filename, room.read(stream)
            except (NotImplementedError, RuntimeError) as error:
                raise IndicatorError(f"{source}: {info.filename} cannot be unpacked ({error})") from error


def _tar(source: str, data: bytes, total: list[int]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as packed:
        infos = [i for i in packed.getmembers() if i.isfile() and not _UNASKED.search(i.name)]
        room = _Room(source, len(infos), total)
        for info in infos:
            stream = packed.extractfile(info)
            if stream is not None:
                yield info.name, room.read(stream)


class _Room:
    """What may still be unpacked."""

    def __init__(self, source: str, members: int, total: list[int]) -> None:
        if members > MOST_MEMBERS:
            raise IndicatorError(f"{source}: more than {MOST_MEMBERS} files inside; unpack it")
        self._source, self._left = source, MOST_BYTES - total[0]

    def read(self, stream: object) -> bytes:
        found: bytes = stream.read(max(self._left, 0) + 1)  # type: ignore[attr-defined]
        self._left -= len(found)
        if self._left < 0:
            raise IndicatorError(
                f"{self._source}: more than {MOST_BYTES // 1024**2} MB unpacked; split the list"
            )
        return found
