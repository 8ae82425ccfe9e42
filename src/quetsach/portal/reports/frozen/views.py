"""The page of the figures of machines of a unit and all below; restating them, and taking that back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from quetsach.machines.counting.figures import Figures
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.figures import ALL, BELOW
from quetsach.portal.machines.register.queries import waits
from quetsach.portal.reports.dashboard.figures import percent
from quetsach.portal.reports.errors import ReportError
from quetsach.portal.reports.frozen import actions, words
from quetsach.portal.reports.frozen.counting import Reading, as_stored, moved, read
from quetsach.portal.reports.frozen.effect import Effect, effect
from quetsach.portal.reports.frozen.queries import chain_of, restated_below
from quetsach.portal.reports.queries import report_of
from quetsach.portal.reports.rollup.snapshots import Snapshots
from quetsach.portal.units.roles import Verb

LETTER = ("units", "told", "acknowledged")
"""Figures of the way of the letter."""
MANY = 2000
"""With more machines a page may be some seconds old: counting them takes longer than a reader waits."""


@dataclass(frozen=True)
class Branch:
    """A unit directly below with all under it."""

    pk: str
    name: str
    figures: Figures

    @property
    def share(self) -> str:
        """The share of known computers that were checked, in words: a range where their number is one."""
        coverage = self.figures.computers.coverage
        if coverage is None:
            return ""
        low, high = map(percent, coverage)
        return low if low == high else f"{low} – {high}"


@dataclass(frozen=True)
class Seen:
    """What the page shows of the machines, read at once."""

    reading: Reading
    own: Figures
    whole: Figures
    branches: list[Branch]
    effect: Effect


def _look(node: CampaignNode) -> Seen:
    reading = read(node, with_days=True)
    counted = reading.at(reading.read_at)
    key = str(node.pk)
    branches = [Branch(pk, name, counted.whole[pk]) for pk, name in reading.below]
    return Seen(
        reading,
        counted.own[key],
        counted.whole[key],
        ranked(branches),
        effect(reading, counted.whole[key].active),
    )


def ranked(branches: list[Branch]) -> list[Branch]:
    """By what is known and checked (`Computers.rank`); never by infections."""
    return sorted(branches, key=lambda one: one.figures.computers.rank)


snapshots: Snapshots[Seen] = Snapshots(_look, lambda seen: len(seen.reading.known.machines) > MANY)


@require_GET
def machine_figures(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The figures now, as frozen with the report last sent, and as restated."""
    seat = take_seat(request, slug, node_id)
    _read, seen = snapshots.of(seat.node)
    report = report_of(seat.node)
    chain = chain_of(report.current if report else None)
    then = as_stored(seen.reading.at(chain.frozen.at).whole[str(seat.node.pk)]) if chain else {}
    own, whole = as_stored(seen.own), as_stored(seen.whole)
    has_below = seat.node.has_below
    context: dict[str, Any] = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "rollup",
        "as_of": seen.reading.read_at,
        # As on the page of progress: the units below, or a unit that has none below.
        "letter": {name: whole[name] - (own[name] if has_below else 0) for name in LETTER},
        "letter_reach": BELOW if has_below else ALL,
        "lines": words.table(own, whole, chain),
        "own": seen.own,
        "whole": seen.whole,
        "register_waits": waits(seat.node.unit, below=True),
        "hours": [
            (_("from the letter to the confirmation, by unit"), words.hours(whole["hours"]["acknowledged"])),
            (_("from the case to the handling, by case"), words.hours(whole["hours"]["claimed"])),
            (
                _("from the case to a second look without a sign, by case"),
                words.hours(whole["hours"]["rechecked"]),
            ),
            (_("from the case to the proof, by case"), words.hours(whole["hours"]["verified"])),
        ],
        "has_cases": bool(seen.whole.clocks["claimed"].all),
        "chain": chain,
        "restatements": [
            (one, words.reasons(one.reasons), chain.before(one).number, words.changes(chain, one))
            for one in chain.all[1:]
        ]
        if chain
        else [],
        "changes_back": words.changes_back(chain) if chain else [],
        "differs": moved(chain.holds.whole, then) if chain else False,
        "is_open": seat.campaign.status == Campaign.Status.PUBLISHED,
        "is_refused": bool(chain) and actions.is_refused(chain.all[-1], then) if chain else False,
        "below": restated_below(seat.node, chain.frozen) if chain and seat.node.has_below else [],
        "branches": seen.branches,
        "effect": seen.effect,
    }
    return render(request, "reports/machine_figures.html", context)


@require_POST
def restate(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Restate the figures of the report last sent by what is known now."""
    seat = take_seat(request, slug, node_id, Verb.EDIT_REPORT)
    try:
        made = actions.restate(seat.node, seat.user, ip=client_ip_text(request))
    except ReportError as error:
        messages.error(request, str(error))
    else:
        snapshots.forget()
        if made is None:
            messages.info(request, _("Nothing to restate: the figures of that moment are still the same."))
        else:
            messages.success(request, _("Restated as number %(n)s.") % {"n": made.number})
    return redirect("machine_figures", slug, seat.node.pk)


@require_POST
def take_back(request: HttpRequest, slug: str, node_id: UUID, number: int) -> HttpResponse:
    """A restatement of a person does not hold any more."""
    seat = take_seat(request, slug, node_id, Verb.EDIT_REPORT)
    try:
        actions.take_back(seat.node, number, seat.user, ip=client_ip_text(request))
    except ReportError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Taken back: the number before it holds again."))
    return redirect("machine_figures", slug, seat.node.pk)


@require_POST
def note(request: HttpRequest, slug: str, node_id: UUID, number: int) -> HttpResponse:
    """A person of the unit has read the restatements of the portal."""
    seat = take_seat(request, slug, node_id, Verb.EDIT_REPORT)
    try:
        actions.note(seat.node, number, seat.user, ip=client_ip_text(request))
    except ReportError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Written down: you have read it."))
    return redirect("machine_figures", slug, seat.node.pk)
