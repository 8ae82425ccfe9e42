"""Files and folders become lists: archives member by member, a MISP feed event by event, nested a little."""

from __future__ import annotations

import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from quetsach.errors import IndicatorError, SourceError
from quetsach.feeds.spreadsheet import ZIP, is_workbook
from quetsach.feeds.text import MOST_BYTES, read_raw
from quetsach.unpack import BZIP2, XZ, Codec, codec_of, unpack

DEEPEST = 3
MOST_MEMBERS = 10_000
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
    yield from _expand(str(path), read_raw(path, _is_packed), 0, [0])


def _is_packed(start: bytes) -> bool:
    """Whether a file is opened here; gzip and zstd come unpacked."""
    return codec_of(start) in (XZ, BZIP2) or start.startswith(ZIP)


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
    codec = codec_of(data[:10])
    is_zip = data.startswith(ZIP) and not is_workbook(data)
    if not (is_tar or codec or is_zip):
        yield source, data
        return
    if depth == DEEPEST:
        raise IndicatorError(f"{source}: archives in archives, more than {DEEPEST} deep; unpack it")
    try:
        if codec is not None:
            found = [("", _unpacked(source, codec, data, total))]
        else:
            found = list(_zip(source, data, total) if is_zip else _tar(source, data, total))
    except _DAMAGE as error:
        raise IndicatorError(
            f"{source}: cut off or damaged ({error}); copy the file again from its origin"
        ) from error
    except SourceError as error:
        raise IndicatorError(f"{source}: {error}") from error
    is_feed = any(name.rpartition("/")[2] == "manifest.json" for name, _ in found)
    for name, member in found:
        if is_feed and name.rpartition("/")[2] in ("manifest.json", "hashes.csv"):
            continue
        yield from _expand(f"{source}!/{name}" if name else source, member, depth + 1, total)


def _unpacked(source: str, codec: Codec, data: bytes, total: list[int]) -> bytes:
    found = bytearray()
    room = _Room(source, 1, total)
    for block in unpack(codec, io.BytesIO(data).read):
        room.take(len(block))
        found += block
    return bytes(found)


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

    def read(self, stream: IO[bytes]) -> bytes:
        found = stream.read(max(self._left, 0) + 1)
        self.take(len(found))
        return found

    def take(self, size: int) -> None:
        """Raises IndicatorError where there is no room for so many more bytes."""
        self._left -= size
        if self._left < 0:
            raise IndicatorError(
                f"{self._source}: more than {MOST_BYTES // 1024**2} MB unpacked; split the list"
            )
