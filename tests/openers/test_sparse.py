"""Files that are nearly all hole: their written parts count, and their holes are not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quetsach.scanning.engine import Engine
from quetsach.scanning.result import ScanResult
from tests.openers.reading import log, read, said

pytestmark = pytest.mark.skipif(not hasattr(os, "SEEK_DATA"), reason="this system does not tell of holes")

HOLE = 1 << 40
"""Reading such a hole would take hours."""


def holed(path: Path, *parts: tuple[int, bytes], size: int = 0) -> Path:
    """A file with these parts, each at its place, and a hole up to `size`."""
    with path.open("wb") as file:
        for place, data in parts:
            file.seek(place)
            file.write(data)
        file.truncate(max(size, file.tell()))
    about = path.stat()
    assert about.st_blocks * 512 < about.st_size // 16, "this folder stores holes; set TMPDIR to another"
    return path


def seen(result: ScanResult) -> list[tuple[str, str | None, str | None, int]]:
    return [(one.matched, one.device, one.first_seen, one.count) for one in result.sightings]


def test_lines_before_and_behind_a_hole_are_read_and_the_one_cut_by_it_is_no_part_of_the_next(
    engine: Engine, tmp_path: Path
) -> None:
    body, plain = log(400), tmp_path / "plain"
    half = body.index(b"\n", len(body) // 2) + 1
    cut = b"2025-01-02T03:04:05Z 10.0.0.250 asks"
    # Up to the end of a disk block: else zeros that fill it would split the lines.
    first = (body[:half] + cut).rjust(1 << 16, b"\n")
    plain.write_bytes(first + b"\n" + body[half:])
    path = holed(tmp_path / "dns.log", (0, first), (HOLE, body[half:]))
    result = read(path, engine)
    # The hole may have held the end of the line, and the beginning of the next: both are one line now.
    assert [why.partition(", which")[0] for _path, why in result.errors] == [
        f"{path}: the line at byte {len(first) - len(cut)} is several lines with carriage returns or zeros"
        " between them"
    ]
    assert seen(result) == seen(read(plain, engine))
    [coverage] = result.coverage
    assert len(body) < coverage.bytes < len(body) + (1 << 20)


def test_a_file_of_one_hole_says_nothing(engine: Engine, tmp_path: Path) -> None:
    path = holed(tmp_path / "lastlog", size=HOLE)
    result = read(path, engine)
    assert (list(result.sightings), result.errors) == ([], [])


def test_a_hole_at_the_end_ends_the_log(engine: Engine, tmp_path: Path) -> None:
    body, plain = log(40), tmp_path / "plain"
    plain.write_bytes(body)
    path = holed(tmp_path / "dns.log", (0, body), size=HOLE)
    assert seen(read(path, engine)) == seen(read(plain, engine))


def test_an_archive_with_a_hole_behind_it_is_still_one(engine: Engine, tmp_path: Path) -> None:
    import gzip
    import io
    import tarfile

    body, plain, packed = log(40), tmp_path / "plain", io.BytesIO()
    plain.write_bytes(body)
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("dns.log")
        member.size = len(body)
        archive.addfile(member, io.BytesIO(body))
    path = holed(tmp_path / "logs.tar", (0, packed.getvalue()), size=1 << 27)
    assert said(read(path, engine)) == said(read(plain, engine))
    path = holed(tmp_path / "dns.log.gz", (0, gzip.compress(body)), size=1 << 27)
    assert said(read(path, engine)) == said(read(plain, engine))
