"""The facts about the cases of an incident: the one place of this app that reads cases and machines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.flags import with_return
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, VictimReport
from quetsach.portal.cases.named import Named, names_of
from quetsach.portal.cases.rules import CHECK, Act, State
from quetsach.portal.cases.several import is_unfound
from quetsach.portal.cases.undone import work_that_holds
from quetsach.portal.incidents import leaving
from quetsach.portal.incidents.leaving import is_inside, leavings
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.units.models import subtree

MOST_CASES = 60
"""Cases of one incident or one notice; more would fill hundreds of pages."""
MOST_SIGNS = 5
"""Rows of evidence of one case on paper, those with most log lines."""
CLOSED = (State.VERIFIED_CLEAN.value, State.FALSE_POSITIVE.value)


def in_tree(node: CampaignNode) -> tuple[int, int, str]:
    """Sorts units in their order in the tree."""
    return node.depth, node.position, node.name


@dataclass
class CaseFacts:
    """One case: its rows of evidence, those with most lines first, the reports of others, and its acts."""

    case: Case
    signs: list[Sighting] = field(default_factory=list)
    more_signs: int = 0
    reports: list[VictimReport] = field(default_factory=list)
    events: list[CaseEvent] = field(default_factory=list)
    indicators: Counter[str] = field(default_factory=Counter)
    """The indicators of all its rows, by the number of log lines."""

    named: Named | None = None
    """The machine by the word of a person, where logs know only its address."""

    left_at: datetime | None = None
    """When the machine went to a unit outside that of the incident. All facts are those known until then, and
    `case` is a copy as it was (`leaving`)."""

    is_back_gone: bool = False
    """`Case.is_back_gone`: the signs after the handling stood in a file alone that was taken back."""

    @property
    def has_signs_again(self) -> bool:
        """Whether signs came after the handling, and nobody has handled the machine since."""
        return self.case.relapses > 0 and self.case.is_open and not self.is_back_gone

    @property
    def is_unfound(self) -> bool:
        """Whether the address stands for several machines, and nobody has found the machine yet."""
        return is_unfound(self.case)

    @property
    def machine(self) -> str:
        """The name of the machine, as its page shows it."""
        return self.case.device.key

    @property
    def host(self) -> str:
        """The name that it gives itself in the logs; empty if no log tells one."""
        return self.case.device.other_name

    @property
    def unit(self) -> CampaignNode | None:
        """The unit that has it; None if nobody knows."""
        device = self.case.device
        return device.owner if device.is_assigned else None

    @property
    def is_false(self) -> bool:
        """Whether it is a false alarm: its machine is in no number. Of a machine that went to another unit
        nobody here knows whether it still is one, so it counts."""
        return self.left_at is None and self.case.state == State.FALSE_POSITIVE

    @property
    def is_checked(self) -> bool:
        """Whether a check of the machine itself found signs."""
        own = (event for event in self.events if CaseEvent.MOVED not in event.data)
        return any(event.act == CHECK or "check" in event.data for event in own)

    @property
    def is_begun(self) -> bool:
        """Whether somebody has begun to work on the machine, and has not taken that back."""
        return self.case.state == State.CLEANING or any(one.act == Act.START for one in self._work)

    @property
    def is_claimed(self) -> bool:
        """Whether it was recorded as handled, and nobody has taken that back."""
        return self.case.claimed_at is not None or any(one.act == Act.CLAIM for one in self._work)

    @property
    def done(self) -> set[str]:
        """The kinds of handling that were recorded, without those that were taken back."""
        told = {str(one.data.get("done") or "") for one in self._work if one.act == Act.CLAIM}
        return (told | {self.case.done}) - {""}

    @cached_property
    def _work(self) -> list[CaseEvent]:
        return work_that_holds(self.events)


@dataclass
class AllFacts:
    """All cases of an incident together. False alarms are among `cases` and in no number."""

    cases: list[CaseFacts]

    @property
    def real(self) -> list[CaseFacts]:
        """The cases that are no false alarms."""
        return [one for one in self.cases if not one.is_false]

    @property
    def left(self) -> int:
        """The number of cases whose machines went to other units; their present state is not known here."""
        return sum(one.left_at is not None for one in self.cases)

    @property
    def false(self) -> int:
        """The number of false alarms."""
        return sum(one.is_false for one in self.cases)

    @property
    def indicators(self) -> list[str]:
        """The indicators, those with most log lines first."""
        told: Counter[str] = Counter()
        for one in self.real:
            told.update(one.indicators)
        return [name for name, _n in told.most_common()]

    @property
    def machines(self) -> int:
        """The number of different machines."""
        return len({one.case.device_id for one in self.real})

    @property
    def unfound(self) -> int:
        """How many of `machines` are addresses of several machines, of which nobody has found the machine."""
        found = {one.case.device_id for one in self.real if not one.is_unfound}
        return len({one.case.device_id for one in self.real if one.is_unfound} - found)

    @property
    def units(self) -> list[CampaignNode]:
        """The different units that are known to have a machine of it, in their order in the tree."""
        found = {one.unit.pk: one.unit for one in self.real if one.unit is not None}
        return sorted(found.values(), key=in_tree)

    @property
    def unplaced(self) -> int:
        """Machines whose unit nobody knows."""
        return len({one.case.device_id for one in self.real if one.unit is None})

    @property
    def families(self) -> list[str]:
        """The names of the malware, without the unnamed."""
        return sorted({one.case.family for one in self.real if one.case.family})

    @property
    def first_seen(self) -> datetime | None:
        return min((one.case.first_seen for one in self.real if one.case.first_seen), default=None)

    @property
    def last_seen(self) -> datetime | None:
        return max((one.case.last_seen for one in self.real if one.case.last_seen), default=None)

    @property
    def lines(self) -> int:
        return sum(one.case.count for one in self.real)

    @property
    def sources(self) -> list[str]:
        """The names of the log sources that saw the machines."""
        return sorted({sign.source_name for one in self.real for sign in one.signs if sign.source_name})

    @property
    def publishers(self) -> list[str]:
        """The publishers of reports about the machines."""
        return sorted({report.publisher for one in self.real for report in one.reports})

    @property
    def checked(self) -> int:
        """Machines in which a check found signs."""
        return len({one.case.device_id for one in self.real if one.is_checked})

    @property
    def begun(self) -> int:
        """The number of cases on whose machine somebody has begun to work."""
        return sum(one.is_begun for one in self.real)

    @property
    def claimed(self) -> int:
        """The number of cases that were recorded as handled."""
        return sum(one.is_claimed for one in self.real)

    @property
    def done(self) -> Counter[str]:
        """The kinds of handling that were recorded, by the number of cases."""
        return Counter(kind for one in self.real for kind in one.done)

    @property
    def states(self) -> Counter[str]:
        """The number of cases in each state, false alarms as well, without those that `left`."""
        return Counter(one.case.state for one in self.cases if one.left_at is None)


def open_cases(node: CampaignNode) -> QuerySet[Case]:
    """The open cases of the unit and of those below, the latest sign first."""
    inside = subtree(node.path, "device__owner__path")
    cases = Case.rows.filter(inside, device__campaign=node.campaign_id, is_current=True)
    return cases.exclude(state__in=CLOSED).select_related("device__owner").order_by("-last_seen", "pk")


def chosen_cases(user: User, node: CampaignNode, ids: Iterable[UUID]) -> list[Case]:
    """Those of the cases that the person may see and that lie within the unit, in the order of units."""
    seen = Case.objects.visible_to(user).filter(
        subtree(node.path, "device__owner__path"), device__campaign=node.campaign_id, pk__in=list(ids)
    )
    found = seen.select_related("device__owner", "device__campaign")
    return list(found.order_by("device__owner__path", "device__key", "family", "pk"))


def letters_of(home: CampaignNode, cases: Iterable[Case]) -> dict[CampaignNode | None, list[Case]]:
    """The letters of `home` about these cases: one to each other unit that has machines of them, so that no
    unit gets log lines of another one. Where no other unit is known to have one, a letter with all for the
    own office (None). A false alarm is nobody's work."""
    real = [case for case in cases if case.state != State.FALSE_POSITIVE]
    found: dict[CampaignNode, list[Case]] = {}
    for case in real:
        if case.device.is_assigned and case.device.owner_id != home.pk:
            found.setdefault(case.device.owner, []).append(case)
    if not found:
        return {None: real} if real else {}
    return {to: found[to] for to in sorted(found, key=in_tree)}


