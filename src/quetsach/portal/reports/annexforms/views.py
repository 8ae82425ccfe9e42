"""The forms of the annex: see one, download it as a workbook, edit it there, upload it as a new version."""

from __future__ import annotations

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from quetsach.annexes.form.authoring import AuthoringError, changes, read_authored, write_form
from quetsach.annexes.form.definition import Form, read_form
from quetsach.annexes.form.expression import write_expression
from quetsach.annexes.form.workbook import MOST_BYTES, WorkbookError
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.language import language
from quetsach.portal.kit.strangers import refused as note_refused
from quetsach.portal.reports import queries
from quetsach.portal.reports.annexforms import actions
from quetsach.portal.reports.annexforms.versions import load_form, versions
from quetsach.portal.reports.errors import ReportError
from quetsach.portal.reports.export.views import file_response
from quetsach.portal.reports.issuer import take_issuer_seat
from quetsach.portal.reports.workbook_words import say, say_problems

_SALT = "quetsach.annex-form"


@require_http_methods(["GET", "POST"])
def annex_forms(request: HttpRequest, slug: str) -> HttpResponse:
    """All versions. A POST previews a workbook, stores a previewed one, or sets the campaign's form."""
    seat = take_issuer_seat(request, slug)
    if request.method != "POST":
        return _page(request, seat)
    act = request.POST.get("act")
    if act == "preview":
        return _preview(request, seat)
    try:
        if act == "keep":
            form = read_form(signing.loads(request.POST.get("form", ""), salt=_SALT))
            actions.publish_form(seat.user, seat.campaign, form, ip=client_ip_text(request))
            messages.success(
                request, _("The version %(form)s is kept. It can be used now.") % {"form": form.version}
            )
        elif act == "use":
            form = _version(request.POST.get("version", ""))
            actions.choose_form(seat.user, seat.campaign, form, ip=client_ip_text(request))
            messages.success(request, _("The campaign uses the form %(form)s now.") % {"form": form.version})
        else:
            raise Http404
    except signing.BadSignature as error:
        raise Http404 from error
    except ReportError as error:
        messages.error(request, str(error))
    return redirect("annex_forms", slug)


@require_GET
def annex_form_file(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """A version as a workbook to edit."""
    take_issuer_seat(request, slug)
    form = _version(version)
    return file_response(f"Mẫu phụ lục {form.version}", "xlsx", write_form(form, version.rsplit("-", 1)[0]))


def _preview(request: HttpRequest, seat: Seat) -> HttpResponse:
    upload = request.FILES.get("file")
    if upload is None:
        return _page(request, seat, [_("Choose the file first.")])
    try:
        if (upload.size or 0) > MOST_BYTES:
            raise WorkbookError("too_big", f"{MOST_BYTES // 1024**2} MB")
        form = read_authored(upload.read())
    except WorkbookError as error:
        note_refused("forms", error)
        return _page(request, seat, [say(error)])
    except AuthoringError as error:
        return _page(request, seat, say_problems(error.problems))
    return _page(request, seat, form=form)


def _page(
    request: HttpRequest, seat: Seat, refused: list[str] | None = None, form: Form | None = None
) -> HttpResponse:
    current = queries.form_of(seat.node)
    shown = form or current
    lang = language()
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "rollup",
        "current": current,
        "shown": shown,
        "rows": [(row, row.short[lang]) for row in shown.rows],
        "rules": [(rule, write_expression(rule["when"]), rule[lang]) for rule in shown.rules],
        "is_preview": form is not None,
        "changes": changes(current, form) if form else [],
        "signed": signing.dumps(form.as_dict(), salt=_SALT, compress=True) if form else "",
        "versions": [(one, one.title[lang]) for one in versions()],
        "refused": refused or [],
    }
    return render(request, "reports/forms.html", context, status=422 if refused else 200)


def _version(version: str) -> Form:
    if version not in {form.version for form in versions()}:
        raise Http404
    return load_form(version)
