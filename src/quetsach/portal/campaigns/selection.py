"""The units of the tree that a campaign will freeze, and those of them that must report.

Chosen by kind and, with priority, by unit. A unit that is left out takes all units below it along: the
counting tree has no holes. The issuer always takes part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models.functions import Length

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.units.models import Unit, subtree
from quetsach.portal.units.queries import order_key

READ_AT_ONCE = 2_000


class Part(StrEnum):
    """A unit's part in the campaign."""

    REPORTS = "reports"
    INFORMED = "informed"
    OUT = "out"


@dataclass(frozen=True)
class Choice:
    """Deviations from "every unit takes part and reports": `kinds` by unit kind, `units` by unit id."""

    kinds: Mapping[str, Part]
    units: Mapping[str, Part]

    def part_of(self, unit: ChosenUnit) -> Part:
        """The unit's part, if its superior takes part."""
        return self.units.get(str(unit.pk)) or self.kinds.get(unit.kind) or Part.REPORTS

    def to_json(self) -> dict[str, Any]:
        """The choice as `Campaign.choice` stores it."""
        return {"kinds": dict(self.kinds), "units": dict(self.units)}


class ChosenUnit(NamedTuple):
    """The columns of a unit that a frozen node copies."""

    pk: UUID
    parent_id: UUID | None
    path: str
    name: str
    code: str
    kind: str
    doc_abbr: str
    staff_count: int | None


_TAKEN_OVER = [name for name in ChosenUnit._fields if name not in {"pk", "parent_id"}]


def frozen(campaign: Campaign, unit: ChosenUnit | Unit) -> CampaignNode:
    """The unit as an unsaved node of the campaign; the caller sets its place in the campaign's tree."""
    taken_over = {name: getattr(unit, name) for name in _TAKEN_OVER}
    return CampaignNode(campaign=campaign, unit_id=unit.pk, due_at=campaign.due_at, **taken_over)


def read_choice(data: Mapping[str, Any]) -> Choice:
    """Read `Campaign.choice`; unknown words are dropped, so that an old draft can still be opened."""
    known = {part.value for part in Part}
    kinds, units = (
        {key: Part(value) for key, value in data.get(name, {}).items() if value in known}
        for name in ("kinds", "units")
    )
    return Choice(kinds, units)


def frozen_units(campaign: Campaign) -> Iterator[tuple[ChosenUnit, bool]]:
    """The units that take part, superiors first; each with whether it must report."""
    choice = read_choice(campaign.choice)
    inside: set[UUID] = set()
    rows = (
        Unit.rows.filter(subtree(campaign.issuer.path), retired_at=None)
        .order_by(Length("path"))
        .values_list(*ChosenUnit._fields)
    )
    for unit in map(ChosenUnit._make, rows.iterator(READ_AT_ONCE)):
        is_top = unit.pk == campaign.issuer_id
        if not is_top and unit.parent_id not in inside:
            continue
        part = Part.REPORTS if is_top else choice.part_of(unit)
        if part is not Part.OUT:
            inside.add(unit.pk)
            yield unit, part is Part.REPORTS


def places_in_order(campaign: Campaign) -> dict[UUID, int]:
    """By unit: its position in the order of all units, regardless of level. Frozen nodes are listed by it."""
    rows = Unit.rows.filter(subtree(campaign.issuer.path), retired_at=None).order_by("path")
    in_order = sorted(rows.values_list("kind", "name", "pk"), key=lambda row: order_key(row[0], row[1]))
    return {pk: place for place, (_kind, _name, pk) in enumerate(in_order)}
