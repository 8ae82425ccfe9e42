"""The histories of a campaign's cases, as `quetsach.machines.counting` counts them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from quetsach.machines.counting.histories import Act as Step
from quetsach.machines.counting.histories import CaseHistory, Kind, MachineHistory, Move, Rung
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.episodes import came_back, is_again
from quetsach.portal.cases.joining import MERGE, MERGED, NO_WORK
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, Device
from quetsach.portal.cases.outside import PART
from quetsach.portal.cases.rules import BACK, CHECK, OPEN, REACHES, Act, Note, State
from quetsach.portal.cases.withdrawing.queries import SET
from quetsach.portal.sightings.models import Coverage
from quetsach.portal.units.models import subtree

RUNGS = {
    **dict.fromkeys(OPEN, Rung.OPEN),
    State.CLAIMED_CLEAN: Rung.CLAIMED,
    State.RECHECKED: Rung.RECHECKED,
    State.VERIFIED_CLEAN: Rung.VERIFIED,
    State.FALSE_POSITIVE: Rung.FALSE,
}
KINDS = {"shared": Kind.SHARED, "unlocated": Kind.UNLOCATED, "weak": Kind.ADDRESS}
STEPS: dict[str, Step] = {
    Act.CLAIM: Step.CLAIM,
    **dict.fromkeys(BACK, Step.RELAPSE),
    MERGED: Step.MERGED,
    MERGE: Step.TAKEN_IN,
    Note.TRY: Step.TRY,
    **dict.fromkeys(REACHES - {Act.CLAIM}, Step.REACHED),
}


EVENING = 17
"""The local hour up to which a log must go so that its last day counts as looked at."""
UNDONE = {Step.CLAIM, Step.TRY, Step.REACHED}
"""A step of these that a person took back did not happen."""
FIGURE_WORDS: dict[str, str | Promise] = {
    "infected": gettext_lazy("Machines with signs that can be told apart"),
    "located": gettext_lazy("of these: it is known which machine"),
    "shared": gettext_lazy("Addresses of many machines, at least one with signs"),
    "unlocated": gettext_lazy("Signs of one of several machines"),
    "seen": gettext_lazy("Ever with signs, in all"),
    "claimed": gettext_lazy("of all: handled"),
    "rechecked": gettext_lazy("of all: handled, checked again without a sign"),
    "verified": gettext_lazy("of all: proven clean"),
    "relapsed": gettext_lazy("Signs again after handling"),
    "reinfected": gettext_lazy("Infected again after being clean"),
    "unreachable": gettext_lazy("Nobody could reach it in three tries"),
    "false": gettext_lazy("False alarms, in no other number"),
}
"""The figures of machines in words, in the order of tables."""


@dataclass
class Told:
    """Machines and cases of some units, and what explains changes: machines that turned out to be others,
    that came out of others after a moment (`parted`), and that have a case that a withdrawn list closed, or
    that is as before without it."""

    machines: list[MachineHistory]
    cases: list[CaseHistory]
    leads: dict[str, str] = field(default_factory=dict)
    parted: dict[str, datetime] = field(default_factory=dict)
    recalled: set[str] = field(default_factory=set)
    retracted: set[str] = field(default_factory=set)
    """Machines with a case that was closed, or is as before, because a file of reports was taken back."""
    returned: set[str] = field(default_factory=set)
    """Machines with a case that is open again because its list or its file of reports holds again."""
    opened: dict[str, datetime] = field(default_factory=dict)
    """By machine: when its first case was written down."""
    seen_by: dict[str, set[UUID]] = field(default_factory=dict)
    """By machine: the nodes whose logs saw its signs; only where days were asked for."""


def told_of(node: CampaignNode, *, with_days: bool = False) -> Told:
    """The machines of a node and all below. The number of queries does not depend on their number."""
    where = subtree(node.path, "device__owner__path")
    led = subtree(node.path, "merged_into__device__owner__path")
    cases = Case.rows.filter(where | led, device__campaign=node.campaign_id).order_by("pk")
    moves, parted, retracted, recalled, returned = _moves(cases)
    found = Told([], [])
    names: dict[str, set[str]] = defaultdict(set)
    owned = Device.rows.filter(subtree(node.path, "owner__path"), campaign=node.campaign_id).order_by("pk")
    days, seen_by = _days(node) if with_days else ({}, {})
    found.seen_by = {str(device): reporters for device, reporters in seen_by.items()}
    for pk, owner, kind, key, into in owned.values_list("pk", "owner", "id_kind", "key", "merged_into"):
        found.machines.append(
            MachineHistory(str(pk), str(owner), KINDS.get(kind, Kind.KNOWN), frozenset(days.get(pk, ())))
        )
        names[key].add(str(pk))
        if into is not None:
            found.leads[str(pk)] = str(into)
    for key, at in parted.items():
        found.parted |= dict.fromkeys(names.get(key, ()), at)
    columns = (
        "pk", "device", "family", "episode", "opened_at", "state", "first_seen", "merged_into",
        "false_alarm_of", "merged_into__device",
    )  # fmt: skip
    for pk, device, family, episode, opened, state, first, into, recall, lead in cases.values_list(*columns):
        machine, rung = str(device), _rung(state)
        found.cases.append(
            CaseHistory(
                str(pk), machine, family, episode, opened, rung, tuple(moves.get(pk, ())),
                None if first is None else min(first, opened), str(into) if into else None,
            )
        )  # fmt: skip
        found.opened[machine] = min(opened, found.opened.get(machine, opened))
        if lead is not None and lead != device:
            found.leads[machine] = str(lead)
        if (recall is not None and rung is Rung.FALSE) or pk in recalled:
            found.recalled.add(machine)
        if pk in retracted:
            found.retracted.add(machine)
        if pk in returned:
            found.returned.add(machine)
    return found


def _rung(state: str) -> Rung:
    """A state that has no rung is open: nobody may take it for proven."""
    return RUNGS.get(state, Rung.OPEN)  # type: ignore[call-overload, no-any-return]


def _moves(
    cases: QuerySet[Case],
) -> tuple[dict[UUID, list[Move]], dict[str, datetime], set[UUID], set[UUID], set[UUID]]:
    """The steps of each case in the order in which they were written down; by name the machines that signs of
    another one went to, with the latest moment; the cases that were closed, or are as before, because a
    file of reports was taken back; those that are as before because a list was withdrawn; and those that are
    open again because such a list or file holds again."""
    found: dict[UUID, list[Move]] = defaultdict(list)
    parted: dict[str, datetime] = {}
    retracted: set[UUID] = set()
    recalled: set[UUID] = set()
    returned: set[UUID] = set()
    said: dict[UUID, int] = {}
    """By case the place of the last step that somebody, or a log, brought about."""
    events = CaseEvent.rows.filter(case__in=cases.order_by().values("pk")).exclude(act__in=(CHECK, "open"))
    texts = {name: KeyTextTransform(name, "data") for name in ("seen", "to", "act", SET)}
    rows: Iterable[Any] = events.order_by("pk").values_list(
        "case", "at", "act", "from_state", "to_state", *texts.values()
    )
    for case, at, act, before, after, seen, to, undone, version in rows:
        if act == PART and to:
            parted[to] = max(at, parted.get(to, at))
        if act == Act.RETRACT or (act == Act.UNDO and undone == Act.RELAPSE):
            (recalled if version else retracted).add(case)
        elif before != after and State.FALSE_POSITIVE in (before, after):
            retracted.discard(case)
            recalled.discard(case)
            (returned.add if act == Act.RETURN else returned.discard)(case)
        if act == Act.UNDO and undone == Act.RELAPSE:
            # The sign was none: it is as if nothing had come since.
            last = max(at for at, move in enumerate(found[case]) if move.act is Step.RELAPSE)
            del found[case][last:]
            said[case] = max(0, last - 1)
            continue
        last = said.get(case, 0)
        if act == Act.UNDO and last < len(found[case]) and found[case][last].act in UNDONE:
            found[case][last] = found[case][last]._replace(act=Step.OTHER)
        if act not in NO_WORK:
            said[case] = len(found[case])
        moment = parse_datetime(seen) if act in BACK and seen else None
        found[case].append(Move(at, STEPS.get(act, Step.OTHER), _rung(before), _rung(after), moment))
    return found, parted, retracted, recalled, returned


def _days(node: CampaignNode) -> tuple[dict[UUID, set[date]], dict[UUID, set[UUID]]]:
    """By machine: the local days with signs, and the nodes whose logs saw them. A part of a
    row is of one UTC day."""
    links = CaseSighting.rows.filter(
        subtree(node.path, "case__device__owner__path"),
        case__device__campaign=node.campaign_id,
        case__merged_into=None,
    )
    days: dict[UUID, set[date]] = defaultdict(set)
    seen_by: dict[UUID, set[UUID]] = defaultdict(set)
    rows = links.annotate(
        begin=Coalesce("first", "sighting__first_seen"), end=Coalesce("last", "sighting__last_seen")
    )
    columns = ("case__device", "sighting__node", "begin", "end")
    for device, reporter, *times in rows.order_by().values_list(*columns).iterator(5000):
        days[device].update(timezone.localdate(time) for time in times if time is not None)
        seen_by[device].add(reporter)
    return days, seen_by


@dataclass(frozen=True)
class Looked:
    """What logs were looked at. `until`: by machine the last local day of the logs of a unit that saw its
    signs; `days`: the local days of logs of the units, or of others that saw their machines; `places`: the
    local days of each log of those that saw signs. `partial` are days of which no log is there to its end:
    the last of each log, if it stops before the evening, and today. They are in neither."""

    until: dict[str, date]
    days: set[date]
    places: list[set[date]] = field(default_factory=list)
    partial: set[date] = field(default_factory=set)


def looked_of(node: CampaignNode, told: Told) -> Looked:
    """The logs behind the machines of `told_of` with days. One query."""
    rows = (
        Coverage.rows.filter(scan__node__campaign=node.campaign_id, time__in=("ok", "assumed_year"))
        .exclude(first=None)
        .exclude(last=None)
        .order_by()
        .values_list("scan__node", "scan__node__path", "name", "first", "last")
        .distinct()
    )
    reporters = {one for some in told.seen_by.values() for one in some}
    ends: dict[UUID, date] = {}
    spans: dict[tuple[UUID, str], set[tuple[date, date]]] = defaultdict(set)
    latest: dict[tuple[UUID, str], datetime] = {}
    for reporter, path, name, begin, end in rows.iterator(5000):
        assert end is not None
        last = timezone.localdate(end)
        ends[reporter] = max(last, ends.get(reporter, last))
        if reporter in reporters or path.startswith(node.path):
            spans[reporter, name].add((timezone.localdate(begin), last))
            latest[reporter, name] = max(end, latest.get((reporter, name), end))
    days, partial = {}, set()
    for place, some in spans.items():
        days[place] = _days_in(some)
        stop = timezone.localtime(latest[place])
        if stop.hour < EVENING or stop.date() >= timezone.localdate():
            partial.add(stop.date())
            days[place].discard(stop.date())
    whole = {day for some in days.values() for day in some}
    until = {
        device: max(ends[one] for one in some if one in ends)
        for device, some in told.seen_by.items()
        if not some.isdisjoint(ends)
    }
    places = [some for (reporter, _name), some in days.items() if reporter in reporters]
    return Looked(until, whole, places, partial - whole)


def _days_in(spans: Iterable[tuple[date, date]]) -> set[date]:
    return {
        begin + timedelta(days=n) for begin, last in spans for n in range(min((last - begin).days, 400) + 1)
    }


def figure_filter(name: str) -> Q | None:
    """The leading cases that a figure of `quetsach.machines.counting` counts; None for another name."""
    real = ~Q(state=State.FALSE_POSITIVE)
    shared, unlocated = Q(device__id_kind="shared"), Q(device__id_kind="unlocated")
    any_case = Case.rows.filter(merged_into=None).exclude(state=State.FALSE_POSITIVE)
    named = {
        "seen": real,
        "infected": real & ~shared & ~unlocated,
        "located": real & ~Q(device__id_kind__in=Device.BY_ADDRESS),
        "claimed": Q(state__in=(State.CLAIMED_CLEAN, State.RECHECKED, State.VERIFIED_CLEAN)),
        "rechecked": Q(state__in=(State.RECHECKED, State.VERIFIED_CLEAN)),
        "verified": Q(state=State.VERIFIED_CLEAN),
        "relapsed": real & Q(device__in=any_case.filter(came_back("events__")).values("device")),
        "reinfected": real & Q(device__in=any_case.filter(is_again()).values("device")),
        "unreachable": Q(device__in=_tried()),
        "false": Q(state=State.FALSE_POSITIVE),
        "shared": real & shared,
        "unlocated": real & unlocated,
    }
    return named.get(name)


def _tried() -> QuerySet[Case, Any]:
    """The machines that nobody could reach."""
    return Case.rows.filter(is_current=True, state__in=OPEN, unreachable_at__isnull=False).values("device")


def turns(node: CampaignNode) -> dict[str, int]:
    """Machines of a node and all below that came back, and addresses that are no known machine, by the names
    of `FIGURE_WORDS`. One query."""
    cases = Case.rows.filter(
        subtree(node.path, "device__owner__path"), device__campaign=node.campaign_id, merged_into=None
    ).exclude(state=State.FALSE_POSITIVE)
    of_kind = {
        kind: Count("device", distinct=True, filter=Q(is_current=True, device__id_kind=kind))
        for kind in ("shared", "unlocated")
    }
    found: dict[str, int] = cases.order_by().aggregate(
        **of_kind,
        relapsed=Count("device", distinct=True, filter=came_back("events__")),
        reinfected=Count("device", distinct=True, filter=is_again()),
    )
    return found
