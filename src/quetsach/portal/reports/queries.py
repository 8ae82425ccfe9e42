"""Reads of the reports: the roll-up, what it is made of, and what waits."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from statistics import median
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Substr
from django.utils import timezone

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.queries import known_figures
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.reports.annex import Entry, read_entry
from quetsach.portal.reports.models import Report, ReportComponent, ReportEvent
from quetsach.portal.reports.rollup import ROWS, ZERO, Figures, Line, Place, RollUp
from quetsach.portal.units.models import path_segment, subtree
from quetsach.portal.units.roles import Verb, fits

_SEGMENT = len(path_segment(CampaignNode().pk))
_FEW = 3  # below that, a median of siblings says nothing
_PLACE = ("pk", "name", "path", "depth", "report__state")


def _below(node: CampaignNode) -> Q:
    """All nodes strictly below, of the same campaign."""
    return Q(campaign_id=node.campaign_id) & subtree(node.path) & ~Q(path=node.path)


def _place(row: Iterable[Any]) -> Place:
    pk, name, path, depth, state = row
    return Place(pk, name, path, depth, state or "none")


def _counted(node: CampaignNode) -> dict[str, tuple[Figures, int]]:
    """The path of each branch directly below: its sum, and how many of its units count."""
    sums: Any = (
        Report.rows.filter(subtree(node.path, "node__path"), node__campaign_id=node.campaign_id)
        .exclude(accepted=None)
        .exclude(node__path=node.path)
        .annotate(branch=Substr("node__path", 1, len(node.path) + _SEGMENT))
        .values("branch")
        .annotate(units=Count("pk"), **{f"sum_{row}": Sum(f"accepted__{row}") for row in ROWS})
        .order_by()
    )
    return {s["branch"]: (Figures(*(s[f"sum_{row}"] for row in ROWS)), s["units"]) for s in sums}


def _sizes(node: CampaignNode) -> dict[str, int]:
    """The path of each branch directly below: how many units it has."""
    sizes = (
        CampaignNode.rows.filter(_below(node))
        .annotate(branch=Substr("path", 1, len(node.path) + _SEGMENT))
        .values("branch")
        .annotate(units=Count("pk"))
        .order_by()
    )
    return {s["branch"]: s["units"] for s in sizes}


def lines(node: CampaignNode) -> tuple[Line, ...]:
    """One line for each unit directly below, in the order of the tree. Three queries at any size."""
    counted, sizes = _counted(node), _sizes(node)
    children = (
        CampaignNode.rows.filter(parent=node)
        .order_by("position", "name")
        .values_list(*_PLACE, *(f"report__accepted__{row}" for row in ROWS))
    )
    found = []
    for *place_row, r1, r2, r3, r4 in children:
        place = _place(place_row)
        total, units = counted.get(place.path, (ZERO, 0))
        own = None if r1 is None else Figures(r1, r2, r3, r4)
        below = sizes.get(place.path, 1) - 1
        missing = below - (units - (own is not None))
        found.append(Line(place, own, total, place.state, missing, below))
    return tuple(found)


def missing_below(node: CampaignNode) -> tuple[Place, ...]:
    """Every unit strictly below without an accepted report, in the order of the tree."""
    rows = CampaignNode.rows.filter(_below(node), report__accepted=None).order_by("depth", "position", "name")
    return tuple(_place(row) for row in rows.values_list(*_PLACE))


def proposals_below(node: CampaignNode) -> tuple[tuple[str, str], ...]:
    """What the unit and those below ask for, from their accepted reports."""
    rows = (
        Report.rows.filter(subtree(node.path, "node__path"), node__campaign_id=node.campaign_id)
        .exclude(accepted=None)
        .exclude(accepted__proposals="")
        .order_by("node__depth", "node__position", "node__name")
        .values_list("node__name", "accepted__proposals")
    )
    return tuple(rows)


def report_of(node: CampaignNode) -> Report | None:
    """The node's report with its revisions and people, or None before anything was typed."""
    return (
        Report.rows.filter(node=node)
        .select_related("node", "draft_by", "current__author", "accepted__author")
        .first()
    )


