"""The acts of a unit in a campaign: one verb each, with its transaction and its audit entry.

Every act belongs to one unit and has a date. A repeated act changes nothing: the node's row is locked, so
that two at once do it once. The view checks the person's right (`seat.take_seat`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import (
    Acknowledgement,
    Campaign,
    CampaignNode,
    Dispatch,
    Headcount,
    Participation,
)
from quetsach.portal.campaigns.queries import counted_by_marks, people_of
from quetsach.portal.campaigns.selection import ChosenUnit, frozen, frozen_units, places_in_order
from quetsach.portal.units.models import subtree

FROZEN_AT_ONCE = 2_000


class NotAllowedNowError(PortalError):
    """The act does not fit the present state; `code` names the reason, for a sentence on the page."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@transaction.atomic
def publish(campaign: Campaign, actor: User, *, ip: str | None = None) -> int:
    """Publish the campaign and freeze the chosen tree below its issuer; returns the number of nodes.

    A second call, such as a double click, changes nothing.
    """
    campaign = (
        Campaign.objects.select_for_update(of=("self",), no_key=True)
        .select_related("issuer")
        .get(pk=campaign.pk)
    )
    if campaign.status != Campaign.Status.DRAFT:
        return campaign.nodes.count()
    placed: dict[object, tuple[UUID, int]] = {}
    order = places_in_order(campaign)
    nodes = (
        _placed(campaign, unit, expected, order[unit.pk], placed) for unit, expected in frozen_units(campaign)
    )
    while batch := list(islice(nodes, FROZEN_AT_ONCE)):
        CampaignNode.rows.bulk_create(batch)
    campaign.status = Campaign.Status.PUBLISHED
    campaign.published_at = timezone.now()
    campaign.published_by = actor
    campaign.save()
    data = {"nodes": len(placed)}
    record(actor, "campaign.publish", unit_path=campaign.issuer.path, about=campaign, data=data, ip=ip)
    return len(placed)


def _placed(
    campaign: Campaign,
    unit: ChosenUnit,
    expected: bool,
    position: int,
    placed: dict[object, tuple[UUID, int]],
) -> CampaignNode:
    parent, depth = placed.get(unit.parent_id, (None, -1))
    node = frozen(campaign, unit)
    node.parent_id, node.depth, node.position, node.expected = parent, depth + 1, position, expected
    placed[unit.pk] = (node.pk, node.depth)
    return node


@transaction.atomic
def acknowledge(
    node: CampaignNode, actor: User | None, *, at: datetime | None = None, ip: str | None = None
) -> Acknowledgement | None:
    """Record that the node has received the campaign. None for the issuer, which has no superior to confirm
    to.

    `at` dates a receipt on paper; without it, now. Raises NotAllowedNowError when the campaign is closed.
    """
    node = lock_active(node)
    if node.parent_id is None:
        return None
    receipt, is_new = Acknowledgement.rows.get_or_create(node=node, defaults={"at": _past(at), "by": actor})
    if is_new:
        Dispatch.rows.filter(to_node=node).update(returned_at=None, return_reason="")
        record(actor, "campaign.acknowledge", unit_path=node.path, about=node, ip=ip)
    return receipt


@transaction.atomic
def withdraw_acknowledgement(
    node: CampaignNode, actor: User | None, *, entered_at: datetime | None = None, ip: str | None = None
) -> None:
    """Take a receipt back on the day it was given or `entered_at` here, while no other act depends on it.

    Raises NotAllowedNowError: `another_day`, `deployed`, `passed_on` or `closed`.
    """
    node = lock_active(node)
    receipt = Acknowledgement.rows.filter(node=node).first()
    if receipt is None:
        return
    if Participation.rows.filter(node=node).exists():
        raise NotAllowedNowError("deployed")
    if Dispatch.rows.filter(from_node=node).exists():
        raise NotAllowedNowError("passed_on")
    _same_day(entered_at or receipt.at)
    receipt.delete()
    record(actor, "campaign.withdraw_acknowledgement", unit_path=node.path, about=node, ip=ip)


