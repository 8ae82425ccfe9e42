"""Machines that became one, and one that became several: late knowledge moves signs from machine to machine.

A case that lost all its evidence leads to the case of the machine that has it now (`Case.merged_into`). Acts
and events stay where they were made. When the signs come back, so does the case, in its own state. Runs
inside the transaction of a batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from quetsach.machines.proof.judging import GUARD
from quetsach.portal.audit.actions import Told, record_all
from quetsach.portal.cases import looks, outside
from quetsach.portal.cases.actions import held, unclaim
from quetsach.portal.cases.episode_actions import follow
from quetsach.portal.cases.joining import (
    IS_BACK,
    MERGE,
    MERGED,
    SAID,
    SAID_BEFORE,
    Joining,
    joined,
    last_word,
    own_before,
    word_before_return,
)
from quetsach.portal.cases.models import Alias, Case, CaseEvent, CaseSighting, Device
from quetsach.portal.cases.outside import AWAY, PART
from quetsach.portal.cases.returning_actions import take_signs_since
from quetsach.portal.cases.rules import UNSAID, State
from quetsach.portal.cases.summing_actions import sum_up_anew
from quetsach.portal.sightings.models import Sighting

_STATE = (
    "state",
    "claimed_at",
    "verified_at",
    "quiet_until",
    "confirmed_by_id",
    "relapses",
    "false_alarm_of_id",
    "done",
    "clock_at",
    "acknowledged_at",
    "located_at",
    "dismissed_at",
    "tries",
    "unreachable_at",
    "aside_until",
)


@dataclass
class Moves:
    """Where the signs of a case went: by case the machines with the time of the latest sign, and why."""

    lost: dict[UUID, dict[UUID, tuple[datetime, str]]] = field(default_factory=dict)
    names: dict[UUID, set[tuple[UUID, str]]] = field(default_factory=lambda: defaultdict(set))
    """Reporters and their names of the moved signs, by case."""
    rows: dict[UUID, list[Sighting]] = field(default_factory=lambda: defaultdict(list))
    """The moved signs, by case."""

    def add(self, case: UUID, device: UUID, seen: datetime | None, why: str) -> None:
        """A sign of a case is another machine's now."""
        known = self.lost.setdefault(case, {})
        known[device] = max(known.get(device, (looks.OLDEST, "")), (seen or looks.OLDEST, why))


def bring_back(found: Iterable[tuple[Device, str]]) -> set[tuple[UUID, UUID]]:
    """Of machines with signs of a family: cases that led to others return in their own state, with their
    machines. Returns the cases that had taken them in, each with the machine that returned."""
    found = list(found)
    devices = {device.pk: device for device, _family in found}
    families = {(device.pk, family) for device, family in found}
    rows = (
        Case.rows.select_for_update(of=("self",), no_key=True)
        .filter(device__in=devices, merged_into__isnull=False)
        .select_related("device__owner", "merged_into__device__owner")
        .order_by("pk")
    )
    cases = [case for case in rows if (case.device_id, case.family) in families]
    if gone := [device for device in devices.values() if device.merged_into_id is not None]:
        for device in gone:
            device.merged_into = None
        Device.rows.filter(pk__in=[device.pk for device in gone]).update(merged_into=None)
    returned: set[tuple[UUID, UUID]] = set()
    for case in cases:
        other = case.merged_into
        assert other is not None
        returned.add((other.pk, case.device_id))
        case.merged_into = None
        case.save(update_fields=["merged_into"])
        _note(case, PART, case.state, {"from": other.device.key, "case": str(other.pk)})
        _restore(other, case)
    follow(cases)
    told = [
        Told(
            case, case.device.owner.path,
            {"device": case.device.key, "to": case.device.key, "why": "", "family": case.family},
        )
        for case in cases
    ]  # fmt: skip
    if told:
        record_all("case.part", told)
    return returned


def settle(moves: Moves, returned: Collection[tuple[UUID, UUID]], now: datetime) -> None:
    """Sum up the cases that lost signs, and lead those without any evidence to the machines that have it.
    `returned` is what `bring_back` has written down."""
    if moves.lost:
        _settle(moves, returned, now)
    for other in sorted({pk for pk, _device in returned}):
        take_signs_since(held(other))


def _settle(moves: Moves, returned: Collection[tuple[UUID, UUID]], now: datetime) -> None:
    cases = list(
        Case.rows.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=moves.lost)
        .select_related("device__owner", "device__campaign")
        .order_by("pk")
    )
    empty = [case for case in cases if not sum_up_anew(case, now)]
    targets = Device.rows.select_related("owner").in_bulk(
        {device for those in moves.lost.values() for device in those}
    )
    told = []
    given_away = outside.given_away([(case, row) for case in cases for row in moves.rows[case.pk]])
    for case in cases:
        went = moves.lost[case.pk]
        away: dict[str, Any] = given_away.get(case.pk, {})
        latest = max(went, key=lambda pk: (went[pk][0], targets[pk].id_kind, targets[pk].id_value))
        target, why = targets[latest], went[latest][1]
        came_back = (case.pk, latest) in returned
        merged = _merge(case, target, why, away, came_back) if case in empty and case.is_current else False
        if came_back:
            continue
        if not merged and case.is_current:
            _note(case, PART, case.state, {"to": target.key, "why": why, **away})
            if away:
                _note_arrival(case, target, away)
        verb = "case.merge" if merged else "case.part"
        data = {"device": case.device.key, "to": target.key, "why": why, "family": case.family}
        told.append((verb, Told(case, case.device.owner.path, data)))
    for verb in ("case.merge", "case.part"):
        if some := [one for what, one in told if what == verb]:
            record_all(verb, some)
    _lead(cases, targets, moves)
    _forget_names(moves)


