"""The machines of a unit and below: numbers by word and branch, and a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.lists import Pages, Tally, added, by_unit, there
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.rules import RANK, State, Word, word
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.reports.rollup.sums import Line, Place
from quetsach.portal.units.models import SEGMENT, Span, inside, span_of

MOST_LISTED = 20
WORDS = (
    (Word.SIGNS, "bad", _("signs found")),
    (Word.BUSY, "busy", _("being handled")),
    (Word.UNSURE, "unsure", _("cannot tell yet")),
    (Word.CLEAN, "ok", _("clean")),
)
"""Word, shape, and officers' words. False alarms do not count as machines with signs and are left out."""


@dataclass(frozen=True)
class BranchMachines:
    """Machines of one branch by word, each once, in the order of WORDS."""

    node: Place
    counts: list[int]
    is_own: bool = False

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def cells(self) -> list[tuple[object, str, int]]:
        """Officers' words, the figure's name, and the count."""
        return _cells(self.counts)


@dataclass(frozen=True)
class MachineTable:
    """The node's own machines first, then each branch that has any, as of `as_of`."""

    rows: list[BranchMachines]
    totals: list[int]
    as_of: datetime
    least: int = 0
    """Of the total those that cannot be one and the same."""

    @property
    def total(self) -> int:
        return sum(self.totals)

    @property
    def cells(self) -> list[tuple[object, str, int]]:
        """Officers' words, the figure's name, and the count over all rows."""
        return _cells(self.totals)


def _cells(counts: list[int]) -> list[tuple[object, str, int]]:
    return [(text, f"machines.{name}", n) for (name, _shape, text), n in zip(WORDS, counts, strict=True)]


@dataclass(frozen=True)
class Machine:
    """One case in the list."""

    case: Case
    shape: str
    word: object


def by_branch(node: CampaignNode, children: Iterable[Line]) -> MachineTable:
    """The number of machines by word and branch. Two queries; with the time rules of the case pages."""
    now = timezone.now()
    units = by_unit(node, now)
    span = span_of(node.path)
    paths = dict(_paths(node.campaign_id, span)) if units else {}
    branches: dict[str, list[Tally]] = defaultdict(list)
    for unit, told in units.items():
        branches[paths[unit][: len(node.path) + SEGMENT]].append(told)
    counts = {path: added(some).words for path, some in branches.items()}
    own = Place(node.pk, node.name, node.path, node.depth)
    places = [own, *(line.node for line in children)]
    rows = [
        BranchMachines(
            place, [counts[place.path][name] for name, _shape, _text in WORDS], place.pk == node.pk
        )
        for place in places
        if place.path in counts
    ]
    rows = [row for row in rows if row.total]
    totals = [sum(column) for column in zip(*(row.counts for row in rows), strict=True)]
    return MachineTable(rows, totals, now, added(units.values()).interval.least if rows else 0)


@compiled
def _paths(campaign_id: UUID, span: Span) -> QuerySet[CampaignNode, tuple[UUID, str]]:
    rows = CampaignNode.rows.filter(inside(span), campaign=campaign_id).order_by()
    return rows.values_list("pk", "path")


def listed(node: CampaignNode) -> tuple[list[Machine], int]:
    """At most 20 machines of a unit and below, those that need an act first, and the number of all."""
    now = timezone.now()
    shown = {name: (shape, text) for name, shape, text in WORDS}
    machines = there(node, below=True).filter(lead_rank__lt=RANK[State.FALSE_POSITIVE])
    pages = Pages(machines, MOST_LISTED)
    found = []
    for case in pages.page(1):
        shape, text = shown[word(State(case.state), case.claimed_at, node.campaign.quiet_days, now)]
        found.append(Machine(case, shape, text))
    return found, pages.count
