"""The sources of one number besides the acts: who accepted it, and the parts from below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.models import Report, ReportEvent
from quetsach.portal.reports.rollup.sums import Line, RollUp


@dataclass(frozen=True)
class Part:
    """One branch's part of the number; None while no unit of the branch counts."""

    line: Line
    count: int | None


def parts(rolled: RollUp, row: str) -> list[Part]:
    """The branches below with their parts; branches without a part yet come last."""
    found = [Part(line, None if line.is_blank else line.total.row(row)) for line in rolled.children]
    return sorted(found, key=lambda part: part.count is None)


class Acceptance(NamedTuple):
    """When and by whom the counting revision was accepted."""

    at: datetime
    actor: str


def report_of(node: CampaignNode) -> tuple[Report | None, Acceptance | None]:
    """The node's report, and the acceptance of its counting revision. One query."""
    events = ReportEvent.rows.filter(
        report=OuterRef("pk"), type=ReportEvent.Type.ACCEPT, revision=OuterRef("accepted")
    ).order_by("-at", "-pk")
    name = Coalesce(NullIf("actor__full_name", Value("")), "actor__username")
    report = (
        Report.rows.filter(node=node.pk)
        .select_related("node", "draft_by", "current__author", "accepted__author")
        .annotate(
            accept_at=Subquery(events.values("at")[:1]), accept_by=Subquery(events.values(who=name)[:1])
        )
        .first()
    )
    if report is None or report.accept_at is None:
        return report, None
    return report, Acceptance(report.accept_at, report.accept_by or "")
