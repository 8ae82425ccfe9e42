"""A machine of an incident went to another unit: what the unit of the incident knew until then.

The other unit's notes, its state and its signs are not this unit's to read. The audit trail has the moment:
its entry names the unit that the machine left, also where a range or a log moved it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from copy import copy
from datetime import datetime
from typing import NamedTuple

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.models import Case, CaseEvent, Device, VictimReport
from quetsach.portal.cases.named import Named, named
from quetsach.portal.cases.rules import BACK, MOVES_AWAY, Act, Note, State
from quetsach.portal.cases.undone import that_hold
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.units.models import subtree

MOVES = ("device.assign", "device.not_ours", "device.hand_back")
"""The audit entries of a machine that goes to another unit; their path is that of the unit that it left."""


class Left(NamedTuple):
    """A machine left the home: the moment, the unit there that had it, and its name then."""

    at: datetime
    unit: CampaignNode
    name: str


def is_inside(case: Case, home: CampaignNode) -> bool:
    """Whether a unit of the home has the machine, and the home may read all about it."""
    return case.device.owner.path.startswith(home.path)


def leavings(cases: Collection[Case], home: CampaignNode, since: datetime) -> dict[object, Left]:
    """When the machines of these cases left the home, by the id of the machine. Where nothing tells it, they
    left at `since`, when the home had them for sure. Two queries."""
    machines = {case.device_id: case.device for case in cases}
    rows = Entry.objects.filter(
        subtree(home.path, "unit_path"), action__in=MOVES, object_id__in=[str(pk) for pk in machines]
    )
    last = {one.object_id: one for one in rows.order_by("at", "pk")}
    paths = {one.unit_path for one in last.values()}
    units = {node.path: node for node in CampaignNode.rows.filter(campaign=home.campaign_id, path__in=paths)}
    found: dict[object, Left] = {}
    for pk, device in machines.items():
        entry = last.get(str(pk))
        if entry is None:
            found[pk] = Left(since, home, device.key if device.id_kind in Device.BY_ADDRESS else "")
        else:
            unit = units.get(entry.unit_path, home)
            found[pk] = Left(entry.at, unit, str(entry.data.get("device", "")))
    return found


def events_until(events: Iterable[CaseEvent], left: datetime) -> list[CaseEvent]:
    """The events before the machine left. The move itself comes after its audit entry."""
    found = [event for event in events if event.at <= left]
    while found and found[-1].at == left and found[-1].act in (*MOVES_AWAY, Act.UNDO):
        found.pop()
    return found


def known_signs(signs: Iterable[Sighting], left: datetime) -> list[Sighting]:
    """The rows that the home had before the machine left. Of rows that grew later nobody knows the part."""
    return [
        sign for sign in signs
        if sign.received_at <= left and (sign.last_seen is None or sign.last_seen <= left)
    ]  # fmt: skip


def case_then(
    case: Case,
    left: Left,
    events: list[CaseEvent],
    signs: Collection[Sighting],
    reports: Collection[VictimReport],
) -> tuple[Case, Named | None]:
    """A copy of the case, not to be stored, as it was when the machine left, and the person's word on which
    machine it is. `events`, `signs` and `reports` are those that were known then."""
    then = copy(case)
    then.device = copy(case.device)
    names: Mapping[str, object] = next((one.identity for one in signs if one.identity.get("host")), {})
    then.device.key = left.name or next((one.device for one in signs if one.device), case.device.key)
    then.device.identity = {"host": names["host"]} if names else {}
    then.device.owner, then.device.is_assigned = left.unit, True
    then.state = events[-1].to_state if events else State.ASSIGNED.value
    firsts = [one.first_seen for one in signs] + [one.first_seen for one in reports]
    lasts = [one.last_seen for one in signs] + [one.last_seen for one in reports]
    then.first_seen = min((moment for moment in firsts if moment is not None), default=None)
    then.last_seen = max((moment for moment in lasts if moment is not None), default=None)
    then.count = sum(one.count for one in signs)
    held = that_hold(events)
    then.relapses = sum(event.act in BACK for event in held)
    then.claimed_at, then.done = None, ""  # its events tell it
    found = [event.at for event in events if event.act == Note.LOCATE]
    then.located_at = found[-1] if found else None
    word = named(then, events)
    if word is None:
        then.located_at = None
    return then, word if then.device.id_kind in Device.BY_ADDRESS else None


def indicators_of(signs: Iterable[Sighting]) -> Counter[str]:
    """The indicators of these rows, by the number of log lines."""
    told: Counter[str] = Counter()
    for sign in signs:
        told[sign.indicator] += sign.count
    return told
