"""The facts for the rules of a form; annexes/form/forms/annex-2022.toml explains their names at its head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import ceil
from statistics import median
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from quetsach.annexes.form.definition import Form
from quetsach.annexes.form.entry import Entry
from quetsach.annexes.form.expression import Fact
from quetsach.annexes.form.figures import Figures
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.people.queries import Known, claimed_elsewhere, known_of
from quetsach.portal.reports.locks import Terms, lock_of, terms_of
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.queries import form_of
from quetsach.portal.reports.rollup.queries import drifted
from quetsach.portal.reports.rollup.sums import Line

_FEW = 3  # with fewer siblings a median says nothing
ACTS = {"received": "r1", "informed": "r2", "deployed": "r3", "done": "r4"}
"""The content of a row of a form: the key of the portal's own figure."""


def known_rows(node: CampaignNode, form: Form, known: Known | None = None) -> dict[str, int | None]:
    """By row key: the portal's own figure; None if it has none, which is not zero."""
    acts = (known or known_of(node)).figures
    return {row.key: acts[ACTS[row.known]] if row.known else None for row in form.rows}


def prefilled(node: CampaignNode, known: Known | None = None) -> dict[str, int]:
    """The first draft's figures: the rows that the portal knows; the others stay blank."""
    return {row: count for row, count in known_rows(node, form_of(node), known).items() if count is not None}


def facts(
    node: CampaignNode,
    report: Report | None,
    entry: Entry,
    children: Iterable[Line],
    *,
    paper: Mapping[str, int] | None = None,
    is_raw: bool = False,
    is_locked: bool | None = None,
    known: Known | None = None,
    terms: Terms | None = None,
) -> dict[str, Fact]:
    """All facts for the rules, from the typed entries and the portal's data at this moment.

    `known` and `terms` may be given if they were just read; else they are read here.
    """
    form, children, now = form_of(node), list(children), timezone.now()
    known, terms = known or known_of(node), terms or terms_of(node)
    below = sum((line.total for line in children), form.zero)
    siblings = _siblings(node)
    locked = lock_of(node, report, now, terms) is not None if is_locked is None else is_locked
    found: dict[str, Fact] = {f"known_{row}": count for row, count in known_rows(node, form, known).items()}
    for row, own in entry.figures.items():
        found[f"total_{row}"] = None if own is None else entry.counts.row(row) + below.row(row)
        found[f"paper_{row}"] = (paper or {}).get(row)
    return found | {
        "children": len(children),
        "staff": node.staff_count,
        "missing": sum(line.missing for line in children),
        "changed": len(drifted(report, children)) if report else 0,
        "late_hours": max(0, ceil((now - node.due_at).total_seconds() / 3600)),
        "late_days": max(node.days_late, int(now >= node.due_at)),
        "self_counted": 0,  # own figures never include the unit itself: a paper adds it (counted_self)
        "sibling_ratio": _ratio(form, siblings),
        "twin": int(entry.is_complete and entry.own in siblings),
        "as_before": int(entry.is_complete and entry.own == _before(node, form)),
        "raw": int(is_raw),
        "own_unit": 1,
        "form_current": int(terms.form == form.version),
        "locked": int(locked),
        "stale": 0,
        "claimed": claimed_elsewhere(node, entry.tax_codes),
        "external": len(entry.external) + known.bodies.bodies,
        "hours_after_superior": None,
    }


def _siblings(node: CampaignNode) -> list[Figures]:
    return [Figures(own) for (own,) in _others(node.campaign_id, node.parent_id, node.pk)]


@compiled
def _others(campaign_id: UUID, parent_id: UUID | None, node_id: UUID) -> QuerySet[Report, Any]:
    """The figures that the other units below the same superior sent."""
    siblings = Report.rows.filter(node__campaign=campaign_id, node__parent=parent_id)
    return siblings.exclude(node=node_id).exclude(current=None).order_by().values_list("current__own")


def _ratio(form: Form, siblings: list[Figures]) -> float | None:
    if not form.ratio or len(siblings) < _FEW:
        return None
    over, under = form.ratio
    return median(one.row(over) / (one.row(under) + 1) for one in siblings)


def _before(node: CampaignNode, form: Form) -> Figures | None:
    """The unit's own figures in the campaign before, if that used the same rows."""
    last = earlier(node)
    if last is None or last.accepted is None or set(last.accepted.own) != set(form.keys):
        return None
    return last.accepted.figures


def earlier(node: CampaignNode) -> Report | None:
    """The unit's accepted report in the latest campaign published before this one."""
    at = node.campaign.published_at
    return next(iter(_accepted_before(node.unit_id, at)), None) if at else None


@compiled
def _accepted_before(unit_id: UUID, at: datetime) -> QuerySet[Report]:
    """The unit's accepted report in the campaign published last before `at`; at most one row."""
    reports = Report.rows.filter(node__unit=unit_id, node__campaign__published_at__lt=at)
    known = reports.exclude(accepted=None).select_related("node__campaign", "accepted")
    return known.order_by("-node__campaign__published_at")[:1]
