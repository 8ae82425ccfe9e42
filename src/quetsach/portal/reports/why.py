"""What one number is made of: who reported it, what people did and when, and the parts from below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from quetsach.portal.campaigns.models import Acknowledgement, CampaignNode, Headcount, Participation
from quetsach.portal.campaigns.queries import KeyedProof, proof_of, with_proof
from quetsach.portal.reports.models import Report, ReportEvent
from quetsach.portal.reports.rollup import Line, RollUp

_DONE_BY_UNITS: dict[str, type[Acknowledgement | Participation]] = {
    "received": Acknowledgement,
    "deployed": Participation,
}
_COUNTED_AS = {"informed": Headcount.Kind.INFORMED, "done": Headcount.Kind.DONE}


@dataclass(frozen=True)
class Ground:
    """One dated act that the portal holds: a unit's own (`count` is 1), or a count of people."""

    name: str
    count: int
    at: datetime
    by: str
    holds: bool = True
    proof: KeyedProof | None = None


@dataclass(frozen=True)
class Part:
    """What one branch below adds to the number; None while nothing of it counts."""

    line: Line
    count: int | None


def grounds(node: CampaignNode, known: str) -> list[Ground]:
    """The acts behind a node's own figure of a row, by what the portal knows of it, the latest first.

    Of headcounts only the latest holds.
    """
    if known in _DONE_BY_UNITS:
        acts = _DONE_BY_UNITS[known].rows.filter(node__parent=node)
        acts = acts.select_related("node", "by").order_by("-at")
        return [
            Ground(act.node.name, 1, act.at, str(act.by or ""), proof=proof_of(act))
            for act in with_proof(acts)
        ]
    if known not in _COUNTED_AS:
        return []
    counts = (
        Headcount.rows.filter(node=node, kind=_COUNTED_AS[known]).select_related("by").order_by("-at", "-pk")
    )
    return [
        Ground(node.name, count.count, count.at, str(count.by or ""), holds=n == 0)
        for n, count in enumerate(counts[:20])
    ]


def parts(rolled: RollUp, row: str) -> list[Part]:
    """The branches below and what each adds; those that add nothing yet come last."""
    found = [Part(line, None if line.is_blank else line.total.row(row)) for line in rolled.children]
    return sorted(found, key=lambda part: part.count is None)


def accepted_by(report: Report | None) -> ReportEvent | None:
    """When and by whom the counting revision was accepted."""
    if report is None or report.accepted_id is None:
        return None
    return (
        report.events.filter(type=ReportEvent.Type.ACCEPT, revision_id=report.accepted_id)
        .select_related("actor")
        .last()
    )
