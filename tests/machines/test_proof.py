"""When silence proves a machine clean, against hand-made cases and a naive oracle that looks at each hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.machines.proof import hours
from quetsach.machines.proof.facts import Around, Claim, Expiry, Hit, Machine, Place
from quetsach.machines.proof.gaps import Closing, Lack, to_do
from quetsach.machines.proof.judgement import Judgement, Rung
from quetsach.machines.proof.judging import judge
from quetsach.machines.proof.nameless import Malware, Nameless, is_repeated
from quetsach.machines.proof.places import LogDay, PlaceLog

CLAIM = datetime(2026, 3, 30, 3, tzinfo=UTC)
"""Ten o'clock on a Monday in Vietnam."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORK = (1, 2, 3, 4, 6, 7, 8, 9)
"""The UTC hours of an office."""
WORKDAYS = sum(1 << hour for hour in WORK)
TODAY = CLAIM + timedelta(days=16, hours=12)


def a_day(n: int) -> date:
    return (CLAIM + n * DAY).date()


def works(n: int) -> bool:
    return a_day(n).weekday() < 5


def nameless(first: datetime, last: datetime | None = None) -> Nameless:
    """Lines of which neither the machine nor the family is known."""
    return Nameless("bad.example", "", ((first, last or first),))


def log(first: int = -28, last: int = 16, *, down: object = (), **more: object) -> PlaceLog:
    """A log with a hundred lines in each working hour of the days, except in the hours (day, hour) of
    `down`."""
    days = []
    for n in range(first, last + 1):
        if not works(n):
            continue
        lines = [0 if (n, hour) in down else 100 * (hour in WORK) for hour in range(24)]  # type: ignore[operator]
        if any(lines):
            midnight = datetime.combine(a_day(n), datetime.min.time(), UTC)
            days.append(
                LogDay("log", "v1", a_day(n), lines, midnight + HOUR, midnight + 10 * HOUR, **more)  # type: ignore[arg-type]
            )
    return PlaceLog(days)


def alive(first: int = -28, last: int = 16, mask: int = WORKDAYS) -> dict[date, int]:
    return {a_day(n): mask for n in range(first, last + 1) if works(n)}


def place(key: str = "dns", its: PlaceLog | None = None, **more: object) -> Place:
    seen: dict[str, object] = {"alive": alive(), "asked": frozenset(alive()), **more}
    return Place(key, its or log(), frozenset({"v1"}), **seen)  # type: ignore[arg-type]


def hit(at: float = -5, where: str = "dns", told: float | None = None, **more: object) -> Hit:
    """A sign so many days after the claim."""
    when = CLAIM + at * DAY
    return Hit(where, when, when if told is None else CLAIM + told * DAY, **more)  # type: ignore[arg-type]


def found(*places: Place, hits: object = None, now: datetime = TODAY, **more: object) -> Judgement:
    claim = more.pop("claim", Claim(CLAIM))
    return judge(claim, hits or [hit()], places or [place()], now=now, **more)  # type: ignore[arg-type]


def lacks(one: Judgement) -> set[Lack]:
    return {gap.lack for gap in one.gaps}


def test_two_quiet_weeks_at_the_place_that_saw_the_signs_are_a_proof() -> None:
    one = found()
    assert (one.rung, one.place, one.gaps) == (Rung.VERIFIED, "dns", ())
    assert one.until == CLAIM.replace(hour=10) + 16 * DAY
    assert one.count.expected == one.count.covered and not one.is_weak


def test_thirteen_quiet_days_are_none_and_the_day_is_told() -> None:
    one = found(place(its=log(last=12)), now=CLAIM + 13 * DAY)
    assert (one.rung, one.lack) == (Rung.RECHECKED, Lack.TOO_SHORT)
    assert one.earliest == CLAIM + HOUR + 14 * DAY


@pytest.mark.parametrize(("minutes", "rung"), [(-1, Rung.VERIFIED), (59, Rung.VERIFIED), (61, Rung.OPEN)])
def test_a_sign_within_the_hour_of_the_claim_is_of_the_time_before(minutes: int, rung: Rung) -> None:
    after = Hit("dns", CLAIM + minutes * timedelta(minutes=1), CLAIM + 3 * DAY)
    assert found(hits=[hit(), after]).rung is rung


