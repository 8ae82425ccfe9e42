"""Takes files of victims' reports back: what they alone said no longer counts.

The file is marked first. Its reports go in batches, each a transaction of its own, because other writers wait
until a transaction is over; after a crash the next run goes on.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases import relapses, reopenings
from quetsach.portal.cases.models import (
    Case,
    CaseEvent,
    CaseSighting,
    VictimFile,
    VictimReport,
    VictimTelling,
)
from quetsach.portal.cases.relapse_actions import undo_signs
from quetsach.portal.cases.rules import Act, State
from quetsach.portal.cases.summing_actions import sum_up_anew
from quetsach.portal.cases.victims.queries import resting_on
from quetsach.portal.cases.victims.staying_actions import note_staying
from quetsach.portal.cases.withdrawing.actions import move_many
from quetsach.portal.cases.withdrawing.queries import OPEN
from quetsach.text.vietnamese import nfc

log = logging.getLogger(__name__)
CASES, REPORTS = 200, 400
"""Cases and reports in one transaction."""
_TOLD = ("file_id", "first_seen", "last_seen", "events", "severity", "host")


def take_back(file: VictimFile, actor: User, why: str, ip: str | None = None) -> int | None:
    """Take an accepted file back; returns how many cases were closed, or None if that follows later. Twice is
    the same as once."""
    with transaction.atomic():
        row = VictimFile.rows.select_for_update(of=("self",), no_key=True).get(pk=file.pk)
        if row.accepted_at is None or row.gone_at is not None:
            return 0
        row.gone_at, row.gone_by, row.gone_why = timezone.now(), actor, nfc(why)
        row.save(update_fields=["gone_at", "gone_by", "gone_why"])
        told = resting_on(row)
        data = {
            "file": row.name, "publisher": row.publisher, "kind": row.kind, "reports": told.reports,
            "cases": told.alone, "reason": row.gone_why,
        }  # fmt: skip
        record(actor, "victims.take_back", unit_path=row.node.path, about=row, data=data, ip=ip)
    try:
        return let_go(row.node.campaign)
    except Exception:
        log.exception("cases wait for a file that was taken back; run the command pull_sightings")
        return None


def let_go(campaign: Campaign) -> int:
    """Carry out what was taken back in the campaign; returns how many cases were closed."""
    reports = VictimReport.rows.filter(file=OuterRef("pk"))
    told = VictimTelling.rows.filter(file=OuterRef("pk"))
    gone = VictimFile.rows.filter(Exists(reports) | Exists(told), node__campaign=campaign)
    return sum(_let_go(file) for file in gone.exclude(gone_at=None).select_related("gone_by", "node"))


def _let_go(file: VictimFile) -> int:
    closed = 0
    in_cases = VictimReport.rows.filter(case__isnull=False).order_by()
    cases = set(in_cases.filter(file=file).values_list("case", flat=True).distinct())
    cases |= set(in_cases.filter(tellings__file=file).values_list("case", flat=True).distinct())
    for some in batched(sorted(filter(None, cases)), CASES):
        with transaction.atomic():
            _lock(file)
            closed += _from_cases(file, some)
    told = VictimTelling.rows.filter(file=file).order_by()
    while True:
        with transaction.atomic():
            _lock(file)
            ids = list(
                VictimReport.rows.filter(file=file).order_by("pk").values_list("pk", flat=True)[:REPORTS]
            )
            ids = ids or list(told.values_list("report", flat=True)[:REPORTS])
            if not ids:
                return closed
            _drop(file, ids)


def _lock(file: VictimFile) -> None:
    """Keep away other writers of cases, and those who store reports of the unit: these may tell the same."""
    Campaign.objects.select_for_update(no_key=True).get(pk=file.node.campaign_id)
    CampaignNode.rows.select_for_update(no_key=True).get(pk=file.node_id)


def _from_cases(file: VictimFile, ids: Collection[UUID]) -> int:
    """Take the file's reports from some cases. A relapse that only the file told is undone, and
    so is evidence that opened a false alarm again. Cases without
    any evidence left are closed; a case that was verified clean stays so: its machine was handled."""
    rows = Case.rows.select_for_update(of=("self",), no_key=True).select_related("device__owner")
    cases = list(rows.filter(pk__in=ids).order_by("pk"))
    those = Case.rows.filter(pk__in=ids)
    returned, alarms = relapses.resting_on(file, those), reopenings.resting_on_file(file, those)
    returns, worked_on = returned.undone | alarms.undone, returned.kept | alarms.kept
    its = VictimReport.rows.filter(Q(file=file) | Q(tellings__file=file), case__in=ids)
    for some in batched(set(its.values_list("pk", flat=True)), REPORTS):
        _drop(file, some)
    kept = {
        pk
        for model in (
            CaseSighting.rows.filter(sighting__is_listed=True),
            VictimReport.rows,
            CaseEvent.checks(),
        )
        for pk in model.filter(case__in=ids).order_by().values_list("case", flat=True).distinct()
    }
    for case in cases:
        sum_up_anew(case, timezone.now())
    data = {"file": file.name, "victims": str(file.pk)}
    undo_signs(cases, returns, by=file.gone_by, reason=file.gone_why, data=data)
    bare = [case for case in cases if case.pk not in kept and case.is_current and case.state in OPEN]
    states = [State.FALSE_POSITIVE] * len(bare)
    move_many(bare, Act.RETRACT, states, by=file.gone_by, reason=file.gone_why, data=data)
    gone = {case.pk for case in bare} | returns.keys()
    note_staying(file, (case for case in cases if case.pk not in gone), worked_on)
    return len(bare)


def _drop(file: VictimFile, ids: Collection[int]) -> None:
    """Delete those reports that the file alone tells; the others are as the other files tell them."""
    others: dict[int, list[VictimTelling]] = defaultdict(list)
    for one in VictimTelling.rows.filter(report__in=ids).exclude(file=file):
        others[one.report_id].append(one)
    VictimReport.rows.filter(pk__in=[pk for pk in ids if pk not in others], file=file).delete()
    VictimTelling.rows.filter(report__in=ids, file=file).delete()
    reports = list(VictimReport.rows.filter(pk__in=list(others)))
    for report in reports:
        its = others[report.pk]
        latest = max(its, key=lambda one: (one.last_seen, one.events, one.file_id))
        report.file_id = min(one.file_id for one in its)
        report.first_seen = min(one.first_seen for one in its)
        report.last_seen, report.events = latest.last_seen, latest.events
        report.severity, report.host = latest.severity, latest.host
    VictimReport.rows.bulk_update(reports, _TOLD)