def _as_known_now(cases: Iterable[Case], home: CampaignNode) -> list[Case]:
    """The cases, each once; for a case that turned out to be another machine's, that machine's case. Where
    that machine is no machine of the home, the case stays: it is all that the home knows."""
    found = {case.pk: case for case in cases}
    ends: set[UUID] = set()
    while led := {
        case.pk: case.merged_into_id for case in found.values() if case.merged_into_id and case.pk not in ends
    }:
        heirs = Case.rows.select_related("device__owner", "device__campaign").in_bulk(set(led.values()))
        heirs = {pk: case for pk, case in heirs.items() if is_inside(case, home)}
        ends |= {pk for pk, into in led.items() if into not in heirs}
        found = {pk: case for pk, case in found.items() if pk not in led or pk in ends} | heirs
    return list(found.values())


def _shown(signs: Iterable[Sighting]) -> list[Sighting]:
    """The latest sign, and those with most log lines, the later first where they have as many."""
    latest = sorted(signs, key=lambda one: (one.last_seen is not None, one.last_seen, -one.pk), reverse=True)
    most = sorted(latest[1:], key=lambda sign: -sign.count)[: MOST_SIGNS - 1]
    return sorted((*latest[:1], *most), key=lambda sign: -sign.count)


def facts_of(cases: Iterable[Case], home: CampaignNode, since: datetime) -> AllFacts:
    """The facts about these cases that the unit `home` may know, in three queries; one more where machines
    were joined since, where people said which machine has an address, and where signs came back; two where a
    machine went to another unit. Each case has its machine and the machine's owner. The home had all machines
    at `since`."""
    by_id = {case.pk: CaseFacts(case) for case in _as_known_now(cases, home)}
    for pk, word in names_of([one.case for one in by_id.values()]).items():
        by_id[pk].named = word
    if back := [pk for pk, one in by_id.items() if one.case.relapses and one.case.is_open]:
        for case in with_return(Case.rows.filter(pk__in=back)):
            by_id[case.pk].is_back_gone = case.is_back_gone
    gone = [
        one.case for one in by_id.values()
        if not is_inside(one.case, home) or one.case.merged_into_id is not None
    ]  # fmt: skip
    left = leavings(gone, home, since) if gone else {}
    rows: dict[UUID, list[Sighting]] = defaultdict(list)
    links: Any = CaseSighting.rows.filter(case__in=by_id).select_related("sighting")
    for link in links:
        own = link.own_part()  # the rest of the row is of other machines
        rows[link.case_id].append(own)
    reports: Any = VictimReport.rows.filter(case__in=by_id).order_by("-last_seen", "-pk")
    for report in reports:
        if report.case_id is not None:
            by_id[report.case_id].reports.append(report)
    for event in CaseEvent.rows.filter(case__in=by_id).select_related("by").order_by("at", "pk"):
        by_id[event.case_id].events.append(event)
    for case in gone:
        rows[case.pk] = _until_it_left(by_id[case.pk], left[case.device_id], rows[case.pk])
    for case_id, one in by_id.items():
        one.indicators = leaving.indicators_of(rows[case_id])
        one.signs = _shown(rows[case_id])
        one.more_signs = len(rows[case_id]) - len(one.signs)
        one.reports = one.reports[:MOST_SIGNS]
    return AllFacts(list(by_id.values()))


def _until_it_left(one: CaseFacts, left: leaving.Left, signs: list[Sighting]) -> list[Sighting]:
    """Take from the facts what became known after the machine left; its rows of evidence until then."""
    signs = leaving.known_signs(signs, left.at)
    one.reports = [report for report in one.reports if report.received_at <= left.at]
    one.events = leaving.events_until(one.events, left.at)
    one.case, one.named = leaving.case_then(one.case, left, one.events, signs, one.reports)
    one.left_at, one.is_back_gone = left.at, False
    return signs
