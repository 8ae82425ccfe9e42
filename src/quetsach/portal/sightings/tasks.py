"""The task of a unit about lines of its logs that name a listed address and no machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task
from quetsach.portal.sightings.queries import without_machine

DAYS = 14
"""So long after a scan arrived its lines are a task. They stay on its page."""


def lines_to_read(seat: Seat) -> Iterator[Task]:
    """Read the lines that no machine could be tied to, scan by scan, the latest first."""
    if not seat.may("upload_scan"):
        return
    lately = timezone.now() - timedelta(days=DAYS)
    sources = without_machine(Q(scan__node=seat.node, scan__accepted_at__gte=lately))
    latest = sources.order_by("-scan__accepted_at", "pk").values_list("scan", "not_understood")
    lines: dict[object, int] = {}
    for scan, amount in latest:
        lines[scan] = lines.get(scan, 0) + amount
    if not lines:
        return
    total = sum(lines.values())
    title = ngettext(
        "Read %(n)d log line that names a listed address and no machine",
        "Read %(n)d log lines that name a listed address and no machine",
        total,
    )
    url = (
        reverse("scan", args=[seat.campaign.slug, next(iter(lines))])
        if len(lines) == 1
        else reverse("scans", args=[seat.campaign.slug]) + f"?don-vi={seat.node.pk}"
    )
    yield Task(
        Rank.MACHINES, title % {"n": total},
        _("A machine may be behind each line. Until you know which, nobody can say that there is none."),
        url, _("Read the lines"), shape="unsure", word=_("Machine not known"),
    )  # fmt: skip
