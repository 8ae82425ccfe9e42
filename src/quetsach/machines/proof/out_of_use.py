"""A machine that was said to be out of use must not be seen any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from quetsach.machines.proof.facts import Machine, Place


def seen_since(since: datetime, places: Iterable[Place], machine: Machine) -> datetime | None:
    """The first hour after that moment in which any place saw the machine. Of a day without hours the first
    local day after it counts: on the day itself the machine may have been seen before."""
    ahead = timedelta(hours=machine.ahead)
    found = []
    for place in places:
        for day, mask in place.alive.items():
            hours = (datetime.combine(day, time(hour), UTC) for hour in range(24) if mask >> hour & 1)
            found += [at for at in hours if at >= since]
        for day in place.seen_on:
            begin = datetime.combine(day, time(), UTC) - ahead
            found += [begin] if begin >= since else []
    return min(found, default=None)
