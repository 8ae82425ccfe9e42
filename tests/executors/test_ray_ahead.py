"""Units that wait with a worker: no idle worker waits for them, and none is blamed for another unit's
crash."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from quetsach.files.source import ByteStream
from quetsach.scanning.engine import Part, Progress, ScanOptions, SourceResult, Span

pytest.importorskip("ray", reason="ray is not installed")
from quetsach.scanning.executors.apart import Apart
from quetsach.scanning.executors.ray import LOCAL
from tests.engines.indicator_sets import make_set
from tests.engines.native import DNS, ENGINE, dns_line
from tests.executors.test_ray import OPTIONS, die, run, write_logs

if TYPE_CHECKING:
    from quetsach.scanning.engines.native import NativeMatcher

pytestmark = [pytest.mark.native, pytest.mark.cluster]
_LONGEST_SECONDS = 90


@dataclass
class Marking:
    """A matcher that leaves a mark for each log. `slow.log` waits for the marks of all others, `poison`
    kills."""

    inner: NativeMatcher
    marks: Path
    others: int
    count: int
    set_id: str

    def scan(
        self,
        path: Path | str,
        options: ScanOptions,
        progress: Progress,
        stream: ByteStream | None = None,
        mtime: float | None = None,
    ) -> SourceResult:
        name = Path(path).name
        if name.startswith("poison"):
            die()
        last = time.monotonic() + _LONGEST_SECONDS
        while name == "slow.log" and len(list(self.marks.iterdir())) < self.others:
            if time.monotonic() > last:
                raise AssertionError("another log still waits for this one")
            time.sleep(0.05)
        (self.marks / name).touch()
        return self.inner.scan(path, options, progress, stream, mtime)

    def recognise(self, start: bytes) -> str:
        return self.inner.recognise(start)

    def scan_part(self, path: Path, options: ScanOptions, progress: Progress, span: Span) -> Part | None:
        return self.inner.scan_part(path, options, progress, span)

    def merge(
        self, path: Path, options: ScanOptions, bodies: Iterable[bytes], errors: list[str]
    ) -> SourceResult | None:
        return self.inner.merge(path, options, bodies, errors)


def marking(folder: Path, matcher: NativeMatcher) -> Marking:
    marks = folder / "marks"
    marks.mkdir()
    others = len(list(folder.glob("*.log"))) - 1
    return Marking(matcher, marks, others, matcher.count, matcher.set_id)


def test_a_log_that_lies_behind_a_slow_one_is_read_by_whoever_is_free(tmp_path: Path) -> None:
    write_logs(tmp_path)
    # The largest unit comes first, and another waits behind it before the other worker is done with the rest.
    lines = b"".join(dns_line(90_000 + i, "evil.example") for i in range(200_000))
    (tmp_path / "slow.log").write_bytes(b"#open\tslow\n" + DNS + lines)
    matcher = ENGINE.compile(make_set(["evil.example"]))
    expected = run(tmp_path, None, matcher)
    slow = marking(tmp_path, matcher)
    found = run(tmp_path, Apart(LOCAL, ENGINE, slow, OPTIONS, 2), slow, split_bytes=None)
    assert found.errors == []
    assert found.coverage == expected.coverage
    assert list(found.sightings) == list(expected.sightings)


def test_only_the_log_that_kills_is_lost_not_those_that_lie_behind_it(tmp_path: Path) -> None:
    write_logs(tmp_path)
    for number in range(2):
        lines = b"".join(dns_line(95_000 + number * 500 + i, "evil.example") for i in range(300))
        (tmp_path / f"poison{number}.log").write_bytes(DNS + lines)
    matcher = ENGINE.compile(make_set(["evil.example"]))
    expected = run(tmp_path, None, matcher)
    deadly = marking(tmp_path, matcher)
    found = run(tmp_path, Apart(LOCAL, ENGINE, deadly, OPTIONS, 1), deadly, split_bytes=None)
    assert {Path(path).name for path, _error in found.errors} == {"poison0.log", "poison1.log"}
    assert all("its worker failed 3 times" in error for _path, error in found.errors)
    kept = [seen for seen in expected.coverage if not Path(seen.path).name.startswith("poison")]
    assert [seen for seen in found.coverage if not seen.errors] == kept
