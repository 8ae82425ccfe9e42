"""Lines per hour: of logs in order each line in its hour, and for any log the same by both engines."""

from __future__ import annotations

import gzip
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.engines.portable import LIMITS, PortableEngine, PortableMatcher
from quetsach.sightings.sighting import Coverage
from tests.engines.indicator_sets import make_set

pytest.importorskip("quetsach._native", reason="the native engine is not built")
from tests.engines.both import few
from tests.engines.native import ENGINE, MTIME, scan, write

pytestmark = pytest.mark.native
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGIN = datetime.fromtimestamp(MTIME, UTC) - timedelta(days=60)
ITEMS = make_set(["evil.example"])
ASKED = ("10.0.0.1", "10.0.0.2", "10.0.0.77", "mac:00-00-5e-00-53-03")
ZEEK = (
    "#separator \\x09\n#set_separator\t,\n#unset_field\t-\n#path\tconn\n"
    "#fields\tts\tid.orig_h\tid.resp_h\tid.resp_p\tconn_state\torig_l2_addr\tlocal_orig\n"
)


@dataclass(frozen=True)
class Line:
    """A line of a log: the seconds behind `BEGIN` (None: no time), the machine, and what makes it longer."""

    at: int | None
    machine: int
    rest: int

    @property
    def hour(self) -> datetime | None:
        if self.at is None:
            return None
        return (BEGIN + timedelta(seconds=self.at)).replace(minute=0, second=0, microsecond=0)


def zeek(lines: list[Line]) -> str:
    def line(one: Line) -> str:
        when = "-" if one.at is None else f"{MTIME - 60 * 86_400 + one.at}.25"
        mac = f"00:00:5E:00:53:{one.machine:02x}" if one.machine % 3 == 0 else "-"
        return f"{when}\t10.0.0.{one.machine}\t10.0.0.77\t443\tSF\t{mac}\t{'x' * one.rest}\n"

    return ZEEK + "".join(map(line, lines))


def dnsmasq(lines: list[Line]) -> str:
    def line(one: Line) -> str:
        if one.at is None:
            return "a line that is torn off" + "." * one.rest + "\n"
        when = (BEGIN + timedelta(seconds=one.at)).astimezone(ZONE)
        name = f"{'x' * (one.rest % 60 + 1)}.test"
        return (
            f"{when:%b} {when.day:2} {when:%H:%M:%S} dnsmasq[1]: query[A] {name} from 10.0.0.{one.machine}\n"
        )

    return "".join(map(line, lines))


def prose(lines: list[Line]) -> str:
    def line(one: Line) -> str:
        when = "" if one.at is None else f"{BEGIN + timedelta(seconds=one.at):%Y-%m-%dT%H:%M:%SZ} "
        return f"{when}something happened{'.' * one.rest}\n"

    return "".join(map(line, lines))


def truth(lines: list[Line], headers: int) -> dict[str, list[int]]:
    """Each line in its own hour; a line without a time in that of the line before, header lines in the
    first."""
    counts: Counter[datetime] = Counter()
    hour = next((line.hour for line in lines if line.hour is not None), None)
    if hour is None:
        return {}
    counts[hour] += headers
    for line in lines:
        hour = line.hour or hour
        counts[hour] += 1
    days: dict[str, list[int]] = {}
    for hour, count in sorted(counts.items()):
        days.setdefault(f"{hour:%Y-%m-%d}", [0] * 24)[hour.hour] += count
    return days


def masks(lines: list[Line], spelled: object) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    hour = next((line.hour for line in lines if line.hour is not None), None)
    for line in lines:
        hour = line.hour or hour
        names = [f"10.0.0.{line.machine}"]
        if line.machine % 3 == 0 and spelled is zeek:
            names.append(f"mac:00-00-5e-00-53-{line.machine:02x}")
        for name in names:
            is_told = name in ASKED and spelled is not prose and not (spelled is dnsmasq and line.at is None)
            if is_told and hour is not None:
                days = found.setdefault(name, {})
                days[f"{hour:%Y-%m-%d}"] = days.get(f"{hour:%Y-%m-%d}", 0) | 1 << hour.hour
    return found


def answers(path: Path, data: bytes, block: int, chunk: int, spare: int, *, packed: bool) -> list[Coverage]:
    write(path.parent, data)
    portable = PortableMatcher(ITEMS, replace(LIMITS, block=block, edge_bytes=300))
    found = [portable.scan(path, ScanOptions(asked=ASKED), PortableEngine().progress()).coverage]
    if packed:
        write(path.parent, gzip.compress(data, 1))
    bounds = {"block": block, "chunk": chunk, "spare": spare, "edge_bytes": 300, "asked": ASKED}
    return [*found, scan(ENGINE.compile(ITEMS), path, **bounds).coverage]


