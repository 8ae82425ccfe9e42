"""A machine goes from one unit to another, and its cases with it: by a person, by a range, or because a log
saw it there. Runs inside the caller's transaction."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.actions import move
from quetsach.portal.cases.gaps.actions import follow_owner
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.cases.rules import Act, State, allows

BY_SIGN = "by_sign"
"""In the data of an event: a sign showed whose machine it is."""


def pass_on(
    device: Device,
    origin: CampaignNode,
    actor: User | None,
    ip: str | None = None,
    *,
    is_by_sign: bool = False,
    told: dict[str, Any] | None = None,
) -> None:
    """Write down that the machine, which was the origin's, is now its owner's: with days of its own, and open
    cases wait for that unit. The machine is stored already. `told` is what the events keep besides."""
    to = device.owner
    data = {"to": to.name, **(told or {})} | ({BY_SIGN: True} if is_by_sign else {})
    follow_owner(device, to)
    record(
        actor, "device.assign", unit_path=origin.path, about=device,
        data={"device": device.key, "from": origin.name, "to": to.name}, ip=ip,
    )  # fmt: skip
    for case in cases_of(device):
        # A machine that nobody had has a unit now; that of a unit goes to another one.
        goes = case.is_current and to.pk != origin.pk and allows(State(case.state), Act.ASSIGN)
        if goes or case.state == State.NEW:
            case.device = device
            move(case, Act.ASSIGN, by=actor, data=data, ip=ip)


def cases_of(device: Device) -> QuerySet[Case]:
    """The cases of a machine, for this transaction alone."""
    return Case.rows.select_for_update(of=("self",), no_key=True).filter(device=device)
