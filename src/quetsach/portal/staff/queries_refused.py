"""The portal's refusals as sums: by reason and door, and by day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils.functional import Promise

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.refusals.counting import Key, counted
from quetsach.portal.kit.refusals.words import DOORS, OTHER, REASONS
from quetsach.portal.staff.queries import tops
from quetsach.portal.units.models import Unit
from quetsach.portal.units.queries import highest
from quetsach.portal.units.roles import Verb

SHOWN = 30
"""Days, including today."""
SPANS = (1, 7, SHOWN)
"""Days, including today, whose sums stand side by side."""


@dataclass(frozen=True)
class Group:
    """One reason with its doors, each with its sums in the order of the spans."""

    label: str | Promise
    advice: str
    doors: list[tuple[str | Promise, list[int]]]


@dataclass(frozen=True)
class Refused:
    """`days` are the last thirty with their sums; `groups` are those of the chosen day, or of all spans."""

    days: list[tuple[date, int]]
    groups: list[Group]

    @property
    def today(self) -> int:
        return self.days[-1][1]

    @property
    def total(self) -> int:
        return sum(count for _day, count in self.days)


def top_office(user: User | AnonymousUser) -> Unit | None:
    """One of the highest units whose trail the person reads; they also read entries without a unit."""
    read = Unit.rows.filter(path__in=tops(user, Verb.READ_AUDIT)).order_by("path")
    return next(iter(highest(read)), None)


def refused(today: date, day: date | None) -> Refused:
    """The sums up to today; with a `day`, the groups of that day alone."""
    first = today - timedelta(days=SHOWN - 1)
    found = counted(first)
    by_day: Counter[date] = Counter()
    for (at, _door, _reason), count in found.items():
        by_day[at] += count
    days = [(first + timedelta(days=n), by_day[first + timedelta(days=n)]) for n in range(SHOWN)]
    if day is not None:
        return Refused(days, _groups([{key: n for key, n in found.items() if key[0] == day}]))
    since = [today - timedelta(days=span - 1) for span in SPANS]
    return Refused(days, _groups([{key: n for key, n in found.items() if key[0] >= at} for at in since]))


def _groups(spans: list[dict[Key, int]]) -> list[Group]:
    """The most frequent reasons first; the last span includes the others."""
    sums: dict[str, dict[str, list[int]]] = {}
    for number, span in enumerate(spans):
        for (_day, door, reason), count in span.items():
            doors = sums.setdefault(reason, {})
            doors.setdefault(door, [0] * len(spans))[number] += count
    groups = []
    for reason, doors in sorted(
        sums.items(), key=lambda one: -sum(figures[-1] for figures in one[1].values())
    ):
        words = REASONS.get(reason, REASONS[OTHER])
        rows = sorted(doors.items(), key=lambda one: -one[1][-1])
        advice = str(words.advice) % {"most": settings.MAX_UPLOAD_BYTES // 1024**2}
        told = [(DOORS.get(door, DOORS[OTHER]), figures) for door, figures in rows]
        groups.append(Group(words.label, advice, told))
    return groups