def test_a_log_that_comes_late_is_judged_by_the_time_in_its_lines() -> None:
    assert found(hits=[hit(), hit(-2, told=5)]).rung is Rung.VERIFIED
    assert found(hits=[hit(), hit(4, told=9)]).rung is Rung.OPEN


def test_an_outage_makes_no_hour_unexpected() -> None:
    """By day the place is down: the machine is seen in two hours of each day, and those are all covered."""
    down = {(n, hour) for n in range(1, 17) for hour in WORK[2:]}
    early = alive(-28, 0) | alive(1, 16, 0b110)
    one = found(place(its=log(down=down), alive=early))
    assert one.rung is Rung.CLAIMED and Lack.DOWN in lacks(one)
    gap = next(gap for gap in one.gaps if gap.lack is Lack.DOWN)
    assert gap.place == "dns" and gap.closing is Closing.OTHER_COPY and gap.hours >= 6


def test_a_tenth_of_the_expected_hours_may_be_missed_and_no_more() -> None:
    # Eleven working days of eight hours, less the hours up to the claim.
    few = {(2, 1), (3, 1), (4, 1), (7, 1), (8, 1), (9, 1), (10, 1)}
    assert found(place(its=log(down=few))).rung is Rung.VERIFIED
    many = few | {(n, 4) for n in (2, 3, 4, 7, 8, 9)}
    assert found(place(its=log(down=many))).rung is Rung.RECHECKED


def test_hours_that_a_proof_does_without_are_nobodys_task() -> None:
    """One hour is missing of two working weeks; then five days that nobody scanned."""
    one = found(place(its=log(last=10, down={(2, 1)})), now=CLAIM + 10 * DAY + 12 * HOUR)
    assert [(gap.lack, gap.closing) for gap in one.gaps] == [
        (Lack.TOO_SHORT, Closing.WAIT), (Lack.DOWN, Closing.NOTHING)
    ]  # fmt: skip
    assert to_do(one.gaps) == []
    days = [*log(last=2).days, *log(first=8).days]
    days[-7:] = [day._replace(source="next file") for day in days[-7:]]
    missed = found(place(its=PlaceLog(days)))
    (gap,) = to_do(missed.gaps)
    assert (gap.lack, gap.closing, gap.hours) == (Lack.NO_LOG, Closing.SCAN, 24)
    assert (gap.first.date(), gap.end.date()) == (a_day(3), a_day(7))


@pytest.mark.parametrize(
    ("its", "now"),
    [
        (log(), TODAY),
        (log(last=10, down={(2, 1)}), CLAIM + 10 * DAY + 12 * HOUR),
        (log(last=9), CLAIM + 10 * DAY + 4 * HOUR),  # the log of today is not there yet, which is no gap
        (log(last=4), CLAIM + 10 * DAY),
        (log(down={(n, hour) for n in range(1, 9) for hour in WORK}), CLAIM + 12 * DAY),
    ],
)
def test_gaps_and_numbers_are_about_the_same_hours(its: PlaceLog, now: datetime) -> None:
    one = found(place(its=its), now=now)
    assert one.hours is not None and one.hours.place == "dns"
    count, missed = one.hours.numbers, sum((end - first) / HOUR for first, end in one.hours.missed)
    assert missed == count.expected - count.covered
    assert all(one.hours.first <= first and end <= one.hours.end for first, end in one.hours.missed)
    of_logs = [gap.hours for gap in one.gaps if gap.lack in (Lack.NO_LOG, Lack.DOWN)]
    assert sum(of_logs) == (0 if one.rung is Rung.VERIFIED else missed)
    is_proof = one.rung is Rung.VERIFIED
    assert (one.hours == one.silence) == is_proof
    assert one.hours.first == CLAIM + HOUR and one.hours.end <= now


def test_a_machine_that_goes_around_no_longer_is_nobodys_task() -> None:
    def after(days: int) -> list[Closing]:
        at = CLAIM + days * DAY
        one = found(around=[Around(at, at + HOUR, at + DAY)])
        assert one.rung is Rung.RECHECKED
        return [gap.closing for gap in to_do(one.gaps)]

    assert after(14) == [Closing.STOP_AROUND]
    assert after(8) == []


def test_less_than_a_tenth_of_the_usual_lines_is_an_outage() -> None:
    for lines, rung in ((10, Rung.VERIFIED), (9, Rung.CLAIMED)):
        days = [
            one._replace(lines=[min(n, lines) for n in one.lines]) if one.day > CLAIM.date() else one
            for one in log().days
        ]
        assert found(place(its=PlaceLog(days))).rung is rung


