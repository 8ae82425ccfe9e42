"""The gaps of the logs of a unit, by place: as the judgement of its machines sees them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone

from quetsach.machines.proof.hours import hour_of
from quetsach.machines.proof.places import BASELINE
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases import proving
from quetsach.portal.cases.gaps.queries import MOST, Work, work_of
from quetsach.portal.cases.missing import span_of
from quetsach.portal.cases.unit_logs import DayOfLog
from quetsach.portal.sightings.intake import lost
from quetsach.portal.sightings.models import CoveredDay

LOOKED_BACK = timedelta(days=2 * BASELINE)
MOST_TIMES = 6
"""Times of one place on the page of logs, the latest."""


@dataclass
class PlaceGaps:
    """The gaps of one place. `times` are those hours of the last weeks in which it usually writes lines and
    was not up, in words, the latest last; `more` earlier ones are left out. `measured_since`: from this time
    on they are all, None where its usual lines are not known. `waits`: the acts on this log that machines
    wait for."""

    times: list[str] = field(default_factory=list)
    more: int = 0
    measured_since: datetime | None = None
    waits: list[Work] = field(default_factory=list)


def gaps_of_places(node: CampaignNode) -> dict[str, PlaceGaps]:
    """By the name of the place. Two queries."""
    now = timezone.now()
    found: dict[str, PlaceGaps] = defaultdict(PlaceGaps)
    since = now - LOOKED_BACK
    for name, days in _days(node, since.date()).items():
        log = proving.log_of(days).log
        times = log.missing(hour_of(now))
        one = found[name]
        one.times = [span_of(first, end) for first, end in times[-MOST_TIMES:]]
        one.more = max(0, len(times) - MOST_TIMES)
        one.measured_since = since if log.is_measured(hour_of(now)) else None
    for work in work_of(node, MOST)[0]:
        if work.place:
            found[work.place].waits.append(work)
    return dict(found)


def _days(node: CampaignNode, since: date) -> dict[str, list[DayOfLog]]:
    rows = CoveredDay.rows.filter(node=node, day__gte=since).order_by("day", "pk")
    rows = rows.select_related("coverage__scan__indicator_set").defer("devices", "alive")
    found: dict[str, list[DayOfLog]] = defaultdict(list)
    for row in rows.iterator(chunk_size=100):
        read = row.coverage, row.day, row.hours, tuple(lost(row.gaps))
        found[row.coverage.name].append(DayOfLog(*read, None, False))
    return found
