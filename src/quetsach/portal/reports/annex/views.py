"""The annex page: fill in, save, check while typing, send; and the page of a sent report."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from quetsach.annexes.form.entry import fields_of, read_entry
from quetsach.portal.campaigns.contacts import Contact, contacts
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.language import language
from quetsach.portal.kit.missing_letters import missing_letters
from quetsach.portal.people.queries import known_of
from quetsach.portal.reports import actions, arrived_files, queries
from quetsach.portal.reports.annex import unsent_form
from quetsach.portal.reports.annex.history import histories, source_file, warned
from quetsach.portal.reports.annex.page import AnnexPage, compare, revision_rows
from quetsach.portal.reports.annexforms.versions import load_form
from quetsach.portal.reports.assessment.drafting import Assessed
from quetsach.portal.reports.assessment.moments import moved_when_sent
from quetsach.portal.reports.errors import BlockedReport, ReportError, StaleReport
from quetsach.portal.reports.facts import prefilled
from quetsach.portal.reports.forms import Posted, read_annex
from quetsach.portal.reports.frozen.queries import chain_of
from quetsach.portal.reports.locks import REASONS, Lock, grant_for, lock_and_grant, terms_of
from quetsach.portal.reports.models import Report, ReportEvent, Revision, UnlockGrant
from quetsach.portal.reports.signing.forms import AttachForm, SignForm
from quetsach.portal.units.roles import Verb

TYPED = {Report.State.DRAFT, Report.State.RETURNED}
"""States in which the unit may type."""


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The annex of one unit: its officers fill it in; superiors read the sent report."""
    if request.method == "POST":
        if not request.user.is_authenticated:
            return unsent_form.keep(request, slug, node_id)
        return _post_annex(request, take_seat(request, slug, node_id, Verb.EDIT_REPORT))
    seat = take_seat(request, slug, node_id)
    found, terms = queries.report_of(seat.node), terms_of(seat.node)
    lock, grant = lock_and_grant(seat.node, found, timezone.now(), terms)
    if seat.can["edit_report"] and lock is None and (found is None or found.state in TYPED):
        known = known_of(seat.node)
        data = found.draft if found and found.version else prefilled(seat.node, known)
        typed = unsent_form.take(request, node_id)
        if typed is not None:
            messages.info(
                request, _("What you had filled in before you were signed out is back. It is not saved yet.")
            )
        page = AnnexPage(
            seat.node,
            found,
            read_entry(typed or data, queries.form_of(seat.node).keys),
            language(),
            speaks=bool(typed) or bool(found and found.version),
            known=known,
            terms=terms,
        )
        if typed is None:
            return annex_form(request, seat, page, str(uuid7()), grant=grant)
        posted = read_annex(_posted(request, typed), page.form.keys)
        version = max(posted.version, 0)
        return annex_form(request, seat, page, str(posted.client_uuid), version=version, grant=grant)
    return sent_page(request, seat, found, lock)


@require_POST
def report_check(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Store the typed entries as the draft, and return the messages of the rules."""
    if not request.user.is_authenticated:
        return unsent_form.keep(request, slug, node_id)
    seat = take_seat(request, slug, node_id, Verb.EDIT_REPORT)
    keys = queries.form_of(seat.node).keys
    posted = read_annex(request.POST, keys)
    trouble, stale = "", None
    try:
        actions.save_draft(
            seat.user,
            seat.node,
            posted.data,
            posted.version,
            key=posted.client_uuid,
            ip=client_ip_text(request),
        )
    except StaleReport as error:
        stale = error.report
    except ReportError as error:
        trouble = str(error)
    found = queries.report_of(seat.node)
    page = AnnexPage(seat.node, found, read_entry(posted.data, keys), language(), ticked=posted.ticked)
    context = {"seat": seat, "page": page, "swap": True, "report": found, "stale": stale, "trouble": trouble}
    return render(request, "reports/checks.html", context)


@require_GET
def report_history(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Every revision with its changes, and every event."""
    seat = take_seat(request, slug, node_id)
    found = queries.report_of(seat.node)
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "report",
        "report": found,
        "form": queries.form_of(seat.node),
        "history": histories(found, seat.user, language()) if found else [],
    }
    return render(request, "reports/history.html", context)


def _post_annex(request: HttpRequest, seat: Seat) -> HttpResponse:
    keys = queries.form_of(seat.node).keys
    posted = read_annex(request.POST, keys)
    act = (seat.user, seat.node, posted.data, posted.version)
    ip = client_ip_text(request)
    try:
        if posted.wants_submit:
            sent = actions.submit(*act, posted.client_uuid, ticked=posted.ticked, ip=ip)
            message = _("Sent as revision %(number)s.") % {"number": sent.number}
            if sent.submitted_at is None:
                message = _("Revision %(number)s is with the head of the unit, who sends it on.") % {
                    "number": sent.number
                }
        else:
            actions.save_draft(*act, key=posted.client_uuid, ip=ip)
            message = _("The draft is saved. It has not been sent yet.")
    except BlockedReport:
        entry = read_entry(posted.data, keys)
        page = AnnexPage(seat.node, queries.report_of(seat.node), entry, language(), ticked=posted.ticked)
        held = grant_for(seat.node, timezone.now())
        form = str(posted.client_uuid)
        return annex_form(request, seat, page, form, version=posted.version, status=422, grant=held)
    except StaleReport as error:
        return stale_page(request, seat, posted, error)
    except ReportError as error:
        messages.error(request, str(error))
        return redirect("report", seat.campaign.slug, seat.node.pk)
    messages.success(request, message)
    return redirect("report", seat.campaign.slug, seat.node.pk)