def let_go(case: Case, target: Device, why: str, *, came_back: bool) -> None:
    """Sum a case up that lost a check to another machine, and lead it there where nothing is left of it;
    `came_back`: the case there had led to this one until now. The caller has locked the case."""
    is_empty = not sum_up_anew(case, timezone.now()) and case.is_current
    if is_empty and _merge(case, target, why, {}, came_back):
        data = {"device": case.device.key, "to": target.key, "why": why, "family": case.family}
        record_all("case.merge", [Told(case, case.device.owner.path, data)])
    lead_away(case.device, target)


def lead_away(device: Device, target: Device) -> None:
    """A machine without a case of its own leads to the machine that it turned out to be."""
    if device.pk != target.pk and not Case.rows.filter(device=device, is_current=True).exists():
        Device.rows.filter(pk=device.pk).update(merged_into=target)


def _forget_names(moves: Moves) -> None:
    """Drop names of machines that no sign bears any more. An address without a table keeps its machine."""
    devices = Case.rows.filter(pk__in=moves.lost).exclude(device__id_kind__in=Device.BY_ADDRESS)
    for case, device in devices.values_list("pk", "device"):
        for reporter, key in moves.names[case]:
            still = CaseSighting.rows.filter(
                case__device=device, sighting__node=reporter, sighting__device=key
            )
            if not still.exists():
                Alias.rows.filter(device=device, reporter=reporter, key=key).delete()


def _merge(case: Case, target: Device, why: str, away: dict[str, Any], came_back: bool = False) -> bool:
    """Lead a case without evidence to the case of the machine that has it; False where it has none.
    `came_back`: that case had led to this one until now."""
    into = (
        Case.rows.select_for_update(of=("self",), no_key=True)
        .filter(device=target, family=case.family, is_current=True)
        .select_related("device__owner")
        .first()
    )
    if into is None or into.pk == case.pk:
        return False
    before = _kept(into)
    from_state = into.state
    if case.opened_at < into.opened_at:
        into.opened_at = case.opened_at  # clocks of the law run from the first case of the machine
        into.save(update_fields=["opened_at"])
    _lead_to(case, into, why)
    said_before = word_before_return(into, case) if came_back else last_word(into)
    joining = joined(into, case, said_before, is_back=came_back)
    said = said_before if joining.state.pk == into.pk else last_word(joining.state)
    _take_over(into, joining)
    if (from_state == State.FALSE_POSITIVE) != (into.state == State.FALSE_POSITIVE):
        follow([into])
    if came_back and joining.state.pk == case.pk:
        into.device.isolated_at, into.device.released_at = case.device.isolated_at, case.device.released_at
        into.device.save(update_fields=["isolated_at", "released_at"])
    elif case.device.isolated_at is not None and into.device.isolated_at is None:
        into.device.isolated_at = case.device.isolated_at  # the same machine is off the network
        into.device.save(update_fields=["isolated_at"])
    _note(case, MERGED, case.state, {"to": target.key, "case": str(into.pk), "why": why, **away})
    data = {"from": case.device.key, "case": str(case.pk), "why": why, "before": before, **away}
    data |= {SAID: said, SAID_BEFORE: said_before, IS_BACK: came_back}
    _note(into, MERGE, into.state, data, from_state)
    return True


def _lead_to(case: Case, into: Case, why: str) -> None:
    """The case is that of another machine. So are the episodes before it, unless they have signs of their
    own: then the latest of these counts again."""
    case.is_current, case.merged_into = False, into
    case.save(update_fields=["is_current", "merged_into"])
    rows = Case.rows.select_for_update(of=("self",), no_key=True).filter(
        device=case.device_id, family=case.family, merged_into=None, episode__lt=case.episode
    )
    for earlier in rows.order_by("-episode"):
        if sum_up_anew(earlier, timezone.now()):
            break
        earlier.merged_into = into
        earlier.save(update_fields=["merged_into"])
        data = {"to": into.device.key, "case": str(into.pk), "why": why}
        _note(earlier, MERGED, earlier.state, data)
    follow([case])


