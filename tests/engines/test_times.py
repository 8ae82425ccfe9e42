"""Times of log lines against the standard library's own reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.logs import times
from quetsach.logs.times import Moment, Yearless
from tests.engines.moments import WHEN, ZONE, read, shown


@given(st.integers(0, 99_999_999_999), st.integers(0, 999_999))
def test_an_epoch_is_a_decimal_and_never_rounded(seconds: int, micros: int) -> None:
    wanted = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros)
    assert read(f"{seconds}.{micros:06}", "epoch") == shown(wanted)
    assert read(f"{seconds}.{micros:06}999", "epoch") == shown(wanted)


@given(WHEN, st.integers(-14 * 60, 14 * 60), st.sampled_from("T "))
def test_iso_8601_with_a_zone(when: datetime, minutes: int, between: str) -> None:
    aware = when.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = aware.isoformat(sep=between, timespec="microseconds")
    wanted = shown(aware)
    assert read(text, "iso8601") == wanted
    assert read(text[:-3] + text[-2:], "iso8601") == wanted
    assert read(text.replace(".", ","), "iso8601") == wanted


@given(WHEN)
def test_a_time_without_a_zone_is_local(when: datetime) -> None:
    local = when.replace(tzinfo=ZONE)
    assert read(when.isoformat(), "iso8601") == shown(local)
    assert read(when.strftime("%a %b %e %H:%M:%S %Y"), "ctime") == shown(local.replace(microsecond=0))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "epoch"),
        ("-5", "epoch"),
        ("1e9", "epoch"),
        ("123456789012", "epoch"),
        ("2022-02-30 00:00:00", "iso8601"),
        ("2022-09-16T24:00:00Z", "iso8601"),
        ("2022-09-16", "iso8601"),
        ("2022-09-16T11:00:00+25:00", "iso8601"),
        ("0000-01-01T00:00:00Z", "iso8601"),
        ("0001-01-01T00:00:00+07:00", "iso8601"),
        ("Foo 16 11:00:00", "syslog"),
        ("Sep 32 11:00:00", "syslog"),
        ("Fri Foo 16 11:00:00 2022", "ctime"),
    ],
)
def test_what_is_no_time_is_none(text: str, kind: str) -> None:
    assert times.parse(text, (kind,), ZONE) is None


def test_a_leap_second_is_the_second_before() -> None:
    assert read("2016-12-31T23:59:60Z", "iso8601") == "2016-12-31T23:59:59.000000Z"


@given(WHEN, st.integers(0, 360))
def test_a_year_less_time_is_found_again_within_a_year(when: datetime, days: int) -> None:
    when = when.replace(microsecond=0, tzinfo=ZONE)
    if (when.month, when.day) == (2, 29):
        return
    bound = when + timedelta(days=days)
    moment = times.parse(when.strftime("%b %e %H:%M:%S"), ("syslog",), ZONE)
    assert moment is not None and isinstance(moment.value, Yearless) and moment.local
    found = moment.value.resolve(int(bound.timestamp()) * times.SECOND, ZONE)
    assert found is not None and times.iso(found) == shown(when)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("<13>Sep 16 11:00:00 host x", Yearless(9, 16, 11, 0, 0)),
        ("x [2022-09-16T11:00:00.5Z] Sep 16 11:00:00", 1663326000500000),
        ("Foo 16 11:00:00 2022-13-01 00:00:00", None),
    ],
)
def test_the_first_time_of_a_text_line(line: str, wanted: int | Yearless | None) -> None:
    found = times.find(line, ZONE)
    assert (found.value if isinstance(found, Moment) else None) == wanted


@given(WHEN, st.integers(-12 * 60, 14 * 60))
def test_bind_and_the_common_log_format_name_the_month(when: datetime, minutes: int) -> None:
    assert read(when.strftime("%d-%b-%Y %H:%M:%S.%f"), "bind") == shown(when.replace(tzinfo=ZONE))
    whole = when.replace(microsecond=0)
    for spelling in ("%-d%b%Y %k:%M:%S", "%d%b%Y %H:%M:%S", "%e%b%Y %k:%M:%S"):
        assert read(whole.strftime(spelling), "checkpoint") == shown(whole.replace(tzinfo=ZONE))
    aware = when.replace(tzinfo=timezone(timedelta(minutes=minutes)), microsecond=0)
    assert read(aware.strftime("%d/%b/%Y:%H:%M:%S %z"), "clf") == shown(aware)
    assert read(when.strftime("%d/%b/%Y:%H:%M:%S.%f")[:-3], "clf") == shown(
        when.replace(microsecond=when.microsecond // 1000 * 1000, tzinfo=ZONE)
    )


@given(WHEN, st.sampled_from(("%d.%m.%Y", "%Y/%m/%d", "%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y")))
def test_windows_dates_of_24_hours_begin_with_the_day_or_the_year(when: datetime, date: str) -> None:
    wanted = shown(when.replace(microsecond=0, tzinfo=ZONE))
    assert read(when.strftime(f"{date} %H:%M:%S"), "windows") == wanted
    assert read(when.strftime(f"{date} {when.hour}:%M:%S"), "windows") == wanted


@given(WHEN)
def test_windows_dates_of_12_hours(when: datetime) -> None:
    wanted = shown(when.replace(microsecond=0, tzinfo=ZONE))
    assert read(when.strftime(f"{when.month}/{when.day}/%Y %I:%M:%S %p"), "windows") == wanted
    half = "SA" if when.hour < 12 else "CH"
    assert read(when.strftime(f"%d/%m/%Y %I:%M:%S {half}"), "windows") == wanted


@given(WHEN, st.sampled_from((" ", ", ")), st.sampled_from((" ", "\u202f")))
def test_american_dates_of_an_export_are_utc(when: datetime, comma: str, space: str) -> None:
    wanted = shown(when.replace(tzinfo=UTC))
    hour, half = when.hour % 12 or 12, "AM" if when.hour < 12 else "PM"
    told = f"{when.month}/{when.day}/{when:%Y}{comma}{hour}:{when:%M:%S.%f}{space}{half}"
    assert read(told, "us_utc") == wanted
    assert read(when.strftime("%b %d %Y %H:%M:%S.%f Z"), "asa") == wanted


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("10/6/2026, 0:10:12 PM", "us_utc"),
        ("13/6/2026, 1:10:12 PM", "us_utc"),
        ("10/6/2026, 1:10:12", "us_utc"),
        ("31-Feb-2018 23:06:56", "bind"),
        ("17-Fev-2018 23:06:56", "bind"),
        ("31Feb2018 23:06:56", "checkpoint"),
        ("17Fev2018 23:06:56", "checkpoint"),
        ("17Feb2018 24:06:56", "checkpoint"),
        ("17Feb2018   2:06:56", "checkpoint"),
        ("25/Aug/2019:23:59:51 +2460", "clf"),
        ("25/Aug/2019:24:00:00 +0000", "clf"),
        ("13/13/2019 10:00:00 AM", "windows"),
        ("6/5/2013 13:00:32 PM", "windows"),
        ("6/5/2013 0:00:32 AM", "windows"),
        ("12345678901", "epoch_us"),
    ],
)
def test_what_no_clock_shows_is_no_time(text: str, kind: str) -> None:
    assert read(text, kind) is None


def test_w3c_times_are_utc_and_not_local() -> None:
    moment = times.parse("2026-03-17 08:01:15", ("iso8601_utc",), ZONE)
    assert moment is not None and not moment.local
    assert read("2026-03-17 08:01:15", "iso8601_utc") == "2026-03-17T08:01:15.000000Z"
    assert read("17-Mar-2026 08:01:15", "bind_utc") == "2026-03-17T08:01:15.000000Z"
    assert read("Mar 17 2026 08:01:15", "asa_utc") == "2026-03-17T08:01:15.000000Z"
    assert read("Mar 17 2026 15:01:15 GMT+07:00", "asa_utc") == "2026-03-17T08:01:15.000000Z"
    assert read("Mar 17 08:01:15", "asa_utc") is None
    assert read("1663300800123456", "epoch_us") == "2022-09-16T04:00:00.123456Z"