@transaction.atomic
def pass_on(
    node: CampaignNode,
    children: Iterable[CampaignNode],
    actor: User | None,
    *,
    due: Mapping[UUID, datetime] | None = None,
    at: datetime | None = None,
    ip: str | None = None,
) -> list[Dispatch]:
    """Pass the campaign on to nodes directly below; returns the new dispatches. Passing on is also receiving.

    `due` gives some of the children (by id) their own deadline, the first moment that is late. A campaign
    that a child returned is passed on anew. Raises NotAllowedNowError: `not_below`, `later_than_own`,
    `due_past`, `closed`.
    """
    node = lock_active(node)
    wanted = list(children)
    if any(child.parent_id != node.pk for child in wanted):
        raise NotAllowedNowError("not_below")
    # Change the children's rows before the audit entry is written, since the trail's lock is held until the
    # end. In the other order this unit and a child that acts now would wait for each other.
    for child in wanted:
        if due and child.pk in due:
            _set_deadline(node, child, due[child.pk])
    acknowledge(node, actor, at=at, ip=ip)
    Dispatch.rows.filter(to_node__in=wanted).exclude(returned_at=None).delete()
    sent: set[object] = set(Dispatch.rows.filter(from_node=node).values_list("to_node", flat=True))
    fresh = [Dispatch(from_node=node, to_node=c, at=_past(at), by=actor) for c in wanted if c.pk not in sent]
    Dispatch.rows.bulk_create(fresh)
    if fresh:
        data = {"to": [d.to_node.name for d in fresh[:50]], "count": len(fresh)}
        record(actor, "campaign.pass_on", unit_path=node.path, about=node, data=data, ip=ip)
    return fresh


@transaction.atomic
def set_deadline(
    node: CampaignNode, child: CampaignNode, due_at: datetime, actor: User, *, ip: str | None = None
) -> None:
    """Give a node directly below another deadline. Raises NotAllowedNowError as `pass_on` does."""
    node = lock_active(node)
    if child.parent_id != node.pk:
        raise NotAllowedNowError("not_below")
    if _set_deadline(node, child, due_at):
        data = {"to": child.name, "due": f"{timezone.localtime(due_at):%H:%M %d/%m/%Y}"}
        record(actor, "campaign.set_deadline", unit_path=node.path, about=child, data=data, ip=ip)


def check_deadline(node: CampaignNode, due_at: datetime) -> None:
    """Raise NotAllowedNowError where the node cannot give this deadline: `later_than_own`, `due_past`."""
    if due_at > node.due_at:
        raise NotAllowedNowError("later_than_own")
    if due_at <= timezone.now():
        raise NotAllowedNowError("due_past")


def _set_deadline(node: CampaignNode, child: CampaignNode, due_at: datetime) -> bool:
    """Move the deadline of the child, and of nodes below it that had the same one or would be later."""
    check_deadline(node, due_at)
    before = CampaignNode.rows.values_list("due_at", flat=True).get(pk=child.pk)
    branch = CampaignNode.rows.filter(subtree(child.path), campaign=node.campaign_id)
    branch.filter(Q(due_at__gt=due_at) | Q(due_at=before)).update(due_at=due_at)
    return before != due_at


@transaction.atomic
def return_letter(node: CampaignNode, reason: str, actor: User, *, ip: str | None = None) -> None:
    """Send the letter back to the node that passed it on, as not meant for this unit; nothing is
    acknowledged.

    Raises NotAllowedNowError: `acknowledged`, `not_passed_on` or `closed`.
    """
    node = lock_active(node)
    if Acknowledgement.rows.filter(node=node).exists():
        raise NotAllowedNowError("acknowledged")
    dispatch = Dispatch.rows.filter(to_node=node).first()
    if dispatch is None:
        raise NotAllowedNowError("not_passed_on")
    dispatch.returned_at, dispatch.return_reason = timezone.now(), reason
    dispatch.save(update_fields=["returned_at", "return_reason"])
    data = {"reason": reason}
    record(actor, "campaign.return_letter", unit_path=node.path, about=node, data=data, ip=ip)


