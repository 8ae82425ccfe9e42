"""A stopped scan goes on: the same document, nothing read twice, nothing stale."""

from __future__ import annotations

import gzip
import io
import multiprocessing
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from functools import partial
from importlib import resources
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from quetsach import cli
from quetsach.errors import ScanError
from quetsach.files import inputs
from quetsach.indicators import setfile
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind
from quetsach.results import jsonl, output
from quetsach.scanning import work
from quetsach.scanning.engine import ScanOptions, SourceResult, choose
from quetsach.scanning.executor import Unit
from quetsach.scanning.reading import failed
from quetsach.scanning.state import State
from quetsach.sightings.sighting import Scan

HEADER = Scan("quetsach test", "a" * 64, 1, "here", "Asia/Ho_Chi_Minh")
OPTIONS = ScanOptions(source_name="here", devices=True)
ABOUT = State.about(HEADER, OPTIONS)
ENGINE = choose()
SET = IndicatorSet([Indicator("evil.example", Kind.DOMAIN)])


def run(folder: Path, kept: Path | None = None) -> tuple[bytes, int]:
    """The document, and the number of logs that the engine read."""
    matcher = ENGINE.compile(SET)
    asked: list[object] = []

    class Counting:
        count, set_id = matcher.count, matcher.set_id

        def scan(self, path: object, *rest: object) -> SourceResult:
            asked.append(path)
            return matcher.scan(path, *rest)  # type: ignore[arg-type]

    found = inputs.discover([str(folder)])
    state = State(kept, ABOUT) if kept else None
    result = work.run(found, ENGINE, Counting(), OPTIONS, HEADER, jobs=2, state=state)
    if state:
        state.close()
    out = io.BytesIO()
    jsonl.write(out, output.Report(result))
    return out.getvalue(), len(asked)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    for n in range(5):
        lines = "".join(f"2022-09-16T0{n}:00:0{i} 10.0.0.{i} asks a{n}.evil.example\n" for i in range(5))
        (folder / f"{n}.log").write_text(lines)
    (folder / "9.log.gz").write_bytes(gzip.compress(b"2022-09-17T00:00:00 10.0.0.9 asks evil.example\n"))
    return folder


def test_what_is_finished_is_not_read_again(logs: Path, tmp_path: Path) -> None:
    expected, _ = run(logs)
    assert run(logs, tmp_path / "state") == (expected, 6)
    assert run(logs, tmp_path / "state") == (expected, 0)
    (logs / "new.log").write_text("2022-09-18T00:00:00 10.0.0.9 asks evil.example\n")
    assert run(logs, tmp_path / "state") == (run(logs)[0], 1)


