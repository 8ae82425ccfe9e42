"""A person's view of a campaign page: the campaign, one node, and their rights there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.open_work import expressions
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.units.models import SectorRelation, Span, inside, sectors_in_force, span_of
from quetsach.portal.units.queries import successors_of
from quetsach.portal.units.roles import Place, Verb, fits, places_of

LAST = "campaign"
"""The key in the session of the campaign that the person looked at last."""


@dataclass
class Seat:
    """`node` is the node on the page; `home` is the person's highest node in this campaign."""

    user: User
    campaign: Campaign
    node: CampaignNode
    home: CampaignNode
    places: list[Place]
    homes: list[CampaignNode] = field(default_factory=list)
    """All nodes for which the person acts: several after a merger, or with roles in several units."""
    _read: dict[Callable[[CampaignNode], Any], Any] = field(default_factory=dict, repr=False)

    def once[T](self, read: Callable[[CampaignNode], T]) -> T:
        """The result of `read` for the node on the page, read once; for pages that change nothing."""
        if read not in self._read:
            self._read[read] = read(self.node)
        found: T = self._read[read]
        return found

    def may(self, verb: str | Verb, node: CampaignNode | None = None) -> bool:
        """Whether the person may do `verb` at the node (default: the node on the page)."""
        return fits(self.places, Verb(verb), (node or self.node).path)

    @cached_property
    def can(self) -> dict[str, bool]:
        """For templates: `seat.can.acknowledge`, the rights at the node on the page."""
        return {verb.value: self.may(verb) for verb in Verb}

    @cached_property
    def can_home(self) -> dict[str, bool]:
        """For the navigation: the person's rights at home."""
        return {verb.value: self.may(verb, self.home) for verb in Verb}

    @property
    def is_at_issuer(self) -> bool:
        """Whether the node on the page is of the unit that issued the campaign."""
        return self.node.unit_id == self.campaign.issuer_id

    @cached_property
    def today_called(self) -> str:
        """The unit's present name, or the names of its successors; empty if its name has not changed."""
        unit = self.node.unit
        if not unit.is_retired:
            return "" if unit.name == self.node.name else unit.name
        return ", ".join(link.to_unit.name for link in successors_of([unit.pk]).get(unit.pk, []))

    @cached_property
    def trail(self) -> list[CampaignNode]:
        """The nodes from home down to the node on the page."""
        if self.node.pk == self.home.pk:
            return [self.home]
        if self.node.parent_id == self.home.pk:
            return [self.home, self.node]
        parts = self.node.path[len(self.home.path) :].split("/")[:-1]
        paths = [self.home.path + "".join(f"{p}/" for p in parts[:n]) for n in range(len(parts) + 1)]
        nodes = CampaignNode.rows.filter(campaign=self.campaign, path__in=paths)
        return sorted(nodes, key=lambda node: len(node.path))


def take_seat(request: HttpRequest, slug: str, node_id: UUID | None = None, verb: Verb = Verb.READ) -> Seat:
    """The person's seat, or 404 if the campaign, the node or the right is not theirs."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    places = places_of(user)
    paths = tuple(sorted(_paths(places)))
    found: list[Any] = _looked_at(slug, node_id, paths, tuple(map(span_of, paths)), timezone.localdate())
    for one in found:
        one.has_below = one.any_below
    homes = homes_among(found, places)
    if not homes:
        raise Http404
    campaign = homes[0].campaign
    home = _chosen(request, slug, homes)
    node = home if node_id is None else next((one for one in found if one.pk == node_id), None)
    home.campaign = campaign
    if node is None or not fits(places, verb, node.path):
        raise Http404
    node.campaign = campaign
    if request.session.get(LAST) != slug:
        request.session[LAST] = slug
    return Seat(user=user, campaign=campaign, node=node, home=home, places=places, homes=homes)


def last_seat(request: HttpRequest) -> Seat | None:
    """The seat for the frame of pages outside a campaign: in the campaign that the person looked at last, or
    else in the newest; None if the person has a seat in none. One query."""
    user = request.user
    if not isinstance(user, User):
        return None
    places = places_of(user)
    by_slug = _homes_by_slug(places)
    slug = request.session.get(LAST)
    if slug not in by_slug:
        slug = next(iter(by_slug), None)
    if slug is None:
        return None
    homes = homes_among(by_slug[slug], places)
    home = _chosen(request, slug, homes)
    return Seat(user=user, campaign=home.campaign, node=home, home=home, places=places, homes=homes)


def take_seat_asked(request: HttpRequest, slug: str, verb: Verb = Verb.READ) -> Seat:
    """The seat at the node that `?don-vi=` names, else at home."""
    text = request.GET.get("don-vi", "")
    try:
        node_id = UUID(text) if text else None
    except ValueError as error:
        raise Http404 from error
    return take_seat(request, slug, node_id, verb)


def take_issuer_seat(request: HttpRequest, slug: str, verb: Verb) -> Seat:
    """The seat of a person who may do `verb` for the issuing unit, or 404."""
    seat = take_seat(request, slug, None, verb)
    if not seat.is_at_issuer:
        raise Http404
    return seat


def homes_of(request: HttpRequest, user: User) -> list[CampaignNode]:
    """The person's home in each running or closed campaign; the newest campaign first."""
    places = places_of(user)
    by_slug = _homes_by_slug(places)
    return [_chosen(request, slug, homes_among(nodes, places)) for slug, nodes in by_slug.items()]


