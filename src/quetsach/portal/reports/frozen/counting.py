"""Counts the machines of a unit and all below at a moment, from the portal's rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef
from django.utils import timezone

from quetsach.machines.counting.figures import Counted, Figures, figures_at
from quetsach.machines.counting.histories import Histories, UnitHistory
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.open_work import number_of
from quetsach.portal.cases.histories import Told, told_of
from quetsach.portal.checks.models import CheckResult
from quetsach.portal.units.models import subtree

RESTATED = (
    "infected", "located", "claimed", "rechecked", "verified", "relapsed", "reinfected", "false", "shared",
    "unlocated", "unreachable",
)  # fmt: skip
"""The figures that later knowledge about machines can move. The others are of the moment of counting."""


@dataclass(frozen=True)
class Reading:
    """The units, machines and cases of a node and all below, as known at `read_at`."""

    node: CampaignNode
    read_at: datetime
    known: Histories
    told: Told
    below: list[tuple[str, str]]
    """Id and name of the units directly below, in the order of the tree."""

    def at(self, moment: datetime) -> Counted:
        """The figures of all these units at a moment."""
        return figures_at(self.known, moment, zone=timezone.get_default_timezone())  # type: ignore[arg-type]


def read(node: CampaignNode, *, with_days: bool = False) -> Reading:
    """Everything that the figures of a node need. Five queries at any size."""
    now = timezone.now()
    told = told_of(node, with_days=with_days)
    units, below = units_of(node)
    return Reading(node, now, Histories(tuple(units), tuple(told.machines), tuple(told.cases)), told, below)


def units_of(node: CampaignNode) -> tuple[list[UnitHistory], list[tuple[str, str]]]:
    """The units of a node and all below, and id and name of those directly below.

    Checked are the machines with a check in this campaign."""
    checks = CheckResult.rows.filter(device__owner=OuterRef("pk"), campaign=node.campaign_id, is_latest=True)
    rows: Any = (
        CampaignNode.rows.filter(subtree(node.path), campaign=node.campaign_id)
        .order_by("path")
        .annotate(checked=number_of(checks, "device__owner"))
        .values_list(
            "pk", "parent", "state", "dispatch__at", "dispatch__returned_at", "acknowledgement__at",
            "plan__computers", "unit__register_figures__least", "unit__register_figures__most", "checked",
            "position", "name",
        )
    )  # fmt: skip
    found, below = [], []
    for pk, parent, state, sent, returned, acknowledged, stated, least, most, checked, *place in rows:
        if parent == node.pk:
            below.append((*place, str(pk)))
        told = node.campaign.published_at if parent is None else sent if returned is None else None
        register = (least, most) if most else None
        found.append(
            UnitHistory(
                str(pk), str(parent) if parent else None, told, acknowledged, register, stated,
                checked or 0, takes_part=state == CampaignNode.State.ACTIVE,
            )
        )  # fmt: skip
    return found, [(pk, name) for _position, name, pk in sorted(below)]


def as_stored(figures: Figures) -> dict[str, Any]:
    """Figures as a row keeps them."""
    hours = {name: clock.median() for name, clock in figures.clocks.items()}
    computers = figures.computers
    return {
        **figures.counts(),
        "known": list(computers.known) if computers.known else None,
        "checked_of_known": computers.checked,
        "without_known": computers.unknown,
        "hours": {name: None if one is None else round(one, 1) for name, one in hours.items()},
    }


def moved(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether a figure that later knowledge can move is another one."""
    return any(before.get(name) != now.get(name) for name in RESTATED)
