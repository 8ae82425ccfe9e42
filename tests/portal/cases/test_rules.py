"""The moves of cases, the owners of addresses, and the picture of a case."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.cases.rules import (
    TRANSITIONS,
    Act,
    Arrival,
    State,
    arrive,
    judge_check,
)
from quetsach.portal.cases.timeline import Mark, Signs, draw
from quetsach.portal.sightings.owners import Owners, Range

CLAIM = datetime(2026, 1, 10, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)

hours = st.integers(-100, 500)


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


def test_only_a_claim_can_lead_to_clean():
    assert {s for (s, _), to in TRANSITIONS.items() if to is State.VERIFIED_CLEAN is not s} == {
        State.CLAIMED_CLEAN,
        State.RECHECKED,
    }
    assert TRANSITIONS[State.VERIFIED_CLEAN, Act.RELAPSE] is State.ASSIGNED


@pytest.mark.parametrize(
    ("state", "seen", "new", "expected"),
    [
        (State.ASSIGNED, 5, False, Arrival.KEEP),
        (State.CLAIMED_CLEAN, -1, False, Arrival.KEEP),
        (State.CLAIMED_CLEAN, 0, False, Arrival.KEEP),
        (State.CLAIMED_CLEAN, 1, False, Arrival.KEEP),  # within the hour of the claim
        (State.CLAIMED_CLEAN, 2, False, Arrival.RELAPSE),
        (State.RECHECKED, 2, False, Arrival.RELAPSE),
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
        marks=[Mark(CLAIM, "x")],
        looked=looked,
        plan_until=None,
        now=CLAIM + 50 * HOUR,
        zone=UTC,
    )
    assert line is not None
    for box in [*line.seen, *line.gaps]:
        assert float(box.x[:-1]) >= 0 and float(box.x[:-1]) + float(box.width[:-1]) <= 101
