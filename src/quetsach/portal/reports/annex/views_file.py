"""The annex as an Excel file: download the form of one unit, fill it in anywhere, upload it."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from quetsach.annexes.form.entry import read_entry
from quetsach.annexes.form.filling import read_filled, read_token, write_template
from quetsach.annexes.form.workbook import MOST_BYTES, WorkbookError, open_workbook
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.strangers import refused
from quetsach.portal.reports import actions, queries
from quetsach.portal.reports.annex.views import stale_page
from quetsach.portal.reports.assessment.drafting import first_entries
from quetsach.portal.reports.errors import ReportError, StaleReport
from quetsach.portal.reports.export.views import file_response
from quetsach.portal.reports.forms import Posted
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.workbook_words import say
from quetsach.portal.units.roles import Verb

_SALT = "quetsach.annex-file"


class FileRefusedError(Exception):
    """A file is not taken; the message is for the person."""


@require_GET
def report_template(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The form of this unit as a protected workbook, with the typed and known figures so far."""
    seat = take_seat(request, slug, node_id, Verb.EDIT_REPORT)
    form, found = queries.form_of(seat.node), queries.report_of(seat.node)
    data = found.draft if found and found.version else first_entries(seat.node)
    content = write_template(form, seat.node.name, read_entry(data, form.keys), _token(seat.node, found))
    return file_response(f"Phụ lục {seat.node.name}", "xlsx", content)


@require_http_methods(["GET", "POST"])
def report_file(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Upload a filled-in workbook: it becomes the draft, still to be sent. A refused file changes nothing."""
    seat = take_seat(request, slug, node_id, Verb.EDIT_REPORT)
    if request.method != "POST":
        return _page(request, seat)
    upload = request.FILES.get("file")
    if upload is None:
        return _page(request, seat, _("Choose the file first."))
    if (upload.size or 0) > MOST_BYTES:
        error = WorkbookError("too_big", f"{MOST_BYTES // 1024**2} MB")
        refused("reports", error)
        return _page(request, seat, say(error))
    content = upload.read()
    source = actions.Source(upload.name or "", hashlib.sha256(content).hexdigest())
    found = queries.report_of(seat.node)
    if found is not None and _was_taken(found, source):
        messages.info(request, _("The same file was read before; nothing has changed."))
        return redirect("report", slug, seat.node.pk)
    try:
        data, version = _read(content, seat.node)
    except FileRefusedError as error:
        return _page(request, seat, str(error))
    try:
        actions.save_draft(seat.user, seat.node, data, version, source=source, ip=client_ip_text(request))
    except StaleReport as error:
        return stale_page(request, seat, Posted(data, version, uuid7(), frozenset(), False), error)
    except ReportError as error:
        return _page(request, seat, str(error))
    messages.success(
        request, _("Read from the file %(name)s. Look it through, then send it.") % {"name": source.label}
    )
    return redirect("report", slug, seat.node.pk)


def _read(content: bytes, node: CampaignNode) -> tuple[dict[str, str], int]:
    """The fields, and the version that they are based on. Raises FileRefusedError with the faulty cells."""
    form = queries.form_of(node)
    try:
        token = signing.loads(read_token(open_workbook(content)), salt=_SALT)
        if token["node"] != str(node.pk):
            raise FileRefusedError(
                _(
                    "This file was made for another unit (%(unit)s). Send it on that unit's page, or "
                    "download the form of this one."
                )
                % {"unit": token["name"]}
            )
        if token["form"] != form.version:
            raise FileRefusedError(
                _(
                    "This file uses another form of the annex than the campaign does now. Download the form "
                    "again from this page."
                )
            )
        filled = read_filled(content, form)
    except WorkbookError as error:
        refused("reports", error)
        raise FileRefusedError(say(error)) from error
    except signing.BadSignature as error:
        raise FileRefusedError(say(WorkbookError("other_workbook"))) from error
    entry = read_entry(filled.data, form.keys)
    if entry.refused:
        places = ", ".join(f"{filled.cells[field]} (“{entry.typed[field][:40]}”)" for field in entry.refused)
        raise FileRefusedError(
            _("These cells must hold whole numbers: %(cells)s. Correct them in the file, then send it again.")
            % {"cells": places}
        )
    return filled.data, int(token["version"])


def _was_taken(found: Report, source: actions.Source) -> bool:
    taken = [found.draft_file, *found.revisions.values_list("source", flat=True)]
    return any(file.get("sha256") == source.sha256 for file in taken)


def _token(node: CampaignNode, found: Report | None) -> str:
    content = {
        "node": str(node.pk),
        "name": node.name,
        "form": queries.form_of(node).version,
        "version": found.version if found else 0,
    }
    return signing.dumps(content, salt=_SALT)


def _page(request: HttpRequest, seat: Seat, refused: str = "") -> HttpResponse:
    context = {"seat": seat, "campaign": seat.campaign, "door": "report", "refused": refused}
    return render(request, "reports/file.html", context, status=422 if refused else 200)
