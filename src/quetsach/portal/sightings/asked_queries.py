"""What the files of a scan say of each machine that it was asked about: seen, not seen, or nothing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils import timezone

from quetsach.portal.sightings.models import AskedList, Coverage, CoveredDay, Scan
from quetsach.sightings.hours import by_days, seen_by_local_day

MOST_DAYS = 5_000
"""Days of files that one page reads, the latest first."""
MOST_SEEN = 14
"""Entries of one machine that a page shows, the latest ones."""


@dataclass(frozen=True, slots=True)
class AskedMachine:
    """A machine by the name under which it was asked about. `days` are the latest entries of days and their
    hours, in order; `earlier` is the number of entries before these."""

    name: str
    days: list[tuple[str, str]]
    earlier: int


@dataclass(frozen=True, slots=True)
class AskedMachines:
    """The machines that were seen come first. `can_answer` is whether any file could tell. `silent` are files
    that could not, each with its reason: "unread", "timeless", "unasked" (read before anybody was
    asked about) or "other" (what is known of it rests on another scan)."""

    machines: list[AskedMachine]
    seen: int
    can_answer: bool
    silent: list[tuple[str, str]]
    silent_more: int

    @property
    def asked(self) -> int:
        """All machines that the scan was asked about."""
        return len(self.machines)

    @property
    def unseen(self) -> int:
        """Those that no line names."""
        return self.asked - self.seen


def asked_in(scan: Scan, most_silent: int) -> AskedMachines | None:
    """The answers of the scan's files, as they rest on this scan; None where it was asked about nobody."""
    if scan.asked_id is None:
        return None
    names = AskedList.rows.values_list("names", flat=True).get(pk=scan.asked_id)
    masks: dict[str, dict[str, int]] = defaultdict(dict)
    can_answer = False
    rests = CoveredDay.rows.filter(coverage__scan=scan, asked__isnull=False)
    rows = rests.order_by("-day").values_list("day", "alive", "hours")[:MOST_DAYS]
    for day, alive, hours in rows.iterator(chunk_size=200):
        can_answer = can_answer or bool(hours or alive)
        for name, mask in alive.items():
            masks[name][day.isoformat()] = masks[name].get(day.isoformat(), 0) | mask
    machines = [_machine(name, masks.get(name, {})) for name in names]
    machines.sort(key=lambda one: not one.days)
    seen = sum(bool(one.days) for one in machines)
    silent = [(path, _why(first, lines, rests)) for path, first, lines, rests in _silent(scan)]
    return AskedMachines(machines, seen, can_answer, silent[:most_silent], len(silent[most_silent:]))


def _machine(name: str, masks: dict[str, int]) -> AskedMachine:
    told = by_days(seen_by_local_day(masks, timezone.get_current_timezone()))
    return AskedMachine(name, told[-MOST_SEEN:], max(0, len(told) - MOST_SEEN))


def _silent(scan: Scan) -> list[tuple[str, object, int, bool]]:
    days = CoveredDay.rows.filter(coverage=OuterRef("pk"))
    rows = Coverage.rows.filter(scan=scan).filter(~Exists(days.filter(asked__isnull=False)))
    told = rows.annotate(rests=Exists(days)).order_by("first", "pk")
    return list(told.values_list("path", "first", "lines", "rests"))


def _why(first: object, lines: int, rests: bool) -> str:
    if not lines:
        return "unread"
    if not first:
        return "timeless"
    return "unasked" if rests else "other"
