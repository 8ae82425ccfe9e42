"""Compressed logs: the answer and source id of the plain file; of a damaged log as much as possible."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from quetsach.scanning.engine import Engine
from tests.openers.reading import log, read, said

Pack = Callable[[bytes], bytes]
PACK: dict[str, Pack] = {
    "xz": lzma.compress,
    "bzip2": lambda data: bz2.compress(data, 1),  # blocks of 100 kB
    "gzip": gzip.compress,
}


@pytest.mark.parametrize("pack", PACK)
def test_streams_one_after_another_are_one_log(pack: str, engine: Engine, tmp_path: Path) -> None:
    body, plain, packed = log(400), tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(body)
    packed.write_bytes(b"".join(map(PACK[pack], (body[:7000], b"", body[7000:]))))
    result = read(packed, engine)
    assert said(result) == said(read(plain, engine))
    assert not result.errors
    [coverage] = result.coverage
    assert (coverage.bytes, coverage.path) == (len(body), str(packed))
    assert coverage.source == hashlib.sha256(body[:4096]).hexdigest()


@pytest.mark.parametrize("pack", PACK)
def test_what_came_before_the_damage_counts(pack: str, engine: Engine, tmp_path: Path) -> None:
    body = log(6_000)
    packed = PACK[pack](body)
    for name, damaged, word in (
        ("cut", packed[: len(packed) // 2], "cut off at decompressed byte"),
        ("tail", packed + b"no stream", "follows at decompressed byte"),
    ):
        path = tmp_path / name
        path.write_bytes(damaged)
        result = read(path, engine)
        [coverage] = result.coverage
        [error] = coverage.errors
        assert error.startswith(f"{path}: {pack}: ")
        assert f"{word} {coverage.bytes}" in error
        assert body[: coverage.bytes].count(b"evil.example") == sum(s.count for s in result.sightings)
        assert coverage.bytes == len(body) if name == "tail" else coverage.bytes > 60_000


def test_many_files_of_xz_damaged_and_within_each_other_are_all_read_to_the_end(
    engine: Engine, tmp_path: Path
) -> None:
    whole = 0
    for number in range(8):
        body, path = log(2_000, first=2_000 * number), tmp_path / f"{number}.xz"
        packed = lzma.compress(lzma.compress(body) if number % 2 else body)
        if number % 4 < 2:
            whole += 1
        else:
            packed = packed[: len(packed) // 2]
        path.write_bytes(packed)
    result = read(tmp_path, engine, jobs=8)
    assert len(result.coverage) == 8
    assert sum(not seen.errors and seen.lines == 2_000 for seen in result.coverage) == whole == 4
    assert all(seen.errors for seen in result.coverage if seen.lines != 2_000)