def test_ten_missed_hours_in_a_row_part_the_silence_of_a_machine_that_never_sleeps() -> None:
    days = []
    for n in range(-28, 17):
        lines = [100] * 24
        for hour in range(24):
            lines[hour] = 0 if n == 9 and 4 <= hour < 14 else 100
        midnight = datetime.combine(a_day(n), datetime.min.time(), UTC)
        days.append(
            LogDay("log", "v1", a_day(n), lines, midnight, midnight + DAY - timedelta(microseconds=1))
        )
    always = {a_day(n): (1 << 24) - 1 for n in range(-28, 17)}
    one = found(place(its=PlaceLog(days), alive=always))
    assert one.rung is Rung.RECHECKED and one.count.covered > 0.9 * one.count.expected
    days[28 + 9] = days[28 + 9]._replace(lines=[100 if hour < 5 or hour > 13 else 0 for hour in range(24)])
    assert found(place(its=PlaceLog(days), alive=always)).rung is Rung.VERIFIED


def test_a_machine_whose_hours_nobody_knows_is_told_what_is_missing() -> None:
    """A scan of the first schema tells days and no hours."""
    days = [one._replace(lines=()) for one in log().days]
    one = found(place(its=PlaceLog(days), alive={}, seen_on=frozenset(alive())))
    assert (one.rung, one.lack) == (Rung.RECHECKED, Lack.NO_HOURS)
    assert (one.gaps[0].first, one.gaps[0].end) == (CLAIM - 28 * DAY, CLAIM)
    assert one.gaps[0].closing is Closing.SCAN_ASKED


def test_hours_that_no_line_count_proves_are_told_as_weaker() -> None:
    days = [one._replace(lines=()) if one.day > CLAIM.date() else one for one in log().days]
    one = found(place(its=PlaceLog(days)))
    assert one.rung is Rung.VERIFIED and one.is_weak


def test_a_machine_that_works_six_hours_a_week_is_checked_by_hand() -> None:
    few = {day: 0b1110 for day in alive() if day.weekday() in (0, 3)}
    one = found(place(alive=few))
    assert one.rung is Rung.RECHECKED and one.gaps[0].lack is Lack.FEW_HOURS
    assert one.gaps[0].closing is Closing.CHECK


@pytest.mark.parametrize(("asked", "lack"), [(True, Lack.NOT_SEEN), (False, Lack.NOT_ASKED)])
def test_a_machine_that_is_off_or_elsewhere_proves_nothing(asked: bool, lack: Lack) -> None:
    """Its antivirus sees it each day, the place that saw the signs does not."""
    here = place(alive=alive(-28, 0), asked=frozenset(alive()) if asked else frozenset())
    one = found(here, place("antivirus"))
    assert one.rung is Rung.RECHECKED and lack in lacks(one)


def test_hours_in_which_another_source_saw_it_are_expected() -> None:
    """It works at night now, and the place has no lines of these hours."""
    by_night = dict.fromkeys(alive(1), 3 << 15 | WORKDAYS)
    one = found(place(), place("antivirus", alive=alive(-28, 0) | by_night))
    assert one.rung is not Rung.VERIFIED and Lack.DOWN in lacks(one)


def test_a_place_counts_only_if_it_saw_a_sign_and_said_so_before_the_claim() -> None:
    """Else a unit could prove its machine clean by a place that it makes up."""
    real, invented = place(its=log(last=0)), place("made-up")
    assert found(real, invented).rung is Rung.CLAIMED
    late = found(real, invented, hits=[hit(), hit(-3, "made-up", told=2)])
    assert late.rung is Rung.CLAIMED and Lack.OTHER_PLACE not in lacks(late)
    only = found(invented, hits=[hit(-3, "made-up", told=2)])
    assert only.rung is Rung.CLAIMED and Lack.OTHER_PLACE in lacks(only)
    # A claim that was written down later than it was made.
    backdated = Claim(CLAIM, told=CLAIM + 3 * DAY)
    assert found(invented, hits=[hit(-3, "made-up", told=2)], claim=backdated).rung is Rung.VERIFIED


