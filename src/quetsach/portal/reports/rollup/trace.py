"""The sources of one number besides the acts: who accepted it, and the parts from below."""

from __future__ import annotations

from dataclasses import dataclass

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


def accepted_by(report: Report | None) -> ReportEvent | None:
    """The event that accepted the counting revision."""
    if report is None or report.accepted_id is None:
        return None
    return (
        report.events.filter(type=ReportEvent.Type.ACCEPT, revision_id=report.accepted_id)
        .select_related("actor")
        .last()
    )
