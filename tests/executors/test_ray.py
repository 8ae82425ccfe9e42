"""Workers on Ray give the answer of one machine, even when workers die. One session, since it starts
slowly."""

from __future__ import annotations

import errno
import os
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from quetsach.errors import ScanError
from quetsach.files import inputs
from quetsach.files.source import ByteStream
from quetsach.scanning import work
from quetsach.scanning.engine import (
    Before,
    Judging,
    Part,
    Progress,
    ScanOptions,
    SourceResult,
    Span,
    SpanResult,
    SplittingMatcher,
)
from quetsach.scanning.executor import Done, Outcome, Unit
from quetsach.scanning.result import ScanResult, Snapshot
from quetsach.scanning.transfer import Assembly, to_rows
from quetsach.sightings.sighting import Scan, Sighting
from quetsach.sightings.wire import WireSightings, dump

pytest.importorskip("ray", reason="ray is not installed")
from quetsach.scanning.executors.apart import Apart, _Open
from quetsach.scanning.executors.ray import LOCAL, RayWorkers
from tests.engines.indicator_sets import make_set
from tests.engines.native import DNS, ENGINE, dns_line

if TYPE_CHECKING:
    from quetsach.scanning.engines.native import NativeMatcher

pytestmark = [pytest.mark.native, pytest.mark.cluster]
MIB = 1 << 20
HEADER = Scan("quetsach test", "a" * 64, 1, "here", "Asia/Ho_Chi_Minh")
OPTIONS = ScanOptions(source_name="here", devices=True)
POISON = 4 * MIB


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Torn(WireSightings):
    """More lines than one batch, and then an early end."""

    def __init__(self, whole: Iterable[Sighting]) -> None:
        said = b"".join(map(dump, whole))
        super().__init__(1, lambda start, length: (said * (2 * MIB // len(said) + 1))[start : start + length])

    def blocks(self) -> Iterator[bytes]:
        for _ in range(9):
            yield self._read(0, MIB)
        die()


@dataclass
class Deadly:
    """A matcher that kills its process: always at one span, once at one file, once half-way."""

    inner: NativeMatcher
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
        if name == "once.log":
            mark = Path(path).with_suffix(".died")
            if not mark.exists():
                mark.touch()
                die()
        if name == "half.log":
            mark = Path(path).with_suffix(".died")
            result = self.inner.scan(path, options, progress, stream, mtime)
            if not mark.exists():
                mark.touch()
                return SourceResult(Torn(result.sightings), result.coverage, result.bypasses)
            return result
        return self.inner.scan(path, options, progress, stream, mtime)

    def recognise(self, start: bytes) -> str:
        return self.inner.recognise(start)

    def judging(self, options: ScanOptions) -> Judging:
        return self.inner.judging(options)

    def scan_span(
        self, path: Path | str, options: ScanOptions, progress: Progress, stream: ByteStream, before: Before
    ) -> SpanResult:
        return self.inner.scan_span(path, options, progress, stream, before)

    def scan_part(self, path: Path, options: ScanOptions, progress: Progress, span: Span) -> Part | None:
        if path.name == "torn.log" and span.start == POISON:
            die()
        return self.inner.scan_part(path, options, progress, span)

    def merge(
        self, path: Path, options: ScanOptions, bodies: Iterable[bytes], errors: list[str]
    ) -> SourceResult | None:
        return self.inner.merge(path, options, bodies, errors)


def write_logs(folder: Path) -> None:
    for n in range(20):
        lines = (dns_line(n * 1000 + i, ("evil.example", "fine.test")[i % 2]) for i in range(200))
        (folder / f"{n:02}.log").write_bytes(DNS + b"".join(lines))
    (folder / "once.log").write_bytes(DNS + b"".join(dns_line(70_000 + i, "evil.example") for i in range(99)))
    (folder / "half.log").write_bytes(DNS + b"".join(dns_line(80_000 + i, "evil.example") for i in range(99)))
    lines = b"".join(dns_line(i, ("evil.example", "fine.test")[i % 2]) for i in range(150_000))
    (folder / "large.log").write_bytes(b"#open\tlarge\n" + DNS + lines)
    (folder / "torn.log").write_bytes(b"#open\ttorn\n" + DNS + lines)


def run(
    folder: Path,
    executor: Apart | None,
    matcher: SplittingMatcher,
    on_progress: Callable[[Snapshot], None] | None = None,
    split_bytes: int | None = 2 * MIB,
) -> ScanResult:
    found = inputs.discover([str(path) for path in sorted(folder.glob("*.log"))])
    return work.run(
        found,
        ENGINE,
        matcher,
        OPTIONS,
        HEADER,
        executor=executor,
        split_bytes=split_bytes if executor else None,
        on_progress=on_progress,
    )


def test_whoever_dies_the_rest_is_complete_and_as_on_one_machine(tmp_path: Path) -> None:
    write_logs(tmp_path)
    assert (tmp_path / "torn.log").stat().st_size > 3 * POISON // 2
    matcher = ENGINE.compile(make_set(["evil.example"]))
    expected = run(tmp_path, None, matcher)
    deadly = Deadly(matcher, matcher.count, matcher.set_id)
    found = run(tmp_path, Apart(LOCAL, ENGINE, deadly, OPTIONS, 2), deadly)

    assert (tmp_path / "once.died").exists()
    assert (tmp_path / "half.died").exists()
    names = {Path(path).name: error for path, error in found.errors}
    assert set(names) == {"torn.log"}
    assert f"bytes {POISON} to {POISON + 2 * MIB}: its worker failed 3 times" in names["torn.log"]

    hurt = {str(tmp_path / name) for name in names}
    kept = {seen.source for seen in expected.coverage if seen.path not in hurt}
    whole = [seen for seen in expected.coverage if seen.source in kept]
    assert [seen for seen in found.coverage if seen.path not in hurt] == whole
    assert len(whole) == 23
    lines = [s for s in expected.sightings if s.source in kept]
    assert [s for s in found.sightings if s.source in kept] == lines

    torn = next(seen for seen in found.coverage if seen.path.endswith("torn.log"))
    everything = next(seen for seen in expected.coverage if seen.path.endswith("torn.log"))
    assert everything.bytes - 2 * MIB - 200 < torn.bytes < everything.bytes - 2 * MIB + 200
    assert (torn.first, torn.last) == (everything.first, everything.last)


def test_what_does_not_fit_aside_is_named_and_the_rest_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_logs(tmp_path)
    matcher = ENGINE.compile(make_set(["evil.example"]))
    expected = run(tmp_path, None, matcher)

    put = Assembly.put

    def full(self: Assembly, kind: str, data: bytes) -> Outcome | None:
        if kind == "coverage" and b"once.log" in data:
            raise OSError(errno.ENOSPC, "No space left on device")
        return put(self, kind, data)

    monkeypatch.setattr(Assembly, "put", full)
    found = run(tmp_path, Apart(LOCAL, ENGINE, matcher, OPTIONS, 2), matcher)
    [(path, error)] = found.errors
    assert Path(path).name == "once.log"
    assert error.startswith("what was found does not fit into the temporary folder ")
    assert "No space left on device; make room there" in error

    once = next(seen.source for seen in expected.coverage if seen.path == path)
    assert list(found.sightings) == [s for s in expected.sightings if s.source != once]
    assert [seen for seen in found.coverage if seen.path != path] == [
        seen for seen in expected.coverage if seen.path != path
    ]


@dataclass
class Stillborn:
    """A matcher that kills its first worker, before the worker has answered once."""

    inner: NativeMatcher
    mark: Path

    def __reduce__(self) -> tuple[object, ...]:
        return at_the_second_time, (self.inner, self.mark)


def at_the_second_time(matcher: NativeMatcher, mark: Path) -> NativeMatcher:
    if not mark.exists():
        mark.touch()
        die()
    return matcher


def test_a_first_worker_that_dies_as_it_starts_is_replaced(tmp_path: Path) -> None:
    write_logs(tmp_path)
    matcher = ENGINE.compile(make_set(["evil.example"]))
    expected = run(tmp_path, None, matcher)
    stillborn = cast("NativeMatcher", Stillborn(matcher, tmp_path / "died"))
    found = run(tmp_path, Apart(LOCAL, ENGINE, stillborn, OPTIONS, 1), matcher)
    assert (tmp_path / "died").exists()
    assert found.errors == []
    assert list(found.sightings) == list(expected.sightings)


@dataclass
class Elsewhere:
    """A matcher for which only the second worker is on a machine with the logs."""

    inner: NativeMatcher
    marks: Path

    def __reduce__(self) -> tuple[object, ...]:
        return for_the_second_worker, (self.inner, self.marks)


def for_the_second_worker(matcher: NativeMatcher, marks: Path) -> NativeMatcher:
    before = len(list(marks.iterdir()))
    (marks / str(before)).touch()
    if before != 1:
        Path.exists = lambda _path: False  # type: ignore[method-assign,assignment,misc]
    return matcher


def test_a_machine_that_lacks_the_logs_leaves_them_to_the_others(tmp_path: Path) -> None:
    write_logs(tmp_path)
    matcher = ENGINE.compile(make_set(["evil.example"]))
    expected = run(tmp_path, None, matcher)
    marks = tmp_path / "workers"
    marks.mkdir()
    elsewhere = cast("NativeMatcher", Elsewhere(matcher, marks))
    found = run(tmp_path, Apart(LOCAL, ENGINE, elsewhere, OPTIONS, 2), matcher)
    assert len(list(marks.iterdir())) == 2
    assert found.errors == []
    assert found.coverage == expected.coverage
    assert list(found.sightings) == list(expected.sightings)


def test_a_processor_that_went_with_its_machine_is_not_waited_for(tmp_path: Path) -> None:
    write_logs(tmp_path)
    matcher = ENGINE.compile(make_set(["evil.example"]))
    workers = RayWorkers(LOCAL, ENGINE.name, pickle.dumps(matcher), OPTIONS, 1)
    # As many as the cluster had when the scan joined it.
    workers._workers = 3
    logs = inputs.discover([str(path) for path in sorted(tmp_path.glob("*.log"))]).logs
    units = [Unit(log) for log in logs]
    for unit in units:
        workers.submit(unit)
    ended: dict[Unit, Done] = {}
    while len(ended) < len(units):
        ended |= {unit: said for unit, said in workers.said(1) if isinstance(said, Done)}
    workers.close()
    assert {unit: (done.lost, done.bytes) for unit, done in ended.items()} == {
        unit: ("", unit.log.path.stat().st_size) for unit in units
    }


def test_of_what_is_lost_in_the_end_nothing_counts(tmp_path: Path) -> None:
    """As with an archive of which some logs were read before each of its workers died."""
    write_logs(tmp_path)
    (unit, *_) = (Unit(log) for log in inputs.discover([str(tmp_path / "00.log")]).logs)
    matcher = ENGINE.compile(make_set(["evil.example"]))
    rows = list(to_rows(matcher.scan(unit.log.path, OPTIONS, ENGINE.progress())))
    for done in (Done("its worker died"), Done(bytes=9)):
        executor = object.__new__(Apart)
        executor._open = {1: _Open(unit)}
        assert list(executor._taken("said", 1, rows)) == []
        *outcomes, last = executor._taken("said", 1, done)
        assert last == (unit, done)
        assert len(outcomes) == (0 if done.lost else 1)


@pytest.mark.parametrize("deaths", [1, 3])
def test_when_the_node_of_this_machine_dies_another_is_begun(deaths: int, tmp_path: Path) -> None:
    """Ray then kills the process that speaks with it; this test kills it directly."""
    write_logs(tmp_path)
    matcher = ENGINE.compile(make_set(["evil.example"]))
    expected = run(tmp_path, None, matcher)
    executor = Apart(LOCAL, ENGINE, matcher, OPTIONS, 2)
    left = iter(range(deaths))
    killed: set[int] = set()

    def kill(_now: Snapshot) -> None:
        process = executor._process
        if process.pid not in killed and next(left, None) is not None:
            killed.add(process.pid)
            process.kill()

    found = run(tmp_path, executor, matcher, kill)
    assert len(killed) == deaths
    if deaths == 1:
        assert found.errors == []
        assert found.coverage == expected.coverage
        assert list(found.sightings) == list(expected.sightings)
    else:
        lost = {Path(path).name for path, _error in found.errors}
        assert lost and all("its worker failed 3 times" in error for _path, error in found.errors)
        assert {Path(seen.path).name for seen in found.coverage} == {
            Path(seen.path).name for seen in expected.coverage
        }


def test_when_no_other_can_be_begun_the_rest_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_logs(tmp_path)
    matcher = ENGINE.compile(make_set(["evil.example"]))
    expected = run(tmp_path, None, matcher)
    executor = Apart(LOCAL, ENGINE, matcher, OPTIONS, 2)

    def gone() -> None:
        raise ScanError("the cluster cannot be reached")

    def kill(_now: Snapshot) -> None:
        monkeypatch.setattr(executor, "_start", gone)
        executor._process.kill()

    found = run(tmp_path, executor, matcher, kill)
    why = "no worker of the cluster could be started (the cluster cannot be reached); it was not looked at"
    lost = {Path(path).name for path, error in found.errors if error.endswith(why)}
    assert lost and len(lost) == len({path for path, _error in found.errors})
    whole = {seen.source: seen for seen in expected.coverage}
    kept = [seen for seen in found.coverage if Path(seen.path).name not in lost]
    assert kept == [whole[seen.source] for seen in kept]
    assert {Path(seen.path).name for seen in found.coverage} == {
        Path(seen.path).name for seen in expected.coverage
    }
