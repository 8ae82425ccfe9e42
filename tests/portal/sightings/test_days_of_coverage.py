"""A day of a log stands once, by the longest reading, however many scans tell it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.sightings import days
from quetsach.portal.sightings.actions import receive_chunk
from quetsach.portal.sightings.intake import lost
from quetsach.portal.sightings.models import AskedList, Coverage, CoveredDay, Scan
from quetsach.portal.units.actions import issue_token
from quetsach.sightings.sighting import Coverage as Record
from tests.portal.scan_document import coverage, document, hours_of, noon, publish_list, source_id

TABLES = ("CoveredDay", "Coverage", "Scan", "AskedList")


@pytest.fixture
def push(cast, tmp_path):
    token = issue_token(cast.user("A1", "it"), cast.units["A1"], "gateway")[0]
    listed = publish_list(cast, tmp_path)

    def send(coverages, *, listed=listed.set_id, **more):
        return receive_chunk(document([], coverages, set_id=listed, **more), token, None)

    return send


def log(first, last, size=100, *, source="log-1", lines=10, **more):
    """A source whose scanner told the lines of each hour."""
    found = hours_of(first, last, lines)
    return coverage(first, last, source=source, bytes=size, hours=found, order="kept", **more)


def day(days_ago):
    return noon(days_ago).date()


def days_now():
    return {row.day: row for row in CoveredDay.rows.all()}


def writes(queries):
    return [one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_day_has_its_hours_its_own_first_and_last_time_and_the_gaps_that_begin_on_it(push):
    gap = ["T05:00:00.000000Z", "T06:30:00.000000Z"]
    lost = [f"{day(2)}{end}" for end in gap]
    push([log(noon(3, 22), noon(1, 3), lines=7, gaps=[lost])])
    rows = days_now()
    assert sorted(rows) == [day(3), day(2), day(1)]
    assert rows[day(3)].hours == [0] * 22 + [7, 7] and rows[day(1)].hours == [7] * 4 + [0] * 20
    assert (rows[day(3)].first, rows[day(1)].last) == (noon(3, 22), noon(1, 3))
    assert rows[day(2)].first == noon(2, 0) and rows[day(2)].last == noon(1, 0) - timedelta(microseconds=1)
    assert [rows[one].gaps for one in sorted(rows)] == [[], [lost], []]
    assert {row.order for row in rows.values()} == {"kept"}


def test_an_older_scanner_covers_every_day_between_its_first_and_last_time(push):
    push([coverage(noon(4), noon(2), devices={str(day(3)): ["10.1.1.5"]})])
    rows = days_now()
    assert {one: row.devices for one, row in rows.items()} == {
        day(4): [],
        day(3): ["10.1.1.5"],
        day(2): [],
    }
    assert {tuple(row.hours) for row in rows.values()} == {()}


def test_a_log_without_a_time_has_no_days(push):
    push([{**coverage(noon(4), noon(2)), "first": None, "last": None, "time": "none"}])
    assert not CoveredDay.rows.exists() and Coverage.rows.count() == 1


def test_each_push_of_sensors_in_an_hour_rewrites_the_same_row_a_day(push):
    """The rows of two thousand sensors that send once a minute are two thousand a day, not millions."""
    sensors, minutes = 2, 20
    for minute in range(minutes):
        for sensor in range(sensors):
            end = noon(1, 10) + timedelta(minutes=minute)
            push(
                [log(noon(2), end, 1000 + minute, source=f"log-{sensor}", name=f"s{sensor}")],
                name=f"s{sensor}",
            )
    assert CoveredDay.rows.count() == 2 * sensors
    assert Coverage.rows.count() == Scan.rows.count() == sensors


def test_a_push_changes_only_the_day_that_changed_and_one_that_changes_nothing_writes_nothing(push):
    push([log(noon(30), noon(1, 10), 1000)])
    before = dict(CoveredDay.rows.values_list("day", "digest"))
    assert len(before) == 30
    with CaptureQueriesContext(connection) as queries:
        push([log(noon(30), noon(1, 11), 1100)])
    after = dict(CoveredDay.rows.values_list("day", "digest"))
    assert [one for one in after if after[one] != before[one]] == [day(1)]
    assert len(writes(queries)) == 3, writes(queries)
    with CaptureQueriesContext(connection) as queries:
        push([log(noon(30), noon(1, 11), 1100)])
        push([log(noon(30), noon(1, 9), 900)])
    assert not writes(queries)


def test_only_the_changed_days_need_to_travel(push):
    push([log(noon(5), noon(1, 10), 1000)])
    some = log(noon(5), noon(1, 11), 1100)
    some["hours"] = {str(day(1)): some["hours"][str(day(1))]}
    push([some])
    rows = days_now()
    assert len(rows) == 5 and sum(map(bool, rows[day(1)].hours)) == 12
    assert {row.coverage.bytes for row in rows.values()} == {1100}


def test_of_two_contents_with_one_id_each_day_keeps_the_longer_reading(push):
    """Two files with the same beginning: the days of the shorter one that the longer one lacks stay."""
    push([log(noon(9), noon(5), 900, lines=9)])
    push([log(noon(6), noon(3), 500, lines=5, path="/copy")])
    assert {one: max(row.hours) for one, row in days_now().items()} == {
        day(9): 9, day(8): 9, day(7): 9, day(6): 9, day(5): 9, day(4): 5, day(3): 5,
    }  # fmt: skip


def test_an_error_touches_its_own_source_only_until_it_is_read_without_one(push):
    push([log(noon(3), noon(2), 100, errors=["cut"]), log(noon(3), noon(2), 100, source="log-2")])
    of = {source_id(one): one for one in ("log-1", "log-2")}
    assert {of[row.source]: row.coverage.errors for row in CoveredDay.rows.all()} == {
        "log-1": ["cut"],
        "log-2": [],
    }
    receipt = push([log(noon(3), noon(2), 100)], name="another scan")
    assert {tuple(row.coverage.errors) for row in CoveredDay.rows.all()} == {()}
    assert receipt.places == {"fw"}, "cases at that place are judged again"


def test_each_version_of_the_list_has_days_of_its_own(push):
    push([log(noon(3), noon(2))])
    push([log(noon(3), noon(2))], listed="f" * 64)
    assert Scan.rows.count() == 2 and CoveredDay.rows.count() == 4


def test_asked_seen_and_not_asked_are_three_things(push):
    seen = {"10.1.1.5": {str(day(2)): 0b110}}
    push([log(noon(3), noon(2))])
    assert set(CoveredDay.rows.values_list("asked", flat=True)) == {None}
    receipt = push([log(noon(3), noon(2), alive=seen)], asked=["10.1.1.5", "10.1.1.6"])
    rows = days_now()
    assert {one: row.alive for one, row in rows.items()} == {day(3): {}, day(2): {"10.1.1.5": 0b110}}
    assert rows[day(3)].asked.names == ["10.1.1.5", "10.1.1.6"] and receipt.seen == {"10.1.1.5"}
    # Asked about another machine, and then about none: what was known of these hours stays known.
    receipt = push([log(noon(3), noon(2), alive={"host:pc-7": {str(day(3)): 1}})], asked=["host:pc-7"])
    push([log(noon(3), noon(2))])
    rows = days_now()
    assert rows[day(2)].asked.names == ["10.1.1.5", "10.1.1.6", "host:pc-7"]
    assert (rows[day(3)].alive, rows[day(2)].alive) == ({"host:pc-7": 1}, {"10.1.1.5": 0b110})
    assert receipt.seen == {"host:pc-7"}


def test_a_day_that_grew_is_not_asked_about_where_the_longer_reading_was_not(push):
    """The hours that came later were looked at without the question: nobody knows whether it was there."""
    asked = ["10.1.1.5"]
    push([log(noon(2), noon(1, 10), 100, alive={"10.1.1.5": {str(day(1)): 1 << 9}})], asked=asked)
    push([log(noon(2), noon(1, 20), 200)])
    rows = days_now()
    assert rows[day(1)].asked is None and rows[day(1)].alive == {}
    assert rows[day(2)].asked.names == asked, "nothing was added to this day"


def test_the_list_of_machines_is_kept_once_for_many_days_and_sources(push):
    asked = [f"10.1.2.{n}" for n in range(200)]
    push([log(noon(9), noon(2), source=f"log-{n}") for n in range(5)], asked=asked)
    assert CoveredDay.rows.count() == 40 and AskedList.rows.get().names == sorted(asked)


def test_a_document_of_absurd_times_fills_no_database(push, monkeypatch):
    monkeypatch.setattr(days, "MOST_DAYS", 60)
    push([coverage(noon(20_000), noon(2), source=f"log-{n}") for n in range(6)])
    assert CoveredDay.rows.count() == 60
    assert CoveredDay.rows.filter(day=day(2)).count() == 6, "the latest days are kept"


def test_a_mask_for_a_day_beyond_all_clocks_is_refused(push):
    receipt = push([log(noon(3), noon(2), alive={"10.1.1.5": {"9999-01-01": 1}})], asked=["10.1.1.5"])
    assert [one.code for one in receipt.rejected] == ["date"] and not CoveredDay.rows.exists()


@given(st.sets(st.integers(0, 14 * 24 - 1), min_size=1))
def test_stretches_are_the_hours_with_lines_joined_over_a_day(busy):
    """Against hours that join one by one."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    lines = {f"{start + timedelta(days=n):%Y-%m-%d}": [0] * 24 for n in range(14)}
    for hour in busy:
        lines[f"{start + timedelta(hours=hour):%Y-%m-%d}"][hour % 24] = 3
    at = [start + timedelta(hours=hour) for hour in sorted(busy)]
    seen = coverage(at[0] + timedelta(minutes=9), at[-1] + timedelta(minutes=50), hours=lines)
    record = Record(**{name: seen[name] for name in Record._fields if name in seen})
    expected = []
    for begin in at:
        if expected and begin - expected[-1][1] <= timedelta(hours=24):
            expected[-1][1] = begin + timedelta(hours=1)
        else:
            expected.append([begin, begin + timedelta(hours=1)])
    if len(expected) == 1:
        expected = []
    else:
        expected[0][0] += timedelta(minutes=9)
        expected[-1][1] -= timedelta(minutes=10)
    assert [list(span) for span in lost(days.stretches(record))] == expected
