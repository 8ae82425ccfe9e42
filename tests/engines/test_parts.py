"""The parts of a file, put together, equal the answer of the whole file."""

from __future__ import annotations

import gzip
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from quetsach.files import inputs
from quetsach.scanning import splitting, work
from quetsach.scanning.engine import ScanOptions, Span
from quetsach.sightings.sighting import Bypass, Coverage, Scan, Sighting
from tests.engines.indicator_sets import make_set
from tests.engines.native import DNS, ENGINE, MTIME, _native, dns_line, log_with_two_headers, scan, write
from tests.engines.random_lines import files, indicators

if TYPE_CHECKING:
    from quetsach.scanning.engines.native import NativeMatcher

pytestmark = pytest.mark.native
EDGE = 300
MIB = 1 << 20
HEADER = Scan("quetsach test", "a" * 64, 1, "here", "Asia/Ho_Chi_Minh")


def parts_of(
    matcher: NativeMatcher, path: Path, cuts: list[int], devices: bool = False
) -> tuple[Coverage, list[Sighting], list[Bypass]] | None:
    """Every span, with the header of the span before it; None where a span refuses."""
    bodies: list[bytes] = []
    header, end = None, 0
    for start, stop in zip(cuts, [*cuts[1:], None], strict=True):
        said = matcher._matcher.scan_part(
            path,
            _native.Progress(),
            start=start,
            end=stop,
            header=header,
            tz="Asia/Ho_Chi_Minh",
            devices=devices,
            chunk=3000,
            edge_bytes=EDGE,
            # Spans of the command line begin where blocks begin; these begin anywhere.
            block=1,
        )
        if said is None:
            return None
        begun, stopped, _source, _before, header, errors, body = said
        assert begun == end and not errors
        end = stopped
        bodies.append(body)
    result = matcher.merge(path, ScanOptions(devices=devices), bodies, [])
    assert result is not None
    return result.coverage, list(result.sightings), list(result.bypasses)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    indicators,
    st.lists(files(), min_size=1, max_size=3),
    st.lists(st.floats(0, 1), max_size=5),
    st.booleans(),
)
def test_parts_make_the_whole(
    values: list[str], blocks: list[bytes], places: list[float], devices: bool
) -> None:
    block = b"\n".join(blocks) + b"\n"
    data = block * (20_000 // len(block) + 1)
    cuts = sorted({0, *(EDGE + int(place * (len(data) - 2 * EDGE)) for place in places)})
    matcher = ENGINE.compile(make_set(values))
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, data)
        expected = scan(matcher, path, devices=devices, chunk=3000, edge_bytes=EDGE, block=1)
        found = parts_of(matcher, path, cuts, devices)
        if found is None:
            # The last span may start too near to the end, behind a long line.
            found = parts_of(matcher, path, [0], devices)
    # Lines that begin with a zero may look like UTF-16, which is never cut.
    assume(found is not None or not block.startswith(b"\0"))
    assert found == (expected.coverage, list(expected.sightings), list(expected.bypasses))


def test_a_header_that_changes_inside_a_span_is_told_to_the_next(tmp_path: Path) -> None:
    path = write(tmp_path, log_with_two_headers())
    matcher = ENGINE.compile(make_set(["evil.example"]))
    size = path.stat().st_size
    expected = scan(matcher, path, edge_bytes=EDGE, block=1)
    assert parts_of(matcher, path, [0, size // 3, size // 2, 2 * size // 3]) == (
        expected.coverage,
        list(expected.sightings),
        [],
    )
    guess = matcher.scan_part(path, ScanOptions(), ENGINE.progress(), Span(size // 2, None))
    assert guess is None, "nearer to the end than a MiB: it belongs to the file's edge"


@pytest.mark.parametrize("data", [gzip.compress(DNS * 99), "đây".encode("utf-16"), b"x" * 40 * MIB])
def test_what_cannot_be_cut_exactly_is_not_cut(data: bytes, tmp_path: Path) -> None:
    path = write(tmp_path, data)
    matcher = ENGINE.compile(make_set(["evil.example"]))
    assert matcher.scan_part(path, ScanOptions(), ENGINE.progress(), Span(MIB, 2 * MIB)) is None


def test_headers_guessed_wrong_are_read_again(tmp_path: Path) -> None:
    """A large file in spans, on threads: the same document as in one piece."""
    first = b"".join(dns_line(i, ("evil.example", "fine.test")[i % 2]) for i in range(30_000))
    other = DNS.replace(b"query\trcode_name", b"rcode_name\tquery")
    swapped = first.replace(b"evil.example\tNOERROR", b"NOERROR\tevil.example")
    path = tmp_path / "dns.log"
    path.write_bytes(DNS + first + other + swapped * 3 + DNS + first)
    os.utime(path, (MTIME, MTIME))
    assert path.stat().st_size > 2 * splitting.LEAST_BYTES
    matcher = ENGINE.compile(make_set(["evil.example"]))
    found = inputs.discover([str(path)])

    def read(split_bytes: int | None) -> tuple[list[Coverage], list[bytes]]:
        result = work.run(
            found, ENGINE, matcher, ScanOptions(devices=True), HEADER, jobs=2, split_bytes=split_bytes
        )
        return result.coverage, list(result.sightings.lines())

    assert read(2 * MIB) == read(None)
