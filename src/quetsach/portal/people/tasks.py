"""What is left to do about people and bodies, for the page of today."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task
from quetsach.portal.people.queries import body_sums


def bodies_to_tell(seat: Seat) -> Iterator[Task]:
    """The enterprises and other bodies on the unit's list that nobody has told yet."""
    if not seat.can["count_people"]:
        return
    sums = seat.once(body_sums)
    left = sums.bodies - sums.informed
    if left:
        title = ngettext(
            "Tell %(count)d enterprise or other body",
            "Tell %(count)d enterprises and other bodies",
            left,
        )
        yield Task(
            Rank.PEOPLE + 1,
            title % {"count": left},
            _("They have no account here. Mark each with the way and the day; rows 1 to 4 follow."),
            reverse("bodies", args=[seat.campaign.slug, seat.node.pk]) + "?xem=chua",
            _("Open the list"),
        )
