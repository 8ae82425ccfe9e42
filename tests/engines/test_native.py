"""The native engine by itself: the golden cases at every level, damaged input, bounds."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.errors import IndicatorError, ScanError
from quetsach.files.source import OLD_SET_MAGIC, SET_MAGIC
from quetsach.indicators import setfile
from quetsach.indicators.indicator import IndicatorSet
from quetsach.scanning.engine import ScanOptions
from quetsach.text import language
from quetsach.text.problems import explain
from tests.engines.indicator_sets import make_set
from tests.engines.native import DNS, ENGINE, _native, dns_line, scan

pytestmark = pytest.mark.native
GOLDEN = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data/golden.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize("level", _native.levels())
@pytest.mark.parametrize("case", GOLDEN, ids=[c["id"] for c in GOLDEN])
def test_golden_case(case: dict[str, Any], level: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes("\n".join([*case.get("header", []), case["line"]]).encode() + b"\n")
    result = scan(ENGINE.compile(make_set(case["indicators"])), path, level=level)
    found = {s.indicator: s for s in result.sightings}
    assert set(found) == {e["indicator"] for e in case["expect"]}
    for expected in case["expect"]:
        sighting = found[expected["indicator"]]
        assert sighting.logformat == case["format"]
        assert {key: getattr(sighting, key) for key in expected} == expected
    told = case.get("told", [])
    coverage = result.coverage
    lines = case.get("not_understood", len(told))
    assert (coverage.inbound, coverage.not_understood) == (case.get("inbound", 0), lines)
    assert coverage.unattributed == told if told else len(coverage.unattributed) == lines


def test_gzip_members_and_padding_are_one_log(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    plain = DNS + b"".join(dns_line(i, "evil.example") for i in range(5))
    members = [plain[:100], plain[100:150], plain[150:]]
    path.write_bytes(b"".join(map(gzip.compress, members)) + b"\0" * 512)
    result = ENGINE.compile(make_set(["evil.example"])).scan(path, ScanOptions(), ENGINE.progress())
    assert [s.count for s in result.sightings] == [5]
    assert (result.coverage.bytes, result.coverage.lines, result.coverage.errors) == (len(plain), 10, [])


@pytest.mark.parametrize("damage", ["cut", "garbage", "flipped"])
def test_damaged_gzip_is_scanned_as_far_as_it_goes(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    plain = DNS + b"".join(dns_line(i, f"n{i * 7919 % 10007}.evil.example") for i in range(20_000))
    packed = bytearray(gzip.compress(plain))
    if damage == "cut":
        packed = packed[: len(packed) // 2]
    elif damage == "garbage":
        packed += b"no gzip"
    else:
        packed[-6] ^= 1  # in the checksum
    path.write_bytes(packed)
    result = ENGINE.compile(make_set(["evil.example"])).scan(path, ScanOptions(), ENGINE.progress())
    [error] = result.coverage.errors
    assert error.startswith(f"{path}: gzip: ")
    assert f"byte {result.coverage.bytes}" in error
    assert plain[: result.coverage.bytes].count(b"evil.example") == sum(s.count for s in result.sightings)
    assert result.coverage.bytes == len(plain) or (damage == "cut" and result.coverage.bytes > 100_000)


def test_a_huge_line_is_matched_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.write(DNS + dns_line(0, "fine.test") + dns_line(0, "evil.example")[:-1])
        for _ in range(8):
            file.write(b"\t" + b"x" * (1 << 20))
        file.write(b"\tfar.example\n" + dns_line(1, "evil.example"))
    result = ENGINE.compile(make_set(["evil.example", "far.example"])).scan(
        path, ScanOptions(), ENGINE.progress()
    )
    # The name at the far end lies outside the parsed part of a line of a known format.
    assert [(s.indicator, s.count) for s in result.sightings] == [("evil.example", 2)]
    assert (result.coverage.long_lines, result.coverage.not_understood, result.coverage.lines) == (1, 1, 8)


def test_what_cannot_be_read_is_said_not_raised(tmp_path: Path) -> None:
    matcher = ENGINE.compile(make_set(["evil.example"]))
    archive = tmp_path / "a.zip"
    archive.write_bytes(b"PK\x03\x04evil.example")
    for path, word in (
        (archive, "zip"),
        (tmp_path / "none", "cannot be read"),
        (tmp_path, "directory"),
    ):
        result = matcher.scan(path, ScanOptions(), ENGINE.progress())
        assert list(result.sightings) == []
        [error] = result.coverage.errors
        assert str(path) in error
        assert word in error


def test_options_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    matcher = ENGINE.compile(make_set(["evil.example"]))
    for options in (ScanOptions(tz="Mars/Olympus"), ScanOptions(format="nonsense")):
        with pytest.raises(ScanError):
            matcher.scan(tmp_path, options, ENGINE.progress())


def test_a_cancelled_scan_says_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(DNS + dns_line(0, "evil.example") * 20_000)
    progress = ENGINE.progress()
    progress.cancel()
    result = ENGINE.compile(make_set(["evil.example"])).scan(path, ScanOptions(), progress)
    assert "cancelled" in result.coverage.errors[0]
    assert result.coverage.bytes < path.stat().st_size


def test_one_matcher_serves_threads(tmp_path: Path) -> None:
    matcher = ENGINE.compile(make_set(["evil.example"]))
    found: dict[int, int] = {}

    def work(number: int) -> None:
        path = tmp_path / str(number)
        path.write_bytes(DNS + dns_line(0, "evil.example") * (number + 1))
        result = matcher.scan(path, ScanOptions(), ENGINE.progress())
        found[number] = sum(s.count for s in result.sightings)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: n + 1 for n in range(4)}


def test_set_files_go_between_the_engines(tmp_path: Path) -> None:
    items = make_set(
        ["evil.example", {"value": "exact.test", "scope": "exact"}, "*.sub.test", "203.0.113.0/24"]
    )
    log = tmp_path / "log"
    log.write_bytes(DNS + dns_line(0, "evil.example") + dns_line(1, "exact.test") + dns_line(2, "sub.test"))
    ours, theirs = tmp_path / "native.qs", tmp_path / "portable.qs"
    ENGINE.compile_to(items, ours)
    setfile.write(theirs, items)
    assert setfile.read(ours).items == items.items
    for path in (ours, theirs):
        matcher = ENGINE.load(path)
        assert (matcher.count, matcher.set_id) == (4, items.id)
        result = matcher.scan(log, ScanOptions(), ENGINE.progress())
        assert [s.indicator for s in result.sightings] == ["evil.example", "exact.test"]


def _unusable(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Files that are no complete compiled set, each with its error."""
    head = data.index(b"\n", len(SET_MAGIC)) + 1
    yield from (
        (b"no set", setfile.FOREIGN),
        (b"", setfile.FOREIGN),
        (b"evil.example\n" * 9, setfile.FOREIGN),
    )
    yield OLD_SET_MAGIC + data[len(SET_MAGIC) :], setfile.OLDER
    for end in (len(SET_MAGIC), 100, head, len(data) // 2, len(data) - 1):
        yield data[:end], setfile.DAMAGED
    yield data + b"\n", setfile.DAMAGED
    yield data[: len(SET_MAGIC)] + b"{}\n" + data[head:], setfile.DAMAGED
    document = json.loads(data[len(SET_MAGIC) : head])
    place = {"offset": 0, "length": len(data)}
    sections = dict.fromkeys(document["sections"], place)
    for change in ({"count": 0}, {"count": "x"}, {"id": "x", "index": None}, {"sections": sections}):
        spoilt = json.dumps({**document, **change}).encode() + b"\n"
        yield data[: len(SET_MAGIC)] + spoilt + data[head:], setfile.DAMAGED


@pytest.mark.parametrize("write", [ENGINE.compile_to, lambda items, path: setfile.write(path, items)])
def test_a_file_that_is_no_set_is_told_alike_by_both_engines_and_in_vietnamese(
    write: Callable[[IndicatorSet, Path], object], tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.qs", tmp_path / "bad.qs"
    write(make_set(["evil.example"]), good)
    for data, why in _unusable(good.read_bytes()):
        bad.write_bytes(data)
        for read in (ENGINE.load, setfile.read):
            with pytest.raises(IndicatorError) as told:
                read(bad)
            assert str(told.value) == f"{bad}: {why}", data
        language.use("vi")
        try:
            said = explain(f"{bad}: {why}")
        finally:
            language.use("en")
        assert said.startswith(f"{bad}: ")
        assert "biên dịch" in said


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(IndicatorError):
        ENGINE.compile(IndicatorSet(()))


def test_formats_that_cannot_be_read_are_told_by_who_needs_them(tmp_path: Path) -> None:
    with pytest.raises(_native.OptionsError):
        _native.Formats(tmp_path, ["name = 1"])
    (tmp_path / "odd.toml").write_text("name = 1")
    set_file = tmp_path / "set.qs"
    ENGINE.compile_to(make_set(["evil.example"]), set_file)
    for folder in (tmp_path, tmp_path / "nowhere"):
        matcher = _native.Matcher.load(set_file, _native.Formats(folder, []), b"")
        for _ in range(2):
            with pytest.raises(_native.OptionsError):
                matcher.recognise(b"")


SET_VALUES = [
    "evil.example",
    "203.0.113.7",
    "198.51.100.0/24",
    "bad.example/x",
    "2001:db8::7",
    "192.0.2.9:53",
]


@given(st.integers(0, (1 << 32) - 1), st.integers(0, 7))
def test_a_flipped_bit_anywhere_in_a_set_file_is_told_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "flipped.qs"
    whole = ENGINE.compile_to(make_set(SET_VALUES), file)
    data = bytearray(file.read_bytes())
    # Half of the flips go where the short head stands.
    at = place // 2 % (len(data) if place % 2 else 2000)
    data[at] ^= 1 << bit
    file.write_bytes(data)
    try:
        found = ENGINE.load(file)
    except IndicatorError:
        return
    # Without its index, the set is rebuilt from the list; its id proves the list.
    assert (found.set_id, found.count) == (whole.set_id, whole.count)
    again = file.with_name("again.qs")
    found.save(again)
    whole.save(file)
    assert again.read_bytes() == file.read_bytes()


def test_a_damaged_index_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "set.qs"
    ENGINE.compile_to(make_set(SET_VALUES), file)
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes(data)
    with pytest.raises(IndicatorError, match=r"set\.qs: .*damaged; compile the list again"):
        ENGINE.load(file)