def entered(report: Report | None) -> Figures | None:
    """The figures typed so far, if all four can be read."""
    if report is None:
        return None
    figures = read_entry(report.draft).figures
    values = [figures[row] for row in ROWS]
    return None if any(value is None for value in values) else Figures(*(value or 0 for value in values))


def roll_up(node: CampaignNode) -> RollUp:
    """What the node and everything below add up to now. Six queries at any size of the tree."""
    children = lines(node)
    report = report_of(node)
    own = report.accepted.figures if report and report.accepted else None
    below = sum((line.total for line in children), ZERO)
    missing = missing_below(node)
    expected = sum(1 + line.below for line in children)
    said = (report.accepted or report.current) if report else None
    state = report.state if report else "none"
    return RollUp(
        node=Place(node.pk, node.name, node.path, node.depth, state),
        as_of=timezone.now(),
        own=own,
        children=children,
        children_total=below,
        total=(own or ZERO) + below,
        missing=missing,
        accepted=expected - len(missing),
        expected=expected,
        proposals=proposals_below(node),
        narrative=said.narrative if said else "",
        entered=entered(report),
        report_state=state,
    )


def drifted(report: Report, children: Iterable[Line]) -> list[tuple[Line, Figures]]:
    """Units whose branch adds up to something else now than when last submitted, with that earlier sum."""
    if report.current_id is None:
        return []
    then = {c.node_id: c.figures for c in ReportComponent.rows.filter(revision=report.current_id)}
    return [
        (line, then.get(line.node.pk, ZERO))
        for line in children
        if then.get(line.node.pk, ZERO) != line.total
    ]


def may_review_below(seat: Seat) -> bool:
    """Whether the person reviews the reports of the units below the node looked at."""
    return fits(seat.places, Verb.REVIEW_REPORT, f"{seat.node.path}_")


def waiting_below(node: CampaignNode) -> list[Report]:
    """Submitted reports of the units directly below, the longest waiting first."""
    return list(
        Report.rows.filter(node__parent=node, state=Report.State.SUBMITTED)
        .select_related("node", "current__author")
        .order_by(F("current__at").asc())
    )


def facts(
    node: CampaignNode, report: Report | None, entry: Entry, children: Iterable[Line]
) -> dict[str, float | None]:
    """What the portal knows for the rules of the annex; the names are told in rules/annex-2022.toml."""
    children = list(children)
    known = known_figures(node)
    late = (timezone.now() - node.due_at).total_seconds()
    siblings = [
        Figures(*row)
        for row in Report.rows.filter(node__campaign_id=node.campaign_id, node__parent_id=node.parent_id)
        .exclude(node=node)
        .exclude(current=None)
        .values_list(*(f"current__{row}" for row in ROWS))
    ]
    mine = tuple(entry.figures[row] for row in ROWS)
    return {
        "children": len(children),
        "known1": known["r1"],
        "known2": known["r2"],
        "known3": known["r3"],
        "known4": known["r4"],
        "staff": node.staff_count,
        "missing": sum(line.missing_below + (line.own is None) for line in children),
        "changed": len(drifted(report, children)) if report else 0,
        "late_hours": max(0, ceil(late / 3600)),
        "self_counted": int(node.campaign.count_self),
        "sibling_ratio": median(s.r2 / (s.r1 + 1) for s in siblings) if len(siblings) >= _FEW else None,
        "twin": int(mine in {tuple(s) for s in siblings}),
    }


def prefilled(node: CampaignNode) -> dict[str, int]:
    """What a first draft starts with: the rows that the portal knows; the others stay blank."""
    return {row: count for row, count in known_figures(node).items() if count is not None}


def last_return(report: Report) -> ReportEvent | None:
    """Why the report was returned last, and by whom."""
    return report.events.filter(type=ReportEvent.Type.RETURN).select_related("actor").last()
