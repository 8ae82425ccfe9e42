"""Keeps which episode of a machine and family is current: the latest that is no false alarm; where all are
false alarms, the latest.

Whatever closes a case as a false alarm, opens one again, or leads one to another machine calls `follow`. A
machine that was proven clean is so again when the later signs turn out to be none of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from quetsach.portal.cases.episodes import next_number
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.rules import State

RESUMED, FOLLOWED = "resumed", "followed"
"""Acts of events: the episode counts again, or a later one counts again instead. They move nothing."""
MOVED_BY = "moved_by"
"""In the data of both: the act by which the later episode was closed or opened."""


def succeed(case: Case) -> int:
    """A new infection follows the locked case: it is current no more. Returns the number of the new
    episode."""
    case.is_current = False
    case.save(update_fields=["is_current"])
    return next_number(case.device_id, case.family)


def follow(moved: Iterable[Case], act: str = "") -> None:
    """After cases became false alarms, or none any more, or went to other machines: make the right episode of
    each machine and family current. Their story says it, with the act that moved the cases."""
    given: dict[tuple[UUID, str], list[Case]] = defaultdict(list)
    for case in moved:
        given[case.device_id, case.family].append(case)
    rows = Case.rows.select_for_update(of=("self",), no_key=True).filter(
        device__in={device for device, _family in given}, merged_into=None
    )
    episodes: dict[tuple[UUID, str], list[Case]] = defaultdict(list)
    for case in rows.order_by("pk"):
        if (case.device_id, case.family) in given:
            episodes[case.device_id, case.family].append(case)
    ended: list[Case] = []
    resumed: list[Case] = []
    events: list[CaseEvent] = []
    for key, some in episodes.items():
        current = max(some, key=lambda one: (one.state != State.FALSE_POSITIVE, one.episode))
        before = [one for one in some if one.is_current and one is not current]
        ended += before
        if not current.is_current:
            resumed.append(current)
        latest = max(one.episode for one in (*some, *given[key]))
        if not current.is_current and current.episode < latest:
            events.append(_event(current, RESUMED, latest, act))
        events += [
            _event(one, FOLLOWED, current.episode, act) for one in before if one.episode < current.episode
        ]
        for one in given[key]:
            one.is_current = one.pk == current.pk
    # One after the other: a machine has one current episode of a family at any time.
    Case.rows.filter(pk__in=[one.pk for one in ended]).update(is_current=False)
    Case.rows.filter(pk__in=[one.pk for one in resumed]).update(is_current=True)
    CaseEvent.rows.bulk_create(events)


def _event(case: Case, act: str, episode: int, moved_by: str) -> CaseEvent:
    return CaseEvent(
        case=case, at=timezone.now(), act=act, from_state=case.state, to_state=case.state,
        data={"episode": episode} | ({MOVED_BY: moved_by} if moved_by else {}),
    )  # fmt: skip
