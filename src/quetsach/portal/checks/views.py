"""The pages of checks: the number of checked machines, handing results in, and one result."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from quetsach.endpoint import keys
from quetsach.portal.campaigns.seat import Seat, take_seat, take_seat_asked
from quetsach.portal.cases.words import chip_of
from quetsach.portal.checks import actions, queries, unit_actions
from quetsach.portal.checks.arriving.drop import dropped
from quetsach.portal.checks.arriving.reading import ResultError
from quetsach.portal.checks.arriving.refused import count_refused
from quetsach.portal.checks.charts import coverage_chart
from quetsach.portal.checks.forms import ComputersForm, ResultsForm, TieForm
from quetsach.portal.checks.models import CheckResult, UploadCode
from quetsach.portal.checks.words import (
    PRODUCT,
    SHAPES,
    SURENESS,
    age,
    evidence_words,
    finding_words,
    gap_words,
    probe_words,
    refusal,
)
from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_form
from quetsach.portal.machines.register.queries import waits
from quetsach.portal.units.roles import Verb

PAGE = 25
SHOWN_LINES = 200


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checks(request: HttpRequest, slug: str) -> HttpResponse:
    """Coverage of the unit and each branch; results are uploaded here."""
    if request.method != "POST":
        return checks_page(request, take_seat_asked(request, slug))
    seat = take_seat_asked(request, slug, Verb.UPLOAD_SCAN)
    form = ResultsForm(request.POST, request.FILES)
    if not form.is_valid():
        note_form(request, form)
        return checks_page(request, seat, form=form, status=422)
    sender = actions.Sender(user=seat.user, ip=client_ip_text(request))
    receipt = actions.receive_all(dropped(form.all_files), seat.node, sender)
    count_refused(request, receipt.refused)
    request.session["handed-in"] = told(receipt)
    return redirect(f"{reverse('checks', args=[slug])}?don-vi={seat.node.pk}#da-nhan")


def told(receipt: actions.Receipt) -> dict[str, Any]:
    """A receipt in words, for the page after the upload."""
    return {
        "taken": receipt.taken,
        "known": receipt.known,
        "refused": len(receipt.refused),
        "lines": [[line.name, refusal(line.code, line.where)] for line in receipt.refused[:SHOWN_LINES]],
        "before": [[name, age(at)] for name, at in receipt.from_before[:SHOWN_LINES]],
        "is_empty": not receipt.lines,
    }


def checks_page(
    request: HttpRequest,
    seat: Seat,
    *,
    form: ResultsForm | None = None,
    computers: ComputersForm | None = None,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of checks, with the forms and messages of the present request."""
    rows = queries.branches(seat.node)
    whole = queries.total(rows, seat.node)
    is_inside = queries.serves_in(seat.user, seat.node)
    stated, checked = rows[0].stated, rows[0].own_checked
    latest = Paginator(queries.latest_of(seat.node), PAGE)
    latest.count = checked  # already known: saves a query
    page = latest.get_page(request.GET.get("trang")) if is_inside else None
    unchecked, unchecked_count = queries.unchecked_of(seat.node, PAGE) if is_inside else ([], 0)
    may_upload = seat.may(Verb.UPLOAD_SCAN)
    live, used = queries.codes_of(seat.node) if may_upload else ([], [])
    pack, pack_is_behind = queries.latest_pack(seat.node) if may_upload else (None, False)
    context = {
        "seat": seat,
        "door": "cases",
        "whole": whole,
        "register_waits": waits(seat.node.unit, below=True),
        "own": rows[0],
        "rows": [row for row in rows if row.is_heard_of or len(rows) == 1],
        "silent": [row.node for row in rows if not (row.is_heard_of or row.is_own)],
        "chart": coverage_chart(rows) if len(rows) > 1 else "",
        "is_inside": is_inside,
        "page": page,
        "results": [(row, SHAPES[row.verdict]) for row in page or ()],
        "unchecked": unchecked,
        "unchecked_count": unchecked_count,
        "stated": stated,
        "own_checked": checked,
        "is_more_than_said": stated is not None and unchecked_count > max(stated - checked, 0),
        "may_upload": may_upload,
        "form": form or ResultsForm(),
        "computers_form": computers or ComputersForm(initial={} if stated is None else {"computers": stated}),
        "codes": live,
        "used": used,
        "secret": secret,
        "pack": pack,
        "pack_is_over": pack is not None and pack.expires_at <= timezone.now(),
        "pack_is_behind": pack_is_behind,
        "may_bring": seat.may(Verb.UPLOAD_INDICATORS) and seat.is_at_issuer,
        "fingerprint": keys.fingerprint(bytes.fromhex(pack.signed_with.public)) if pack else "",
        "may_rotate": seat.may(Verb.PUBLISH) and seat.is_at_issuer,
        "hand_in_url": on_screen(request, reverse("hand_in")),
        "receipt": request.session.pop("handed-in", None) if request.method == "GET" else None,
    }
    return render(request, "checks/checks.html", context, status=status)


