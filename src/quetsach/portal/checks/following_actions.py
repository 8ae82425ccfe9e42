"""Results of checks follow the machine that has their keys, when more becomes known of it."""

from __future__ import annotations

from collections.abc import Collection
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from quetsach.machines.evidence import Claim, Key
from quetsach.machines.identity.components import links_of
from quetsach.machines.identity.keys import within
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.machine_check_actions import Check, move_check
from quetsach.portal.cases.models import Alias, Device
from quetsach.portal.checks.actions import follow_machine, proving_list
from quetsach.portal.checks.models import CheckResult
from quetsach.portal.machines.queries import devices_for
from quetsach.portal.machines.spelling import stored

_AT_ONCE = 300
_THINGS = ("hardware", "mac")


def mark(ids: Collection[Key]) -> None:
    """Results of these machines wait, and those that lead to one of them."""
    for some in batched(sorted(ids), _AT_ONCE):
        kinds, values = {one.kind for one in some}, {one.value for one in some}
        its = Q(device__id_kind__in=kinds, device__id_value__in=values)
        CheckResult.rows.filter(its, is_waiting=False).exclude(keys=[]).update(is_waiting=True)


def follow_results(campaign: Campaign) -> int:
    """Give each waiting result of the campaign to the machine that has its keys now; how many moved."""
    waiting = CheckResult.rows.filter(campaign=campaign, is_waiting=True).order_by("finished", "pk")
    return sum(_follow(pk) for pk in list(waiting.values_list("pk", flat=True)))


@transaction.atomic
def _follow(pk: UUID) -> bool:
    result = CheckResult.rows.select_related("device__owner__unit", "campaign", "pack", "indicator_set").get(
        pk=pk
    )
    Campaign.objects.select_for_update(no_key=True).get(pk=result.campaign_id)
    CheckResult.rows.filter(pk=pk).update(is_waiting=False)
    origin = result.device
    target = _machine_of(result)
    if target is None or target.pk == origin.pk or target.owner_id != origin.owner_id:
        return False
    CheckResult.rows.filter(pk=pk).update(device=target, is_latest=False)
    result.device = target
    for device in (origin, target):
        follow_machine(device)
    Alias.rows.get_or_create(reporter=origin.owner, key=result.machine, device=target)
    check = Check(str(result.pk), result.finished, {}, proving_list(result))
    move_check(origin, target, check, "claimed together")
    data = {"device": origin.key, "to": target.key}
    record(None, "check.follow", unit_path=origin.owner.path, about=result, data=data)
    return True


def _machine_of(result: CheckResult) -> Device | None:
    """The machine that has the keys of the result; None where they leave several, or none."""
    path = result.device.owner.unit.path
    keys = tuple(Key(kind, value) for kind, value in result.keys)
    devices = devices_for(links_of(Claim(keys, 0, 1, "", path)))
    things = [key for key in keys if key.kind in _THINGS]
    hosts = [key for key in keys if key.kind == "host"]
    if things:
        ids = {id for key in things for id in devices.holders(key, path)}
    else:
        ids = {devices.named(key, path) for key in hosts}
    if len(ids) != 1 or (not things and ids <= {within(key, path) for key in hosts}):
        return None
    id = stored(ids.pop())
    sealed = CheckResult.rows.filter(
        device__id_kind=id.kind, device__id_value=id.value, campaign=result.campaign
    )
    if result.machine_id and sealed.exclude(machine_id__in=("", result.machine_id)).exists():
        return None  # another machine of that name
    found, _ = Device.rows.get_or_create(
        campaign=result.campaign, id_kind=id.kind, id_value=id.value,
        defaults={"owner": result.device.owner, "key": result.machine, "strength": "located",
                  "identity": {}, "is_assigned": True},
    )  # fmt: skip
    return Device.rows.select_related("owner").get(pk=found.pk)
