"""The way back from a figure of people: the head counts, by unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import CampaignNode, Headcount
from quetsach.portal.units.models import subtree

MOST_LISTED = 50


@dataclass(frozen=True)
class UnitPeople:
    """One unit: its latest head count, and what its accepted report adds to the row; None without one.

    `by` is blank if people marked themselves.
    """

    pk: UUID
    name: str
    counted: int | None
    at: datetime | None
    by: str
    reported: int | None


@dataclass(frozen=True)
class PeopleList:
    """The first units in the order of the tree, and the number of all."""

    rows: list[UnitPeople]
    total: int


def by_unit(node: CampaignNode, kind: str, row: str) -> PeopleList:
    """The unit and those below that have a head count of the kind or an accepted report. Three queries at
    most."""
    found = _units(node, kind)
    shown = list(found[:MOST_LISTED])
    people = User.objects.in_bulk({one["by"] for one in shown if one["by"]})
    rows = [
        UnitPeople(
            one["pk"],
            one["name"],
            one["counted"],
            one["counted_at"],
            str(people[one["by"]]) if one["by"] else "",
            (one["report__accepted__counts"] or {}).get(row),
        )
        for one in shown
    ]
    return PeopleList(rows, len(rows) if len(rows) < MOST_LISTED else found.count())


def _units(node: CampaignNode, kind: str) -> QuerySet[CampaignNode, Any]:
    latest = Headcount.rows.filter(node=OuterRef("pk"), kind=kind).order_by("-at", "-pk")
    return (
        CampaignNode.rows.active()
        .filter(subtree(node.path), campaign=node.campaign_id)
        .annotate(
            counted=Subquery(latest.values("count")[:1]),
            counted_at=Subquery(latest.values("at")[:1]),
            by=Subquery(latest.values("by")[:1]),
        )
        .filter(Q(counted__isnull=False) | Q(report__accepted__isnull=False))
        .order_by("depth", "position", "name")
        .values("pk", "name", "counted", "counted_at", "by", "report__accepted__counts")
    )
