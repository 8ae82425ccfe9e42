"""Writes a change to a registry hive as Windows does, one write after another, and replays its logs.

Layout after "Windows registry file format specification" (M. Suhanov), "Format of transaction log files" and
"Dirty state of a hive". A writer that is killed leaves the files as they are after some of the writes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

BASE, PAGE, SECTOR = 4096, 4096, 512


class Write(NamedTuple):
    """Bytes that go into a file at an offset; `log` is 0 for the hive itself, 1 and 2 for LOG1 and LOG2."""

    log: int
    at: int
    data: bytes


def windows_10(old: bytes, new: bytes) -> Iterator[Write]:
    """The newer format: entries in logs first, and up to an hour later the pages."""
    number = _numbers(old)[0] + 1
    yield Write(0, 0, _head(old, number, number - 1))
    pages = _changed(old, new)
    # Windows changes logs, so that the pages of one change may lie in both.
    for log, some in ((1, pages[: len(pages) // 2]), (2, pages[len(pages) // 2 :])):
        yield Write(log, 0, _head(new, number + log - 1, number + log - 1, kind=6))
        yield Write(log, SECTOR, _entry(number + log - 1, new, some))
    yield from (Write(0, BASE + at, _page(new, at)) for at in pages)
    yield Write(0, 0, _head(new, number + 2, number + 2))


def windows_7(old: bytes, new: bytes) -> Iterator[Write]:
    """The older format: a bitmap of pages of 512 bytes and the pages in the log, then the same pages here."""
    number = _numbers(old)[0] + 1
    yield Write(0, 0, _head(old, number, number - 1))
    pages = _changed(old, new)
    bits = bytearray((len(new) - BASE) // PAGE)
    for at in pages:
        bits[at // PAGE] = 0xFF
    vector = b"DIRT" + bytes(bits)
    whole = vector.ljust(-(-len(vector) // SECTOR) * SECTOR, b"\0")
    yield Write(1, 0, _head(new, number, number, kind=1))
    yield Write(1, SECTOR, whole + b"".join(_page(new, at) for at in pages))
    yield from (Write(0, BASE + at, _page(new, at)) for at in pages)
    yield Write(0, 0, _head(new, number, number))


def torn(write: Write, size: int) -> Write:
    """The first bytes of a write, as a disk leaves it whose power is cut."""
    return write._replace(data=write.data[:size])


def after(hive: bytes, writes: list[Write]) -> list[bytes]:
    """The hive and its two logs as these writes leave them."""
    files = [bytearray(hive), bytearray(), bytearray()]
    for log, at, data in writes:
        files[log].extend(bytes(max(0, at + len(data) - len(files[log]))))
        files[log][at : at + len(data)] = data
    return [bytes(one) for one in files]


def replayed(hive: bytes, logs: list[bytes]) -> bytes:
    """The hive's content behind its head, as Windows makes it whole at its next start."""
    body = bytearray(hive[BASE:])
    first, second = _numbers(hive)
    if first == second and _checksum(hive) == struct.unpack_from("<I", hive, SECTOR - 4)[0]:
        return bytes(body)
    for log in logs:
        if log[SECTOR : SECTOR + 4] == b"HvLE":
            _number, size, count = struct.unpack_from("<III", log, SECTOR + 12)
            body.extend(bytes(max(0, size - len(body))))
            data = SECTOR + 40 + 8 * count
            for one in range(count):
                at, length = struct.unpack_from("<II", log, SECTOR + 40 + 8 * one)
                body[at : at + length] = log[data : data + length]
                data += length
        elif log[SECTOR : SECTOR + 4] == b"DIRT":
            (size,) = struct.unpack_from("<I", log, 40)
            body.extend(bytes(max(0, size - len(body))))
            vector = log[SECTOR + 4 :][: size // PAGE]
            data = SECTOR + -(-(4 + len(vector)) // SECTOR) * SECTOR
            for one, bits in enumerate(vector):
                if bits:
                    body[one * PAGE : (one + 1) * PAGE] = log[data : data + PAGE]
                    data += PAGE
    return bytes(body)


def _numbers(hive: bytes) -> tuple[int, int]:
    first, second = struct.unpack_from("<II", hive, 4)
    return first, second


def _head(hive: bytes, first: int, second: int, kind: int = 0) -> bytes:
    head = bytearray(hive[:SECTOR])
    struct.pack_into("<II", head, 4, first, second)
    struct.pack_into("<I", head, 28, kind)
    struct.pack_into("<I", head, SECTOR - 4, _checksum(bytes(head)))
    return bytes(head)


def _checksum(head: bytes) -> int:
    total = 0
    for at in range(0, SECTOR - 4, 4):
        total ^= int.from_bytes(head[at : at + 4], "little")
    return {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(total, total)


def _changed(old: bytes, new: bytes) -> list[int]:
    """Offsets behind the head of the pages that differ."""
    return [at for at in range(0, len(new) - BASE, PAGE) if _page(old, at) != _page(new, at)]


def _page(hive: bytes, at: int) -> bytes:
    return hive[BASE + at : BASE + at + PAGE]


def _entry(number: int, new: bytes, pages: list[int]) -> bytes:
    """A log entry without its two hashes, which nothing here checks."""
    told = b"".join(struct.pack("<II", at, PAGE) for at in pages)
    data = told + b"".join(_page(new, at) for at in pages)
    size = -(-(40 + len(data)) // SECTOR) * SECTOR
    head = struct.pack("<4sIIIII16x", b"HvLE", size, 0, number, len(new) - BASE, len(pages))
    return (head + data).ljust(size, b"\0")
