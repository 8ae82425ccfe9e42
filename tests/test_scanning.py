"""Many logs: one coverage record each, also for a failure; the same answer on any number of threads."""

import gzip
import io
import threading
import tracemalloc
from pathlib import Path

import pytest

from quetsach.files import inputs, spool
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind
from quetsach.results import jsonl, output
from quetsach.scanning import work
from quetsach.scanning.engine import ScanOptions, SourceResult
from quetsach.scanning.engines.portable import PortableEngine
from quetsach.scanning.executors.threads import Threads
from quetsach.scanning.reading import INTERRUPTED
from quetsach.scanning.result import ScanResult, Sightings, Snapshot
from quetsach.sightings.scanfile import read
from quetsach.sightings.sighting import Coverage, Scan, Sighting
from quetsach.sightings.wire import WireSightings

HEADER = Scan("quetsach test", "a" * 64, 1, "here", "Asia/Ho_Chi_Minh")
OPTIONS = ScanOptions(source_name="here")
SET = IndicatorSet([Indicator("evil.example", Kind.DOMAIN)])


def run(path: Path, jobs: int = 2, engine: object = None, stop: threading.Event | None = None) -> ScanResult:
    chosen = engine or PortableEngine()
    matcher = chosen.compile(SET)  # type: ignore[attr-defined]
    found = inputs.discover([str(path)])
    return work.run(found, chosen, matcher, OPTIONS, HEADER, jobs=jobs, stop=stop)  # type: ignore[arg-type]


def document(result: ScanResult) -> bytes:
    out = io.BytesIO()
    jsonl.write(out, output.Report(result))
    return out.getvalue()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    for n in range(7):
        lines = (f"2022-09-16T0{n}:00:0{i} 10.0.0.{i} asks a{n}.evil.example\n" for i in range(n + 1))
        (tmp_path / f"{n}.log").write_text("".join(lines))
    return tmp_path


def test_the_result_is_a_document_sorted_by_key_for_any_number_of_threads(logs: Path) -> None:
    one, many = document(run(logs, jobs=1)), document(run(logs, jobs=5))
    assert one == many
    sightings = [record for _, record in read(io.BytesIO(one)) if isinstance(record, Sighting)]
    assert len(sightings) == sum(range(1, 8))
    assert [s.key() for s in sightings] == sorted(s.key() for s in sightings)


def test_beyond_memory_the_sightings_are_the_same(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = document(run(logs))
    monkeypatch.setattr(spool, "_HELD_BYTES", 100)
    assert document(run(logs)) == before


def test_the_packed_copy_of_a_log_counts_once_and_the_longer_stays(tmp_path: Path) -> None:
    body = "".join(f"10.0.0.9 asks number{n}.evil.example\n" for n in range(300))
    (tmp_path / "dns.log").write_text(body)
    (tmp_path / "dns.log.gz").write_bytes(gzip.compress((body + "10.0.0.9 asks evil.example\n").encode()))
    result = run(tmp_path)
    (sighting,) = result.sightings
    assert sighting.count == 301
    assert [Path(seen.path).name for seen in result.coverage] == ["dns.log.gz"]
    assert [Path(one.path).name for one in result.skipped] == ["dns.log"]


def test_who_interrupts_a_scan_does_not_wait_for_the_rest_of_it(
    logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    class Watched(Threads):
        def cancel(self) -> None:
            told.append("cancel")
            super().cancel()

        def close(self) -> None:
            told.append("close")
            super().close()

    def interrupt(_now: Snapshot) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(work, "Threads", Watched)
    engine = PortableEngine()
    found = inputs.discover([str(logs)])
    with pytest.raises(KeyboardInterrupt):
        work.run(found, engine, engine.compile(SET), OPTIONS, HEADER, on_progress=interrupt)
    assert told == ["cancel", "close"]


class Broken(PortableEngine):
    """Fails on one log, like a bug or a dying disk."""

    def compile(self, indicators: IndicatorSet) -> object:  # type: ignore[override]
        matcher = super().compile(indicators)
        good = matcher.scan

        def broken(path: Path, options: ScanOptions, progress: object) -> SourceResult:
            if path.name == "3.log":
                raise MemoryError("no room")
            return good(path, options, progress)  # type: ignore[arg-type]

        matcher.scan = broken  # type: ignore[method-assign,assignment]
        return matcher


def test_a_log_that_fails_is_a_result_with_an_error_and_the_rest_goes_on(logs: Path) -> None:
    result = run(logs, engine=Broken())
    assert [(Path(path).name, error) for path, error in result.errors] == [("3.log", "MemoryError: no room")]
    assert len(result.coverage) == 7
    assert len(result.sightings) == sum(range(1, 8)) - 4


def test_two_logs_that_cannot_be_opened_are_two_errors(tmp_path: Path) -> None:
    (tmp_path / "a.log").symlink_to(tmp_path / "gone-a")
    (tmp_path / "b.log").symlink_to(tmp_path / "gone-b")
    result = run(tmp_path)
    assert sorted(Path(path).name for path, _error in result.errors) == ["a.log", "b.log"]


class Endless(PortableEngine):
    """A matcher that reads until it is cancelled."""

    def __init__(self) -> None:
        self.started = threading.Event()

    def compile(self, indicators: IndicatorSet) -> object:  # type: ignore[override]
        matcher = super().compile(indicators)
        started = self.started

        def endless(path: Path, options: ScanOptions, progress: object) -> SourceResult:
            started.set()
            while not progress.cancelled:  # type: ignore[attr-defined]
                threading.Event().wait(0.01)
            return SourceResult(
                [], Coverage("f" * 64, str(path), "here", 9, 1, 0, 0, 0, None, None, "none", "", {}, [])
            )

        matcher.scan = endless  # type: ignore[method-assign,assignment]
        return matcher


def test_an_interrupt_ends_soon_and_marks_what_was_not_read(logs: Path) -> None:
    engine, stop = Endless(), threading.Event()
    waiter = threading.Thread(target=lambda: (engine.started.wait(), stop.set()))
    waiter.start()
    result = run(logs, jobs=1, engine=engine, stop=stop)
    waiter.join()
    assert result.is_interrupted
    assert len(result.coverage) == 7
    assert {error for _path, error in result.errors} == {INTERRUPTED}
    assert b'"type":"end"' not in document(result)


def test_an_answer_of_any_size_is_kept_without_holding_it():
    block, count = b"x" * (1 << 20), 128

    def read(offset: int, size: int) -> bytes:
        return block if offset < count << 20 else b""

    kept = Sightings()
    tracemalloc.start()
    try:
        kept.put("door", WireSightings(count, read))
        kept.put("gate", WireSightings(count, read))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(map(len, kept.blocks())) == 2 * count << 20
    assert peak < 20 << 20, "more than the 8 MiB kept, twice while they move to a file"


def test_sources_are_told_in_order_and_the_last_answer_of_each_counts():
    def answer(text: bytes) -> WireSightings:
        return WireSightings(1, lambda offset, size: text[offset : offset + size])

    kept = Sightings()
    for source, text in (("b", b"old "), ("c", b"c"), ("a", b"a "), ("b", b"new ")):
        kept.put(source, answer(text))
    assert b"".join(kept.blocks()) == b"a new c"
    kept.put("c", answer(b"c again"))
    assert (b"".join(kept.blocks()), len(kept)) == (b"a new c again", 3)
