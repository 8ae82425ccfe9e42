"""Proofs by logs that the rules and the evidence of today would not give.

Logs that do not suffice any more take no proof back: a person decides. Signs without a machine may come late,
a list or a table may have changed, and earlier versions judged by weaker rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import batched

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform

from quetsach.machines.proof.judgement import Judgement, Rung
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases import looks, proving
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.rules import Act, State

AT_ONCE = 500
PLACE = "place"
"""In the data of the event of a proof: the place whose log shows it. A check of the machine has none."""


def is_by_logs(case: Case, events: Iterable[CaseEvent]) -> bool:
    """Whether logs proved the case clean; `events` are its own, in their order."""
    reached = [
        event
        for event in events
        if event.to_state == State.VERIFIED_CLEAN != event.from_state and event.act != Act.UNDO
    ]
    is_proven = case.state == State.VERIFIED_CLEAN and case.confirmed_by_id is None
    return is_proven and bool(reached) and PLACE in reached[-1].data


def doubt(facts: looks.Facts, logs: proving.Logs, now: datetime) -> Judgement | None:
    """What logs show of a proven case by all that is known today, if that is no proof: neither up to the
    moment of the proof nor up to now. None where it is one. That a list was withdrawn since takes nothing
    from the logs: signs of then still name the places that had to be silent."""
    case = facts.case
    assert case.verified_at is not None
    then = proving.judged(facts, case.verified_at, logs)
    if Rung.VERIFIED in (then.rung, proving.judged(facts, now, logs).rung):
        return None
    if all(row.is_listed for row in facts.sightings):
        return then
    was = proving.judged(facts, case.verified_at, logs, keeps_recalled=True)
    return None if was.rung is Rung.VERIFIED else was


def doubtful(campaign: Campaign, now: datetime) -> Iterator[tuple[Case, Judgement]]:
    """The current cases of the campaign that logs proved clean, and that `doubt` is about, unit by unit."""
    for some in batched(list(_proven_by_logs(campaign).values_list("pk", flat=True)), AT_ONCE):
        rows = Case.rows.filter(pk__in=some).select_related("device__owner", "device__campaign")
        cases = list(rows.order_by("device__owner__path", "pk"))
        since = min(case.claimed_at for case in cases if case.claimed_at)
        logs: proving.Logs = {}
        for facts in looks.gather(cases, since=since - proving.BEFORE):
            if (judgement := doubt(facts, logs, now)) is not None:
                yield facts.case, judgement


def _proven_by_logs(campaign: Campaign) -> QuerySet[Case]:
    reached = CaseEvent.rows.filter(case=OuterRef("pk"), to_state=State.VERIFIED_CLEAN.value)
    reached = reached.exclude(from_state=State.VERIFIED_CLEAN.value).exclude(act=Act.UNDO.value)
    place = reached.order_by("-at", "-pk").annotate(place=KeyTextTransform(PLACE, "data")).values("place")
    proven = Case.rows.filter(
        state=State.VERIFIED_CLEAN, is_current=True, confirmed_by=None, claimed_at__isnull=False,
        verified_at__isnull=False, device__campaign=campaign,
    )  # fmt: skip
    found = proven.annotate(proven_at=Subquery(place[:1])).filter(proven_at__isnull=False)
    return found.order_by("device__owner__path", "pk")
