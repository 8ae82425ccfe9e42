"""Files and folders become lists: archives member by member, a MISP feed event by event, in bounded depth."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from quetsach.errors import IndicatorError, SourceError
from quetsach.files import bounded_process
from quetsach.files.decompress import BLOCK, BZIP2, XZ, codec_of
from quetsach.files.openers import is_tar
from quetsach.files.openers.opened import Opened, Passed, Start
from quetsach.indicators.lists.listing import parsed
from quetsach.indicators.lists.packed import ZIP, package
from quetsach.indicators.lists.text import MOST_BYTES, decode, read_raw, read_stream, unusable

AT_ONCE = 40 << 20
"""Bytes of lists in one answer."""
DEEPEST = 3
MOST_MEMBERS = 10_000
_UNASKED = re.compile(r"(?:^|/)(?:__MACOSX/|\.(?!\.?/)|Thumbs\.db)")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def lists(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every list at a path; `archive.zip!/folder/name` for a list within an archive.

    Raises IndicatorError naming the file when something cannot be read to its end or unpacks without end.
    """
    if str(path) != "-" and path.is_dir():
        yield from _feed(path)
        return
    # A pipe is unpacked here as a whole, because its first bytes cannot be read twice.
    is_stream = str(path) == "-" or path.is_fifo()
    data = read_stream(path) if is_stream else read_raw(path, _is_packed)
    if codec_of(data[:10]) or data.startswith(ZIP) or is_tar(data[:512]):
        yield from _unpacked(str(path), data)
    else:
        yield str(path), data


class _Piece(NamedTuple):
    """A list in an archive, or a part of a long one; `is_whole` after its last part."""

    source: str
    data: bytes
    is_whole: bool


class _Batch(NamedTuple):
    """The lists of one answer; `is_itself`: the file is no archive but a list, such as a workbook."""

    pieces: list[_Piece]
    is_all: bool
    is_itself: bool = False


@bounded_process.bounded(seconds=60, raises=(IndicatorError,), imports=("quetsach.files.openers.zip",))
def _batch(data: bytes, source: str, number: int, offset: int) -> _Batch:
    """The lists in an archive, from byte `offset` of list `number` on."""
    found: list[_Piece] = []
    left = AT_ONCE
    for at, (name, content) in enumerate(_expand(source, data, 0, [0])):
        if content is data:
            return _Batch([], is_all=True, is_itself=True)
        if at < number:
            continue
        rest = content[offset:] if at == number else content
        part = rest[:left]
        left -= len(part)
        found.append(_Piece(name, part, len(part) == len(rest)))
        if not found[-1].is_whole:
            return _Batch(found, is_all=False)
    return _Batch(found, is_all=True)


def _unpacked(source: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    number, begun, last = 0, bytearray(), source
    while True:
        try:
            batch = _batch(data, source, number, len(begun))
        except bounded_process.BusyError:
            raise
        except bounded_process.NotReadError as error:
            raise IndicatorError(
                f"{last}: cannot be opened within the limits of memory and time; unpack it, or split it"
            ) from error
        if batch.is_itself:
            yield source, data
            return
        for piece in batch.pieces:
            begun += piece.data
            last = piece.source
            if piece.is_whole:
                yield piece.source, bytes(begun)
                begun, number = bytearray(), number + 1
        if batch.is_all:
            return
        if not batch.pieces:
            raise IndicatorError(f"{source}: damaged; unpack it")


def _is_packed(start: bytes) -> bool:
    """Whether a file is unpacked here; gzip and zstd files come unpacked."""
    return codec_of(start) in (XZ, BZIP2) or start.startswith(ZIP)


def _feed(folder: Path) -> Iterator[tuple[str, bytes]]:
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise IndicatorError(f"{folder}: is a folder without a manifest.json; name the lists in it")
    try:
        events = parsed(str(manifest), decode(read_raw(manifest))[0])
    except (ValueError, RecursionError) as error:
        raise IndicatorError(f"{manifest}: is no JSON; fetch the feed again") from error
    for uuid in events if isinstance(events, dict) else ():
        if not _UUID.fullmatch(uuid):
            raise IndicatorError(f"{manifest}: '{uuid[:80]}' is no UUID of an event")
        path = folder / f"{uuid}.json"
        yield str(path), read_raw(path)


def _expand(source: str, data: bytes, depth: int, total: list[int]) -> Iterator[tuple[str, bytes]]:
    """The lists in one file's bytes. `total` counts all unpacked bytes, as a bound against bombs."""
    total[0] += len(data)
    if total[0] > MOST_BYTES:
        raise IndicatorError(f"{source}: more than {MOST_BYTES // 1024**2} MB unpacked; split the list")
    opener = _opener(data)
    if opener is None:
        yield source, data
        return
    if depth == DEEPEST:
        raise IndicatorError(f"{source}: archives in archives, more than {DEEPEST} deep; unpack it")
    found = list(_members(source, opener, data, MOST_BYTES - total[0]))
    names = {name.rpartition("/")[2] for name, _ in found}
    is_feed = "manifest.json" in names
    for name, member in found:
        if is_feed and name.rpartition("/")[2] in ("manifest.json", "hashes.csv"):
            continue
        yield from _expand(f"{source}!/{name}" if name else source, member, depth + 1, total)


def _opener(data: bytes) -> ModuleType | None:
    """The module that opens an archive or compressed bytes. A workbook is a list, though it is a zip."""
    if codec_of(data[:10]):
        from quetsach.files.openers import compressed

        return compressed
    if data.startswith(ZIP):
        from quetsach.files.openers import zip

        return None if package(data).is_workbook else zip
    if not is_tar(data[:512]):
        return None
    from quetsach.files.openers import tar

    return tar


def _members(source: str, opener: ModuleType, data: bytes, most: int) -> Iterator[tuple[str, bytes]]:
    """Every list inside, whole or not at all: half a list would hide the missing entries."""
    file = Opened("", Start(io.BytesIO(data)))
    number = 0
    name = ""
    try:
        for inner in opener.open(file):
            if isinstance(inner, Passed) or _UNASKED.search(inner.member):
                continue
            number += 1
            if number > MOST_MEMBERS:
                raise IndicatorError(f"{source}: more than {MOST_MEMBERS} files inside; unpack it")
            name, content = inner.member, bytearray()
            while block := inner.stream.read(BLOCK):
                content += block
                if len(content) > most:
                    raise IndicatorError(
                        f"{source}: more than {MOST_BYTES // 1024**2} MB unpacked; split the list"
                    )
            most -= len(content)
            yield name, bytes(content)
            name = ""
    except IndicatorError:
        raise
    except SourceError as error:
        from quetsach.files.openers import zip

        if str(error) == zip.OFFICE:
            raise IndicatorError(
                f"{source}: is an office document, not a list; save its table as .xlsx or CSV"
            ) from error
        raise unusable(f"{source}!/{name}" if name else source, str(error)) from error
    except Exception as error:  # hostile bytes can make a library raise anything
        raise unusable(source, f"damaged ({error})") from error
