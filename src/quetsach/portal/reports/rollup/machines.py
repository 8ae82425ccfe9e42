"""The machines of a unit and below: numbers by word and branch, and a list."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case as Case_
from django.db.models import Count, Q, QuerySet, When
from django.db.models.functions import Substr
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.queries import interval, leading, machines_of
from quetsach.portal.cases.rules import State, Word, word
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
_TIMED = (State.CLAIMED_CLEAN, State.RECHECKED)


@dataclass(frozen=True)
class BranchMachines:
    """Cases of one branch by word, in the order of WORDS."""

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
    counts: dict[str, Counter[Word]] = defaultdict(Counter)
    grouped = _by_branch(node.campaign_id, span_of(node.path), len(node.path) + SEGMENT)
    for branch, state, claimed_at, n in grouped:
        counts[branch][_word(node, state, claimed_at, now)] += n
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
    return MachineTable(rows, totals, now, interval(node).least if rows else 0)


@compiled
def _by_branch(campaign_id: UUID, span: Span, length: int) -> QuerySet[Case, Any]:
    """Numbers by branch (the first `length` characters of the path), by state, and by time of the claim."""
    inner = Q(inside(span, "device__owner__path"), device__campaign=campaign_id, is_current=True)
    cases = (
        leading(Case.rows.filter(inner)).order_by().annotate(branch=Substr("device__owner__path", 1, length))
    )
    # Only these two states depend on time; each other state is one group for any time of the claim.
    claimed = Case_(When(state__in=_TIMED, then="claimed_at"), default=None)
    return cases.annotate(since=claimed).values_list("branch", "state", "since").annotate(n=Count("pk"))


def listed(node: CampaignNode) -> tuple[list[Machine], int]:
    """At most 20 machines of a unit and below, those that need an act first, and the number of all."""
    now = timezone.now()
    shown = {name: (shape, text) for name, shape, text in WORDS}
    cases = machines_of(node, below=True).exclude(state=State.FALSE_POSITIVE)
    found = []
    for case in cases[:MOST_LISTED]:
        shape, text = shown[_word(node, case.state, case.claimed_at, now)]
        found.append(Machine(case, shape, text))
    return found, len(found) if len(found) < MOST_LISTED else cases.count()


def _word(node: CampaignNode, state: str, claimed_at: datetime | None, now: datetime) -> Word:
    return word(State(state), claimed_at, node.campaign.quiet_days, now)
