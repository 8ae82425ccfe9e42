"""Times without a year against a naive truth: each line alone is put into the latest year that fits."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from quetsach.errors import ScanError
from quetsach.scanning.engine import ScanOptions, SourceResult, choose
from quetsach.scanning.engines.portable import PortableEngine
from tests.engines.indicator_sets import make_set

ITEMS = make_set(["evil.example"])
ZONES = (
    "Asia/Ho_Chi_Minh",
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Atlantic/Azores",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Monrovia",
)
DAY = timedelta(days=1)

Line = tuple[int, int, int, int, int, bool, str]
"""Month, day, hour, minute, second, whether it is a hit, device."""


def resolve(line: Line, bound: datetime, zone: tzinfo) -> datetime | None:
    for year in range(bound.year + 1, bound.year - 11, -1):
        try:
            found = datetime(year, *line[:5], tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
        if found <= bound:
            return found
    return None


def truth(lines: list[Line], written: datetime, zone: tzinfo) -> tuple[dict[object, list[str]], object]:
    """Times of each device's hits by UTC day, and the devices of each day."""
    last = resolve(lines[-1], written + DAY, zone) or written
    bound = (last + DAY).replace(hour=23, minute=59, second=59)
    hits: dict[object, list[str]] = defaultdict(list)
    alive: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        found = resolve(line, bound, zone)
        day = found and found.date().isoformat()
        if line[5]:
            hits[line[6], day].append(found.strftime("%Y-%m-%dT%H:%M:%S.000000Z") if found else "")
        if day:
            alive[day].add(line[6])
    return hits, {day: sorted(devices) for day, devices in alive.items()}


def spelled(line: Line) -> str:
    month, day, hour, minute, second, is_hit, device = line
    name = "evil.example" if is_hit else "fine.test"
    when = f"{datetime(2000, month, 1):%b} {day:2} {hour:02}:{minute:02}:{second:02}"
    return f"{when} dnsmasq[1]: query[A] {name} from {device}\n"


def results(path: Path, zone: str) -> Iterator[SourceResult]:
    portable = PortableEngine()
    yield portable.compile(ITEMS).scan(path, ScanOptions(tz=zone, devices=True), portable.progress())
    try:
        choose("native")
    except ScanError:
        return
    from tests.engines.native import ENGINE, scan

    native = ENGINE.compile(ITEMS)
    for chunk, spare, row_bytes in ((1 << 18, 0, 1 << 20), (200, 2, 1000)):
        yield scan(native, path, tz=zone, devices=True, chunk=chunk, spare=spare, row_bytes=row_bytes)


def check(zone: str, lines: list[Line], written: datetime) -> None:
    hits, alive = truth(lines, written, ZoneInfo(zone))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.write_text("".join(map(spelled, lines)))
        os.utime(path, (written.timestamp(),) * 2)
        for result in results(path, zone):
            found = {
                (row.device, row.day): (row.count, row.first_seen or "", row.last_seen or "")
                for row in result.sightings
            }
            assert found == {key: (len(all_), min(all_), max(all_)) for key, all_ in hits.items()}
            assert result.coverage.devices == alive


# The hours at which UTC days or summer time start, and other hours.
clocks = st.tuples(
    st.sampled_from((0, 1, 2, 3, 5, 7, 8, 13, 14, 19, 20, 21, 22, 23)),
    st.sampled_from((0, 15, 29, 30, 44, 45, 59)),
    st.sampled_from((0, 1, 29, 30, 31, 59)),
)
dates = st.one_of(
    st.sampled_from(((2, 28), (2, 29), (3, 1), (12, 31), (1, 1), (3, 31), (10, 27), (11, 3))),
    st.tuples(st.integers(1, 12), st.integers(1, 30)),
)
devices = st.sampled_from(("10.0.0.1", "10.0.0.2"))
line = st.tuples(dates, clocks, st.booleans(), devices).map(lambda one: (*one[0], *one[1], *one[2:]))
written = st.one_of(
    st.sampled_from(
        (
            datetime(1970, 1, 1, tzinfo=UTC),
            datetime(1970, 1, 2, 3, tzinfo=UTC),
            datetime(2000, 3, 1, tzinfo=UTC),
            datetime(2012, 1, 1, tzinfo=UTC),
            datetime(2023, 3, 26, 1, tzinfo=UTC),
            datetime(2023, 10, 29, 1, tzinfo=UTC),
            datetime(2024, 2, 28, 23, tzinfo=UTC),
            datetime(2024, 2, 29, 1, tzinfo=UTC),
        )
    ),
    st.datetimes(datetime(1970, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)).map(
        lambda when: when.replace(microsecond=0)
    ),
)


@settings(suppress_health_check=list(HealthCheck), max_examples=int(os.environ.get("QS_EXAMPLES", "150")))
@given(st.sampled_from(ZONES), st.lists(line, min_size=1, max_size=40), written)
@example("Asia/Ho_Chi_Minh", [(1, 1, 7, 7, 0, True, "10.0.0.1")] * 2, datetime(1970, 1, 1, tzinfo=UTC))
def test_each_line_has_the_year_that_it_has_by_itself(
    zone: str, lines: list[Line], written: datetime
) -> None:
    check(zone, lines, written)


@pytest.mark.parametrize("zone", ZONES)
def test_a_log_of_more_than_a_year(zone: str) -> None:
    """Days of the earlier year come after those of the year of its last line."""
    start = datetime(2023, 1, 20, 5, 6, 7)
    moments = [start + timedelta(minutes=97 * i) for i in range(6000)]
    lines = [
        (at.month, at.day, at.hour, at.minute, at.second, i % 3 > 0, f"10.0.0.{i % 5}")
        for i, at in enumerate(moments)
    ]
    check(zone, lines, moments[-1].replace(tzinfo=UTC))
