"""What the desk asks of a coordinator today."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task
from quetsach.portal.intake import queries
from quetsach.portal.reports.queries import may_review_below


def files_to_take(seat: Seat) -> Iterator[Task]:
    """Decide on the annexes that wait on the desk."""
    if seat.campaign.status != Campaign.Status.PUBLISHED or not may_review_below(seat):
        return
    count = queries.waiting(seat.node)
    if count:
        text = ngettext(
            "%(n)d annex came as a file and does not count yet.",
            "%(n)d annexes came as files and do not count yet.",
            count,
        )
        yield Task(
            rank=Rank.REVIEW, title=_("Take the annexes that came as files"), text=text % {"n": count},
            url=reverse("intake", args=[seat.campaign.slug, seat.node.pk]), action=_("Look at them"),
        )  # fmt: skip
