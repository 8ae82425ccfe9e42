"""The rules against a naive oracle that looks at every single hour."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.cases.rules import (
    TRANSITIONS,
    Act,
    Arrival,
    Hit,
    Look,
    State,
    arrive,
    judge,
    judge_check,
)
from quetsach.portal.cases.timeline import draw
from quetsach.portal.sightings.owners import Owners

CLAIM = datetime(2026, 1, 10, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)

hours = st.integers(-100, 500)
looks = st.builds(
    lambda place, start, length, errors, time, alive, lists: Look(
        place, CLAIM + start * HOUR, CLAIM + (start + length) * HOUR, errors, time, alive, lists
    ),
    st.sampled_from(["fw", "dns"]),
    hours,
    st.integers(0, 300),
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from(["ok", "ok", "assumed_year", "suspect", "none"]),
    st.none()
    | st.frozensets(st.integers(0, 25).map(lambda n: date(2026, 1, 5) + timedelta(days=n)), max_size=4),
    st.sampled_from([True, True, True, False]),
)
hits = st.builds(
    lambda place, at, received: Hit(
        place, None if at is None else CLAIM + at * HOUR, CLAIM + received * HOUR
    ),
    st.sampled_from(["fw", "fw", "dns"]),
    st.none() | st.integers(-100, 5),
    hours,
)


def oracle(hits, looks, quiet_days):
    """Walk the hours after the claim. An hour is seen if a look covers it, or if it lies between two seen
    hours less than a day apart."""
    if any(h.last is not None and h.last > CLAIM for h in hits):
        return "cleaning"
    best = "claimed_clean"
    for place in {h.source_name for h in hits}:
        usable = [
            lk for lk in looks
            if lk.source_name == place and not lk.errors and lk.time in ("ok", "assumed_year")
            and lk.lists_all and lk.last > CLAIM
        ]  # fmt: skip
        seen = set()
        for lk in usable:
            first = max(0, (lk.first - CLAIM) // HOUR)
            seen |= set(range(first, (lk.last - CLAIM) // HOUR + 1))
        runs, previous = [], None
        for hour in sorted(seen):
            if previous is not None and hour - previous <= 24:
                runs[-1].append(hour)
            else:
                runs.append([hour])
            previous = hour
        for run in runs:
            length = run[-1] - run[0]
            if length >= 24 and best == "claimed_clean":
                best = "rechecked"
            if length >= 24 * quiet_days:
                begin, end = CLAIM + run[0] * HOUR, CLAIM + run[-1] * HOUR
                alive = {d for lk in usable for d in (lk.alive or ())}
                if any(begin.date() <= d <= end.date() and d > CLAIM.date() for d in alive):
                    untimed = any(h.last is None and h.received > CLAIM for h in hits)
                    if not untimed:
                        return "verified_clean"
    return best


@given(
    hits=st.lists(hits, min_size=1, max_size=4),
    looks=st.lists(looks, max_size=6),
    quiet_days=st.integers(1, 14),
)
def test_the_judgement_is_that_of_the_hour_by_hour_oracle(hits, looks, quiet_days):
    assert judge(CLAIM, hits, looks, quiet_days).state == oracle(hits, looks, quiet_days)


@given(hits=st.lists(hits, min_size=1, max_size=4), looks=st.lists(looks, max_size=5), more=looks)
def test_another_log_without_a_hit_never_takes_a_rung_away(hits, looks, more):
    rungs = [State.CLEANING, State.CLAIMED_CLEAN, State.RECHECKED, State.VERIFIED_CLEAN]
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
    from uuid import UUID

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
    assert Owners(UUID(int=9), pairs).of(device) == (owners.pop() if len(owners) == 1 else None)


@given(
    hit_days=st.lists(
        st.tuples(st.dates(date(2020, 1, 1), date(2026, 12, 31)), st.integers(1, 10**12)), max_size=5
    ),
    spans=st.lists(st.tuples(hours, st.integers(0, 300)), max_size=4),
)
def test_everything_drawn_lies_on_the_line(hit_days, spans):
    looked = [(CLAIM + a * HOUR, CLAIM + (a + n) * HOUR) for a, n in spans]
    line = draw(
        hits=[(day, n, None) for day, n in hit_days],
        marks=[(CLAIM, "x")],
        looked=looked,
        plan_until=None,
        now=CLAIM + 50 * HOUR,
        zone=UTC,
    )
    assert line is not None
    for box in [*line.seen, *line.gaps]:
        assert float(box.x[:-1]) >= 0 and float(box.x[:-1]) + float(box.width[:-1]) <= 101
