"""A zip archive (PKWARE APPNOTE 6.3): the directory by zipfile, the data by our own decoders.

zipfile throws away a block whose checksum is wrong, and reads nothing without the directory at the end. This
module gives all bytes before the damage.
"""

from __future__ import annotations

import stat
import struct
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from quetsach.errors import SourceError
from quetsach.files import openers
from quetsach.files.decompress import BLOCK, BZIP2, ZSTD, Codec, Decoder, Zlib, unpack
from quetsach.files.openers.opened import Blocks, Failing, Opened, Passed
from quetsach.files.openers.span import Span, cut_off, damaged
from quetsach.files.source import ByteStream

LARGE_BYTES = 8 << 20
_MOST_PARTED = 1000
"""In a larger archive, reading the directory again for each part would cost more than it saves."""
_LOCAL = struct.Struct("<4s5H3I2H")
_DESCRIPTOR_BYTES = 24
"""The longest that may follow the data of an entry (APPNOTE 4.3.9)."""
_END = struct.Struct("<4s4H2IH")
_END_BYTES = _END.size + (1 << 16)
"""The end of the directory with the longest comment (APPNOTE 4.3.16)."""
_ENCRYPTED = 0x1
_SIZES_FOLLOW = 0x8
_IS_UTF8 = 0x800
OFFICE = (
    "is a document of Office, which is not read; save its table as CSV and name its columns with --fields"
)
RESULT_CATEGORY = "quetsach scan result"
"""The category in the properties of a workbook that a scan writes."""
_LZMA = 14
_METHODS: dict[int, Callable[[], Decoder]] = {
    8: lambda: Zlib(-15),
    12: BZIP2.make,
    93: ZSTD.make,
}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A member; `packed` and `size` in bytes are None where only the end of its data shows them."""

    name: str
    method: int
    is_encrypted: bool
    start: int
    packed: int | None
    size: int | None
    crc: int | None
    mtime: float | None = None


def open(file: Opened) -> Iterator[Opened | Passed]:
    """The files in the order of their places; links are passed over."""
    data = file.seekable()
    try:
        archive = zipfile.ZipFile(data)
        members = archive.infolist()
    except SourceError:
        raise
    except Exception as error:
        if _begins_split(data):
            raise SourceError(openers.SPLIT_ZIP.problem) from error
        # No directory, or a damaged one: the members before it can still be read one after another.
        at = yield from _one_after_another(file, data)
        raise damaged("zip", at, str(error)) from error
    if _is_office(members):
        if is_result(data):
            yield Passed(file.member, "result")
            return
        raise SourceError(OFFICE)
    end = 0
    lost: tuple[int, int] | None = None
    for info in sorted(members, key=lambda one: one.header_offset):
        entry = _located(data, info)
        is_apart = info.header_offset >= end
        if info.header_offset - end > _DESCRIPTOR_BYTES:
            lost = lost or (end, info.header_offset)
        if is_apart:
            end = info.header_offset if entry is None else entry.start + (entry.packed or 0)
        if info.is_dir():
            continue
        if info.create_system == 3 and stat.S_ISLNK(info.external_attr >> 16):
            yield file.passed(_name(info), "link")
        elif entry is None or not is_apart:
            problem = (
                "zip: its entry does not lie where the directory says; copy the file again from its origin"
            )
            yield file.inner(_name(info), Failing(problem))
        else:
            content, _end = _content(file, data, entry)
            yield file.inner(entry.name, content, mtime=entry.mtime, is_unpacked=entry.method != 0)
    if archive.start_dir - end > _DESCRIPTOR_BYTES:
        lost = lost or (end, archive.start_dir)
    if lost := lost or _behind(data, len(archive.comment)):
        raise SourceError(
            f"zip: its bytes {lost[0]} to {lost[1]} belong to no entry of its directory and were not read;"
            " copy the file again from its origin"
        )


def _behind(data: BinaryIO, comment: int) -> tuple[int, int] | None:
    """First and last place of bytes behind the end of the directory and its comment of so many bytes."""
    size = data.seek(0, 2)
    data.seek(max(0, size - _END_BYTES))
    last = data.read()
    found = last.rfind(b"PK\5\6")
    end = size - len(last) + found + _END.size + comment
    return (end, size) if found >= 0 and size > end else None


def _begins_split(data: BinaryIO) -> bool:
    """Whether the directory lies in another file (APPNOTE 8.5.4)."""
    data.seek(0)
    return data.read(4) == b"PK\x07\x08"


def parts(data: BinaryIO) -> dict[str, int]:
    """Members so large that each is worth a thread of its own, with their stored sizes in bytes."""
    try:
        members = zipfile.ZipFile(data).infolist()
    except Exception:
        # `open` reports the error.
        return {}
    names = Counter(map(_name, members))
    if len(members) > _MOST_PARTED or _is_office(members):
        return {}
    return {
        _name(info): info.compress_size
        for info in members
        if info.compress_size >= LARGE_BYTES and names[_name(info)] == 1
    }


def _is_office(members: list[zipfile.ZipInfo]) -> bool:
    """Whether it is a document: Office Open XML (ECMA-376 part 2) or OpenDocument (part 2, 3.3).

    All cells of a sheet stand in one line there, so a hit would name the wrong machine.
    """
    names = {info.filename for info in members}
    return "[Content_Types].xml" in names or {"mimetype", "META-INF/manifest.xml"} <= names


def is_result(data: BinaryIO) -> bool:
    """Whether it is a workbook that a scan wrote: its properties say so, even after it was saved again."""
    try:
        with zipfile.ZipFile(data) as archive, archive.open("docProps/core.xml") as properties:
            return RESULT_CATEGORY.encode() in properties.read(4096)
    except SourceError:
        raise
    except Exception:
        # Whatever it is, it is no workbook of ours.
        return False


def _name(info: zipfile.ZipInfo) -> str:
    """The name of a member; programs on Linux write UTF-8 and do not always say so."""
    if info.flag_bits & _IS_UTF8:
        return info.filename
    return _decoded(info.filename.encode("cp437", "replace"))


def _decoded(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("cp437", "replace")


def _located(data: BinaryIO, info: zipfile.ZipInfo) -> _Entry | None:
    data.seek(info.header_offset)
    head = data.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
        return None
    *_others, name_size, extra_size = _LOCAL.unpack(head)
    return _Entry(
        _name(info),
        info.compress_type,
        bool(info.flag_bits & _ENCRYPTED),
        info.header_offset + _LOCAL.size + name_size + extra_size,
        info.compress_size,
        info.file_size,
        info.CRC,
        _mtime(info),
    )


def _mtime(info: zipfile.ZipInfo) -> float | None:
    extra = info.extra
    while len(extra) >= 4:
        tag, size = struct.unpack_from("<2H", extra)
        if tag == 0x5455 and size >= 5 and extra[4] & 1 and len(extra) >= 9:
            return float(struct.unpack_from("<i", extra, 5)[0])
        extra = extra[4 + size :]
    if info.date_time[0] <= 1980:
        # The time in reproducible archives, which is no real time.
        return None
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return None


def _content(file: Opened, data: BinaryIO, entry: _Entry) -> tuple[ByteStream, Callable[[], int]]:
    """The unpacked bytes, and a function for the place where the data ends, called after they were read."""
    try:
        return _unpacked(file, data, entry)
    except SourceError as error:
        return Failing(str(error)), lambda: entry.start


def _unpacked(file: Opened, data: BinaryIO, entry: _Entry) -> tuple[ByteStream, Callable[[], int]]:
    packed = Span("zip", data, entry.start, 1 << 62 if entry.packed is None else entry.packed)

    def end() -> int:
        return entry.start + packed.tell()

    if entry.is_encrypted:
        raise SourceError("is encrypted; unpack it with its password and scan what comes out")
    if entry.method == 0:
        is_zip = packed.read(2) == b"PK" if entry.packed else False
        packed.seek(0)
        # A zip in a zip is read by seeking, and checks its own members.
        return packed if is_zip else Blocks(_checked(_stored(packed), entry)), end
    if entry.method == _LZMA:
        decoder: Decoder = _Lzma(packed, entry.size)
    elif entry.method in _METHODS:
        decoder = _METHODS[entry.method]()
    else:
        raise SourceError(
            f"is packed by zip method {entry.method}, which is not read; unpack it and scan what comes out"
        )
    codec = Codec("zip", 0, lambda _start: False, lambda: decoder)

    def metered() -> Iterator[bytes]:
        for block in unpack(codec, packed.read, is_single=True):
            yield block
            file.meter.add_unpacked(len(block))

    return Blocks(_checked(metered(), entry)), lambda: end() - len(decoder.unused_data)


def _stored(packed: Span) -> Iterator[bytes]:
    while block := packed.read(BLOCK):
        yield block


def _checked(blocks: Iterator[bytes], entry: _Entry) -> Iterator[bytes]:
    crc = size = 0
    for block in blocks:
        crc = zlib.crc32(block, crc)
        size += len(block)
        yield block
    if entry.size is not None and size < entry.size:
        raise cut_off("zip", size)
    if entry.crc is not None and crc != entry.crc:
        raise damaged("zip", size, "wrong checksum")


class _Lzma:
    """LZMA as zip stores it (APPNOTE 5.8): properties first, and mostly no mark at the end."""

    def __init__(self, packed: Span, size: int | None) -> None:
        import lzma

        head = packed.read(9)
        if len(head) < 9 or head[2:4] != b"\x05\0":
            raise damaged("zip", 0, "no LZMA properties")
        bits, dictionary = struct.unpack_from("<BI", head, 4)
        properties = {
            "id": lzma.FILTER_LZMA1,
            "lc": bits % 9,
            "lp": bits // 9 % 5,
            "pb": bits // 45,
            "dict_size": min(dictionary, _MOST_DICTIONARY),
        }
        try:
            self._inner = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[properties])
        except (lzma.LZMAError, ValueError) as error:
            raise damaged("zip", 0, str(error)) from error
        self._left = size

    @property
    def eof(self) -> bool:
        return self._inner.eof or self._left == 0

    @property
    def needs_input(self) -> bool:
        return self._inner.needs_input

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
        if self._left is not None:
            max_length = min(max_length, self._left)
        out = self._inner.decompress(data, max_length)
        if self._left is not None:
            self._left -= len(out)
        return out


_MOST_DICTIONARY = 32 << 20


def _one_after_another(file: Opened, data: BinaryIO) -> Generator[Opened, None, int]:
    """Members by their own headers, as far as they can be followed; the place behind the last is returned."""
    at = 0
    while True:
        data.seek(at)
        head = data.read(_LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
            return at
        _magic, _version, flags, method, _time, _date, crc, packed, size, name_size, extra_size = (
            _LOCAL.unpack(head)
        )
        name = _decoded(data.read(name_size))
        start = at + _LOCAL.size + name_size + extra_size
        entry = _Entry(name, method, bool(flags & _ENCRYPTED), start, packed, size, crc)
        is_open = bool(flags & _SIZES_FOLLOW) or 0xFFFFFFFF in (packed, size)
        if is_open:
            entry = replace(entry, packed=None, size=None, crc=None)
        if is_open and (entry.is_encrypted or method not in _METHODS):
            return at
        if not name.endswith("/"):
            content, end = _content(file, data, entry)
            yield file.inner(name, content, is_unpacked=method != 0)
            at = end()
        at = max(at, start) if is_open else start + packed
        if is_open:
            data.seek(at)
            # A descriptor follows: an optional mark, the sum and two sizes of four or eight bytes.
            follows = data.read(24)
            at += max(0, follows.find(b"PK", 4)) if b"PK" in follows[4:] else len(follows)
