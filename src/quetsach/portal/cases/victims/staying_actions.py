"""Cases that stay although a file of reports was taken back.

Their history says so, with the time since when signs are back now: that of the earliest other sign.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from quetsach.machines.proof.judging import GUARD
from quetsach.portal.cases.episodes import came_back
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, VictimFile, VictimReport
from quetsach.portal.cases.rules import FILE_BACK, KEPT
from quetsach.portal.sightings.times import earliest_after, times_of, times_of_runs


def note_staying(file: VictimFile, cases: Iterable[Case], kept: Collection[UUID]) -> None:
    """Write into the history of locked cases that the file was taken back. `kept` stay only because somebody
    has worked on them."""
    now, events = timezone.now(), []
    for case in cases:
        data = {"file": file.name, "victims": str(file.pk)} | ({KEPT: True} if case.pk in kept else {})
        if case.is_open and case.pk not in kept and (seen := _other_return(case, file)):
            data["seen"] = seen.isoformat()
        events.append(
            CaseEvent(case=case, at=now, act=FILE_BACK, from_state=case.state, to_state=case.state,
                      by=file.gone_by, reason=file.gone_why, data=data)
        )  # fmt: skip
    CaseEvent.rows.bulk_create(events)


def _other_return(case: Case, file: VictimFile) -> datetime | None:
    """Where the file told when the signs came back: the time of the earliest other sign."""
    back = case.events.filter(came_back()).order_by("-at", "-pk").first()
    if back is None or back.data.get("victims") != str(file.pk):
        return None
    claimed = parse_datetime(back.data.get("claimed_at") or "")
    return min(_times_after(case, claimed + GUARD), default=None) if claimed else None


def _times_after(case: Case, moment: datetime) -> Iterable[datetime]:
    """Times of signs of a case after a moment, the earliest of each."""
    reports = VictimReport.rows.filter(case=case)
    for first, last, is_day in reports.values_list("first_seen", "last_seen", "is_day"):
        yield from [at for at in (first, first if is_day else last) if at > moment][:1]
    later = Q(last__gt=moment) | Q(last=None, sighting__last_seen__gt=moment)
    links = CaseSighting.rows.filter(later, case=case, sighting__is_listed=True)
    for link in links.select_related("sighting"):
        row = link.own_part()
        times = times_of_runs(row.day, row.runs) if row.day and row.runs else times_of(row)
        if (at := earliest_after(moment, times)) is not None:
            yield at
    yield from CaseEvent.checks().filter(case=case, at__gt=moment).values_list("at", flat=True)