def test_a_changed_log_is_read_again(logs: Path, tmp_path: Path) -> None:
    run(logs, tmp_path / "state")
    with (logs / "3.log").open("a") as file:
        file.write("2022-09-16T09:00:00 10.0.0.9 asks evil.example\n")
    assert run(logs, tmp_path / "state") == (run(logs)[0], 1)
    text = (logs / "2.log").read_text()
    (logs / "2.log").write_text(text.replace("10.0.0.1", "10.0.0.7"))
    os.utime(logs / "2.log", (1, 1))
    assert run(logs, tmp_path / "state") == (run(logs)[0], 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells when a file was made, not when it changed")
def test_a_log_changed_in_its_middle_alone_is_read_again(logs: Path, tmp_path: Path) -> None:
    log = logs / "long.log"
    lines = [f"2022-09-16T00:00:00 10.0.0.{n % 7} asks a{n:05}.fine.example\n" for n in range(2000)]
    log.write_text("".join(lines))
    run(logs, tmp_path / "state")
    before = log.stat()
    lines[1000] = lines[1000].replace("fine", "evil")
    log.write_text("".join(lines))
    os.utime(log, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (log.stat().st_size, log.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert run(logs, tmp_path / "state") == (run(logs)[0], 1)


def test_of_a_log_that_grows_only_the_last_version_is_kept(logs: Path, tmp_path: Path) -> None:
    """Otherwise a log of a year, scanned every day, would be kept once for each day."""
    for day in range(1, 4):
        run(logs, tmp_path / "state")
        with closing(sqlite3.connect(tmp_path / "state")) as file:
            assert file.execute("SELECT count(*) FROM unit").fetchone() == (6,)
            assert file.execute("SELECT count(DISTINCT number) FROM outcome").fetchone() == (6,)
        with (logs / "3.log").open("a") as log:
            log.write(f"2022-09-2{day}T09:00:00 10.0.0.9 asks evil.example\n")
    assert run(logs, tmp_path / "state") == (run(logs)[0], 1)


def test_two_folders_with_logs_of_one_name_share_a_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "logs").mkdir(parents=True)
        line = f"2022-09-16T00:00:00 10.0.0.1 asks {name}.evil.example\n"
        (tmp_path / name / "logs" / "1.log").write_text(line)
    asked = []
    for name in ("a", "b", "a", "b"):
        monkeypatch.chdir(tmp_path / name)
        asked.append(run(Path("logs"), tmp_path / "state")[1])
    assert asked == [1, 1, 0, 0]


def test_a_log_with_an_error_is_read_again(logs: Path, tmp_path: Path) -> None:
    whole = (logs / "9.log.gz").read_bytes()
    (logs / "9.log.gz").write_bytes(whole[:-3])
    run(logs, tmp_path / "state")
    assert run(logs, tmp_path / "state")[1] == 1


def test_rows_damaged_on_the_disk_are_not_believed(logs: Path, tmp_path: Path) -> None:
    expected, _ = run(logs, tmp_path / "state")
    with closing(sqlite3.connect(tmp_path / "state", isolation_level=None)) as file:
        changed = "CAST(replace(data, '10.0.0.1', '10.9.0.1') AS BLOB)"
        file.execute(f"UPDATE outcome SET data = {changed} WHERE kind = 'lines' AND number = 2")
        assert file.execute("SELECT changes()").fetchone() == (1,)
    assert run(logs, tmp_path / "state") == (expected, 1)
    assert run(logs, tmp_path / "state") == (expected, 0)


@pytest.mark.parametrize("other", [{"list": "b" * 64}, {"devices": "False"}, {"program": "quetsach 99"}])
def test_the_state_of_another_scan_is_refused(other: dict[str, str], logs: Path, tmp_path: Path) -> None:
    run(logs, tmp_path / "state")
    with pytest.raises(ScanError, match=f"another {next(iter(other))}"):
        State(tmp_path / "state", ABOUT | other)
    assert run(logs, tmp_path / "state")[1] == 0


def test_what_was_read_by_other_log_formats_is_refused(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows name their format by a number: a new format would shift the numbers, and so the names."""
    run(logs, tmp_path / "state")
    package = tmp_path / "package/logs/formats"
    shutil.copytree(str(resources.files("quetsach.logs").joinpath("formats")), package)
    text = (package / "coredns.toml").read_text(encoding="utf-8")
    (package / "aaa.toml").write_text(text.replace('name = "coredns"', 'name = "aaa"'), encoding="utf-8")
    monkeypatch.setattr("quetsach.logs.logformat.resources.files", lambda _: package.parent)
    with pytest.raises(ScanError, match="another set of log formats"):
        State(tmp_path / "state", State.about(HEADER, OPTIONS))


def test_what_another_version_kept_is_refused(logs: Path, tmp_path: Path) -> None:
    """Rows with another layout would be read as wrong rows."""
    run(logs, tmp_path / "state")
    with closing(sqlite3.connect(tmp_path / "state")) as file:
        file.execute("PRAGMA user_version = 1")
    with pytest.raises(ScanError, match="another version of quetsach"):
        State(tmp_path / "state", ABOUT)


def test_what_is_no_state_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text("GET /\n" * 500)
    with pytest.raises(ScanError, match="no state file"):
        State(log, ABOUT)
    assert log.read_text() == "GET /\n" * 500
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as file:
        file.execute("CREATE TABLE precious (x)")
    with pytest.raises(ScanError, match="no state file"):
        State(other, ABOUT)
    with pytest.raises(ScanError, match="cannot be used"):
        State(tmp_path / "missing" / "state", ABOUT)


def test_logs_that_end_one_in_another_are_all_kept(logs: Path, tmp_path: Path) -> None:
    """Two threads: the outcomes of both come before either of them ends."""
    units = [Unit(log) for log in inputs.discover([str(logs)]).logs]
    with closing(State(tmp_path / "state", ABOUT)) as state:
        for unit in units:
            assert state.finished(unit) is None
            state.keep(unit, SourceResult([], failed(unit.log, OPTIONS, "")))
        for unit in units:
            state.end(unit, is_complete=True)
        assert state.problem == ""
    with closing(State(tmp_path / "state", ABOUT)) as state:
        assert all(state.finished(unit) is not None for unit in units)


def test_two_scans_do_not_share_a_state(logs: Path, tmp_path: Path) -> None:
    with closing(State(tmp_path / "state", ABOUT)), pytest.raises(ScanError, match="another scan"):
        State(tmp_path / "state", ABOUT)


def test_a_full_disk_is_told_and_the_scan_goes_on(logs: Path, tmp_path: Path) -> None:
    state = State(tmp_path / "state", ABOUT)
    state._file.execute("PRAGMA max_page_count = 6")
    found = inputs.discover([str(logs)])
    big = Unit(found.logs[0])
    for name in ("a", "b"):
        state.keep(big, SourceResult([], failed(None, OPTIONS, "x" * 9_000, name)))
    assert "full" in state.problem
    result = work.run(found, ENGINE, ENGINE.compile(SET), OPTIONS, HEADER, state=state)
    state.close()
    assert len(result.sightings) == 26
    assert [path for path, _ in result.errors] == [str(tmp_path / "state")]


def scan_until(statement: int, arguments: list[str]) -> None:
    """Run the command; it is killed at statement number `statement` (from 1) on its state file."""
    left = count(statement - 1, -1)

    def told(_sql: str) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    class Counted(sqlite3.Connection):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.set_trace_callback(told)

    sqlite3.connect = partial(sqlite3.connect, factory=Counted)  # type: ignore[assignment]
    sys.exit(cli.run(arguments))


def scan_again_and_again(
    arguments: list[str], expected: list[str], kept: list[str], statements: range, codes: Connection
) -> None:
    """One scan to its end, then one killed scan for each statement; forked, because starting Python is
    slow."""
    os.environ["QUETSACH_ENGINE"] = "portable"
    cli.run(arguments + expected)
    for statement in statements:
        child = multiprocessing.get_context("fork").Process(
            target=scan_until, args=(statement, arguments + kept)
        )
        child.start()
        child.join()
        codes.send(child.exitcode)
    codes.close()


def test_killed_at_any_moment_it_goes_on_to_the_same_document(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    names = ("evil", "fine")
    for n in range(5):
        lines = (
            f"2022-09-16T{n:02}:{i // 60:02}:{i % 60:02} 10.0.{n}.{i % 9} asks {names[i % 7 == 0]}.example\n"
            for i in range(60)
        )
        (folder / f"{n}.log").write_text("".join(lines))
    setfile.write(tmp_path / "list.qs", SET)
    arguments = ["scan", str(folder), "-i", str(tmp_path / "list.qs"), "--jobs", "1", "--source-name", "here"]
    expected, found = tmp_path / "expected.jsonl", tmp_path / "found.jsonl"
    kept = ["--state", str(tmp_path / "state"), "-o", str(found)]
    processes = multiprocessing.get_context("spawn")
    receiving, sending = processes.Pipe(duplex=False)
    # Each run gets a little further than the last: some die while they open the file, some while they read.
    statements = range(1, 50, 2)
    scans = processes.Process(
        target=scan_again_and_again, args=(arguments, ["-o", str(expected)], kept, statements, sending)
    )
    scans.start()
    sending.close()
    codes = [receiving.recv() for _ in statements]
    scans.join()
    assert codes.count(-signal.SIGKILL) > 10
    assert codes[-1] == 1
    assert found.read_bytes() == expected.read_bytes()
