"""Acts on whose machine it is: given to a unit below, passed up as not ours, and found by a range."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.actions import CaseError, move, refuse_without_right
from quetsach.portal.cases.gaps.actions import follow_owner
from quetsach.portal.cases.machine_actions import address_id
from quetsach.portal.cases.models import Case, CaseSighting, Device, NotOurs
from quetsach.portal.cases.owning import address_of, is_in, owners_below, text_of, unowned
from quetsach.portal.cases.rules import BY_UNIT, FROM, OPEN, RANGE, RANGE_BY, STAYS_FOUND, Act, State
from quetsach.portal.cases.transfer_actions import cases_of, pass_on
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.sightings.owners import Owners, Range
from quetsach.portal.sightings.storing_actions import mark_waiting
from quetsach.portal.units.networks import Network
from quetsach.portal.units.range_queries import Forecast
from quetsach.portal.units.roles import MAY, Verb, places_of

GONE = gettext_lazy("The machine has gone to another unit meanwhile. Nothing was changed.")
"""Why a word on whose machine it is was refused. It names no unit: the person may not see that one."""


@transaction.atomic
def assign_device(
    device: Device,
    to: CampaignNode,
    actor: User | None,
    ip: str | None = None,
    *,
    stays_found: bool = False,
    by_range: Network | None = None,
) -> Device:
    """Give a machine, with all its cases, to the unit that has it: the present owner, or a unit below it.
    `stays_found`: the machine that a person named goes along; else the unit finds it anew. `by_range`: not a
    person, but this range gives it; the history names the range and who entered it.

    Raises:
        CaseError: the unit is elsewhere, or has a machine of that name already; the machine has left the
            owner that `device` has; or a person gives a machine that turned out to be another one, or without
            the right to.
    """
    device = _where_it_was(device, actor)
    origin = device.owner
    if to.pk == origin.pk and device.is_assigned:
        return device
    refuse_assigning(device, to, is_said=actor is not None)
    was = {"node": str(origin.pk), "to": str(to.pk), "is_assigned": device.is_assigned,
           "is_said": device.is_owner_said}  # fmt: skip
    moved_to(device, to, is_assigned=True, is_said=actor is not None)
    told: dict[str, Any] = {}
    if actor is not None:
        told = {FROM: was} | ({STAYS_FOUND: True} if stays_found else {})
    elif by_range is not None:
        entered = by_range.asked_by or by_range.decided_by
        told = {RANGE: by_range.cidr, RANGE_BY: entered.get_full_name() if entered else ""}
    pass_on(device, origin, actor, ip, told=told)
    return device


def refuse_assigning(device: Device, to: CampaignNode, *, is_said: bool) -> None:
    """Refuse a unit that cannot get the machine.

    Raises:
        CaseError: the unit is elsewhere, or has a machine of that name already; or a person gives a machine
            that turned out to be another one, or gives it to the unit that has it (`is_said`).
    """
    if is_said:
        _must_live(device)
    origin = device.owner
    if to.campaign_id != device.campaign_id or not to.path.startswith(origin.path):
        raise CaseError(_("Choose this unit or one below it."))
    if is_said and to.pk == origin.pk and device.is_assigned:
        raise CaseError(_("That unit has the machine already."))
    if to.pk != origin.pk and is_taken(device, to):
        raise CaseError(_("That unit already has a machine with this address. Handle it there."))


@transaction.atomic
def say_not_ours(device: Device, actor: User, reason: str, ip: str | None = None) -> Device:
    """Pass a machine up, because the unit does not have it: the superior finds out whose it is.

    Its cases go along and are nobody's work until a unit has them; their history keeps who said so. No range
    gives the machine to this unit again. At the top of the campaign it stays, as a machine that no unit has.

    Raises:
        CaseError: as `refuse_passing_up` says; or the machine has left the owner that `device` has: the word
            was about that unit alone.
    """
    device = _where_it_was(device, actor)
    cases = list(cases_of(device).filter(is_current=True))
    refuse_passing_up(device, cases)
    origin = device.owner
    said = NotOurs.rows.create(device=device, node=origin, at=timezone.now(), by=actor, reason=reason)
    to = origin.parent or origin
    was = {"node": str(origin.pk), "to": str(to.pk), "is_assigned": device.is_assigned,
           "is_said": device.is_owner_said, "refusal": said.pk}  # fmt: skip
    moved_to(device, to, is_assigned=False, is_said=True)
    follow_owner(device, to)
    told = {"device": device.key, "from": origin.name, "to": to.name, "reason": reason}
    spoken = {BY_UNIT: speaker} if (speaker := _speaker(actor, origin)) else {}
    record(actor, "device.not_ours", unit_path=origin.path, about=device, data=told | spoken, ip=ip)
    data = {"from": origin.name, "to": to.name, FROM: was, **spoken}
    for case in cases:
        if State(case.state) in OPEN:
            case.device = device
            move(case, Act.NOT_OURS, by=actor, reason=reason, data=data, ip=ip)
    return device


def refuse_passing_up(device: Device, cases: Sequence[Case]) -> None:
    """Refuse to pass a machine up. `cases` are its current ones.

    Raises:
        CaseError: somebody reported it as handled, or proved it clean: that says that it was found here. Or
            there is no superior to pass it to.
    """
    _must_live(device)
    if any(State(case.state) not in (*OPEN, State.FALSE_POSITIVE) for case in cases):
        raise CaseError(
            _("Somebody here has already handled it. Open the case again first, if that was wrong.")
        )
    superior = device.owner.parent
    if superior is None and not device.is_assigned:
        raise CaseError(
            _("It stands here as a machine that no unit has. There is nobody above to pass it to.")
        )
    if superior is not None and is_taken(device, superior):
        raise CaseError(
            _(
                "The superior unit already has a machine with this address in its own logs. Ask it to look"
                " there."
            )
        )


def is_taken(device: Device, node: CampaignNode) -> bool:
    """Whether the unit has a machine at that address already; a machine that is known otherwise is one."""
    if device.id_kind not in Device.BY_ADDRESS:
        return False
    there = Device.rows.filter(campaign=device.campaign_id, id_kind=device.id_kind)
    return there.filter(id_value=address_id(node, address_of(device))).exists()


def moved_to(device: Device, to: CampaignNode, *, is_assigned: bool, is_said: bool) -> None:
    """Give the machine to a unit; the id of an address holds its unit."""
    device.owner, device.is_assigned = to, is_assigned
    device.is_owner_said = device.is_owner_said or is_said
    if device.id_kind in Device.BY_ADDRESS:
        device.id_value = address_id(to, address_of(device))
    device.save(update_fields=["owner", "is_assigned", "is_owner_said", "id_value"])


def follow_range(network: Network) -> int:
    """Give machines of running campaigns, of which nobody knew the unit, to the unit that has the range now;
    their number. A machine that the unit called not its own stays where it is. Signs of other machines there
    are placed anew with the next log: the range may have days."""
    given = 0
    _look_again(network)
    nodes = CampaignNode.rows.filter(unit=network.unit_id, campaign__status=Campaign.Status.PUBLISHED)
    for node in nodes.select_related("campaign"):
        known: dict[UUID, Owners] = {}
        for device in unowned(node, network.cidr):
            if device.owner_id not in known:
                known[device.owner_id] = owners_below(device.owner)[0]
            given += _give(device, node, known[device.owner_id], network)
    return given


def _look_again(network: Network) -> None:
    """Make signs wait at addresses in the range: it may have been another unit's on their day."""
    own = ipaddress.ip_network(network.cidr)
    running = CampaignNode.rows.filter(unit=network.unit_id, campaign__status=Campaign.Status.PUBLISHED)
    rows = Device.rows.filter(
        campaign__in=running.values("campaign"), id_kind__in=Device.BY_ADDRESS, key__startswith=text_of(own)
    )
    names = rows.values_list("pk", "key").iterator(chunk_size=2000)
    for some in batched((pk for pk, key in names if is_in(key, own)), 400):
        links = CaseSighting.rows.filter(case__device__in=some).values("sighting")
        mark_waiting(Sighting.rows.filter(pk__in=links, is_listed=True, is_pulled=True))


