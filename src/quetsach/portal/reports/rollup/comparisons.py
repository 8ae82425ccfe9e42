"""Numbers to compare with a total: the median of its siblings, and the total of the campaign before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from uuid import UUID

from django.db.models import QuerySet

from quetsach.annexes.form.figures import Figures
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.reports.queries import form_of
from quetsach.portal.reports.rollup.queries import total_of
from quetsach.portal.reports.rollup.snapshots import page_lines
from quetsach.portal.reports.rollup.sums import RollUp

_FEW = 3  # with fewer branches a median says nothing, and would reveal a single unit's report


@dataclass(frozen=True)
class Compared:
    """Comparisons by row. `siblings`: the median of the other branches below the same superior that have
    figures.

    `earlier`: the total of the same unit in the campaign published before, for rows with the same question.
    """

    siblings: dict[str, int] = field(default_factory=dict)
    earlier: Figures | None = None
    earlier_campaign: Campaign | None = None


def compared(seat: Seat, rolled: RollUp) -> Compared:
    """The comparisons that a reader may see: siblings only below a node that the reader may see too."""
    siblings: dict[str, int] = {}
    superior = next((node for node in seat.trail if node.pk == seat.node.parent_id), None)
    if superior is not None:
        superior.campaign = seat.campaign
        found = [line for line in page_lines(superior) if line.node.pk != seat.node.pk and not line.is_blank]
        if len(found) >= _FEW:
            siblings = {row: round(median(line.total.row(row) for line in found)) for row in rolled.total}
    node = _earlier(seat.node)
    if node is None:
        return Compared(siblings)
    now, then = form_of(seat.node), form_of(node)
    total, units = total_of(node, then)
    same = [row.key for row in now.rows if row.key in then.keys and then.row(row.key).text == row.text]
    shown = total.over(same) if units and same else None
    return Compared(siblings, shown, node.campaign if shown is not None else None)


def _earlier(node: CampaignNode) -> CampaignNode | None:
    """The same unit in the campaign published last before this one."""
    if node.campaign.published_at is None:
        return None
    return next(iter(_published_before(node.unit_id, node.campaign.published_at)), None)


@compiled
def _published_before(unit_id: UUID, at: datetime) -> QuerySet[CampaignNode]:
    """The unit's node in the campaign published last before `at`; at most one row."""
    nodes = CampaignNode.rows.filter(unit=unit_id, campaign__published_at__lt=at)
    return nodes.select_related("campaign").order_by("-campaign__published_at")[:1]