def _homes_by_slug(places: list[Place]) -> dict[str, list[CampaignNode]]:
    """The nodes of these places in each running or closed campaign; the newest campaign first."""
    nodes: list[Any] = _homes(tuple(sorted(_paths(places))), timezone.localdate())
    by_slug: dict[str, list[CampaignNode]] = {}
    for node in nodes:
        node.has_below = node.any_below
        by_slug.setdefault(node.campaign.slug, []).append(node)
    return by_slug


@compiled
def _homes(paths: tuple[str, ...], on: date) -> QuerySet[CampaignNode]:
    shown = (Campaign.Status.PUBLISHED, Campaign.Status.CLOSED)
    found = CampaignNode.rows.filter(path__in=paths, campaign__status__in=shown)
    return _with_standing(found.select_related("unit", "campaign__issuer"), on).order_by(
        "-campaign__published_at"
    )


@compiled
def _looked_at(
    slug: str, node_id: UUID | None, paths: tuple[str, ...], spans: tuple[Span, ...], on: date
) -> QuerySet[CampaignNode]:
    """The nodes at `paths` and the node `node_id`, as far as they lie in `spans`, with their open work."""
    visible = reduce(or_, map(inside, spans), Q(pk__in=[]))
    wanted = Q(path__in=paths) if node_id is None else Q(path__in=paths) | Q(pk=node_id)
    found = CampaignNode.rows.filter(visible, wanted, campaign__slug=slug)
    running = found.exclude(campaign__status=Campaign.Status.DRAFT).select_related("unit", "campaign")
    return _with_standing(running, on).order_by()


def _with_standing(nodes: QuerySet[CampaignNode], on: date) -> QuerySet[CampaignNode]:
    """These nodes, with all that the navigation asks of one."""
    below = Exists(CampaignNode.rows.filter(parent=OuterRef("pk")))
    guides = Exists(SectorRelation.rows.filter(sectors_in_force(on=on), parent=OuterRef("unit")))
    return nodes.annotate(any_below=below, guides=guides, **expressions())


def _chosen(request: HttpRequest, slug: str, homes: list[CampaignNode]) -> CampaignNode:
    """The node for which the person acts: `?thay-mat=ID` sets it until the next choice; else the highest."""
    key, asked = f"home:{slug}", request.GET.get("thay-mat", "")
    if any(str(node.pk) == asked for node in homes):
        request.session[key] = asked
    return next((node for node in homes if str(node.pk) == request.session.get(key)), homes[0])


def _paths(places: list[Place]) -> set[str]:
    return {path for _role, path in places}


def homes_among(nodes: Iterable[CampaignNode], places: list[Place]) -> list[CampaignNode]:
    """The nodes of the person's units, and of the units that those took over; the highest first."""
    paths = _paths(places)
    return sorted(
        (node for node in nodes if node.path in paths),
        key=lambda node: (node.depth, node.unit.is_retired, node.position, node.name),
    )
