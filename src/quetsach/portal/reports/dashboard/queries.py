"""Reads of the progress page: each unit directly below with the sums of its branch, and the history by day.

The number of queries does not depend on the size of the tree. Units are ranked by their finished work, never
by how many machines show signs.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Substr, TruncDate
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from quetsach.portal.campaigns.models import Acknowledgement, CampaignNode, Headcount, Participation
from quetsach.portal.campaigns.queries import known_by_file, overtaken
from quetsach.portal.cases.queries import Watched, watched
from quetsach.portal.reports.arrived_files import FILE, shown_state
from quetsach.portal.reports.queries import active, form_of
from quetsach.portal.reports.rollup.machines import MachineTable, by_branch
from quetsach.portal.reports.rollup.queries import branch_sums, line_of
from quetsach.portal.reports.rollup.snapshots import Snapshots, are_many
from quetsach.portal.reports.rollup.sums import Line, Place
from quetsach.portal.units.models import SEGMENT, subtree

MOST_DAYS = 60
"""Days in the chart over time; a longer campaign shows its last 60 days."""


@dataclass(frozen=True)
class Branch:
    """A unit directly below with all units under it. `done` is None if nobody in the branch counted people.

    `units` counts the unit itself; `staff` is the number in the tree, None if the tree has none. `by_file` of
    the units have told their people in a file alone: `done` leaves them out, `staff_by_file` are their staff.
    """

    node: CampaignNode
    line: Line
    acknowledged_at: datetime | None
    deployed_at: datetime | None
    units: int
    acknowledged: int
    deployed: int
    staff: int | None
    informed: int | None
    done: int | None
    signs: int
    machines: int
    is_by_file: bool = False
    """Whether the unit's counting report was taken from a file on its behalf."""
    by_file: int = 0
    staff_by_file: int = 0

    @property
    def share(self) -> float | None:
        """The share of people who are done, 0 to 1; None if it is unknown."""
        whole = self.whole
        return None if self.done is None or not whole else min(self.done / whole, 1.0)

    @property
    def whole(self) -> int | None:
        """The denominator of `share`: the people of the branch whom `done` is about, or those informed."""
        return (self.staff or 0) - self.staff_by_file or self.informed

    @property
    def coverage(self) -> tuple[float, float, float]:
        """The key by which units are ranked."""
        return (self.share or 0.0, self.deployed / self.units, self.acknowledged / self.units)

    @property
    def is_active(self) -> bool:
        """Whether the unit on top of the branch takes part."""
        return self.node.state == CampaignNode.State.ACTIVE

    @property
    def owes_report(self) -> bool:
        """Whether the unit on top of the branch takes part and must report itself."""
        return self.is_active and self.node.expected

    @property
    def lacks_report(self) -> bool:
        """Whether the unit on top has to send its report still."""
        has_sent = self.line.own is not None or self.line.report_state in {"submitted", FILE}
        return self.owes_report and not has_sent

    @property
    def is_owing(self) -> bool:
        """Whether the unit on top itself has open work: `audiences.ANYTHING`, of a branch that was read."""
        lacks_act = self.acknowledged_at is None or self.deployed_at is None
        return self.is_active and (lacks_act or self.lacks_report)

    @property
    def is_finished(self) -> bool:
        """Whether the whole branch has no open work."""
        accepted = (self.line.own is not None or not self.owes_report) and not self.line.missing_below
        return accepted and self.acknowledged == self.deployed == self.units


@dataclass(frozen=True)
class DayCount:
    """The numbers of units that had acknowledged and had carried the campaign out by the end of a day."""

    day: date
    acknowledged: int
    deployed: int


@dataclass(frozen=True)
class Overview:
    """The data of one node's progress page, as of `as_of`."""

    node: CampaignNode
    as_of: datetime
    branches: tuple[Branch, ...]
    days: tuple[DayCount, ...]
    machines: MachineTable
    watched: Watched

    @property
    def units(self) -> int:
        """Units strictly below."""
        return sum(branch.units for branch in self.branches)

    @property
    def machines_below(self) -> int:
        """Machines of the units strictly below in which signs were seen, without the unit's own."""
        return sum(branch.machines for branch in self.branches)

    @property
    def expected(self) -> int:
        """Units strictly below that must report."""
        return sum(branch.line.expected for branch in self.branches)

    @property
    def accepted(self) -> int:
        """Units strictly below that count."""
        return sum(branch.line.accepted for branch in self.branches)

    @property
    def with_file(self) -> int:
        """Units directly below of which a file waits on the desk."""
        return sum(branch.line.report_state == FILE for branch in self.branches)

    @property
    def acknowledged(self) -> int:
        return sum(branch.acknowledged for branch in self.branches)

    @property
    def deployed(self) -> int:
        return sum(branch.deployed for branch in self.branches)

    @property
    def by_file(self) -> int:
        """Units strictly below whose people are known from a file alone."""
        return sum(branch.by_file for branch in self.branches)

    @property
    def counted(self) -> tuple[Branch, ...]:
        """Branches in which somebody has counted people."""
        return tuple(branch for branch in self.branches if branch.done is not None)


def page_overview(node: CampaignNode) -> Overview:
    """The progress of everything below `node` for a page; of a large tree it may be some seconds old."""
    return overview_snapshots.of(node)[1]


def overview(node: CampaignNode) -> Overview:
    """The progress of everything below `node`."""
    as_of, below = timezone.now(), _lines(node)
    machines = by_branch(node, [line for _child, line, _row in below])
    return Overview(
        node=node,
        as_of=as_of,
        branches=_branches(node, below, machines),
        days=days(node),
        machines=machines,
        watched=watched(node, below=True),
    )


