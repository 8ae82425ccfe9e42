"""The lines of a large tree, read at most every two seconds by each process.

A country's page is asked for far more often than it changes. One snapshot is one consistent reading and says
when it was taken; what is sent, signed or exported never comes from here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.queries import MOST_NAMED, lines, rolled_up
from quetsach.portal.reports.rollup import Line, RollUp

LASTS = timedelta(seconds=2)
LARGE = 2000
"""Units below; smaller trees are read afresh."""
MOST_KEPT = 50

_kept: dict[UUID, tuple[datetime, tuple[Line, ...]]] = {}


def page_roll_up(node: CampaignNode, report: Report | None, most_named: int = MOST_NAMED) -> RollUp:
    """The roll-up for a page: of a large tree perhaps two seconds old, as its `as_of` says."""
    now = timezone.now()
    kept = _kept.get(node.pk)
    if kept is not None and now - kept[0] < LASTS:
        return rolled_up(node, report, kept[1], kept[0], most_named)
    children = lines(node)
    _kept.pop(node.pk, None)
    if sum(line.expected for line in children) > LARGE:
        while len(_kept) >= MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[node.pk] = now, children
    return rolled_up(node, report, children, now, most_named)