def test_where_a_place_of_another_unit_saw_the_signs_its_silence_is_needed() -> None:
    both = [hit(), hit(-4, "superior", is_outside=True)]
    alone = found(place(), hits=both)
    assert (alone.rung, alone.lack) == (Rung.RECHECKED, Lack.OUTSIDE)
    assert alone.gaps[0].place == "superior" and alone.gaps[0].closing is Closing.SCAN_OUTSIDE
    gappy = found(place(), place("superior", log(last=5)), hits=both)
    assert (gappy.rung, gappy.lack) == (Rung.RECHECKED, Lack.OUTSIDE) and len(gappy.gaps) > 1
    whole = found(place(), place("superior"), hits=both)
    assert (whole.rung, whole.place) == (Rung.VERIFIED, "superior")


def test_going_around_parts_the_silence_and_without_a_time_forbids_a_proof() -> None:
    at = CLAIM + 5 * DAY
    one = found(around=[Around(at, at + HOUR, at)])
    assert one.rung is Rung.RECHECKED and lacks(one) >= {Lack.AROUND}
    assert found(around=[Around(CLAIM - 5 * DAY, CLAIM - 4 * DAY, at)]).rung is Rung.VERIFIED
    untimed = found(around=[Around(None, None, at)])
    assert (untimed.rung, untimed.lack, untimed.earliest) == (Rung.RECHECKED, Lack.AROUND, None)
    later = found(
        place(its=log(last=25), alive=alive(last=25)),
        now=CLAIM + 25 * DAY,
        around=[Around(at, at + HOUR, at)],
    )
    assert later.rung is Rung.VERIFIED


def test_a_list_that_lacks_an_indicator_looks_for_something_else() -> None:
    days = [one._replace(listing="v2") if one.day > a_day(6) else one for one in log().days]
    one = found(place(its=PlaceLog(days)))
    assert one.rung is Rung.RECHECKED and Lack.OTHER_LIST in lacks(one)
    gone = found(expiries=[Expiry("evil.example", CLAIM + 6 * DAY)])
    assert gone.rung is Rung.RECHECKED and Lack.EXPIRED in lacks(gone)


@pytest.mark.parametrize("flaw", [Lack.UNREAD, Lack.NO_MACHINE, Lack.NO_TIME])
def test_a_log_with_a_flaw_is_no_silence_and_the_flaw_is_named(flaw: Lack) -> None:
    days = [one._replace(flaw=flaw) if one.day > CLAIM.date() else one for one in log().days]
    one = found(place(its=PlaceLog(days)))
    assert one.rung is Rung.CLAIMED and flaw in lacks(one)


@pytest.mark.parametrize("hour", [3, 20])
def test_a_sign_that_names_no_machine_parts_the_silence_at_any_hour(hour: int) -> None:
    """At 3:00 UTC the machine works, at 20:00 it does not: malware may."""
    at = datetime.combine(a_day(8), datetime.min.time(), UTC) + hour * HOUR
    one = found(place(its=PlaceLog(log().days, [nameless(at)])))
    (gap,) = [gap for gap in one.gaps if gap.lack is Lack.NAMELESS]
    assert one.rung is Rung.RECHECKED and (gap.first, gap.end) == (at, at + HOUR)
    assert gap.closing is Closing.NAMED and gap not in to_do(one.gaps)
    before = PlaceLog(log().days, [nameless(CLAIM - DAY), nameless(CLAIM - 90 * DAY, CLAIM - 60 * DAY)])
    assert found(place(its=before)).rung is Rung.VERIFIED
    later = PlaceLog(log(last=25).days, [nameless(at)])
    assert found(place(its=later, alive=alive(last=25)), now=CLAIM + 25 * DAY).rung is Rung.VERIFIED


@pytest.mark.parametrize(
    ("family", "indicator", "of_case", "is_silent"),
    [("worm", "evil.example", "worm", False), ("other", "bad.example", "worm", True),
     ("", "bad.example", "worm", False), ("other", "bad.example", "", False),
     ("other", "evil.example", "worm", False)],
)  # fmt: skip
def test_a_sign_without_a_machine_of_another_family_is_no_relapse(
    family: str, indicator: str, of_case: str, is_silent: bool
) -> None:
    """A family that is not known may be any. The indicators of the case count whatever a newer list calls
    their family."""
    its = PlaceLog(log().days, [Nameless(indicator, family, ((CLAIM + 8 * DAY,) * 2,))])
    one = found(place(its=its), malware=Malware(of_case, frozenset({"evil.example"})))
    assert (one.rung is Rung.VERIFIED) == is_silent
    assert (Lack.NAMELESS in lacks(one)) == (not is_silent)


SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("first", "last", "is_all"),
    [
        (0, 2, True), (600, 602, True), (0, 602, True), (599, 665, False), (-1, 2, False),
        (1300, 1301, False), (2400, 2460, True),
    ],
)  # fmt: skip
def test_a_line_repeats_a_question_only_where_a_machine_asked_just_before(
    first: int, last: int, is_all: bool
) -> None:
    """Three machines ask at 0, 10 and 40 minutes."""
    asked = [(CLAIM + n * MINUTE, CLAIM + n * MINUTE) for n in (40, 0, 10)]
    lines = [(CLAIM, CLAIM), (CLAIM + first * SECOND, CLAIM + last * SECOND)]
    assert is_repeated(lines, asked) == is_all


def test_lost_lines_are_no_silence() -> None:
    lost = ((CLAIM + 2 * DAY, CLAIM + 2 * DAY), (CLAIM + 7 * DAY, CLAIM + 9 * DAY))
    one = found(place(its=log(lost=lost)))
    assert one.rung is Rung.RECHECKED and Lack.LOST in lacks(one)


def test_where_something_else_forbids_the_proof_its_short_gaps_are_listed_beside_that() -> None:
    """The picture of hours shows them, so the list of gaps does. There is nothing to do about them."""
    down = {(7, hour) for hour in WORK[:3]}
    assert found(place(its=log(down=down))).gaps == (), "a proof lists none"
    for one in (
        found(place(its=log(down=down)), machine=Machine(is_shared=True)),
        found(place(its=log(down=down)), hits=[hit(), hit(where="superior", is_outside=True)]),
    ):
        assert one.rung is Rung.RECHECKED and one.hours is not None
        assert sum(gap.hours for gap in one.gaps) == one.count.expected - one.count.covered == 3
        (spared,) = (gap for gap in one.gaps if gap.hours)
        assert spared.closing is Closing.NOTHING and one.hours.missed == ((spared.first, spared.end),)


def test_a_shared_address_is_never_proven() -> None:
    one = found(machine=Machine(is_shared=True))
    assert (one.rung, one.lack) == (Rung.RECHECKED, Lack.SHARED)


def test_a_claim_follows_the_machine_on_which_it_was_made() -> None:
    claim = Claim(CLAIM, machine="mac a")
    assert found(claim=claim, machine=Machine(frozenset({"mac a", "host x"}))).rung is Rung.VERIFIED
    other = found(claim=claim, machine=Machine(frozenset({"mac b"})))
    assert (other.rung, other.lack) == (Rung.OPEN, Lack.SPLIT)


def test_a_sign_that_was_listed_by_mistake_is_no_relapse() -> None:
    assert found(hits=[hit(), hit(3, is_recalled=True)]).rung is Rung.VERIFIED


def test_a_sign_without_a_time_forbids_a_proof() -> None:
    one = found(hits=[hit(), Hit("dns", None, CLAIM + DAY)])
    assert (one.rung, one.lack) == (Rung.RECHECKED, Lack.NO_TIME)


def test_signs_before_the_claim_tell_the_hours_of_a_machine_that_nobody_asked_about() -> None:
    seen = [
        datetime(day.year, day.month, day.day, hour, tzinfo=UTC) for day in alive(-7, -1) for hour in WORK
    ]
    times = tuple((at, at) for at in seen)
    assert found(place(alive=alive(1))).lack is Lack.NO_HOURS
    one = found(place(alive=alive(1)), hits=[hit(times=times)])
    assert one.rung is Rung.VERIFIED and one.count.expected >= 60


masks = st.integers(0, (1 << 400) - 1)


@given(masks)
def test_runs_are_the_hours(bits: int) -> None:
    parts = list(hours.runs(bits))
    assert sum(hours.span(*part) for part in parts) == bits
    assert all(before[1] < after[0] for before, after in pairwise(parts))


