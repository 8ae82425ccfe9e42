"""The tasks of today about people and bodies."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.open_work import number_of
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task, facts_of
from quetsach.portal.people.models import Body


def number_to_tell() -> Subquery:
    """The number of a node's bodies that are not informed yet."""
    return number_of(Body.rows.filter(node=OuterRef("pk"), informed_on=None), "node")


def bodies_to_tell(seat: Seat) -> Iterator[Task]:
    """The task to inform the enterprises and other bodies on the unit's list."""
    if not seat.can["count_people"]:
        return
    left = seat.once(facts_of)["bodies_to_tell"]
    if left:
        title = ngettext(
            "Inform %(count)d enterprise or other organisation",
            "Inform %(count)d enterprises and other organisations",
            left,
        )
        yield Task(
            Rank.PEOPLE + 1,
            title % {"count": left},
            _("They have no account here. Mark each with the channel and the day; rows 1 to 4 follow."),
            reverse("bodies", args=[seat.campaign.slug, seat.node.pk]) + "?xem=chua",
            _("Open the list"),
        )
