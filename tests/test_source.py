"""Text in UTF-16 is read like UTF-8, by both engines, for any cut into blocks."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.files.decompress import ZSTD
from quetsach.files.source import Source, utf16_of
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind
from quetsach.scanning.engine import Engine, ScanOptions, SourceResult
from tests.openers.reading import log
from tests.packing import zstd

SET = IndicatorSet([Indicator("evil.example", Kind.DOMAIN), Indicator("xn--bcher-kva.example", Kind.DOMAIN)])
MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


class Trickle:
    """A stream that gives one to seven bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read(self, size: int, /) -> bytes:
        """The next few bytes."""
        start = self._at
        self._at += min(size, 1 + start % 7)
        return self._data[start : self._at]


def scan(path: Path, engine: Engine, data: bytes | None = None) -> SourceResult:
    stream = None if data is None else Trickle(data)
    return engine.compile(SET).scan(path, ScanOptions(), engine.progress(), stream, 1.0)


@pytest.mark.parametrize("encoding", MARKS)
@pytest.mark.parametrize("has_mark", [True, False])
@pytest.mark.parametrize("is_packed", [True, False])
def test_utf16_gives_the_answer_of_utf8_and_keeps_its_own_id(
    encoding: str, has_mark: bool, is_packed: bool, engine: Engine, tmp_path: Path
) -> None:
    text = (log(150) + "10.0.0.9 hỏi bücher.example 😀\r\n".encode()).decode()
    wide, narrow = tmp_path / "wide", tmp_path / "narrow"
    stored = (MARKS[encoding] if has_mark else b"") + text.encode(encoding)
    wide.write_bytes(gzip.compress(stored) if is_packed else stored)
    narrow.write_bytes((b"\xef\xbb\xbf" if has_mark else b"") + text.encode())
    got, expected = scan(wide, engine), scan(narrow, engine)
    identity = hashlib.sha256(stored[:4096]).hexdigest()
    assert got.coverage == expected.coverage._replace(source=identity, path=str(wide), bytes=len(stored))
    assert list(got.sightings) == [s._replace(source=identity) for s in expected.sightings]
    assert sum(s.count for s in got.sightings) == 151


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd])
def test_a_stream_in_small_blocks_reads_as_the_file(
    pack: Callable[[bytes], bytes], engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_bytes(pack(log(300)))
    os.utime(path, (1, 1))
    streamed, read = scan(path, engine, path.read_bytes()), scan(path, engine)
    assert (list(streamed.sightings), streamed.coverage) == (list(read.sightings), read.coverage)
    assert read.coverage.lines == 300


@pytest.mark.parametrize("encoding", MARKS)
def test_half_a_character_at_the_end_is_an_error(encoding: str, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(MARKS[encoding] + "10.0.0.1 evil.example\nx".encode(encoding)[:-1])
    result = scan(path, engine)
    assert [s.count for s in result.sightings] == [1]
    [error] = result.coverage.errors
    assert error.startswith(f"{path}: UTF-16")
    assert f"at byte {path.stat().st_size};" in error


@pytest.mark.parametrize("first", ["utf-8", "utf-8-sig", *MARKS])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_that_are_appended_in_another_encoding_are_read(
    first: str, pack: Callable[[bytes], bytes], engine: Engine, tmp_path: Path
) -> None:
    """PowerShell's `>>` appends UTF-16LE to any file; other programs append UTF-8 to what it began."""
    mixed, narrow = tmp_path / "mixed", tmp_path / "narrow"
    parts = [
        log(70).decode(),
        "10.0.0.9 hỏi bücher.example 😀\r\n\r\n",
        log(60, 70).decode(),
        "10.0.0.8 evil.example",
    ]
    seconds = ["utf-16-le", "utf-8"] if first.startswith("utf-8") else ["utf-8", first]
    ways = [first, seconds[0], seconds[1], seconds[0]]
    stored = MARKS.get(first, b"") + b"".join(map(str.encode, parts, ways))
    mixed.write_bytes(pack(stored))
    narrow.write_bytes(pack("".join(parts).encode()))
    got, expected = scan(mixed, engine), scan(narrow, engine)
    assert sum(s.count for s in got.sightings) == 132
    assert [s._replace(source="") for s in got.sightings] == [
        s._replace(source="") for s in expected.sightings
    ]
    told, true = got.coverage, expected.coverage
    assert (told.bytes, told.lines, told.errors) == (len(stored), true.lines, [])
    assert (told.first, told.last, told.time) == (true.first, true.last, true.time)


@given(
    units=st.lists(
        st.sampled_from([0x61, 0x0A, 0x20, 0x1EA1, 0xD83D, 0xDE00, 0xD800, 0xDC00, 0xFFFE, 0x3002]),
        max_size=40,
    ),
    big=st.booleans(),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_surrogates_in_any_order_read_as_the_standard_library_reads_them(
    units: list[int], big: bool, engine: Engine
) -> None:
    order, encoding = ("big", "utf-16-be") if big else ("little", "utf-16-le")
    data = b"".join(u.to_bytes(2, order) for u in [0xFEFF, *units, 0x0A])  # type: ignore[arg-type]
    data += "10.0.0.1 evil.example ".encode(encoding) + b"".join(u.to_bytes(2, order) for u in units)  # type: ignore[arg-type]
    text = data.decode(encoding, "replace").encode()
    got, expected = scan(Path("wide"), engine, data), scan(Path("wide"), engine, text)
    assert [s._replace(source="") for s in got.sightings] == [
        s._replace(source="") for s in expected.sightings
    ]
    assert got.coverage.lines == expected.coverage.lines
    assert got.coverage.errors == []


@pytest.mark.parametrize(
    "data", [b"\0" * 4096, b"\0" * 3000 + log(20), log(20), "ạ中".encode("utf-16-le") * 99, b""]
)
def test_what_is_not_clearly_utf16_is_left_as_it_is(data: bytes, tmp_path: Path) -> None:
    assert utf16_of(data[:4096]) is None
    path = tmp_path / "log"
    path.write_bytes(data)
    assert b"".join(Source(path).chunks()) == data


def test_a_file_emptied_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 3_000_000)
    source = Source(path)
    chunks = source.chunks()
    next(chunks)
    os.truncate(path, 0)
    list(chunks)
    assert source.errors == [f"{path}: became shorter while it was read; scan it again"]


@pytest.mark.parametrize("nibble", [0x0, 0x7, 0xF])
def test_a_skippable_frame_begins_a_zstd_file(nibble: int) -> None:
    """Any of the sixteen magic numbers 0x184D2A5? (RFC 8878 3.1.2), little-endian; no other."""
    assert ZSTD.begins(bytes([0x50 + nibble, 0x2A, 0x4D, 0x18]) + bytes(4))
    assert not ZSTD.begins(bytes([0x60, 0x2A, 0x4D, 0x18])) and not ZSTD.begins(b"\x50\x2a\x4d\x19")
