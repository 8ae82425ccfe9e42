"""Opens cases, with the first event and audit entry of each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from quetsach.portal.audit.actions import Told, record_all
from quetsach.portal.cases.models import Case, CaseEvent, Device
from quetsach.portal.cases.rules import State
from quetsach.portal.kit.inserting import create, insert, spelled


def open_case(device: Device, family: str, episode: int, now: datetime) -> Case:
    """A new case, with its first event and audit entry; inside the caller's transaction."""
    case = new_case(device, family, episode, now)
    open_cases([case])
    return case


def new_case(device: Device, family: str, episode: int, now: datetime) -> Case:
    state = State.ASSIGNED if device.is_assigned else State.NEW
    return Case(device=device, family=family, episode=episode, state=state.value, opened_at=now)


def open_cases(cases: Collection[Case]) -> None:
    """Write new cases with the first event and audit entry of each."""
    if not cases:
        return
    create(cases)
    own: dict[str, Sequence[Any]] = {
        "case_id": [one.pk for one in cases], "at": [one.opened_at for one in cases],
        "to_state": [one.state for one in cases], "data": [{"episode": one.episode} for one in cases],
    }  # fmt: skip
    same = {"act": "open", "from_state": "", "by_id": None, "reason": "", "coverage_id": None}
    insert(CaseEvent, spelled(CaseEvent, own, same))
    subjects = [
        Told(c, c.device.owner.path, {"device": c.device.key, "family": c.family, "episode": c.episode})
        for c in cases
    ]
    record_all("case.open", subjects)
