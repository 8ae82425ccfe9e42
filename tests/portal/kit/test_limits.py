"""Too many requests from one address are stopped for a while, also from other addresses of its network."""

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory

from quetsach.portal.kit.limits import Limit
from quetsach.portal.privacy.actions import retain

LIMIT = Limit("test", most=3, seconds=3600)


@pytest.fixture(autouse=True)
def _nothing_counted(db):
    cache.clear()


def asked(address: str):
    return RequestFactory().get("/", REMOTE_ADDR=address)


def test_it_holds_for_the_whole_time_and_ends_with_it():
    with time_machine.travel("2026-11-24T05:59:00Z", tick=False) as clock:
        for _ in range(3):
            assert not LIMIT.is_reached(asked("192.0.2.7"))
            LIMIT.note(asked("192.0.2.7"))
            clock.shift(600)
        assert LIMIT.is_reached(asked("192.0.2.7")), "ten minutes of silence forget nothing"
        assert not LIMIT.is_reached(asked("192.0.2.8"))
        clock.shift(1801)
        assert not LIMIT.is_reached(asked("192.0.2.7")), "an hour after the first"


def test_another_address_of_one_ipv6_network_is_the_same_guesser():
    for last in range(3):
        LIMIT.note(asked(f"2001:db8:0:1::{last}"))
    assert LIMIT.is_reached(asked("2001:db8:0:1:ffff::9"))
    assert not LIMIT.is_reached(asked("2001:db8:0:2::9"))


def test_of_those_who_come_at_the_same_moment_each_is_counted(at_once):
    def five_times():
        for _ in range(5):
            Limit("busy", 40, 3600).note(asked("192.0.2.7"))

    at_once(*[five_times] * 8)
    asked_for = [Limit("busy", most, 3600) for most in (40, 41)]
    assert at_once(lambda: [limit.is_reached(asked("192.0.2.7")) for limit in asked_for]) == [[True, False]]


def test_nobody_who_came_is_remembered_longer_than_needed():
    with time_machine.travel("2026-11-24T05:59:00Z", tick=False) as clock:
        LIMIT.note(asked("192.0.2.7"))
        clock.shift(1800)
        LIMIT.note(asked("192.0.2.8"))
        retain()
        assert len(addresses()) == 2
        clock.shift(1801)
        retain()
        assert addresses() == ["limit:test:192.0.2.8"]


def addresses():
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM kit_cache")
        return [key for (key,) in cursor.fetchall()]


def test_it_is_forgotten_with_the_cache():
    for _ in range(3):
        LIMIT.note(asked("192.0.2.7"))
    cache.clear()
    assert not LIMIT.is_reached(asked("192.0.2.7"))