overview_snapshots: Snapshots[Overview] = Snapshots(
    overview, lambda seen: are_many(tuple(branch.line for branch in seen.branches))
)


def _lines(node: CampaignNode) -> list[tuple[CampaignNode, Line, dict[str, Any]]]:
    """Each unit directly below, its line, and the sums of its whole branch. Two queries."""
    if not node.has_below:
        return []
    form = form_of(node)
    sums = branch_sums(
        node,
        form,
        active=Count("pk", filter=active()),
        acknowledged=Count("acknowledgement", filter=active()),
        deployed=Count("participation", filter=active()),
        staff=Sum("staff_count", filter=active()),
        by_file=Count("pk", filter=active() & known_by_file()),
        staff_by_file=Sum("staff_count", filter=active() & known_by_file()),
    )
    children: Any = CampaignNode.rows.filter(parent=node).select_related("acknowledgement", "participation")
    annotated = children.annotate(
        report_state=shown_state(),
        counts=F("report__accepted__counts"),
        is_by_file=F("report__accepted__on_behalf"),
    )
    found = []
    for child in annotated.order_by("position", "name"):
        place = Place(child.pk, child.name, child.path, child.depth, child.report_state)
        row = sums[child.path]
        line = line_of(place, child.state, child.expected, child.counts, row, form)
        if line is not None:
            found.append((child, line, row | {"is_by_file": bool(child.is_by_file)}))
    return found


def _branches(
    node: CampaignNode, below: list[tuple[CampaignNode, Line, dict[str, Any]]], machines: MachineTable
) -> tuple[Branch, ...]:
    """The units directly below, in the order of finished work."""
    people = _people(node) if below else {}
    cases = {row.node.pk: row for row in machines.rows}
    found = []
    for child, line, row in below:
        counted, case = people.get(child.path, {}), cases.get(child.pk)
        found.append(
            Branch(
                node=child,
                line=line,
                acknowledged_at=_at(child, "acknowledgement"),
                deployed_at=_at(child, "participation"),
                units=row["active"],
                acknowledged=row["acknowledged"],
                deployed=row["deployed"],
                staff=row["staff"],
                informed=counted.get(Headcount.Kind.INFORMED),
                done=counted.get(Headcount.Kind.DONE),
                signs=case.counts[0] if case else 0,
                machines=case.total if case else 0,
                is_by_file=row["is_by_file"],
                by_file=row["by_file"],
                staff_by_file=row["staff_by_file"] or 0,
            )
        )
    return tuple(sorted(found, key=lambda b: ([-part for part in b.coverage], b.node.position, b.node.name)))


class _LocalDay(TruncDate):
    """The local day of a moment. On SQLite Django's own calls Python for each row: 57,000 for a country."""

    def as_sqlite(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,  # noqa: ARG002 -- as Django calls it
        **_context: Any,
    ) -> tuple[str, tuple[Any, ...]]:
        sql, values = compiler.compile(self.lhs)
        shift = timezone.localtime().utcoffset() or timedelta()  # always the same: Vietnam has no summer time
        return f"date({sql}, %s)", (*values, f"{shift.total_seconds():+.0f} seconds")


def days(node: CampaignNode) -> tuple[DayCount, ...]:
    """The units below that had acknowledged and carried out, day by day from the publishing until today."""
    start, today = node.campaign.published_at, timezone.localdate()
    if start is None:
        return ()
    first = timezone.localdate(start)
    span = [first + timedelta(days=n) for n in range((today - first).days + 1)] or [today]
    rows = _by_day(Acknowledgement, node).union(_by_day(Participation, node), all=True)
    counts, found = [], list(rows)
    for model in (Acknowledgement, Participation):
        by_day = {day: n for name, day, n in found if name == model.__name__}
        before = sum(n for day, n in by_day.items() if day < span[0])
        counts.append(list(accumulate((by_day.get(day, 0) for day in span), initial=before))[1:])
    return tuple(map(DayCount, span, *counts))[-MOST_DAYS:]


def _by_day(model: type[Acknowledgement | Participation], node: CampaignNode) -> QuerySet[Any, Any]:
    """Name of the model, day, and the number of units strictly below that acted on it."""
    acts = model.rows.filter(
        subtree(node.path, "node__path"),
        node__campaign=node.campaign_id,
        node__state=CampaignNode.State.ACTIVE,
    ).exclude(node=node)
    named = acts.annotate(name=Value(model.__name__), day=_LocalDay("at")).values_list("name", "day")
    return named.annotate(n=Count("pk")).order_by()


def _at(node: CampaignNode, name: str) -> datetime | None:
    row: Acknowledgement | Participation | None = getattr(node, name, None)
    return row.at if row is not None else None


def _people(node: CampaignNode) -> dict[str, dict[str, int]]:
    """By path of each branch: its latest headcounts by kind. Kinds that nobody counted are left out, and so
    are counts that are older than the unit's report from a file."""
    newer = Headcount.rows.filter(
        Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")),
        node=OuterRef("node"),
        kind=OuterRef("kind"),
    )
    rows = Headcount.rows.exclude(overtaken()).filter(
        ~Exists(newer),
        subtree(node.path, "node__path"),
        node__campaign=node.campaign_id,
        node__state=CampaignNode.State.ACTIVE,
    )
    branch = Substr("node__path", 1, len(node.path) + SEGMENT)
    counts = rows.order_by().annotate(branch=branch).values_list("branch", "kind").annotate(n=Sum("count"))
    sums: dict[str, dict[str, int]] = defaultdict(dict)
    for path, kind, count in counts:
        sums[path][kind] = count
    return sums
