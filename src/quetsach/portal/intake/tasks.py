"""The task of a coordinator about the desk."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.open_work import OpenWork, number_of
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task, facts_of
from quetsach.portal.intake.models import ReceivedAnnex
from quetsach.portal.reports.queries import may_review_below, may_review_below_home


def number_to_take() -> Subquery:
    """The number of undecided annexes on a node's desk."""
    waiting = ReceivedAnnex.rows.filter(file__node=OuterRef("pk"), state=ReceivedAnnex.State.OPEN)
    return number_of(waiting, "file__node")


def files_to_take(seat: Seat) -> Iterator[Task]:
    """Decide on the annexes on the desk."""
    if seat.campaign.status != Campaign.Status.PUBLISHED or not may_review_below(seat):
        return
    count = seat.once(facts_of)["annexes_to_take"]
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


def _words(n: int) -> str:
    return ngettext("%(n)d annex waits to be taken", "%(n)d annexes wait to be taken", n) % {"n": n}


ANNEXES = OpenWork(number_to_take, _words, may_review_below_home)
