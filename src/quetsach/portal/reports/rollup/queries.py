"""Reads of the roll-up: sums of every branch, missing units, and changes since a report was sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    Aggregate,
    BigIntegerField,
    Count,
    F,
    Func,
    Q,
    QuerySet,
    Sum,
)
from django.db.models.functions import Substr
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from quetsach.annexes.form.definition import Form
from quetsach.annexes.form.figures import ZERO, Figures
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.reports.arrived_files import shown_state
from quetsach.portal.reports.models import Report, ReportComponent
from quetsach.portal.reports.queries import active, entered, form_of, report_of
from quetsach.portal.reports.rollup.sums import Line, Place, RollUp
from quetsach.portal.units.models import SEGMENT, Span, inside, span_of, subtree

_PLACE = ("pk", "name", "path", "depth", "came")
"""The columns of a place; `came` is `arrived_files.shown_state`."""
MOST_NAMED = 60
"""Missing units that a page names; files name all of them."""


class CountIn(Func):
    """One count from a JSON object, as a number, in the fast form of either database."""

    output_field = BigIntegerField()
    arity = 1

    def __init__(self, field: str, row: str, **extra: Any) -> None:
        if not row.isalnum():
            raise ValueError(row)
        super().__init__(F(field), row=row, **extra)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="JSON_EXTRACT(%(expressions)s, '$.%(row)s')", **context
        )

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        template = "((%(expressions)s)->>'%(row)s')::bigint"
        return self.as_sql(compiler, connection, template=template, **context)


def expected(prefix: str = "") -> Q:
    """Nodes that must report."""
    return active(prefix) & Q((f"{prefix}expected", True))


def _place(row: Iterable[Any]) -> Place:
    pk, name, path, depth, state = row
    return Place(pk, name, path, depth, state or "none")


def _sums(form: Form) -> dict[str, Sum]:
    return {f"sum_{row}": Sum(CountIn("accepted__counts", row)) for row in form.keys}


def _figures(form: Form, row: dict[str, Any]) -> Figures:
    return Figures({key: row[f"sum_{key}"] or 0 for key in form.keys})


def _counting(node: CampaignNode) -> Any:
    """Counting reports at the node and below."""
    return Report.rows.filter(
        subtree(node.path, "node__path"), active("node__"), node__campaign_id=node.campaign_id
    ).exclude(accepted=None)


def branch_sums(node: CampaignNode, form: Form, **more: Aggregate) -> dict[str, dict[str, Any]]:
    """By path of each branch directly below: its sums, and its numbers of units that must report, count, and
    came in time.

    `more` are further sums over the branch's nodes, in the same query.
    """
    length = len(node.path) + SEGMENT
    asked = (node.campaign_id, node.path, span_of(node.path), length, frozenset(form.keys))
    rows: Any = _branches.built(*asked).annotate(**more) if more else _branches(*asked)
    return {row["branch"]: row for row in rows}


@compiled
def _branches(campaign_id: UUID, path: str, span: Span, length: int, rows: frozenset[str]) -> Any:
    """The sums of `rows` by branch: nodes whose paths share the first `length` characters."""
    counts = {
        f"sum_{row}": Sum(CountIn("report__accepted__counts", row), filter=active()) for row in sorted(rows)
    }
    return (
        CampaignNode.rows.filter(inside(span), campaign=campaign_id)
        .exclude(path=path)
        .annotate(branch=Substr("path", 1, length))
        .values("branch")
        .annotate(
            reporting=Count("pk", filter=expected()),
            units=Count("report__accepted", filter=expected()),
            present=Count("report__accepted", filter=active()),
            on_time=Count(
                "pk", filter=expected() & Q(report__is_on_time=True, report__accepted__isnull=False)
            ),
            **counts,
        )
        .order_by()
    )


def total_of(node: CampaignNode, form: Form) -> tuple[Figures, int]:
    """The sum of a node and all below in one query, and the number of units in it."""
    row = _counting(node).aggregate(units=Count("pk"), **_sums(form))
    return _figures(form, row), row["units"]


def lines(node: CampaignNode) -> tuple[Line, ...]:
    """One line for each unit directly below, in the order of the tree. Two queries at any size."""
    if not node.has_below:
        return ()
    form = form_of(node)
    branches = branch_sums(node, form)
    if not branches:
        return ()
    found = []
    for *place_row, state, is_expected, counts in _children(node.pk):
        place = _place(place_row)
        found.append(line_of(place, state, is_expected, counts, branches[place.path], form))
    return tuple(line for line in found if line is not None)


@compiled
def _children(node_id: UUID) -> QuerySet[CampaignNode, Any]:
    children = CampaignNode.rows.filter(parent=node_id).order_by("position", "name")
    return children.annotate(came=shown_state()).values_list(
        *_PLACE, "state", "expected", "report__accepted__counts"
    )


def line_of(
    place: Place, state: str, is_expected: bool, counts: Any, row: dict[str, Any], form: Form
) -> Line | None:
    """The line of a unit directly below, from its row of `branch_sums`; None if no node of it takes part now.

    `state` and `is_expected` are those of the unit's node, `counts` are the counts of its accepted report.
    """
    is_active = state == CampaignNode.State.ACTIVE
    must = is_active and is_expected
    if not is_active and not row["reporting"] and not row["present"]:
        return None
    own = Figures(counts).over(form.keys) if counts and is_active else None
    below = row["reporting"] - must
    missing = below - (row["units"] - (own is not None and must))
    sums = _figures(form, row)
    return Line(place, own, sums, place.state, missing, below, row["on_time"], is_expected=must)


def missing_below(node: CampaignNode) -> tuple[Place, ...]:
    """Units strictly below without an accepted report, in the order of units, level by level."""
    return tuple(map(_place, _missing_below(node.campaign_id, node.path, span_of(node.path))))


def first_missing_below(node: CampaignNode, *, is_large: bool) -> tuple[Place, ...]:
    """The first MOST_NAMED missing units; of a large tree branch by branch, to sort no whole country."""
    rows = _missing_below(node.campaign_id, node.path, span_of(node.path), is_first=True, by_path=is_large)
    return tuple(map(_place, rows))


@compiled
def _missing_below(
    campaign_id: UUID, path: str, span: Span, *, is_first: bool = False, by_path: bool = False
) -> QuerySet[CampaignNode, Any]:
    below = CampaignNode.rows.filter(inside(span), campaign=campaign_id).exclude(path=path)
    rows = below.filter(expected(), report__accepted=None).annotate(came=shown_state()).values_list(*_PLACE)
    rows = rows.order_by("path") if by_path else rows.order_by("depth", "position", "name")
    return rows[:MOST_NAMED] if is_first else rows


def proposals_below(node: CampaignNode) -> tuple[tuple[Place, str], ...]:
    """The proposals of the unit and those below, from their accepted reports, in the order of the tree."""
    rows = (
        _counting(node)
        .exclude(accepted__proposals="")
        .order_by("node__depth", "node__position", "node__name")
        .values_list("node_id", "node__name", "node__path", "node__depth", "state", "accepted__proposals")
    )
    return tuple((_place(place), text) for *place, text in rows)


def roll_up(node: CampaignNode) -> RollUp:
    """The present sum of the node and everything below. Four queries at any size of the tree."""
    children = lines(node)
    missing = missing_below(node) if any(line.missing for line in children) else ()
    return rolled_up(node, report_of(node), children, timezone.now(), missing)


def rolled_up(
    node: CampaignNode,
    report: Report | None,
    children: tuple[Line, ...],
    as_of: datetime,
    missing: tuple[Place, ...] = (),
) -> RollUp:
    """The roll-up of a node from its report and the lines below it, as of `as_of`.

    `missing` are the missing units to name; all are counted.
    """
    form = form_of(node)
    is_counted = report is not None and report.node.state == CampaignNode.State.ACTIVE
    own = report.accepted.counted.over(form.keys) if report and report.accepted and is_counted else None
    below = sum((line.total for line in children), form.zero)
    absent = sum(line.missing for line in children)
    expected_units = sum(line.expected for line in children)
    shown = (report.accepted or report.current) if report else None
    state = report.state if report else "none"
    return RollUp(
        node=Place(node.pk, node.name, node.path, node.depth, state),
        as_of=as_of,
        own=own,
        children=children,
        children_total=below,
        total=(own or form.zero) + below,
        missing=missing,
        missing_count=absent,
        accepted=expected_units - absent,
        expected=expected_units,
        narrative=shown.narrative if shown else "",
        entered=entered(report, form),
        report_state=state,
    )


def drifted(report: Report, children: Sequence[Line]) -> list[tuple[Line, Figures | None]]:
    """Units whose branch has another sum now than in the last submission, with that earlier sum; None where
    the branch had no accepted report then, which is not zero."""
    if report.current_id is None:
        return []
    then: dict[UUID, Figures] = {}
    had_own = set()
    for node, counts, revision in _components(report.current_id):
        then[node] = Figures(counts)
        if revision is not None or any(then[node].values()):
            had_own.add(node)
    found: list[tuple[Line, Figures | None]] = []
    for line in children:
        before = then.get(line.node.pk, ZERO)
        if before != line.total:
            found.append((line, before.over(line.total) if line.node.pk in had_own else None))
    return found


@compiled
def _components(revision_id: UUID) -> QuerySet[ReportComponent, Any]:
    return (
        ReportComponent.rows.filter(revision=revision_id)
        .order_by()
        .values_list("node", "counts", "node_revision")
    )
