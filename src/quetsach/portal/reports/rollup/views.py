"""The roll-up of a unit, and the page of each of its numbers."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.kit.language import language
from quetsach.portal.people.queries import grounds
from quetsach.portal.reports import queries
from quetsach.portal.reports.annex.history import source_file
from quetsach.portal.reports.facts import ACTS, known_rows
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.rollup import comparisons, machines, people, trace
from quetsach.portal.reports.rollup.checked import checked
from quetsach.portal.reports.rollup.queries import drifted
from quetsach.portal.reports.rollup.snapshots import page_roll_up
from quetsach.portal.reports.rollup.sums import Line

PEOPLE = ("informed", "done")
"""The contents of rows of a form that count people."""


@require_GET
def rollup(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The figures of a unit and all below, the missing units, and the reports that wait for review."""
    seat = take_seat(request, slug, node_id)
    report = queries.report_of(seat.node)
    rolled = page_roll_up(seat.node, report)
    form = queries.form_of(seat.node)
    compared = comparisons.compared(seat, rolled)
    moved = drifted(report, rolled.children) if report else []
    rows = [
        {
            "row": row,
            "short": row.short[language()],
            "own": rolled.own.row(row.key) if rolled.own is not None else None,
            "entered": rolled.entered.row(row.key) if rolled.entered is not None else None,
            "below": rolled.children_total.row(row.key),
            "total": rolled.total.row(row.key),
            "earlier": compared.earlier.row(row.key) if compared.earlier is not None else None,
            "sibling": compared.siblings.get(row.key),
        }
        for row in form.rows
    ]
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "rollup",
        "rolled": rolled,
        "rows": rows,
        "form": form,
        "report": report,
        "own_differs": rolled.entered is not None and rolled.entered != rolled.own,
        "own_cells": [(key, rolled.own.row(key) if rolled.own is not None else None) for key in form.keys],
        "own_state": rolled.report_state,
        "own_counts": rolled.own is not None,
        "waiting": queries.waiting_below(seat.node) if any(map(waits, rolled.children)) else [],
        "may_review": seat.campaign.status == Campaign.Status.PUBLISHED and queries.may_review_below(seat),
        "drifted": moved,
        "signing": queries.signing_of(report) if moved else None,
        "compared": compared,
        "machines": machines.by_branch(seat.node, rolled.children),
    }
    return render(request, "reports/rollup.html", context)


@require_GET
def trace_page(request: HttpRequest, slug: str, node_id: UUID, row: str) -> HttpResponse:
    """One number of one unit: its report, the acts that it counts, the parts from below, and the machines."""
    seat = take_seat(request, slug, node_id)
    form = queries.form_of(seat.node)
    if row not in form.keys:
        raise Http404
    report, acceptance = trace.report_of(seat.node)
    rolled = page_roll_up(seat.node, report, names_missing=False)
    counted = report.accepted if report else None
    found = form.row(row)
    # A figure of people leads back to people first, and like each figure to the machines.
    counted_people = people.by_unit(seat.node, found.known, row) if found.known in PEOPLE else None
    shown, machine_count = machines.listed(seat.node)
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "rollup",
        "row": found,
        "short": found.short[language()],
        "rolled": rolled,
        "own": rolled.own.row(row) if rolled.own is not None else None,
        "reported": counted.figures.row(row) if counted else None,
        "adjust": counted.adjust.get(row, 0) if counted else 0,
        "entered": rolled.entered.row(row) if rolled.entered is not None else None,
        "below": rolled.children_total.row(row),
        "total": rolled.total.row(row),
        "report": report,
        "counted": counted,
        "known_then": counted.known.get(row) if counted else None,
        "known_row": ACTS.get(found.known, ""),
        "known_now": known_rows(seat.node, form)[row],
        "accepted_by": acceptance,
        "source_file": source_file(report, counted, seat.user) if report and counted else None,
        "grounds": grounds(seat.node, found.known),
        "parts": trace.parts(rolled, row),
        "checked": checked(seat.node, seat.user) if found.known == "done" else None,
        "people": counted_people,
        "machines": shown,
        "machine_count": machine_count,
        "other_rows": [other for other in form.rows if other.key != row],
    }
    return render(request, "reports/why.html", context)


def waits(line: Line) -> bool:
    """Whether the unit's report waits for the superior."""
    return line.report_state in {Report.State.SUBMITTED, Report.State.AMEND_ASKED}
