"""A body's view of the units that it guides in their line of work: read only, and in no sum of its own.

A school reports to its commune, which counts it; the education office only looks on. Today's relations
decide: a relation that ended gives no view any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from quetsach.portal.campaigns.models import Acknowledgement, CampaignNode, Participation
from quetsach.portal.campaigns.queries import Figure
from quetsach.portal.reports.annexforms.versions import load_form
from quetsach.portal.reports.arrived_files import shown_state
from quetsach.portal.reports.models import Report
from quetsach.portal.units.models import SectorRelation, sectors_in_force
from quetsach.text.vietnamese import sort_key

MOST_DEEP = 6


@dataclass(frozen=True)
class Guided:
    """One unit: its progress, and the figures of its accepted report. The unit `counter` counts it."""

    node: CampaignNode
    counter: str
    acknowledged_at: datetime | None
    deployed_at: datetime | None
    report_state: str
    figures: tuple[Figure, ...]

    @property
    def is_accepted(self) -> bool:
        """Whether its superior has accepted a report, whatever the state of a later one."""
        return self.report_state in {Report.State.ACCEPTED, Report.State.AMEND_ASKED}

    @property
    def rank(self) -> int:
        """The key of the order: units with the least done come first."""
        return (self.acknowledged_at is not None) + (self.deployed_at is not None) + 2 * self.is_accepted


@dataclass(frozen=True)
class Sector:
    """The units in one body's line of work, with numbers of units only: figures are never added up here.

    `titles` has key and title of each row of the annex.
    """

    rows: tuple[Guided, ...]
    titles: tuple[tuple[str, str], ...]

    @property
    def acknowledged(self) -> int:
        return sum(row.acknowledged_at is not None for row in self.rows)

    @property
    def deployed(self) -> int:
        return sum(row.deployed_at is not None for row in self.rows)

    @property
    def accepted(self) -> int:
        return sum(row.is_accepted for row in self.rows)

    @property
    def expected(self) -> int:
        return sum(row.node.expected for row in self.rows)


def guided_units(unit_id: UUID) -> set[UUID]:
    """The units that this unit guides today, and the units that those guide in turn."""
    found: set[UUID] = set()
    level = {unit_id}
    for _ in range(MOST_DEEP):
        below = SectorRelation.rows.filter(sectors_in_force(), parent__in=level)
        level = set(below.values_list("unit", flat=True)) - found - {unit_id}
        if not level:
            break
        found |= level
    return found


def sector_of(node: CampaignNode) -> Sector:
    """The guided units that take part in the node's campaign. One query besides those of `guided_units`."""
    form = load_form(node.campaign.form)
    keys = [row.key for row in form.rows]
    nodes: Any = (
        CampaignNode.rows.active()
        .filter(campaign=node.campaign_id, unit__in=guided_units(node.unit_id))
        .exclude(pk=node.pk)
        .select_related("parent", "acknowledgement", "participation", "report__accepted")
        .annotate(came=shown_state())
    )
    rows = [_guided(node, keys) for node in nodes]
    ordered = sorted(rows, key=lambda row: (row.rank, sort_key(row.counter), sort_key(row.node.name)))
    return Sector(tuple(ordered), tuple((row.key, row.text) for row in form.rows))


def _guided(node: Any, keys: list[str]) -> Guided:
    received: Acknowledgement | None = getattr(node, "acknowledgement", None)
    started: Participation | None = getattr(node, "participation", None)
    report: Report | None = getattr(node, "report", None)
    return Guided(
        node=node,
        counter=node.parent.name if node.parent else "",
        acknowledged_at=received.at if received else None,
        deployed_at=started.at if started else None,
        report_state=node.came,
        figures=_figures(report, keys),
    )


def _figures(report: Report | None, keys: list[str]) -> tuple[Figure, ...]:
    """The counting figures of the accepted revision; empty for a report without one."""
    if report is None or report.accepted is None:
        return tuple(None for _ in keys)
    return tuple(report.accepted.counts.get(key) for key in keys)
