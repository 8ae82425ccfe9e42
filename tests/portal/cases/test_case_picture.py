"""The picture of a case: bars, ticks and labels stand where a reader takes them to be."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.cases.timeline import Mark, Signs, draw

VIETNAM = timezone(timedelta(hours=7))
NOW = datetime(2026, 11, 29, 5, tzinfo=UTC)
PHONE = 328  # pixels of the picture on a screen of 360


def at(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def signs(day, lines, log=None, hour=12):
    """Lines of one minute of a day in November."""
    return Signs(at(day, hour), at(day, hour, 1), lines, log)


def picture(hits, marks=(), looked=(), plan_until=None):
    return draw(hits=hits, marks=marks, looked=looked, plan_until=plan_until, now=NOW, zone=VIETNAM)


def hours(line, box):
    """The hours since the left edge at which a box begins and ends."""
    days = (line.end - line.start).days + 1
    left, wide = float(box.x[:-1]), float(box.width[:-1] or 0)
    return left / 100 * days * 24, (left + wide) / 100 * days * 24


def test_a_bar_stands_inside_the_log_that_it_came_from():
    log = (at(20, 5), at(20, 9))  # 12:00 to 16:00 in Vietnam
    line = picture([signs(20, 7, log, hour=6)], looked=[log])
    (bar,), (seen,) = line.hits, line.seen
    assert line.start == date(2026, 11, 19)
    assert hours(line, bar) == pytest.approx((24 + 12, 24 + 16), abs=0.1)
    assert hours(line, seen) == pytest.approx((24 + 12, 24 + 16), abs=0.1)


def test_signs_are_drawn_by_the_day_in_vietnam():
    line = picture([signs(20, 7, hour=16), signs(20, 5, hour=18)])  # 23:00, and 1:00 of the next day
    assert line.start == date(2026, 11, 19)
    assert [hours(line, bar) for bar in line.hits] == [
        pytest.approx((24, 48), abs=0.1), pytest.approx((48, 72), abs=0.1),
    ]  # fmt: skip
    assert line.hits[0].height > line.hits[1].height


def test_signs_over_midnight_stand_on_both_days():
    line = picture([Signs(at(20, 15), at(20, 18), 9)])  # 22:00 to 1:00
    evening, morning = line.hits
    assert (evening.height, morning.height) == (30, 15), "two hours and one"


@given(
    days=st.lists(st.integers(1, 28), min_size=1, max_size=6),
    marks=st.lists(st.tuples(st.integers(1, 28), st.integers(0, 23)), max_size=6),
    ends=st.integers(0, 30),
)
def test_ticks_are_midnights_and_no_text_lies_on_another(days, marks, ends):
    log = (at(1, 3), at(28, 20))
    line = picture(
        [signs(day, 5, log) for day in days],
        [Mark(at(day, hour), "đã kiểm tra lại 28/11") for day, hour in marks],
        [log],
        NOW + timedelta(days=ends) if ends else None,
    )
    first = datetime.combine(line.start, datetime.min.time(), VIETNAM)
    for tick in line.ticks:
        passed = hours(line, tick)[0] / 24
        assert abs(passed - round(passed)) < 0.01
        assert tick.label == f"{first + timedelta(days=round(passed)):%d/%m}"
    edges = []
    for tick in line.ticks:  # five figures and a slash take 38 pixels at 14 px
        x = float(tick.x[:-1]) / 100 * PHONE
        left = {"start": x, "middle": x - 19, "end": x - 38}[tick.anchor]
        edges.append((left, left + 38))
    assert all(before[1] <= after[0] for before, after in pairwise(edges))
    heights = [mark.y for mark in line.marks]
    assert len(set(heights)) == len(heights) <= 4
    # Between the axis of acts with its circles, and the heading above the time with logs.
    assert all(line.acts + 6 + 14 <= y <= line.logs - 10 - 14 for y in heights)
