"""The task to publish a list, while a campaign has none in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db.models import Exists, OuterRef
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils.translation import gettext as _

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task, facts_of
from quetsach.portal.indicators.queries import versions, withdrawn
from quetsach.portal.units.roles import Verb


def _has_list() -> Combinable:
    """Whether the campaign of a node has a list in use."""
    return Exists(versions(OuterRef("campaign")).order_by())


FACTS: dict[str, Callable[[], Combinable]] = {"has_list": _has_list}


def list_to_publish(seat: Seat) -> Iterator[Task]:
    """What people of the issuing unit do before anybody can scan."""
    if not seat.is_at_issuer or not seat.may(Verb.UPLOAD_INDICATORS) or seat.once(facts_of)["has_list"]:
        return
    if seat.campaign.status != Campaign.Status.PUBLISHED:
        return
    is_gone = withdrawn(seat.campaign.pk).exists()
    yield Task(
        rank=Rank.PASS_ON + 2,
        title=_("Publish a list again") if is_gone else _("Publish the first list"),
        text=_("Every version was withdrawn: no list is in use, so nobody can scan logs.")
        if is_gone
        else _(
            "No list has been published yet, so nobody can scan logs. A campaign of checks alone needs none."
        ),
        url=reverse("indicators", args=[seat.campaign.slug]),
        action=_("Go to the list"),
    )
