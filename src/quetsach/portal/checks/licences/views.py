"""The pages of licences: products to replace, replacements, and days."""

from __future__ import annotations

from itertools import groupby
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from quetsach.portal.campaigns.seat import Seat, take_issuer_seat, take_seat, take_seat_asked
from quetsach.portal.checks import queries, unit_actions
from quetsach.portal.checks.charts import days_chart, remaining_chart
from quetsach.portal.checks.forms import LicenceFactsForm, PlanForm, ReplacementForm
from quetsach.portal.checks.licences.phaseout import by_day
from quetsach.portal.checks.models import Replacement, UnitPlan
from quetsach.portal.checks.words import PRODUCT
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.units.roles import Verb


@require_http_methods(["GET", "HEAD", "POST"])
def licences(request: HttpRequest, slug: str) -> HttpResponse:
    """Cracked copies found, replaced and remaining; the unit's own date."""
    if request.method != "POST":
        return _page(request, take_seat_asked(request, slug))
    seat = take_seat(request, slug, None, Verb.COUNT_PEOPLE)
    ip = client_ip_text(request)
    if request.POST.get("act") == "undo":
        unit_actions.set_replace_by(seat.node, None, seat.user, ip)
        messages.success(request, _("The date was withdrawn."))
        return redirect("licences", slug)
    if request.POST.get("act") == "facts":
        facts = LicenceFactsForm(request.POST, auto_id="facts-%s")
        if not facts.is_valid():
            return _page(request, seat, facts=facts, status=422)
        unit_actions.say_licences(seat.node, **facts.cleaned_data, actor=seat.user, ip=ip)
        messages.success(request, _("Saved. The next pack of this unit carries it."))
        return redirect("licences", slug)
    form = PlanForm(request.POST)
    if not form.is_valid():
        return _page(request, seat, form, status=422)
    unit_actions.set_replace_by(seat.node, form.cleaned_data["replace_by"], seat.user, ip)
    messages.success(request, _("The date is set. Your superior sees it too."))
    return redirect("licences", slug)


def _page(
    request: HttpRequest,
    seat: Seat,
    form: PlanForm | None = None,
    facts: LicenceFactsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    copies = queries.copies_below(seat.node)
    rows = queries.branches(seat.node, copies)
    whole = queries.total(rows, seat.node)
    plan = queries.plan_of(seat.node)
    days = by_day([(copy.found, copy.gone) for copy in copies], timezone.localdate())
    is_inside = queries.serves_in(seat.user, seat.node)
    initial = {"replace_by": plan.replace_by} if plan and plan.replace_by else {}
    proposed = queries.replacements(seat.campaign.pk)
    context = {
        "seat": seat,
        "whole": whole,
        "copies": whole.copies,
        "rows": [row for row in rows if row.found or (not row.is_own and row.replace_by)],
        "has_below": len(rows) > 1,
        "chart": remaining_chart(rows) if len(rows) > 1 and whole.found else "",
        "days_chart": days_chart(seat.node, days) if len(days) > 1 else "",
        "products": [(PRODUCT[name], tally) for name, tally in queries.by_product(copies)],
        "own_copies": queries.copies_of(seat.node) if is_inside else [],
        "plan": plan,
        "is_late": bool(plan and plan.replace_by and plan.replace_by < timezone.localdate()),
        "form": form or PlanForm(initial=initial) if seat.may(Verb.COUNT_PEOPLE) else None,
        "facts": facts or _facts(plan) if seat.may(Verb.COUNT_PEOPLE) else None,
        "replacements": [
            (PRODUCT[product], list(group)) for product, group in groupby(proposed, lambda row: row.product)
        ],
        "may_edit": seat.may(Verb.PUBLISH) and seat.is_at_issuer,
    }
    return render(request, "checks/licences.html", context, status=status)


def _facts(plan: UnitPlan | None) -> LicenceFactsForm:
    known = {None: "", True: "yes", False: "no"}[plan.volume_agreement if plan else None]
    initial = {
        "volume_agreement": known,
        "kms_hosts": " ".join(plan.kms_hosts) if plan else "",
        "own_names": " ".join(plan.own_names) if plan else "",
    }
    return LicenceFactsForm(initial=initial, auto_id="facts-%s")


@require_http_methods(["GET", "HEAD", "POST"])
def replacements(request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's list of replacements, for its issuer to edit."""
    seat = take_issuer_seat(request, slug, Verb.PUBLISH)
    form = ReplacementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        unit_actions.propose(seat.campaign, seat.user, client_ip_text(request), **form.cleaned_data)
        messages.success(request, _("The list was changed; every unit sees it at once."))
        return redirect("replacements", slug)
    context = {
        "seat": seat, "door": "licences", "form": form, "rows": queries.replacements(seat.campaign.pk),
    }  # fmt: skip
    return render(
        request, "checks/replacements.html", context, status=422 if request.method == "POST" else 200
    )


@require_POST
def withdraw_replacement(request: HttpRequest, slug: str, replacement_id: UUID) -> HttpResponse:
    """Take a replacement off the list."""
    seat = take_issuer_seat(request, slug, Verb.PUBLISH)
    row = Replacement.objects.visible_to(seat.user).filter(campaign=seat.campaign, pk=replacement_id).first()
    if row is None:
        raise Http404
    unit_actions.withdraw_replacement(row, seat.user, client_ip_text(request))
    messages.success(request, _("%(name)s is no longer on the list.") % {"name": row.name})
    return redirect("replacements", slug)