@transaction.atomic
def withdraw_dispatch(child: CampaignNode, actor: User | None, *, ip: str | None = None) -> None:
    """Take back a letter that was passed on to `child` by mistake, on the same day and before it
    acknowledged.

    Raises NotAllowedNowError: `acknowledged`, `another_day` or `closed`.
    """
    child = lock_active(child)
    dispatch = Dispatch.rows.filter(to_node=child).select_related("from_node").first()
    if dispatch is None:
        return
    if Acknowledgement.rows.filter(node=child).exists():
        raise NotAllowedNowError("acknowledged")
    _same_day(dispatch.at)
    dispatch.delete()
    branch = CampaignNode.rows.filter(subtree(child.path), campaign=child.campaign_id)
    branch.filter(due_at=child.due_at).update(due_at=dispatch.from_node.due_at)
    data = {"to": child.name}
    record(
        actor, "campaign.withdraw_dispatch", unit_path=dispatch.from_node.path, about=child, data=data, ip=ip
    )


@transaction.atomic
def deploy(
    node: CampaignNode, actor: User | None, *, at: datetime | None = None, ip: str | None = None
) -> Participation:
    """Record that the node has carried the campaign out. This includes receiving: a missing receipt is added.

    Raises NotAllowedNowError when the campaign is closed.
    """
    node = lock_active(node)
    acknowledge(node, actor, at=at, ip=ip)
    row, is_new = Participation.rows.get_or_create(node=node, defaults={"at": _past(at), "by": actor})
    if is_new:
        record(actor, "campaign.deploy", unit_path=node.path, about=node, ip=ip)
    return row


@transaction.atomic
def withdraw_deployment(
    node: CampaignNode, actor: User | None, *, entered_at: datetime | None = None, ip: str | None = None
) -> None:
    """Take "carried out" back on the day it was recorded or `entered_at` here.

    Raises NotAllowedNowError: `another_day` or `closed`.
    """
    node = lock_active(node)
    row = Participation.rows.filter(node=node).first()
    if row is None:
        return
    _same_day(entered_at or row.at)
    row.delete()
    record(actor, "campaign.withdraw_deployment", unit_path=node.path, about=node, ip=ip)


@transaction.atomic
def count_people(
    node: CampaignNode,
    informed: int,
    done: int,
    actor: User | None,
    *,
    at: datetime | None = None,
    ip: str | None = None,
) -> Collection[str]:
    """Set how many of the node's own people are informed and done; returns the kinds that changed.

    Raises NotAllowedNowError: `more_done_than_informed` or `closed`; ValueError for a negative count.
    """
    if informed < 0 or done < 0:
        raise ValueError("a headcount is never negative")
    if done > informed:
        raise NotAllowedNowError("more_done_than_informed")
    node = lock_active(node)
    before, running = people_of(node), counted_by_marks(node)
    moment = _past(at)
    changed = []
    for kind, count in ((Headcount.Kind.INFORMED, informed), (Headcount.Kind.DONE, done)):
        if before.get(kind.value) != count or kind.value in running:
            Headcount.rows.create(node=node, kind=kind, count=count, at=moment, by=actor)
            changed.append(kind.value)
    if changed:
        data = {"informed": informed, "done": done}
        record(actor, "campaign.count_people", unit_path=node.path, about=node, data=data, ip=ip)
    return changed


def lock_active(node: CampaignNode) -> CampaignNode:
    """The node, locked. Raises NotAllowedNowError unless the node takes part and the campaign runs."""
    locked = (
        CampaignNode.rows.select_for_update(of=("self",), no_key=True)
        .select_related("campaign")
        .get(pk=node.pk)
    )
    if locked.campaign.status != Campaign.Status.PUBLISHED:
        raise NotAllowedNowError("closed")
    if locked.state != CampaignNode.State.ACTIVE:
        raise NotAllowedNowError("not_active")
    return locked


def _past(at: datetime | None) -> datetime:
    now = timezone.now()
    if at is not None and at > now:
        raise ValueError("an act cannot be dated in the future")
    return at or now


def _same_day(at: datetime) -> None:
    if timezone.localdate(at) != timezone.localdate():
        raise NotAllowedNowError("another_day")
