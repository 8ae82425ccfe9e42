"""The judgement of all claims, as each night needs it: in parts, so that a run that was cut short goes on."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import batched

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.gaps.actions import forget_over
from quetsach.portal.cases.models import Case, JudgingRun
from quetsach.portal.cases.pull_actions import AT_ONCE, Pulled, claims_of, judge_some

GOES_ON = timedelta(hours=20)
"""A run that was cut short goes on if it is not older; else the night is judged anew."""
KEPT = timedelta(days=90)
_COUNTS = ("relapsed", "rechecked", "verified")


def judge_all(campaign: Campaign, pulled: Pulled) -> JudgingRun:
    """Judge every claim of the campaign, and write down when, how many and how long.

    Two runs at once harm nothing: a case is moved under its lock, and a second judgement finds it moved.
    """
    run = _begin(campaign)
    for some in batched(list(_waiting(campaign, run).values_list("pk", flat=True)), AT_ONCE):
        began, before = time.monotonic(), [getattr(pulled, name) for name in _COUNTS]
        run.judged += judge_some(claims_of(campaign).filter(pk__among=some), pulled)
        for name, count in zip(_COUNTS, before, strict=True):
            setattr(run, name, getattr(run, name) + getattr(pulled, name) - count)
        run.reached = some[-1]
        run.seconds += time.monotonic() - began
        run.save()
    forget_over()
    return _end(campaign, run)


def _waiting(campaign: Campaign, run: JudgingRun) -> QuerySet[Case]:
    """The claims that the run has not reached, unit by unit. A machine that changes its unit meanwhile may be
    judged twice, or not before the next night."""
    waiting = claims_of(campaign)
    if run.reached is None:
        return waiting
    reached = Case.rows.filter(pk=run.reached).values_list("device__owner__path", flat=True).first()
    if reached is None:
        return waiting
    of_unit = Q(device__owner__path=reached, pk__gt=run.reached)
    return waiting.filter(Q(device__owner__path__gt=reached) | of_unit)


def _begin(campaign: Campaign) -> JudgingRun:
    now = timezone.now()
    open_runs = JudgingRun.rows.filter(campaign=campaign, ended_at=None, started_at__gte=now - GOES_ON)
    run = open_runs.order_by("-started_at").first()
    if run is None:
        return JudgingRun.rows.create(campaign=campaign, started_at=now)
    JudgingRun.rows.filter(pk=run.pk).update(restarts=F("restarts") + 1)
    run.refresh_from_db()
    return run


@transaction.atomic
def _end(campaign: Campaign, run: JudgingRun) -> JudgingRun:
    run.ended_at = timezone.now()
    run.save()
    old = JudgingRun.rows.filter(campaign=campaign, started_at__lt=run.ended_at - KEPT)
    old.delete()
    told = {name: getattr(run, name) for name in ("judged", *_COUNTS, "restarts")}
    top = campaign.nodes.filter(parent=None).values_list("path", flat=True).first() or ""
    record(
        None, "cases.judge_all", unit_path=top, about=campaign, data=told | {"seconds": round(run.seconds, 1)}
    )
    return run
