"""The effect of a list on a unit's bodies: new ones, changes, unchanged ones, and lines with problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.utils import timezone, translation

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.people.models import Body, Channel, TaxCodeClaim
from quetsach.text.vietnamese import search_key
from quetsach.units.bodies import BodyRow, Problem, body_key, read_text

FIELDS = (
    "name", "tax_code", "address", "phone", "channel", "informed_on", "persons_informed", "deployed_on",
    "persons_done",
)  # fmt: skip


@dataclass
class Refused:
    """A line that is not taken, with its problem; `node` is the unit that has the body already, if any."""

    row: BodyRow
    problem: Problem
    node: CampaignNode | None = None


@dataclass
class Plan:
    """The plan. `new` and the second half of each `changed` are fields by name."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[tuple[Body, dict[str, Any]]] = field(default_factory=list)
    same: int = 0
    refused: list[Refused] = field(default_factory=list)

    @property
    def good(self) -> int:
        """How many lines would write a change."""
        return len(self.new) + len(self.changed)


def fields_of(body: Body) -> dict[str, Any]:
    """The fields of a body that people set."""
    return {key: getattr(body, key) for key in FIELDS}


def search_text(fields: Mapping[str, Any]) -> dict[str, str]:
    """The columns for searching, computed from the fields."""
    found = search_key(f"{fields['name']} {fields['tax_code']} {fields['address']}")
    return {"key": body_key(fields["name"], fields["address"]), "search_key": found[:600]}


@cache
def channel_spellings() -> dict[str, str]:
    """Each folded way to write a channel in a file, with the channel's key."""
    spelled = {value: value for value in Channel.values}
    for language in ("vi", "en"):
        with translation.override(language):
            spelled |= {search_key(str(channel.label)): channel.value for channel in Channel}
    return spelled


def plan_of(node: CampaignNode, text: str) -> Plan:
    """Compare a list with the node's bodies and other nodes' claims. Raises BodyTableError."""
    rows = read_text(text, channel_spellings())
    mine = list(Body.rows.filter(node=node))
    by_code = {body.tax_code: body for body in mine if body.tax_code}
    by_key: dict[str, Body] = {}
    for body in mine:
        by_key.setdefault(body.key, body)
    codes = [row.tax_code for row in rows if row.tax_code]
    taken = _taken(node, codes)
    plan, used = Plan(), set()
    for row in rows:
        problem = next(iter(row.problems), None) or _too_early(row)
        if problem is None and row.tax_code in taken:
            plan.refused.append(Refused(row, Problem("tax_code", "taken", row.tax_code), taken[row.tax_code]))
            continue
        found = by_code.get(row.tax_code) if row.tax_code else by_key.get(row.key)
        if problem is None and found is None and row.tax_code and row.key in by_key:
            twin = by_key[row.key]
            found = twin if not twin.tax_code else None
        if problem is None and found is not None and found.pk in used:
            problem = Problem("name", "twice_here", found.name)
        if problem is None:
            problem = _disagrees(found, row)
        if problem is not None:
            plan.refused.append(Refused(row, problem))
            continue
        if found is None:
            plan.new.append(_given(row, None))
            continue
        used.add(found.pk)
        changes = {k: v for k, v in _given(row, found).items() if v not in ("", getattr(found, k))}
        if changes:
            plan.changed.append((found, changes))
        else:
            plan.same += 1
    return plan


def _given(row: BodyRow, found: Body | None) -> dict[str, Any]:
    """The fields of a line. Marks on a line mean that the body was informed, today if it names no day."""
    who = {"name": row.name, "tax_code": row.tax_code, "address": row.address, "phone": row.phone}
    marks = dict(row.marks)
    marked = {"channel", "persons_informed", "persons_done"} & marks.keys()
    is_dated = "deployed_on" in marks or (found is not None and found.informed_on is not None)
    if marked and "informed_on" not in marks and not is_dated:
        marks["informed_on"] = timezone.localdate()
    return who | marks


def _too_early(row: BodyRow) -> Problem | None:
    """The problem of a day in the future; None if there is none."""
    today = timezone.localdate()
    for key in ("informed_on", "deployed_on"):
        day = row.marks.get(key)
        if day is not None and day > today:  # type: ignore[operator]
            return Problem(key, "day_ahead", f"{day:%d/%m/%Y}")
    return None


def _disagrees(body: Body | None, row: BodyRow) -> Problem | None:
    informed = int(str(row.marks.get("persons_informed", body.persons_informed if body else 0)))
    done = int(str(row.marks.get("persons_done", body.persons_done if body else 0)))
    return Problem("persons_done", "more_done", str(done)) if done > informed else None


def _taken(node: CampaignNode, codes: list[str]) -> dict[str, CampaignNode]:
    """Tax codes that another node of the campaign counts, with that node."""
    claims = TaxCodeClaim.rows.filter(campaign=node.campaign_id, code__in=codes).exclude(node=node)
    return {claim.code: claim.node for claim in claims.select_related("node")}
