"""The issuer's access to a campaign, from the private draft to the archive. A stranger gets 404."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.campaigns.selection import frozen
from quetsach.portal.units.models import Unit
from quetsach.portal.units.roles import Verb, fits, places_of


@dataclass(frozen=True)
class Desk:
    """The person and the campaign that they manage; `seat` is None for a draft, which has no nodes yet."""

    user: User
    campaign: Campaign
    seat: Seat | None

    @property
    def frame(self) -> str:
        """The template that a page at this desk extends."""
        return "campaigns/work.html" if self.seat else "campaigns/draft.html"


def sit_down(request: HttpRequest, slug: str) -> Desk:
    """The desk of that campaign for a person who may publish in its issuer's name, else 404."""
    user = request.user
    campaign = Campaign.objects.select_related("issuer").filter(slug=slug).first()
    if campaign is None or not isinstance(user, User):
        raise Http404
    if not fits(places_of(user), Verb.PUBLISH, campaign.issuer.path):
        raise Http404
    seat = None if campaign.status == Campaign.Status.DRAFT else take_seat(request, slug)
    return Desk(user=user, campaign=campaign, seat=seat)


def draft_seat(request: HttpRequest, slug: str) -> Seat | None:
    """The seat that the issuer will have, while the campaign is a draft of theirs; None for a published
    campaign.

    Its node is not stored: publishing would freeze it so, and its id is that of the unit. Raises Http404 for
    a draft of others.
    """
    is_draft = Campaign.objects.filter(slug=slug, status=Campaign.Status.DRAFT).exists()
    if not is_draft:
        return None
    desk = sit_down(request, slug)
    campaign, unit = desk.campaign, desk.campaign.issuer
    node = frozen(campaign, unit)
    node.pk, node.unit = unit.pk, unit
    return Seat(desk.user, campaign, node, node, places_of(desk.user), [node])


def issuing_units(user: User) -> list[Unit]:
    """The units in whose name the person may publish."""
    places = places_of(user)
    units = Unit.objects.visible_to(user).filter(path__in=[path for _role, path in places], retired_at=None)
    return [unit for unit in units if fits(places, Verb.PUBLISH, unit.path)]


def campaigns_issued(user: User) -> list[Campaign]:
    """Every campaign of those units, drafts first, then the newest."""
    found = Campaign.objects.filter(issuer__in=issuing_units(user)).select_related("issuer")
    order = list(Campaign.Status.values)
    return sorted(found, key=lambda c: (order.index(c.status), -c.created_at.timestamp()))
