"""A scan that began before it was asked for says what a scan says that did not."""

from __future__ import annotations

import gzip
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quetsach import cli, engine
from quetsach.indicator import Indicator, IndicatorSet, Kind
from quetsach.source import SET_MAGIC

_native = pytest.importorskip("quetsach._native", reason="the native engine is not built")
from quetsach.cli import ahead, plain  # noqa: E402
from quetsach.engines import native  # noqa: E402
from quetsach.engines.native import FORMATS, NativeEngine  # noqa: E402

pytestmark = pytest.mark.native
LINE = b"%d.123 1 10.1.2.%d TCP_MISS/200 9 GET http://%s.evil%d.example/x - HIER_DIRECT/198.51.100.7 -\n"


def _log(lines: int) -> bytes:
    return b"".join(LINE % (1663300800 + n, n % 200, b"a" if n % 7 else b"b", n % 50) for n in range(lines))


LOGS = {
    "plain": _log(3000),
    "long": _log(40_000),
    "gzip": gzip.compress(_log(3000)),
    "long gzip": gzip.compress(_log(200_000), 1),
    "two members": gzip.compress(_log(500)) + gzip.compress(_log(700)),
    "cut off": gzip.compress(_log(3000))[:-2000],
    "damaged": gzip.compress(_log(3000), 1)[:9000] + b"\xff" * 500,
    "utf-16": _log(500).decode().encode("utf-16"),
    "zip": b"PK\x03\x04" + bytes(60),
    "empty": b"",
}


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A compiled set, and an engine that has read no log format yet: so a process begins."""
    file = tmp_path / "set.qs"
    items = IndicatorSet(Indicator(f"evil{n}.example", Kind.DOMAIN) for n in range(0, 50, 3))
    NativeEngine().compile_to(items, file)
    native._formats.cache_clear()
    return file


def _scan(arguments: list[object], capfd: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = cli.run([str(one) for one in arguments])
    return code, *capfd.readouterr()


@pytest.mark.parametrize("name", LOGS)
def test_the_answer_is_the_same(
    name: str,
    listed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("QUETSACH_ENGINE", "native")
    monkeypatch.chdir(tmp_path)
    Path("log").write_bytes(LOGS[name])
    arguments: list[object] = ["scan", "./log", "-i", listed, "--json", "--devices", "--lang", "en"]
    alone = _scan([*arguments, "--jobs", 1], capfd)
    native._formats.cache_clear()
    with_begun = _scan([*arguments, "--jobs=2"], capfd)
    assert with_begun == alone


@pytest.mark.skipif(sys.platform != "linux", reason="threads are listed in /proc")
def test_what_was_begun_is_taken_over(listed: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(LOGS["plain"])
    before = _threads()
    begun = _native.Ahead(str(log), str(listed), str(FORMATS), threads=2, tz="UTC")
    engine = NativeEngine()
    matcher = engine.load(listed)
    while _threads() - before:
        time.sleep(0.01)
    # The same file, in place: only who has read it before can tell what it held.
    with log.open("r+b") as file:
        file.truncate(0)
    found = _coverage(matcher, engine, log)
    assert found["lines"] == 3000
    assert found["name"] == "here"
    assert _coverage(matcher, engine, log)["lines"] == 0
    del begun


def _threads() -> set[str]:
    return {task.name for task in Path("/proc/self/task").iterdir()}


def _coverage(matcher: object, engine: NativeEngine, log: Path, **options: object) -> dict[str, object]:
    asked = {"tz": "UTC", "source_name": "here", **options}
    _lines, coverage = matcher._matcher.scan(log, engine.progress(), **asked)  # type: ignore[attr-defined]
    return coverage  # type: ignore[no-any-return]


@pytest.mark.parametrize("change", ["replaced", "zone", "devices", "format"])
def test_anything_else_is_scanned_anew(change: str, listed: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(LOGS["plain"])
    begun = _native.Ahead(str(log), str(listed), str(FORMATS), threads=2, tz="UTC")
    engine = NativeEngine()
    matcher = engine.load(listed)
    fresh = tmp_path / "fresh"
    fresh.write_bytes(LOGS["gzip"] if change == "replaced" else LOGS["plain"])
    if change == "replaced":
        fresh.replace(log)
    options: dict[str, object] = {
        "zone": {"tz": "Asia/Ho_Chi_Minh"},
        "devices": {"devices": True},
        "format": {"format": "text"},
    }.get(change, {})
    found = _coverage(matcher, engine, log, **options)
    del begun
    assert found == _coverage(matcher, engine, log, **options)


@pytest.mark.parametrize("what", ["log", "set", "both"])
def test_what_is_not_there_yet_begins_nothing(what: str, listed: Path, tmp_path: Path) -> None:
    log, moved = tmp_path / "log", tmp_path / "moved.qs"
    if what == "set":
        log.write_bytes(LOGS["plain"])
    if what != "log":
        listed.rename(moved)
    begun = _native.Ahead(str(log), str(listed), str(FORMATS), threads=2, tz="UTC")
    if what != "log":
        moved.rename(listed)
    log.write_bytes(LOGS["plain"])
    engine = NativeEngine()
    assert _coverage(engine.load(listed), engine, log)["lines"] == 3000
    del begun


def test_standard_input_a_folder_and_a_zone_that_is_none_are_not_begun_with(
    listed: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.write_bytes(LOGS["plain"])
    for name, zone in (("-", "UTC"), (str(tmp_path), "UTC"), (str(log), "no such zone")):
        begun = _native.Ahead(name, str(listed), str(FORMATS), threads=2, tz=zone)
        engine = NativeEngine()
        assert _coverage(engine.load(listed), engine, log)["lines"] == 3000
        del begun


@pytest.mark.parametrize(
    "words",
    ["scan a b -i s --jobs 2", "scan a -i s t --jobs 2", "scan a -i s --jobs 1", "scan a -i s -i t --jobs 2"],
)
def test_only_one_log_and_one_set_on_several_threads_are_begun_with(words: str) -> None:
    given = plain.understood(words.split())
    assert given is not None
    assert ahead.begin(given) is None


def _damages(data: bytes) -> Iterator[bytes]:
    """A set file damaged in each of its sections, in each several times."""
    head = data.index(b"\n", len(SET_MAGIC)) + 1
    sections = json.loads(data[len(SET_MAGIC) : head])["sections"]
    assert len(sections) > 10
    for name, place in sections.items():
        start, length = head + place["offset"], place["length"]
        pick = random.Random(name)
        bad = bytearray(data)
        bad[start : start + length] = pick.randbytes(length)
        yield bytes(bad)
        for _ in range(3):
            bad = bytearray(data)
            bad[start + pick.randrange(length)] ^= 1 << pick.randrange(8)
            yield bytes(bad)


def test_a_damaged_set_gives_no_answer_although_the_scan_has_begun(
    listed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUETSACH_ENGINE", "native")
    values = ["evil1.example", "198.51.100.0/24", "198.51.100.7", "2001:db8::/48", "2001:db8:1::7"]
    values += ["a.evil3.example/x", "198.51.100.7:80"]
    engine.compile(values, guard_rails=False).save(listed)  # type: ignore[attr-defined]
    log, out, state = tmp_path / "log", tmp_path / "out.jsonl", tmp_path / "state"
    log.write_bytes(LOGS["plain"])
    want = f"{listed}: the compiled set is damaged; compile the list again with 'indicators compile'"
    spoilt = tmp_path / "spoilt"
    for bad in _damages(listed.read_bytes()):
        # A file in place of another, as sets are replaced: nobody who still reads the old one sees it change.
        spoilt.write_bytes(bad)
        spoilt.replace(listed)
        for more in ([], ["--state", state]):
            arguments = ["scan", log, "-i", listed, "-o", out, "--lang", "en", "--jobs", 2, *more]
            code, shown, problem = _scan(arguments, capfd)
            assert (code, shown) == (cli.INCOMPLETE, "")
            assert want in problem.replace("\n", " ")
        assert not out.exists()
        assert not state.exists()


def test_nothing_is_told_of_a_damaged_set(listed: Path, tmp_path: Path) -> None:
    data = bytearray(listed.read_bytes())
    data[-100] ^= 1
    listed.write_bytes(data)
    log = tmp_path / "log"
    log.write_bytes(LOGS["plain"])
    begun = _native.Ahead(str(log), str(listed), str(FORMATS), threads=2, tz="UTC")
    matcher = _native.Matcher.load(listed, _native.Formats(FORMATS, []))
    progress = _native.Progress()
    asked: list[Callable[[], object]] = [
        lambda: matcher.count,
        lambda: matcher.set_id,
        lambda: matcher.save(tmp_path / "copy.qs"),
        lambda: matcher.scan(log, progress, tz="UTC"),
        lambda: matcher.scan_part(log, progress, start=0, end=None, tz="UTC"),
        lambda: matcher.merge(log, [], [], tz="UTC"),
    ]
    for ask in asked:
        with pytest.raises(_native.SetError, match="damaged"):
            ask()
    assert (progress.bytes_read, progress.hits) == (0, 0)
    assert not (tmp_path / "copy.qs").exists()
    del begun