def _take_over(into: Case, joining: Joining) -> None:
    """Give the joined case a state. A sign after the cleaning that the other machine had says that it came
    back, also where its silence had been proven until later."""
    state = joining.state
    if state.pk != into.pk:
        for name in _STATE:
            setattr(into, name, getattr(state, name))
        by_address = state.device.id_kind in Device.BY_ADDRESS
        is_by_logs = into.state in (State.RECHECKED, State.VERIFIED_CLEAN) and into.confirmed_by_id is None
        if by_address and into.device.id_kind not in Device.BY_ADDRESS and is_by_logs:
            # The silence was that of an address: the logs must show it of the machine, on its own days.
            into.state = State.CLAIMED_CLEAN.value
            into.verified_at = into.quiet_until = None
    if joining.clock_at is not None:
        into.clock_at = joining.clock_at
    claimed = into.claimed_at
    if claimed is not None and into.last_seen is not None and into.last_seen > claimed + GUARD:
        into.state, into.relapses = State.ASSIGNED.value, into.relapses + 1
        unclaim(into)
    into.save(update_fields=list(_STATE))


def _kept(case: Case) -> dict[str, Any]:
    found = {name: getattr(case, name) for name in (*_STATE, "opened_at")}
    return {
        name: value.isoformat()
        if isinstance(value, datetime)
        else str(value)
        if isinstance(value, UUID)
        else value
        for name, value in found.items()
    }


def _restore(other: Case, case: Case) -> None:
    """The case that had taken in another one: as it was by itself, joined with those that lead to it still,
    unless somebody moved it since."""
    other = (
        Case.rows.select_for_update(of=("self",), no_key=True)
        .select_related("device__owner")
        .get(pk=other.pk)
    )
    from_state = other.state
    event, still = own_before(other)
    data: dict[str, Any] = {"to": case.device.key, "case": str(case.pk)}
    if event is not None:
        data[SAID] = _join_again(other, still, _by_itself(other, event))
        if (from_state == State.FALSE_POSITIVE) != (other.state == State.FALSE_POSITIVE):
            follow([other])
    _note(other, PART, other.state, data, from_state)


def _by_itself(case: Case, event: CaseEvent) -> list[int]:
    """Give a case the state of before others were joined with it, which the event keeps; its word of then."""
    before = event.data["before"]
    for name, value in before.items():
        is_time = name.endswith(("_at", "_until")) and value
        setattr(case, name, parse_datetime(value) if is_time else value)
    if case.state == State.NEW and case.device.is_assigned:
        case.state = State.ASSIGNED.value  # a unit got it meanwhile
    case.save(update_fields=list(before))
    sum_up_anew(case, timezone.now())
    found: list[int] = event.data.get(SAID_BEFORE, [0, 0])
    return found


def _join_again(case: Case, others: Iterable[tuple[Case, bool]], said: list[int]) -> list[int]:
    """Join a case with those that lead to it still, each with whether its evidence came back here. `said` is
    the word of the case by itself; the result the word that its state rests on then."""
    for one, is_back in others:
        case.opened_at = min(case.opened_at, one.opened_at)
        case.save(update_fields=["opened_at"])
        joining = joined(case, one, said, is_back=is_back)
        said = last_word(joining.state) if joining.state.pk != case.pk else said
        _take_over(case, joining)
    return said


def unsay(case: Case, undo: Callable[[Case], None]) -> bool:
    """Let `undo` take back what was said last on a locked case, also where machines were joined since: the
    case that counts is then as if that had not been said. False where somebody has worked on that one since,
    and nothing is taken back."""
    counts = held(case.merged_into_id) if case.merged_into_id is not None else case
    state = counts.state
    event, others = own_before(counts)
    if event is None:
        if counts is case:
            undo(case)
        return counts is case
    said = _by_itself(counts, event)
    undo(case)
    others = [(case if one.pk == case.pk else one, is_back) for one, is_back in others]
    said = _join_again(counts, others, last_word(case) if counts is case else said)
    if (state == State.FALSE_POSITIVE) != (counts.state == State.FALSE_POSITIVE):
        follow([counts])
    data = {"from": case.device.key, "case": str(case.pk), SAID: said}
    _note(counts, UNSAID, counts.state, data, state)
    take_signs_since(counts)
    return True


def _note_arrival(case: Case, target: Device, away: dict[str, Any]) -> None:
    """The machine that has the signs now says by whose word, too."""
    into = Case.rows.filter(device=target, family=case.family, is_current=True).first()
    if into is not None:
        said = {name: value for name, value in away.items() if name != AWAY}
        _note(into, PART, into.state, {"from": case.device.key, **said})


def _lead(cases: Iterable[Case], targets: Mapping[UUID, Device], moves: Moves) -> None:
    """Machines without a case of their own lead to the machine that has their signs."""
    for case in cases:
        if Case.rows.filter(device=case.device_id, is_current=True).exists():
            continue
        went = moves.lost[case.pk]
        latest = max(went, key=lambda pk: (went[pk][0], targets[pk].id_kind, targets[pk].id_value))
        if latest != case.device_id:
            Device.rows.filter(pk=case.device_id).update(merged_into=latest)


def _note(case: Case, act: str, to_state: str, data: dict[str, Any], from_state: str = "") -> None:
    CaseEvent(
        case=case, at=timezone.now(), act=act, from_state=from_state or to_state, to_state=to_state, data=data
    ).save(force_insert=True)  # fmt: skip