def annex_form(
    request: HttpRequest,
    seat: Seat,
    page: AnnexPage,
    client_uuid: str,
    version: int | None = None,
    status: int = 200,
    grant: UnlockGrant | None = None,
    assessed: Assessed | None = None,
) -> HttpResponse:
    """The form to fill in, with the messages of the rules; `grant` is what unlocks a locked form.

    `assessed` is the comparison of the assessment with the facts, if somebody asked for it.
    """
    found = page.report
    if version is None:
        version = found.version if found else 0
    is_returned = found is not None and found.state == Report.State.RETURNED
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "report",
        "page": page,
        "report": found,
        "client_uuid": client_uuid,
        "version": version,
        "is_refused": status == 422,
        "returned": queries.last_reason(found, ReportEvent.Type.RETURN) if found and is_returned else None,
        "grant": grant,
        "assessed": assessed,
        "missing": missing_letters(page.entry.typed.values()),
        "is_empty": not page.entry.typed["narrative"],
    }
    return render(request, "reports/annex.html", context, status=status)


def sent_page(
    request: HttpRequest,
    seat: Seat,
    found: Report | None,
    lock: Lock | None,
    *,
    sign: SignForm | None = None,
    attach: AttachForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The sent report; with the forms of signing as filled in, if one was refused."""
    shown = (found.current or found.accepted) if found else None
    is_over = lock == Lock.CLOSED
    asked = {Report.State.RETURNED: ReportEvent.Type.RETURN, Report.State.AMEND_ASKED: ReportEvent.Type.ASK}
    reason = (
        queries.last_reason(found, asked[Report.State(found.state)])
        if found and found.state in asked
        else None
    )
    rows = revision_rows(shown) if shown else []
    signing = queries.signing_of(found)
    copies = queries.copies_of(signing)
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "report" if seat.node == seat.home else "rollup",
        "report": found,
        "revision": shown,
        "form": load_form(shown.form) if shown else queries.form_of(seat.node),
        "rows": rows,
        "is_adjusted": any(row.adjust for row in rows),
        "warned": warned(shown, language()) if shown else [],
        "missing": _missing_in(shown) if shown else "",
        "file_waits": shown is None and arrived_files.is_waiting(seat.node),
        "moved": moved_when_sent(shown) if shown else (),
        "source_file": source_file(found, shown, seat.user) if found and shown else None,
        "reason": reason,
        "lock": lock,
        "lock_reason": REASONS[lock] if lock else "",
        "unlocker": _unlocker(seat, shown is None) if lock == Lock.GRACE else None,
        "grant": grant_for(seat.node, timezone.now()),
        "machines": chain_of(shown),
        "signing": signing,
        "signed_copy": copies[0] if copies else None,
        "replaced": [(copy, before) for copy, before in pairwise(copies)],
        "sign": sign or SignForm(),
        "attach": attach or AttachForm(),
        "may_ask": seat.can["edit_report"] and not is_over,
        "may_review": seat.can["review_report"] and not is_over,
        "may_approve": seat.can["approve_report"] and not is_over,
        "may_unlock": seat.can["review_report"],
    }
    return render(request, "reports/sent.html", context, status=status)


def _missing_in(revision: Revision) -> str:
    return missing_letters((revision.narrative, revision.proposals, *revision.notes.values()))


def _unlocker(seat: Seat, with_phone: bool) -> tuple[CampaignNode, Contact | None] | None:
    """The node whose people can unlock the report of a unit that is too late, and perhaps a contact there."""
    superior = seat.node.parent
    if superior is None or not seat.can["edit_report"]:
        return None
    return superior, contacts([superior]).get(superior.pk) if with_phone else None


def stale_page(request: HttpRequest, seat: Seat, posted: Posted, error: StaleReport) -> HttpResponse:
    """Both versions side by side; neither is lost."""
    found = error.report
    form = queries.form_of(seat.node)
    mine, theirs = read_entry(posted.data, form.keys).typed, read_entry(found.draft, form.keys).typed
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "report",
        "report": found,
        "fields": compare(form, mine, theirs, language()),
        "mine": [(key, mine[key]) for key in fields_of(form.keys)],
        "client_uuid": posted.client_uuid,
        "may_overwrite": found.state in TYPED,
    }
    return render(request, "reports/stale.html", context, status=409)


def _posted(request: HttpRequest, typed: dict[str, str]) -> QueryDict:
    query = request.GET.copy()
    query.clear()
    query.update(typed)
    return query
