"""The facts about the cases of an incident: the one place of this app that reads cases and machines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.flags import with_return
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, VictimReport
from quetsach.portal.cases.named import Named, names_of
from quetsach.portal.cases.rules import Act, State
from quetsach.portal.cases.several import is_unfound
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.units.models import subtree

MOST_CASES = 60
"""Cases of one incident or one notice; more would fill hundreds of pages."""
MOST_SIGNS = 5
"""Rows of evidence of one case on paper, those with most log lines."""
CLOSED = (State.VERIFIED_CLEAN.value, State.FALSE_POSITIVE.value)


@dataclass
class CaseFacts:
    """One case: its rows of evidence, those with most lines first, the reports of others, and its acts."""

    case: Case
    signs: list[Sighting] = field(default_factory=list)
    more_signs: int = 0
    reports: list[VictimReport] = field(default_factory=list)
    events: list[CaseEvent] = field(default_factory=list)
    named: Named | None = None
    """The machine by the word of a person, where logs know only its address."""

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
    def is_checked(self) -> bool:
        """Whether a check of the machine itself found signs."""
        return any(event.act == "check" or "check" in event.data for event in self.events)


@dataclass
class AllFacts:
    """All cases of an incident together."""

    cases: list[CaseFacts]
    indicators: list[str]

    @property
    def machines(self) -> int:
        """The number of different machines."""
        return len({one.case.device_id for one in self.cases})

    @property
    def unfound(self) -> int:
        """How many of `machines` are addresses of several machines, of which nobody has found the machine."""
        found = {one.case.device_id for one in self.cases if not one.is_unfound}
        return len({one.case.device_id for one in self.cases if one.is_unfound} - found)

    @property
    def units(self) -> list[CampaignNode]:
        """The different units that are known to have a machine of it, in their order in the tree."""
        found = {one.unit.pk: one.unit for one in self.cases if one.unit is not None}
        return sorted(found.values(), key=lambda node: (node.depth, node.position, node.name))

    @property
    def unplaced(self) -> int:
        """Machines whose unit nobody knows."""
        return len({one.case.device_id for one in self.cases if one.unit is None})

    @property
    def families(self) -> list[str]:
        """The names of the malware, without the unnamed."""
        return sorted({one.case.family for one in self.cases if one.case.family})

    @property
    def first_seen(self) -> datetime | None:
        return min((one.case.first_seen for one in self.cases if one.case.first_seen), default=None)

    @property
    def last_seen(self) -> datetime | None:
        return max((one.case.last_seen for one in self.cases if one.case.last_seen), default=None)

    @property
    def lines(self) -> int:
        return sum(one.case.count for one in self.cases)

    @property
    def sources(self) -> list[str]:
        """The names of the log sources that saw the machines."""
        return sorted({sign.source_name for one in self.cases for sign in one.signs if sign.source_name})

    @property
    def publishers(self) -> list[str]:
        """The publishers of reports about the machines."""
        return sorted({report.publisher for one in self.cases for report in one.reports})

    @property
    def checked(self) -> int:
        """Machines in which a check found signs."""
        return len({one.case.device_id for one in self.cases if one.is_checked})

    def acted(self, act: Act) -> int:
        """The number of cases with that act since their beginning."""
        return sum(any(event.act == act for event in one.events) for one in self.cases)

    @property
    def done(self) -> Counter[str]:
        """The kinds of cleaning that were recorded, by the number of cases."""
        kinds = [{event.data.get("done") for event in one.events} for one in self.cases]
        return Counter(kind for some in kinds for kind in some if isinstance(kind, str) and kind)

    @property
    def states(self) -> Counter[str]:
        """The number of cases in each state."""
        return Counter(one.case.state for one in self.cases)


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


def _as_known_now(cases: Iterable[Case]) -> list[Case]:
    """The cases, each once; for a case that turned out to be another machine's, that machine's case."""
    found = {case.pk: case for case in cases}
    while led := {case.pk: case.merged_into_id for case in found.values() if case.merged_into_id}:
        heirs = Case.rows.select_related("device__owner", "device__campaign").in_bulk(set(led.values()))
        found = {pk: case for pk, case in found.items() if pk not in led} | heirs
    return list(found.values())


def _shown(signs: Iterable[Sighting]) -> list[Sighting]:
    """The latest sign, and those with most log lines, the later first where they have as many."""
    latest = sorted(signs, key=lambda one: (one.last_seen is not None, one.last_seen, -one.pk), reverse=True)
    most = sorted(latest[1:], key=lambda sign: -sign.count)[: MOST_SIGNS - 1]
    return sorted((*latest[:1], *most), key=lambda sign: -sign.count)


def facts_of(cases: Iterable[Case]) -> AllFacts:
    """The facts about these cases, in three queries; one more where machines were joined since, where people
    said which machine has an address, and where signs came back. Each case has its machine and the machine's
    owner."""
    by_id = {case.pk: CaseFacts(case) for case in _as_known_now(cases)}
    for pk, word in names_of([one.case for one in by_id.values()]).items():
        by_id[pk].named = word
    if back := [pk for pk, one in by_id.items() if one.case.relapses and one.case.is_open]:
        for case in with_return(Case.rows.filter(pk__in=back)):
            by_id[case.pk].is_back_gone = case.is_back_gone
    indicators: Counter[str] = Counter()
    rows: dict[UUID, list[Sighting]] = defaultdict(list)
    links: Any = CaseSighting.rows.filter(case__in=by_id).select_related("sighting")
    for link in links:
        own = link.own_part()  # the rest of the row is of other machines
        rows[link.case_id].append(own)
        indicators[own.indicator] += own.count
    for case_id, signs in rows.items():
        by_id[case_id].signs = _shown(signs)
        by_id[case_id].more_signs = len(signs) - len(by_id[case_id].signs)
    reports: Any = VictimReport.rows.filter(case__in=by_id).order_by("-last_seen", "-pk")
    for report in reports:
        if report.case_id is not None and len(by_id[report.case_id].reports) < MOST_SIGNS:
            by_id[report.case_id].reports.append(report)
    for event in CaseEvent.rows.filter(case__in=by_id).order_by("at", "pk"):
        by_id[event.case_id].events.append(event)
    return AllFacts(list(by_id.values()), [name for name, _n in indicators.most_common()])
