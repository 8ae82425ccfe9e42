"""The task of a unit about lines of its logs that name a listed address and no machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task, facts_of
from quetsach.portal.sightings.models import Coverage
from quetsach.portal.sightings.queries import without_machine

LINES, ARRIVED = "lines_without_machine", "lines_without_machine_arrived"
"""What the task needs of the node: the number of such lines, and when the last scan with some arrived."""
DAYS = 14
"""So long after that scan the lines are a task. They stay on its page."""


def _of_node() -> QuerySet[Coverage, Any]:
    return without_machine(Q(scan__node=OuterRef("pk"))).order_by().values("scan__node")


def lines() -> Subquery:
    """The lines without a machine in the logs of a node."""
    return Subquery(_of_node().annotate(n=Sum("not_understood")).values("n"))


def arrived() -> Subquery:
    """When the last scan with such lines arrived."""
    return Subquery(_of_node().annotate(at=Max("scan__accepted_at")).values("at"))


def lines_to_read(seat: Seat) -> Iterator[Task]:
    """Read the lines that no machine could be tied to."""
    if not seat.may("upload_scan"):
        return
    facts = seat.once(facts_of)
    total, at = facts[LINES], facts[ARRIVED]
    if not total or at < timezone.now() - timedelta(days=DAYS):
        return
    title = ngettext(
        "Read %(n)d log line that names a listed address and no machine",
        "Read %(n)d log lines that name a listed address and no machine",
        total,
    )
    yield Task(
        Rank.MACHINES, title % {"n": total},
        _("A machine may be behind each line. Until you know which, nobody can say that there is none."),
        reverse("scans", args=[seat.campaign.slug]) + f"?don-vi={seat.node.pk}", _("Read the lines"),
        shape="unsure", word=_("Machine not known"),
    )  # fmt: skip