@given(st.lists(st.sampled_from("ml  "), max_size=60), st.integers(1, 9))
def test_missed_hours_stand_in_a_row_until_one_was_looked_at(kinds: list[str], long: int) -> None:
    rows: list[list[int]] = [[]]
    for n, kind in enumerate(kinds):
        if kind == "m":
            rows[-1].append(n)
        elif kind == "l":
            rows.append([])
    missed, looked = (sum(1 << n for n, kind in enumerate(kinds) if kind == one) for one in "ml")
    wanted = sum(1 << n for row in rows if len(row) >= long for n in row)
    assert hours.in_a_row(missed, looked, long) == wanted


def test_two_days_of_an_office_that_nobody_looked_at_part_the_silence() -> None:
    """Sixteen hours are less than a tenth of four weeks and a half; the malware had them to itself."""
    down = {(n, hour) for n in (15, 16) for hour in WORK}
    long_log, seen = log(last=28, down=down), alive(last=28)
    one = found(place(its=log(last=13), alive=alive(last=13)), now=CLAIM + 13 * DAY)
    assert one.rung is Rung.RECHECKED
    still = judge(
        Claim(CLAIM + 4 * DAY), [hit()], [place(its=long_log, alive=seen)], now=CLAIM + 28 * DAY + 12 * HOUR
    )
    assert still.rung is Rung.RECHECKED
    assert [gap.hours for gap in still.gaps if gap.lack is Lack.DOWN] == [16]


@given(st.integers(0, (1 << 672) - 1), st.integers(0, 2000))
def test_hours_of_the_week_come_back_each_week(bits: int, end: int) -> None:
    wanted = {n for n in range(end) if any(bits >> (n % 168 + 168 * week) & 1 for week in range(4))}
    found = hours.weekly(bits, 4, end)
    assert {n for n in range(found.bit_length()) if found >> n & 1} == wanted


@st.composite
def troubles(draw: st.DrawFn) -> tuple[dict[tuple[int, int], int], dict[date, int], set[int]]:
    """Lines of hours after the claim, hours of the machine, and hours in which it goes around."""
    lines = {
        (n, hour): draw(st.sampled_from([100, 100, 100, 100, 100, 100, 9, 0]))
        for n in range(1, 24)
        if draw(st.integers(0, 3)) == 0
        for hour in WORK
    }
    seen = {day: draw(st.sampled_from([WORKDAYS, WORKDAYS, 0b1100, 0])) for day in alive(0, 23)}
    for n in range(draw(st.integers(1, 20)), draw(st.integers(0, 22))):
        lines |= {(n, hour): 0 for hour in WORK}
    ways = draw(st.sets(st.integers(30, 23 * 24), max_size=1))
    return lines, seen, ways


@given(troubles())
def test_a_proof_is_what_a_walk_over_all_hours_and_all_windows_finds(one: object) -> None:
    lines, seen, ways = one  # type: ignore[misc]
    days = []
    for day in log(last=23).days:
        n = (day.day - CLAIM.date()).days
        counts = [lines.get((n, hour), count) for hour, count in enumerate(day.lines)]
        if any(counts):
            days.append(day._replace(lines=counts))
    before = alive(-28, -1)
    around = [Around(CLAIM + n * HOUR, CLAIM + n * HOUR, CLAIM) for n in ways]
    now = CLAIM + 24 * DAY
    got = found(place(its=PlaceLog(days), alive=before | seen), now=now, around=around)
    up = {
        (day.day - CLAIM.date()).days * 24 + hour
        for day in days
        for hour, count in enumerate(day.lines)
        if count >= 10 and day.day >= CLAIM.date()
    }
    expected = {n * 24 + hour for n in range(24) if works(n) for hour in WORK}
    gone = {n + 3 for n in ways}
    row: list[int] = []
    for hour in sorted(one for one in expected if one >= 4):
        row = [] if hour in up else [*row, hour]
        gone |= set(row) if len(row) >= 10 else set()
    end = max(up, default=0) + 1
    proofs = []
    # From the guard on, and from each local midnight, which is 17 o'clock in UTC.
    for first in [4, *range(17, 24 * 24, 24)]:
        for last in {first + 336, end}:
            window = set(range(first, last))
            if last > end or last - first < 336 or gone & window or len(expected & window) < 20:
                continue
            shown = expected & window & up
            there = {
                (hour + 7) // 24 for hour in window & up if seen.get(a_day(hour // 24), 0) >> (hour % 24) & 1
            }
            proofs.append(len(shown) >= 0.9 * len(expected & window) and len(there) >= 7)
    assert (got.rung is Rung.VERIFIED) == any(proofs)
