"""How far the cells of a workbook of Excel 97 to 2003 reach ([MS-CFB], [MS-XLS] 2.4), without opening it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_ROWS, MOST_COLUMNS = 65_536, 256
_STREAMS = ("workbook", "book")
_SMALL = 4096
"""Bytes; shorter streams lie in a stream of small sectors."""
_LAST = 0xFFFFFFFA
"""Numbers of sectors from here on are marks."""
_BEGIN, _DIMENSIONS = 0x0809, 0x0200
_ONE = {
    0x0006, 0x0206, 0x0406, 0x0201, 0x0001, 0x0203, 0x0003, 0x0204, 0x0004, 0x0205, 0x0005, 0x027E, 0x0002,
    0x00FD, 0x00D6,
}  # fmt: skip
"""Records of one cell, of all versions: FORMULA, BLANK, NUMBER, LABEL, BOOLERR, RK, LABELSST, RSTRING."""
_MANY = {0x00BD, 0x00BE}
"""MULRK, MULBLANK: cells from one column to another; the last column ends the record."""


class FarCellError(ValueError):
    """A cell stands where no sheet reaches."""


def extents(data: bytes) -> list[tuple[int, int]]:
    """Height and width of each sheet. Raises FarCellError, ValueError for a damaged file."""
    try:
        book = _stream(data)
    except (struct.error, IndexError) as error:
        raise ValueError("cut off") from error
    found: list[tuple[int, int]] = [(0, 0)]
    for kind, body in _records(book):
        if kind == _BEGIN:
            found.append((0, 0))
        elif kind in _ONE or kind in _MANY:
            if len(body) < 4:
                continue
            row, column = struct.unpack_from("<HH", body)
            if kind in _MANY:
                column = max(column, struct.unpack_from("<H", body, len(body) - 2)[0])
            if column >= MOST_COLUMNS:
                raise FarCellError(f"row {row + 1}, column {column + 1}")
            found[-1] = max(found[-1][0], row + 1), max(found[-1][1], column + 1)
        elif kind == _DIMENSIONS and len(body) >= 12:
            _first, last, _left, right = struct.unpack_from("<IIHH", body)
            if last > MOST_ROWS or right > MOST_COLUMNS:
                raise FarCellError(f"row {last}, column {right}")
    return found


def _records(book: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length


def _stream(data: bytes) -> bytes:
    """The stream of the workbook, empty where there is none."""
    sector, small = 1 << data[30], 1 << data[32]
    if sector not in (512, 4096) or small != 64:
        raise ValueError("odd sectors")
    (directory,) = struct.unpack_from("<I", data, 48)
    (small_fat, _count, extra, _extras) = struct.unpack_from("<IIII", data, 60)

    def at(number: int) -> bytes:
        return data[sector * (number + 1) : sector * (number + 2)]

    def numbers(raw: bytes) -> list[int]:
        return list(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))

    parts = numbers(data[76:512])
    seen: set[int] = set()
    while extra < _LAST and extra not in seen:
        seen.add(extra)
        *more, extra = numbers(at(extra)) or [_LAST]
        parts += more
    fat = numbers(b"".join(at(one) for one in parts if one < _LAST))

    def chained(first: int, table: list[int], take: int, source: bytes | None = None) -> bytes:
        pieces, passed = [], set()
        while first < _LAST and first < len(table) and first not in passed:
            passed.add(first)
            pieces.append(at(first) if source is None else source[take * first : take * (first + 1)])
            first = table[first]
        return b"".join(pieces)

    entries = chained(directory, fat, sector)
    streams: dict[str, tuple[int, int]] = {}
    for place in range(0, len(entries) - 127, 128):
        (length,) = struct.unpack_from("<H", entries, place + 64)
        name = entries[place : place + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace").lower()
        streams.setdefault(name, struct.unpack_from("<II", entries, place + 116))
    for name in _STREAMS:
        if name in streams:
            first, size = streams[name]
            if size >= _SMALL:
                return chained(first, fat, sector)[:size]
            root = chained(streams.get("root entry", (_LAST, 0))[0], fat, sector)
            table = numbers(chained(small_fat, fat, sector))
            return chained(first, table, small, root)[:size]
    raise ValueError("no workbook in it")
