"""Carries a check of a machine into its cases: opens, confirms, brings back, and moves towards clean."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.cases.actions import move
from quetsach.portal.cases.again_actions import go_on, told_again
from quetsach.portal.cases.episode_actions import succeed
from quetsach.portal.cases.episodes import dismissed, next_number
from quetsach.portal.cases.merging_actions import Moves, bring_back, lead_away, let_go, settle
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, Device
from quetsach.portal.cases.opening_actions import open_case
from quetsach.portal.cases.relapse_actions import relapse
from quetsach.portal.cases.rules import CHECK, Act, Arrival, State, arrive, judge_check
from quetsach.portal.cases.summing_actions import sum_up_anew
from quetsach.portal.indicators import store
from quetsach.portal.indicators.models import IndicatorSet

WAITING = (State.CLAIMED_CLEAN, State.RECHECKED)


@dataclass(frozen=True, slots=True)
class Check:
    """The malware part of one check of one machine.

    `found` maps each family to its signs: indicators of a list, or ids of signs of the catalogue.
    `proves_with` is the campaign's list that the check used, if a family that the check did not find counts
    as absent; None if the check proves no absence.
    """

    reference: str
    finished: datetime
    found: dict[str, frozenset[str]] = field(default_factory=dict)
    proves_with: IndicatorSet | None = None


@dataclass
class Moved:
    """The numbers of cases after a check: `opened` for a family without a current case or in a new episode,
    `confirmed` (signs again, without relapse or new episode), `relapsed` (signs after the claim), `rechecked`
    and `verified` (no signs)."""

    opened: int = 0
    confirmed: int = 0
    relapsed: int = 0
    rechecked: int = 0
    verified: int = 0


@transaction.atomic
def take_check(device: Device, check: Check, actor: User | None = None, ip: str | None = None) -> Moved:
    """Carry a check into the cases of its machine. The caller ensures that each check is taken once.

    Raises:
        Device.DoesNotExist: the machine was deleted meanwhile.
        CaseError: a case does not allow the move any more.
    """
    device = (
        Device.rows.select_for_update(of=("self",), no_key=True)
        .select_related("owner", "campaign")
        .get(pk=device.pk)
    )
    current = {
        case.family: case
        for case in Case.rows.select_for_update(of=("self",), no_key=True)
        .filter(device=device, is_current=True)
        .select_related("device__owner")
    }
    moved = Moved()
    for family, signs in sorted(check.found.items()):
        _take_signs(device, current.get(family), family, signs, check, moved)
    if check.proves_with is not None:
        for family, case in sorted(current.items()):
            if family not in check.found and case.state in WAITING:
                _take_silence(case, check, actor, ip, moved)
    return moved


@transaction.atomic
def move_check(origin: Device, target: Device, check: Check, why: str) -> Moved:
    """Carry a check that was taken from the cases of one machine into those of another, because its keys are
    that machine's. Where it stood there before, as before a merge that was taken back, it stands there again.
    The caller has locked the campaign."""
    events = CaseEvent.rows.filter(act=CHECK, data__check=check.reference).select_related(
        "case__device__owner"
    )
    left = [event for event in events.filter(case__device=origin) if CaseEvent.MOVED not in event.data]
    back = [event for event in events.filter(case__device=target) if CaseEvent.MOVED in event.data]
    for event in left:
        event.data[CaseEvent.MOVED] = str(target.pk)
        event.save(update_fields=["data"])
    found = {event.case.family: frozenset(event.data["indicators"]) for event in left}
    for event in back:
        del event.data[CaseEvent.MOVED]
        event.save(update_fields=["data"])
        found.pop(event.case.family, None)
    returned = bring_back([(target, event.case.family) for event in back])
    moved = Moved() if back and not found else take_check(target, replace(check, found=found))
    for case in {event.case.pk: event.case for event in left}.values():
        case = Case.rows.select_related("device__owner", "device__campaign").get(pk=case.pk)
        let_go(case, target, why, came_back=(case.pk, target.pk) in returned)
    for case in Case.rows.filter(pk__in=[event.case_id for event in back]).select_related("device__owner"):
        sum_up_anew(case, timezone.now())
    settle(Moves(), returned, timezone.now())
    lead_away(origin, target)
    return moved


def _take_signs(
    device: Device, case: Case | None, family: str, signs: frozenset[str], check: Check, moved: Moved
) -> None:
    """The check found signs of this family: open a case, or note the signs in the current case."""
    now = timezone.now()
    data = {"check": check.reference, "indicators": sorted(signs)}
    if case is None:
        moved.opened += 1
        case = open_case(device, family, next_number(device.pk, family), now)
    elif closed := _closed_with(case, signs):
        moved.confirmed += 1
        case = closed
    else:
        arrival = arrive(
            State(case.state), case.claimed_at, case.quiet_until, check.finished, not signs <= _known(case)
        )
        if arrival is Arrival.EPISODE:
            again = go_on(case, ", ".join(sorted(signs))[:200], check.finished)
            moved.opened += again is None
            moved.confirmed += again is not None
            case = again or open_case(device, family, succeed(case), now)
        elif arrival is Arrival.RELAPSE:
            moved.relapsed += 1
            relapse(case, check.finished)
        elif arrival is Arrival.EVIDENCE:
            moved.confirmed += 1
            told_again(case, ", ".join(sorted(signs))[:200], check.finished, check.finished)
        else:
            moved.confirmed += 1
    CaseEvent(case=case, at=check.finished, act=CHECK, to_state=case.state, data=data).save(force_insert=True)
    case.first_seen = min(filter(None, (case.first_seen, check.finished)))
    case.last_seen = max(filter(None, (case.last_seen, check.finished)))
    case.save(update_fields=["first_seen", "last_seen"])


def _closed_with(case: Case, signs: frozenset[str]) -> Case | None:
    """The false alarm of the machine whose evidence these signs are."""
    closed = dismissed([case.device_id]).get((case.device_id, case.family), ())
    return next((one for one in closed if signs <= _known(one)), None)


def _known(case: Case) -> set[str]:
    """The indicators and signs that have shown the case so far, in logs and in checks."""
    seen = set(CaseSighting.rows.filter(case=case).values_list("sighting__indicator", flat=True))
    for data in CaseEvent.checks().filter(case=case).values_list("data", flat=True):
        seen.update(data.get("indicators", ()))
    return seen


def _take_silence(case: Case, check: Check, actor: User | None, ip: str | None, moved: Moved) -> None:
    """The check found no sign of this family: move the case as far as the time since the claim allows.

    The case stays if the check's list lacks an indicator that showed the case in logs.
    """
    assert case.claimed_at is not None and check.proves_with is not None
    indicators = CaseSighting.rows.filter(case=case).values_list("sighting__indicator", flat=True)
    if not store.lists_all(check.proves_with.sha256, frozenset(indicators)):
        return
    state = judge_check(case.claimed_at, check.finished, case.device.campaign.quiet_days)
    proof = {"check": check.reference, "until": check.finished.isoformat()}
    if state is State.VERIFIED_CLEAN:
        moved.verified += 1
        # Silence is proven up to the end of the check, not up to this moment.
        case.verified_at, case.quiet_until = timezone.now(), check.finished
        move(case, Act.VERIFY, by=actor, data=proof, ip=ip)
    elif state is State.RECHECKED and case.state == State.CLAIMED_CLEAN:
        moved.rechecked += 1
        move(case, Act.RECHECK, by=actor, data=proof, ip=ip)
