"""The roll-up of a unit, and what each of its numbers is made of."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.queries import known_figures
from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.reports import machines, queries, why
from quetsach.portal.reports.annex import load_form
from quetsach.portal.reports.rollup import ROWS


@require_GET
def rollup(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The four figures of a unit and all below, who is missing, and what waits for review."""
    seat = take_seat(request, slug, node_id)
    rolled = queries.roll_up(seat.node)
    report = queries.report_of(seat.node)
    form = load_form(seat.campaign.form)
    lang = "en" if (get_language() or "vi").startswith("en") else "vi"
    rows = [
        {
            "row": row,
            "short": row.short[lang],
            "own": rolled.own.row(row.key) if rolled.own else None,
            "entered": rolled.entered.row(row.key) if rolled.entered else None,
            "below": rolled.children_total.row(row.key),
            "total": rolled.total.row(row.key),
        }
        for row in form.rows
    ]
    own_counts = rolled.own is not None
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "rollup",
        "rolled": rolled,
        "rows": rows,
        "report": report,
        "own_differs": rolled.entered is not None and rolled.entered != rolled.own,
        "own_cells": list(rolled.own) if rolled.own else [None] * len(ROWS),
        "own_state": rolled.report_state,
        "own_counts": own_counts,
        "waiting": queries.waiting_below(seat.node),
        "may_review": seat.campaign.status == Campaign.Status.PUBLISHED and queries.may_review_below(seat),
        "drifted": queries.drifted(report, rolled.children) if report else [],
        "machines": machines.by_branch(seat.node, rolled),
    }
    return render(request, "reports/rollup.html", context)


@require_GET
def why_page(request: HttpRequest, slug: str, node_id: UUID, row: str) -> HttpResponse:
    """One number of one unit: its report, the acts behind it, the parts from below, and the machines."""
    seat = take_seat(request, slug, node_id)
    if row not in ROWS:
        raise Http404
    rolled = queries.roll_up(seat.node)
    report = queries.report_of(seat.node)
    counted = report.accepted if report else None
    found = load_form(seat.campaign.form).row(row)
    lang = "en" if (get_language() or "vi").startswith("en") else "vi"
    shown, machine_count = machines.listed(seat.node)
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "rollup",
        "row": found,
        "short": found.short[lang],
        "rolled": rolled,
        "own": rolled.own.row(row) if rolled.own else None,
        "entered": rolled.entered.row(row) if rolled.entered else None,
        "below": rolled.children_total.row(row),
        "total": rolled.total.row(row),
        "report": report,
        "counted": counted,
        "known_then": counted.known.get(row) if counted else None,
        "known_now": known_figures(seat.node)[row],
        "accepted_by": why.accepted_by(report),
        "grounds": why.grounds(seat.node, row),
        "parts": why.parts(rolled, row),
        "machines": shown,
        "machine_count": machine_count,
        "other_rows": [r for r in load_form(seat.campaign.form).rows if r.key != row],
    }
    return render(request, "reports/why.html", context)
