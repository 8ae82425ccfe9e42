"""The answer of any number of threads, for any cut and compression of a log, equals that of one thread."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.engines.portable import LIMITS, PortableEngine, PortableMatcher
from tests.engines.indicator_sets import make_set
from tests.engines.native import DNS, ENGINE, MTIME, _native, dns_line, log_with_two_headers, scan, write
from tests.engines.random_lines import files, indicators
from tests.packing import zstd

pytestmark = pytest.mark.native
LONG_ENOUGH = 100_000
"""Threads start behind the first 64 KiB, where any line may name columns."""


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    indicators,
    st.lists(files(), min_size=1, max_size=3),
    st.sampled_from((1, 40, 3000, 1 << 18)),
    st.sampled_from((0, 1, 3)),
    st.booleans(),
    st.sampled_from((150, 1 << 20)),
    st.booleans(),
    st.sampled_from((1, 500, 1 << 17)),
)
def test_the_answer_is_that_of_the_portable_engine(
    values: list[str],
    parts: list[bytes],
    chunk: int,
    spare: int,
    devices: bool,
    long_line: int,
    packed: bool,
    block: int,
) -> None:
    lines = b"\n".join(parts) + b"\n"
    data = lines * (LONG_ENOUGH // len(lines) + 1)
    bounds = {"long_line": long_line, "parsed_part": min(long_line, 90), "edge_bytes": 300, "block": block}
    items = make_set(values)
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, gzip.compress(data, 1) if packed else data)
        options = ScanOptions(devices=devices)
        portable = PortableMatcher(items, replace(LIMITS, **bounds))
        expected = portable.scan(path, options, PortableEngine().progress())
        found = scan(ENGINE.compile(items), path, spare=spare, devices=devices, chunk=chunk, **bounds)
    assert found.coverage == expected.coverage
    assert list(found.sightings) == list(expected.sightings)


def compress(data: bytes) -> dict[str, bytes]:
    return {
        "plain": data,
        "gzip": gzip.compress(data),
        "members": gzip.compress(data[:70_000])
        + gzip.compress(b"")
        + gzip.compress(data[70_000:])
        + bytes(99),
        "xz": lzma.compress(data),
        "bzip2": bz2.compress(data),
        "zstd": zstd(data[:99_000]) + zstd(data[99_000:]),
    }


@pytest.mark.parametrize("spare", [0, 1, 3])
@pytest.mark.parametrize("packing", sorted(compress(b"")))
def test_packings_and_threads_change_nothing(packing: str, spare: int, tmp_path: Path) -> None:
    data = log_with_two_headers()
    matcher = ENGINE.compile(make_set(["evil.example"]))
    bounds = {"edge_bytes": 1000, "chunk": 4096}
    expected = scan(matcher, write(tmp_path, data), **bounds)
    assert sum(s.count for s in expected.sightings) == 2_900
    packed = compress(data)[packing]
    if packing in ("xz", "bzip2"):
        stream = {"xz": lzma.open, "bzip2": bz2.open}[packing](io.BytesIO(packed))
        found = scan(
            matcher, tmp_path / "log", spare=spare, stream=stream, changed=MTIME * 1_000_000, **bounds
        )
    else:
        found = scan(matcher, write(tmp_path, packed), spare=spare, **bounds)
    assert (found.coverage, found.sightings) == (expected.coverage, expected.sightings)


def test_a_scan_on_threads_is_cancelled_at_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    progress = _native.Progress(_native.SpareThreads(3))
    done = threading.Event()

    def feed() -> None:
        lines = b"".join(dns_line(i, "fine.test") for i in range(1_000))
        with path.open("wb", buffering=0) as pipe:
            pipe.write(DNS)
            while not done.is_set():
                try:
                    pipe.write(lines)
                except BrokenPipeError:
                    return
                if progress.bytes_read > 3_000_000:
                    progress.cancel()

    writer = threading.Thread(target=feed)
    writer.start()
    result = ENGINE.compile(make_set(["evil.example"])).scan(path, ScanOptions(), progress)
    done.set()
    writer.join()
    assert ["cancelled at byte" in error for error in result.coverage.errors] == [True]
    assert result.coverage.bytes >= 3_000_000


def many_rows() -> bytes:
    """Rows repeated in later runs, on days in no order, times with and without a year."""
    lines = []
    for i in range(3_000):
        day, device = i % 28 + 1, f"10.1.{i % 5}.{i * 7919 % 199}"
        lines.append(
            f"Sep {day:2} 11:{i % 60:02}:00 dnsmasq[1]: query[A] n{i % 3}.evil.example from {device}"
        )
        lines.append(f"Sep {day:2} 11:{i % 60:02}:01 dnsmasq[1]: forwarded evil.example to 203.0.113.9#53")
    return "\n".join(lines).encode()


@pytest.mark.parametrize("spare", [0, 2])
def test_rows_beyond_the_memory_allowed_give_the_same_answer(spare: int, tmp_path: Path) -> None:
    path = write(tmp_path, many_rows())
    items = make_set(["evil.example", "=n1.evil.example", "*.n2.evil.example", "203.0.113.9"])
    small = replace(LIMITS, block=4096)
    whole = PortableMatcher(items, small).scan(path, ScanOptions(), PortableEngine().progress())
    bounds = {"row_bytes": 20_000, "edge_bytes": 1000, "chunk": 4096, "block": 4096}
    native = scan(ENGINE.compile(items), path, spare=spare, **bounds)
    portable = PortableMatcher(items, replace(small, rows=50)).scan(
        path, ScanOptions(), PortableEngine().progress()
    )
    assert len(list(whole.sightings)) > 1_000
    for found in (native, portable):
        assert list(found.sightings) == list(whole.sightings)
        assert found.coverage == whole.coverage


def test_a_temporary_folder_that_takes_nothing_is_an_error_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, many_rows())
    items = make_set(["evil.example"])
    gone = tmp_path / "gone"
    monkeypatch.setenv("TMPDIR", str(gone))
    monkeypatch.setattr(tempfile, "tempdir", str(gone))
    native = scan(ENGINE.compile(items), path, row_bytes=20_000)
    portable = PortableMatcher(items, replace(LIMITS, rows=50)).scan(
        path, ScanOptions(), PortableEngine().progress()
    )
    for found in (native, portable):
        assert [f"temporary folder {gone}" in error for error in found.coverage.errors] == [True]
        assert "TMPDIR" in found.coverage.errors[0]
