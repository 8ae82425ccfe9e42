"""The episodes of a machine and family: their numbers, the false alarms among them, and new infections.

Current is the latest episode that is no false alarm; where all are false alarms, the latest
(`episode_actions`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform

from quetsach.machines.proof.judging import GUARD
from quetsach.portal.cases.models import Case, CaseEvent, VictimFile
from quetsach.portal.cases.rules import BACK, Act, State

MAY_RETURN = "can_return"
"""The annotation of `may_return` on the page of a case."""
CLOSED_FROM, CLOSED_AT, CLOSED_WITH = "closed_from", "closed_at", "closed_with"
"""The annotations of `closed_by_nobody`."""
_CLOSED_BY = "closed_by"

type Numbers = dict[tuple[UUID, str], int]


def numbers(devices: Collection[UUID]) -> Numbers:
    """By machine and family: the largest number that an episode has. Also episodes that are false alarms, or
    that lead to other machines, have theirs."""
    rows = Case.rows.filter(device__id__among=devices).order_by().values_list("device", "family")
    return {(device, family): last for device, family, last in rows.annotate(last=Max("episode"))}


def next_number(device: UUID, family: str) -> int:
    """The number of a new episode."""
    return numbers([device]).get((device, family), 0) + 1


def came_back(events: str = "") -> Q:
    """Events that tell of signs after the handling and that hold. `events` is where a row has them."""
    acts = [act.value for act in BACK]
    return Q((f"{events}act__in", acts), (f"{events}data__{CaseEvent.UNDONE}__isnull", True))


def is_again() -> Q:
    """Cases whose machine was infected by the same malware before: an earlier episode was no false alarm."""
    earlier = Case.rows.filter(
        device=OuterRef("device"), family=OuterRef("family"), episode__lt=OuterRef("episode"),
        merged_into=None,
    ).exclude(state=State.FALSE_POSITIVE)  # fmt: skip
    return Q(episode__gt=1) & ~Q(state=State.FALSE_POSITIVE) & Q(Exists(earlier))


def may_return() -> Q:
    """Cases that may be opened again: current ones; false alarms before which the machine was proven clean,
    as long as nothing has come since; and all episodes of a machine that has nothing but false alarms."""
    current = Case.rows.filter(device=OuterRef("device"), family=OuterRef("family"), is_current=True)
    proven_before = current.filter(state=State.VERIFIED_CLEAN, episode__lt=OuterRef("episode"))
    closed = Q(merged_into=None, state=State.FALSE_POSITIVE)
    return Q(is_current=True) | closed & Q(
        Exists(proven_before) | Exists(current.filter(state=State.FALSE_POSITIVE))
    )


def dismissed(devices: Collection[UUID]) -> dict[tuple[UUID, str], list[Case]]:
    """False alarms that two people agreed to and that are not current: the same evidence once more opens
    nothing."""
    found: dict[tuple[UUID, str], list[Case]] = defaultdict(list)
    rows = Case.rows.filter(
        device__id__among=devices, is_current=False, merged_into=None, state=State.FALSE_POSITIVE,
        dismissed_at__isnull=False,
    )  # fmt: skip
    for case in rows.select_related("device__owner").order_by("-episode"):
        found[case.device_id, case.family].append(case)
    return found


def closed_by_nobody(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Those of these cases that are false alarms only because a list was withdrawn, or a file of reports was
    taken back: nobody has said that their signs have another reason. Each has the state of then as
    `CLOSED_FROM`, the moment as `CLOSED_AT`, and the file as `CLOSED_WITH`, empty of a list."""
    closings = CaseEvent.rows.filter(case=OuterRef("pk"), to_state=State.FALSE_POSITIVE.value)
    # A person may have opened the case again, and taken that back.
    closings = closings.exclude(from_state=State.FALSE_POSITIVE.value).exclude(act=Act.UNDO.value)
    last = closings.order_by("-at", "-pk")
    last = last.annotate(file=KeyTextTransform("victims", "data"))
    parts = {_CLOSED_BY: "act", CLOSED_FROM: "from_state", CLOSED_AT: "at", CLOSED_WITH: "file"}
    found = cases.annotate(**{name: Subquery(last.values(part)[:1]) for name, part in parts.items()})
    acts = (Act.RETRACT.value, Act.WITHDRAW.value)
    return found.filter(state=State.FALSE_POSITIVE, **{f"{_CLOSED_BY}__in": acts})


def set_aside(devices: Collection[UUID]) -> dict[tuple[UUID, str], list[Case]]:
    """Episodes behind another one that nobody called a false alarm (`closed_by_nobody`); the latest first."""
    found: dict[tuple[UUID, str], list[Case]] = defaultdict(list)
    rows = Case.rows.filter(device__in=devices, is_current=False, merged_into=None)
    for case in closed_by_nobody(rows).order_by("-episode"):
        found[case.device_id, case.family].append(case)
    return found


def goes_on(
    case: Case, seen: datetime | None, later: Iterable[Case], same: Collection[str] = ()
) -> Case | None:
    """The later episode of a machine that is proven clean to which a sign belongs, of those that `set_aside`
    gives: that whose handling was after the sign; else the latest that nobody has handled and that was closed
    with the very file which tells the sign. `same` are the ids under which that file was taken back."""
    found = [one for one in later if one.episode > case.episode]
    handled = (one for one in found if one.claimed_at and seen and seen <= one.claimed_at + GUARD)
    unhandled = (one for one in found if one.claimed_at is None and getattr(one, CLOSED_WITH) in same)
    return next(handled, None) or next(unhandled, None)


def same_file(pk: str) -> set[str]:
    """The ids under which the content of a file of reports was handed in by its unit and taken back."""
    its = VictimFile.rows.filter(
        pk=pk, node=OuterRef("node"), digest=OuterRef("digest"), kind=OuterRef("kind")
    )
    gone = VictimFile.rows.filter(Exists(its)).exclude(gone_at=None)
    return {str(one) for one in gone.values_list("pk", flat=True)}