steps = st.sampled_from((0, 0, 1, 30, 600, 3599, 3600, 50_000))
lines = st.lists(
    st.builds(Line, st.one_of(st.just(None), steps, steps, steps), st.integers(1, 6), st.integers(0, 90)),
    min_size=1,
    max_size=150,
)
blocks = st.sampled_from((1, 200, 3_000, 1 << 17))
chunks = st.sampled_from((1, 200, 1 << 18))
spellings = st.sampled_from((zeek, dnsmasq, prose))


def summed(steps: list[Line]) -> list[Line]:
    """The times of lines in order, from the steps between them."""
    at, found = 0, []
    for step in steps:
        at += step.at or 0
        found.append(replace(step, at=None if step.at is None else at))
    return found


@few
@given(lines, spellings, blocks, chunks, st.sampled_from((0, 2)), st.booleans())
def test_lines_in_order_count_each_in_its_hour(
    steps: list[Line], spelled: object, block: int, chunk: int, spare: int, packed: bool
) -> None:
    log = [line for line in summed(steps) if spelled is not dnsmasq or (line.at or 0) < 59 * 86_400]
    # A format is recognised by half of its lines; few lines without a time lie together.
    log = [line for n, line in enumerate(log) if line.at is not None or n % 5 == 0]
    log = log or [Line(0, 1, 0)]
    if log[0].at is None:
        log.insert(0, Line(0, 1, 0))
    text = spelled(log)  # type: ignore[operator]
    with tempfile.TemporaryDirectory() as folder:
        for told in answers(Path(folder, "log"), text.encode(), block, chunk, spare, packed=packed):
            assert told.hours == truth(log, text.count("\n") - len(log))
            assert told.order == "kept"
            assert told.alive == masks(log, spelled)


@few
@given(lines, spellings, blocks, chunks, st.sampled_from((0, 2)), st.booleans(), st.randoms())
def test_of_lines_in_any_order_both_engines_say_the_same(
    steps: list[Line], spelled: object, block: int, chunk: int, spare: int, packed: bool, any_: random.Random
) -> None:
    log = summed(steps)
    any_.shuffle(log)
    data = spelled(log).encode()  # type: ignore[operator]
    with tempfile.TemporaryDirectory() as folder:
        portable, native = answers(Path(folder, "log"), data, block, chunk, spare, packed=packed)
    assert native == portable
    total = sum(map(sum, (native.hours or {}).values()))
    assert total == (native.lines if native.order else 0)


@pytest.mark.parametrize("spelled", [zeek, dnsmasq, prose])
def test_a_log_with_its_newest_line_first_is_exact_and_out_of_order(spelled: object, tmp_path: Path) -> None:
    log = [Line(second, second % 6 + 1, 40) for second in range(0, 40_000, 7)][::-1]
    text = spelled(log)  # type: ignore[operator]
    for told in answers(tmp_path / "log", text.encode(), 1 << 17, 1 << 18, 2, packed=False):
        assert told.hours == truth(log, text.count("\n") - len(log))
        assert told.order == "broken"
        assert told.alive == masks(log, spelled)


def test_a_long_line_counts_in_its_hour(tmp_path: Path) -> None:
    log = [Line(0, 1, 0), Line(3600, 1, 3 << 20), Line(3601, 1, 0), Line(7200, 1, 2 << 20), Line(7300, 1, 5)]
    for spelled in (zeek, prose):
        text = spelled(log)
        # No time is sought in a long line of no format.
        of = log if spelled is zeek else [replace(one, at=None if one.rest > 99 else one.at) for one in log]
        for packed in (False, True):
            for told in answers(tmp_path / "log", text.encode(), 1 << 17, 1 << 18, 1, packed=packed):
                assert (told.hours, told.order) == (truth(of, text.count("\n") - len(log)), "kept")


def test_hours_are_those_of_utf_16_as_text(tmp_path: Path) -> None:
    log = [Line(second, 1, 20) for second in range(0, 20_000, 5)]
    text = prose(log)
    for told in answers(tmp_path / "log", text.encode("utf-16"), 500, 300, 1, packed=False):
        assert (told.hours, told.order) == (truth(log, 0), "kept")


def test_a_source_of_more_days_than_are_told_tells_none(tmp_path: Path) -> None:
    days = (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(4_001))
    text = "".join(f"{day:%Y-%m-%dT%H:%M:%SZ} day\n" for day in days)
    for told in answers(tmp_path / "log", text.encode(), 1000, 1 << 18, 0, packed=False):
        assert (told.hours, told.order) == ({}, "broken")