@require_POST
def computers(request: HttpRequest, slug: str) -> HttpResponse:
    """How many computers the unit has."""
    seat = take_seat(request, slug, None, Verb.UPLOAD_SCAN)
    form = ComputersForm(request.POST)
    if not form.is_valid():
        return checks_page(request, seat, computers=form, status=422)
    unit_actions.say_computers(seat.node, form.cleaned_data["computers"], seat.user, client_ip_text(request))
    messages.success(request, _("Saved. The share of checked machines follows it."))
    return redirect("checks", slug)


@never_cache
@require_POST
def codes(request: HttpRequest, slug: str) -> HttpResponse:
    """Issue or end a one-time code; the code's text stands in this answer and nowhere else."""
    seat = take_seat(request, slug, None, Verb.UPLOAD_SCAN)
    ip = client_ip_text(request)
    if request.POST.get("act") != "revoke":
        _code, text = unit_actions.issue_code(seat.node, seat.user, ip)
        return checks_page(request, seat, secret=text)
    try:
        wanted = UUID(request.POST.get("code", ""))
    except ValueError as error:
        raise Http404 from error
    code = UploadCode.objects.visible_to(seat.user).filter(node=seat.node, pk=wanted).first()
    if code is None:
        raise Http404
    unit_actions.revoke_code(code, seat.user, ip)
    messages.success(request, _("The code …%(hint)s no longer works.") % {"hint": code.hint})
    return redirect("checks", slug)


def _find(
    request: HttpRequest, slug: str, result_id: UUID, verb: Verb = Verb.READ
) -> tuple[Seat, CheckResult]:
    rows = CheckResult.objects.visible_to(request.user).select_related("device__owner", "indicator_set", "by")
    found = rows.filter(pk=result_id, campaign__slug=slug).first()
    if found is None:
        raise Http404
    return take_seat(request, slug, found.device.owner_id, verb), found


@require_GET
def result(request: HttpRequest, slug: str, result_id: UUID) -> HttpResponse:
    """The content of one check; for people of the machine's own unit."""
    seat, found = _find(request, slug, result_id)
    return _result_page(request, seat, found)


@require_POST
def tie(request: HttpRequest, slug: str, result_id: UUID) -> HttpResponse:
    """Tie the result to a machine of the logs."""
    seat, found = _find(request, slug, result_id, Verb.WORK_CASE)
    form = TieForm(request.POST, devices=queries.others_of(found))
    if not form.is_valid():
        return _result_page(request, seat, found, form, status=422)
    try:
        actions.tie_machine(found, form.cleaned_data["to"], seat.user, client_ip_text(request))
    except ResultError as error:
        messages_by_code = {
            "has_case": _("This machine has a file of its own already. Close that one first."),
            "other_unit": _("That machine belongs to another unit."),
        }
        form.add_error("to", messages_by_code.get(error.code, error.code))
        return _result_page(request, seat, found, form, status=422)
    messages.success(request, _("From now on its checks and its logs tell one story."))
    return redirect("check_result", slug, found.pk)


def _result_page(
    request: HttpRequest, seat: Seat, found: CheckResult, form: TieForm | None = None, status: int = 200
) -> HttpResponse:
    others = queries.others_of(found)
    may_tie = seat.may(Verb.WORK_CASE) and others.exists()
    findings = [
        {
            **one,
            "says": says,
            "doubt": doubt,
            "product": PRODUCT.get(one["product"], one["product"]),
            "sureness": SURENESS.get(one["confidence"], one["confidence"]),
            "evidence": [evidence_words(seen) for seen in one["evidence"]],
        }
        for one in found.findings
        for says, doubt in [finding_words(one)]
    ]
    context = {
        "seat": seat,
        "door": "cases",
        "result": found,
        "shape": SHAPES[found.verdict],
        "findings": findings,
        "unseen": [probe_words(name) for name in found.unseen],
        "others": _not_looked_at(found),
        "gaps": [
            (probe_words(probe["name"]), [gap_words(gap) for gap in probe["gaps"]])
            for probe in found.probes
            if probe["gaps"] and not _is_foreign(probe)
        ],
        "history": [(row, SHAPES[row.verdict]) for row in queries.history_of(found)],
        "cases": [
            (case, *chip_of(case, seat.campaign.quiet_days, timezone.now()))
            for case in queries.cases_of(found)
        ],
        "tie_form": form or (TieForm(devices=others) if may_tie else None),
    }  # fmt: skip
    return render(request, "checks/result.html", context, status=status)


def _not_looked_at(found: CheckResult) -> list[str]:
    """What was not looked at, or not wholly, although no verdict needs it."""
    return [
        probe_words(probe["name"])
        for probe in found.probes
        if (probe["gaps"] or probe["state"] == "not_checked")
        and probe["name"] not in found.unseen
        and not _is_foreign(probe)
    ]


def _is_foreign(probe: dict[str, Any]) -> bool:
    """Whether this kind of system cannot have the thing, so that nobody need read about it."""
    return not probe["items"] and any(gap["reason"] == "other_system" for gap in probe["gaps"])
