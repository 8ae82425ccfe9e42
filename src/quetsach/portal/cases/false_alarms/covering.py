"""The open cases that false alarms cover: each of their signs is said to have another reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, FilteredRelation, Q

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.false_alarms.queries import Holding, holding
from quetsach.portal.cases.models import Case, CaseSighting, FalseAlarm
from quetsach.portal.cases.rules import TRANSITIONS, Act, State
from quetsach.portal.cases.withdrawing.queries import signs_of

CLOSED = tuple(state.value for state in State if (state, Act.DISMISS) in TRANSITIONS)
"""The states of cases that a false alarm closes."""
_CLOSING = "closing_data"


@dataclass(frozen=True, slots=True)
class Touched:
    """Open cases that show some of the indicators in question, with all signs of each. `before` are the cases
    that a false alarm closed once, each with the id of that false alarm."""

    cases: list[Case]
    signs: dict[UUID, set[str]]
    before: set[tuple[UUID, str]]


def touched_by(campaign: Campaign, names: Collection[str], devices: Collection[UUID]) -> Touched:
    """The open cases of a campaign that show one of these indicators in a log, and all of these machines."""
    open_cases = Case.rows.filter(device__campaign=campaign, is_current=True, state__in=CLOSED)
    shown = CaseSighting.rows.filter(case__in=open_cases.order_by(), sighting__indicator__in=names)
    rows = open_cases.filter(Q(pk__in=shown.order_by().values("case")) | Q(device__in=devices))
    closings = FilteredRelation("events", condition=Q(events__act=Act.DISMISS.value))
    each = rows.annotate(closing=closings).annotate(**{_CLOSING: F("closing__data")})
    cases: dict[UUID, Case] = {}
    before: set[tuple[UUID, str]] = set()
    for case in each.select_related("device__owner").order_by("pk"):
        cases[case.pk] = case
        before.add((case.pk, str((getattr(case, _CLOSING) or {}).get("false_alarm"))))
    return Touched(list(cases.values()), signs_of(rows), before)


def covered(touched: Touched, found: Holding) -> Iterator[tuple[Case, list[FalseAlarm]]]:
    """The cases all of whose signs false alarms cover, each with these in the order of time. A case that a
    false alarm closed before, and that is open again, stays open."""
    for case in touched.cases:
        covering, signs = found.of(case.device_id), touched.signs.get(case.pk, set())
        if not signs or not signs <= covering.keys():
            continue
        by = sorted({covering[name] for name in signs}, key=lambda one: (one.at, one.pk))
        if not any((case.pk, str(one.pk)) in touched.before for one in by):
            yield case, by


def would_close(campaign: Campaign, alarms: Sequence[FalseAlarm]) -> dict[UUID, Counter[str]]:
    """What agreeing to each of these would close now: the number of cases by the name of their unit. Those
    about a single case are left out. At most six queries for all together."""
    wide = [one for one in alarms if one.scope_of != FalseAlarm.Scope.CASE]
    if not wide:
        return {}
    found = holding(campaign)
    names = found.names.union(*(one.indicators for one in wide))
    touched = touched_by(campaign, names, found.devices | {one.case.device_id for one in wide})
    return {
        one.pk: Counter(
            case.device.owner.name for case, by in covered(touched, found.with_alarm(one)) if one in by
        )
        for one in wide
    }
