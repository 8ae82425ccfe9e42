"""The hours of a machine: seen, not seen, not asked and "could not look" are told apart, by the local day."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

from quetsach.portal.cases.presence import MOST_DAYS, Hour, at_place, draw, hours_of

VIETNAM = timezone(timedelta(hours=7))
SINCE = datetime(2026, 11, 20, 2, tzinfo=UTC)  # 9:00 in Vietnam


@dataclass
class Day:
    day: date
    hours: list = field(default_factory=lambda: [5] * 24)
    lost: tuple = ()
    is_asked: bool = True
    alive: int = 0


def day(number, **more):
    return Day(date(2026, 11, number), **more)


def hour(number, at):
    return datetime(2026, 11, number, at, tzinfo=UTC)


def test_each_hour_says_only_what_is_known_of_it():
    quiet = [5] * 24
    quiet[7] = 0
    lost = (hour(21, 9) + timedelta(minutes=50), hour(21, 10) + timedelta(minutes=1))
    found = hours_of([day(21, hours=quiet, lost=(lost,), alive=1 << 3)])
    assert found[hour(21, 3)] is Hour.SEEN and found[hour(21, 4)] is Hour.ABSENT
    assert hour(21, 7) not in found, "an hour without a line says nothing"
    assert {found[hour(21, n)] for n in (9, 10)} == {Hour.LOST} and found[hour(21, 11)] is Hour.ABSENT
    assert set(hours_of([day(21, is_asked=False)]).values()) == {Hour.UNASKED}


def test_of_two_places_the_one_that_saw_it_counts_then_the_one_that_was_asked():
    both = hours_of([day(21, is_asked=False), day(21, alive=1 << 3)])
    assert both[hour(21, 3)] is Hour.SEEN and both[hour(21, 4)] is Hour.ABSENT


def columns(picture, row):
    """The hours of a row's boxes, by kind."""
    wide = (99.5 - 14.0) / 24
    y = sorted({box.y for box in picture.boxes})[row]
    return {
        round((float(box.x[:-1]) - 14.0) / wide) + n: box.kind
        for box in picture.boxes
        if box.y == y
        for n in range(round(float(box.width[:-1]) / wide))
    }


def test_the_picture_shows_hours_of_the_local_day():
    # 18:00 UTC of the 20th is 1:00 of the 21st in Vietnam.
    picture = draw([day(20, alive=1 << 18)], SINCE, hour(21, 5), VIETNAM)
    assert [shown for shown, _y in picture.days] == [date(2026, 11, 20), date(2026, 11, 21)]
    assert [hour for hour, kind in columns(picture, 1).items() if kind is Hour.SEEN] == [1]
    assert (picture.seen_days, picture.seen_hours) == (1, 1)
    first = columns(picture, 0)
    assert min(first) == 9, "nothing of before the cleaning"
    assert max(columns(picture, 1)) == 6, "the UTC day ends at 7:00"


def test_without_a_question_there_is_no_picture_and_a_long_time_shows_its_end():
    assert draw([day(21, is_asked=False)], SINCE, hour(22, 0), VIETNAM) is None
    later = SINCE + timedelta(days=200)
    picture = draw([Day(later.date(), alive=1)], SINCE, later, VIETNAM)
    assert len(picture.days) == MOST_DAYS and picture.days[-1][0] == later.astimezone(VIETNAM).date()


def test_a_place_tells_the_latest_hour_since_the_cleaning():
    before = day(19, alive=1 << 23)
    place = at_place("fw", [before, day(21, alive=1 << 4 | 1)], [], SINCE)
    assert (place.is_asked, place.last_hour) == (True, hour(21, 4))
    unseen = at_place("fw", [before, day(21)], [], SINCE)
    assert (unseen.is_asked, unseen.last_hour, unseen.last_day) == (True, None, None)
    recorded = at_place("fw", [day(21, is_asked=False)], [date(2026, 11, 21)], SINCE)
    assert (recorded.is_asked, recorded.last_day) == (False, date(2026, 11, 21))
    assert at_place("fw", [before], [], SINCE).has_logs is False


def test_an_hour_in_which_the_log_was_nearly_empty_is_not_told_as_not_seen():
    """The place was asked, and had a line or two: it was down, so nobody knows."""
    down = (hour(21, 3), hour(21, 5))
    picture = draw([day(21, alive=1 << 4 | 1 << 6)], SINCE, hour(21, 12), VIETNAM, [down])
    shown = columns(picture, 0)
    assert [shown[n + 7] for n in (3, 4, 5, 6)] == [Hour.MISSED, Hour.SEEN, Hour.ABSENT, Hour.SEEN]