def range_forecast(network: Network) -> Forecast:
    """What the range would give to its unit in running campaigns, as `follow_range` decides it."""
    found: list[UUID] = []
    nodes = CampaignNode.rows.filter(unit=network.unit_id, campaign__status=Campaign.Status.PUBLISHED)
    for node in nodes.select_related("campaign"):
        known: dict[UUID, Owners] = {}
        for device in unowned(node, network.cidr):
            if device.owner_id not in known:
                own = Range(network.cidr, node.pk, network.begin)
                known[device.owner_id] = owners_below(device.owner, own)[0]
            if _goes_to(device, node, known[device.owner_id]):
                found.append(device.pk)
    busy = sum(
        Case.rows.filter(device__in=some, is_current=True, state=State.CLEANING).count()
        for some in batched(found, 400)
    )
    return Forecast(len(found), busy)


def _goes_to(device: Device, node: CampaignNode, owners: Owners) -> bool:
    """Whether the ranges below the machine's owner say on the day of its last sign that the node has it, and
    the node can get it."""
    moment = device.cases.aggregate(last=Max("last_seen"))["last"] or device.created_at
    if owners.of(device.key, timezone.localdate(moment)) != node.pk:
        return False
    try:
        refuse_assigning(device, node, is_said=False)
    except CaseError:
        return False
    return True


def _give(device: Device, node: CampaignNode, owners: Owners, network: Network) -> bool:
    if not _goes_to(device, node, owners):
        return False
    try:
        assign_device(device, node, None, by_range=network)
    except CaseError:
        return False
    return True


def locked_machine(device: Device) -> Device:
    """The machine as it is now, for this transaction alone, and its cases: they are locked first, as deeds on
    a case lock them. In another order two acts may wait for each other without end."""
    cases = Case.rows.filter(device=device).order_by("pk")
    list(cases.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    rows = Device.rows.select_for_update(of=("self",), no_key=True).select_related("owner__parent")
    return rows.get(pk=device.pk)


def _speaker(actor: User, node: CampaignNode) -> str:
    """The nearest unit above the node for which the person speaks; empty where the person is of its unit."""
    paths = [
        path for role, path in places_of(actor)
        if Verb.WORK_CASE in MAY[role] and node.path.startswith(path)
    ]  # fmt: skip
    nearest = max(paths, key=len, default=node.path)
    if nearest == node.path:
        return ""
    above = CampaignNode.rows.filter(campaign=node.campaign_id, path=nearest).first()
    return above.name if above is not None else ""


def _where_it_was(device: Device, actor: User | None) -> Device:
    """The locked machine. A word on whose machine it is holds for the unit that had it as the page said.

    Raises:
        CaseError: it is with another unit now, or the person may not act for that unit any more.
    """
    now = locked_machine(device)
    if now.owner_id != device.owner_id:
        raise CaseError(str(GONE))
    if actor is not None:
        refuse_without_right(now, actor)
    return now


def _must_live(device: Device) -> None:
    """Refuse what a person says of a machine that turned out to be another one: nobody reads it there."""
    if device.merged_into is not None:
        machine = device.merged_into.key
        raise CaseError(_("This is the machine %(machine)s now. Record it there.") % {"machine": machine})
