"""The rules against a naive oracle that looks at every single hour."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.cases.rules import (
    TRANSITIONS,
    Act,
    Around,
    Arrival,
    Hit,
    Look,
    Reason,
    State,
    arrive,
    judge,
    judge_check,
)
from quetsach.portal.cases.timeline import Signs, draw
from quetsach.portal.sightings.owners import Owners, Range

CLAIM = datetime(2026, 1, 10, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)

hours = st.integers(-100, 500)
looks = st.builds(
    lambda place, start, length, errors, nameless, time, alive, lists, lost: Look(
        place,
        CLAIM + start * HOUR,
        CLAIM + (start + length) * HOUR,
        errors=errors,
        not_understood=nameless,
        time=time,
        alive=alive,
        lists_all=lists,
        lost=tuple(
            (CLAIM + (at + 0.5) * HOUR, CLAIM + (at + 0.5) * HOUR + long * HOUR / 2) for at, long in lost
        ),
    ),
    st.sampled_from(["fw", "dns"]),
    hours,
    st.integers(0, 300),
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from(["ok", "ok", "assumed_year", "suspect", "none"]),
    st.none()
    | st.frozensets(st.integers(0, 25).map(lambda n: date(2026, 1, 5) + timedelta(days=n)), max_size=4),
    st.sampled_from([True, True, True, False]),
    st.lists(st.tuples(hours, st.sampled_from([1, 6])), max_size=1),
)
hits = st.builds(
    lambda place, at, received: Hit(
        place, None if at is None else CLAIM + at * HOUR, CLAIM + received * HOUR
    ),
    st.sampled_from(["fw", "fw", "dns"]),
    st.none() | st.integers(-100, 5),
    hours,
)


def broken(look):
    return look.errors or look.not_understood


ways = st.builds(
    lambda at, long, told: Around(
        None if at is None else CLAIM + (at + 0.5) * HOUR,
        None if at is None else CLAIM + (at + 0.5) * HOUR + long * HOUR / 2,
        CLAIM + told * HOUR,
    ),
    st.none() | hours,
    st.sampled_from([0.5, 1, 6]),
    hours,
)


def oracle(hits, looks, quiet_days, around=()):
    """Walk the half hours after the claim. A moment is seen if a look covers it and no loss holds it; a time
    in which the machine went around is a loss at every place. Two such moments are of one run if one look
    covers all between them, or if they lie at most a day apart. No run goes over a loss, nor over a pause
    with a source in it that could not be read."""
    if any(h.last is not None and h.last > CLAIM for h in hits):
        return "cleaning"
    best = "claimed_clean"
    for place in {h.source_name for h in hits}:
        after = [lk for lk in looks if lk.source_name == place and lk.last > CLAIM]
        usable = [lk for lk in after if not broken(lk) and lk.time in ("ok", "assumed_year") and lk.lists_all]
        lost = [gap for lk in after for gap in lk.lost] + [(w.first, w.last) for w in around if w.last]
        seen, edges = set(), set()
        for lk in usable:
            first, last = max(0, (lk.first - CLAIM) // HOUR) * 2, (lk.last - CLAIM) // HOUR * 2
            seen |= set(range(first, last + 1))
            edges |= set(range(first, last))
        at = {half: CLAIM + half * HOUR / 2 for half in seen}
        seen = {half for half in seen if not any(a < at[half] < b for a, b in lost)}
        runs, previous = [], None
        for half in sorted(seen):
            joined = previous is not None and not any(a < at[half] and b > at[previous] for a, b in lost)
            if joined and not (half - previous == 1 and previous in edges):
                joined = half - previous <= 48 and not any(
                    broken(lk) and lk.first < at[half] and lk.last > at[previous] for lk in after
                )
            if joined:
                runs[-1].append(at[half])
            else:
                runs.append([at[half]])
            previous = half
        for run in runs:
            begin, end = run[0], run[-1]
            if end - begin >= 24 * HOUR and best == "claimed_clean":
                best = "rechecked"
            if end - begin >= 24 * quiet_days * HOUR:
                alive = {d for lk in usable for d in (lk.alive or ())}
                if any(begin.date() <= d <= end.date() and d > CLAIM.date() for d in alive):
                    untimed = any(h.last is None and h.received > CLAIM for h in hits)
                    untimed = untimed or any(w.last is None and w.told > CLAIM for w in around)
                    if not untimed:
                        return "verified_clean"
    return best


@given(
    hits=st.lists(hits, min_size=1, max_size=4),
    looks=st.lists(looks, max_size=6),
    quiet_days=st.integers(1, 14),
    around=st.lists(ways, max_size=2),
)
def test_the_judgement_is_that_of_the_hour_by_hour_oracle(hits, looks, quiet_days, around):
    assert judge(CLAIM, hits, looks, quiet_days, around).state == oracle(hits, looks, quiet_days, around)


@pytest.mark.parametrize(
    ("at", "state", "reason"),
    [
        ((-5, -4), State.VERIFIED_CLEAN, Reason.QUIET),
        ((0, 1), State.VERIFIED_CLEAN, Reason.QUIET),
        ((40, 40), State.RECHECKED, Reason.AROUND),
        ((0, 79), State.CLAIMED_CLEAN, Reason.AROUND),
        (None, State.RECHECKED, Reason.AROUND),
    ],
)
def test_no_log_proves_clean_the_time_in_which_a_machine_goes_around(at, state, reason):
    """Of eighty quiet hours, three days of which would be enough."""
    first, last = (None, None) if at is None else (CLAIM + at[0] * HOUR, CLAIM + at[1] * HOUR)
    found = judge(
        CLAIM, [Hit("fw", CLAIM - HOUR, CLAIM)], [look(0, 80)], 3, [Around(first, last, CLAIM + HOUR)]
    )
    assert (found.state, found.reason) == (state, reason)


@given(hits=st.lists(hits, min_size=1, max_size=4), looks=st.lists(looks, max_size=5), more=looks)
def test_another_log_without_a_hit_never_takes_a_rung_away(hits, looks, more):
    rungs = [State.CLEANING, State.CLAIMED_CLEAN, State.RECHECKED, State.VERIFIED_CLEAN]
    more = replace(more, errors=0, not_understood=0, lost=())
    before, after = judge(CLAIM, hits, looks, 7).state, judge(CLAIM, hits, [*looks, more], 7).state
    assert rungs.index(after) >= rungs.index(before)


@pytest.mark.parametrize(
    ("waited", "state"),
    [
        (timedelta(hours=24) - timedelta(seconds=1), State.CLAIMED_CLEAN),
        (timedelta(hours=24), State.RECHECKED),
        (timedelta(days=3) - timedelta(seconds=1), State.RECHECKED),
        (timedelta(days=3), State.VERIFIED_CLEAN),
    ],
)
def test_a_check_proves_no_more_than_as_long_a_silence(waited, state):
    assert judge_check(CLAIM, CLAIM + waited, 3) is state


DAYS = frozenset(date(2026, 1, 10) + timedelta(days=n) for n in range(20))


def look(first, last, **more):
    """A look from and to so many hours after the claim, in which the machine was alive each day."""
    return Look("fw", CLAIM + first * HOUR, CLAIM + last * HOUR, **{"alive": DAYS, **more})


def state_of(*looks, quiet_days=3):
    return judge(CLAIM, [Hit("fw", CLAIM - HOUR, CLAIM)], looks, quiet_days).state


@pytest.mark.parametrize("long", [timedelta(0), timedelta(seconds=1), timedelta(hours=2)])
def test_lost_lines_cut_silence_however_short_the_loss(long):
    whole = look(0, 4 * 24)
    at = CLAIM + 50 * HOUR
    assert state_of(whole) is State.VERIFIED_CLEAN
    assert state_of(replace(whole, lost=((at, at + long),))) is State.RECHECKED
    # After the loss the days are counted anew.
    assert state_of(look(0, 6 * 24, lost=((at, at + long),))) is State.VERIFIED_CLEAN


def test_another_source_of_the_place_does_not_hide_a_loss():
    lossy = look(0, 4 * 24, lost=((CLAIM + 50 * HOUR, CLAIM + 51 * HOUR),))
    assert state_of(lossy, look(0, 4 * 24)) is State.RECHECKED
    elsewhere = replace(lossy, source_name="dns")
    assert state_of(elsewhere, look(0, 4 * 24)) is State.VERIFIED_CLEAN


def test_what_could_not_be_read_spoils_its_own_source_only():
    assert state_of(look(0, 4 * 24, errors=1)) is State.CLAIMED_CLEAN
    assert state_of(look(0, 4 * 24), look(0, 4 * 24, errors=1)) is State.VERIFIED_CLEAN


def test_a_pause_is_no_silence_where_a_source_in_it_could_not_be_read():
    nights = (look(0, 40), look(50, 80))
    assert state_of(*nights) is State.VERIFIED_CLEAN
    assert state_of(*nights, look(39, 51, errors=1)) is State.RECHECKED
    assert state_of(*nights, look(0, 40, errors=1)) is State.VERIFIED_CLEAN


def test_a_loss_within_a_pause_parts_the_looks_beside_it():
    before = look(0, 40, lost=((CLAIM + 45 * HOUR, CLAIM + 45 * HOUR),))
    assert state_of(before, look(50, 80)) is State.RECHECKED


def test_no_logs_ever_say_clean():
    assert judge(CLAIM, [Hit("fw", CLAIM - HOUR, CLAIM)], [], 1).state is State.CLAIMED_CLEAN


def test_only_a_claim_can_lead_to_clean():
    assert {s for (s, _), to in TRANSITIONS.items() if to is State.VERIFIED_CLEAN} == {
        State.CLAIMED_CLEAN,
        State.RECHECKED,
    }
    assert TRANSITIONS[State.VERIFIED_CLEAN, Act.RELAPSE] is State.CLEANING


@pytest.mark.parametrize(
    ("state", "seen", "new", "expected"),
    [
        (State.ASSIGNED, 5, False, Arrival.KEEP),
        (State.CLAIMED_CLEAN, -1, False, Arrival.KEEP),
        (State.CLAIMED_CLEAN, 0, False, Arrival.KEEP),
        (State.CLAIMED_CLEAN, 1, False, Arrival.RELAPSE),
        (State.RECHECKED, 1, False, Arrival.RELAPSE),
        (State.VERIFIED_CLEAN, -1, False, Arrival.KEEP),
        (State.VERIFIED_CLEAN, 50, False, Arrival.RELAPSE),
        (State.VERIFIED_CLEAN, 101, False, Arrival.EPISODE),
        (State.VERIFIED_CLEAN, None, False, Arrival.KEEP),
        (State.FALSE_POSITIVE, 500, False, Arrival.KEEP),
        (State.FALSE_POSITIVE, -5, True, Arrival.EVIDENCE),
    ],
)
def test_what_a_new_row_does(state, seen, new, expected):
    at = None if seen is None else CLAIM + seen * HOUR
    assert arrive(state, CLAIM, CLAIM + 100 * HOUR, at, new) is expected


networks = st.lists(
    st.tuples(
        st.sampled_from(
            ["10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.1.1.5/32", "192.168.1.0/24", "2001:db8::/32"]
        ),
        st.integers(1, 4),
    ),
    max_size=8,
)


@given(
    networks=networks,
    device=st.sampled_from(["10.1.1.5", "10.1.1.9", "10.2.0.1", "192.168.1.7", "2001:db8::1", "pc-7", ""]),
)
def test_the_owner_agrees_with_trying_every_network(networks, device):
    import ipaddress

    pairs = [(cidr, UUID(int=n)) for cidr, n in networks]
    try:
        address = ipaddress.ip_address(device)
        fits = [
            (ipaddress.ip_network(c).prefixlen, n) for c, n in pairs if address in ipaddress.ip_network(c)
        ]
    except ValueError:
        fits = []
    longest = max((length for length, _ in fits), default=None)
    owners = {n for length, n in fits if length == longest}
    ranges = [Range(*pair) for pair in pairs]
    assert Owners(UUID(int=9), ranges).of(device, date(2026, 11, 29)) == (
        owners.pop() if len(owners) == 1 else None
    )


def test_a_range_counts_on_its_own_days_only():
    old, new = UUID(int=1), UUID(int=2)
    change = date(2026, 7, 1)
    owners = Owners(
        UUID(int=9), [Range("10.1.1.0/24", old, None, change), Range("10.1.1.0/24", new, change, None)]
    )
    found = [owners.of("10.1.1.5", date(2026, *day)) for day in ((1, 1), (6, 30), (7, 1), (12, 31))]
    assert found == [old, old, new, new]


@given(
    hit_days=st.lists(
        st.tuples(st.dates(date(2020, 1, 1), date(2026, 12, 31)), st.integers(1, 10**12)), max_size=5
    ),
    spans=st.lists(st.tuples(hours, st.integers(0, 300)), max_size=4),
)
def test_everything_drawn_lies_on_the_line(hit_days, spans):
    looked = [(CLAIM + a * HOUR, CLAIM + (a + n) * HOUR) for a, n in spans]
    line = draw(
        hits=[Signs(one := datetime.combine(day, time(), UTC), one, n) for day, n in hit_days],
        marks=[(CLAIM, "x")],
        looked=looked,
        plan_until=None,
        now=CLAIM + 50 * HOUR,
        zone=UTC,
    )
    assert line is not None
    for box in [*line.seen, *line.gaps]:
        assert float(box.x[:-1]) >= 0 and float(box.x[:-1]) + float(box.width[:-1]) <= 101
