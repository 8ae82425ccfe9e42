"""Ties a machine that was replaced to the machine that came for it, where the register knows both."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.db.models import Q

from quetsach.machines.evidence import Key
from quetsach.portal.accounts.models import User
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.machines.actions import DecisionRefusedError, decide, withdraw
from quetsach.portal.machines.models import RegisterRow, StoredDecision
from quetsach.portal.machines.uploads.actions import follow


def say_replaced(case: Case, name: str, by: User, reason: str, ip: str | None) -> str:
    """Record that the machine called `name` replaced that of the case; the id of the decision.

    Empty where the old machine is known by an address only, or the register of the unit has no machine of
    that name, or two: the name then stands with the claim alone.
    """
    device = case.device
    if device.id_kind in Device.BY_ADDRESS:
        return ""
    unit = device.owner.unit
    rows = RegisterRow.rows.filter(Q(name__iexact=name) | Q(about__asset=name), unit=unit)
    found = [row for row in rows[:3] if (row.key_kind, row.key_value) != (device.id_kind, device.id_value)]
    if len(found) != 1:
        return ""
    old, new = Key(device.id_kind, device.id_value), Key(found[0].key_kind, found[0].key_value)
    try:
        said = decide(unit, "replaced", old, new, by, reason, ip=ip)
    except DecisionRefusedError:
        return ""
    transaction.on_commit(partial(follow, unit))
    return str(said.pk)


def take_back_replaced(decision: str, case: Case, by: User, ip: str | None) -> None:
    """Take the decision back, if nobody did so and it is not a higher unit's."""
    row = StoredDecision.rows.filter(pk=decision).first()
    if row is None:
        return
    unit = case.device.owner.unit
    try:
        withdraw(row, by, unit, ip=ip)
    except DecisionRefusedError:
        return
    transaction.on_commit(partial(follow, unit))
