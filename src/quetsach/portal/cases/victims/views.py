"""The pages of victims' reports: upload with a preview, one file, risks, and addresses of no unit."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from quetsach.files.bounded_process import BusyError
from quetsach.portal.campaigns.seat import Seat, take_seat, take_seat_asked
from quetsach.portal.cases.forms import ReasonForm
from quetsach.portal.cases.models import VictimFile
from quetsach.portal.cases.victims import actions, back_actions, queries
from quetsach.portal.cases.victims.actions import Receipt
from quetsach.portal.cases.victims.forms import VictimsForm
from quetsach.portal.cases.victims.words import kind_called, reasons, refusal, texts, unread, what_is
from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.draft_actions import StaleDraftError, throw_away
from quetsach.portal.kit.refusals import note_form, note_request
from quetsach.portal.kit.templatetags.kit import num
from quetsach.portal.machines.models import EvidenceFile
from quetsach.portal.units.roles import Verb
from quetsach.victims import reading, types
from quetsach.victims import words as victims_words
from quetsach.victims.reading import ReportFileError
from quetsach.victims.report import SEVERITIES

PAGE = 25
MEANINGS = ("exposed", "attack")


@require_http_methods(["GET", "HEAD", "POST"])
def victims(request: HttpRequest, slug: str) -> HttpResponse:
    """The files that came, and the form to upload one."""
    if request.method != "POST":
        return _victims_page(request, take_seat_asked(request, slug), VictimsForm())
    seat = take_seat(request, slug, None, Verb.UPLOAD_SCAN)
    form = VictimsForm(request.POST, request.FILES)
    if not form.is_valid():
        note_form(request, form)
        return _victims_page(request, seat, form, status=422)
    file, told = (
        form.cleaned_data["file"],
        actions.zone_told(form.cleaned_data["kind"], form.cleaned_data["day"]),
    )
    data = file.read()
    try:
        draft = actions.keep_draft(
            seat.node, seat.user, file.name, data, reading.opened(file.name, BytesIO(data), told), told
        )
    except (ReportFileError, types.TypesError) as error:
        note_request(request, "content")
        form.add_error("file", refusal(error))
        return _victims_page(request, seat, form, status=422)
    return redirect("victims_file", slug, draft.pk)


def _victims_page(request: HttpRequest, seat: Seat, form: VictimsForm, status: int = 200) -> HttpResponse:
    page = Paginator(queries.files_of(seat.node), PAGE).get_page(request.GET.get("trang"))
    again = queries.counting_again(seat.node, page)
    context = {
        "seat": seat,
        "door": "cases",
        "form": form,
        "most": actions.MOST_BYTES >> 20,
        "page": page,
        "rows": [
            (row, *what_is(row.publisher, row.kind), sum(row.left.values()), again.get(row.pk))
            for row in page
        ],
        "standing": queries.standing(seat.node),
        "may_upload": seat.may(Verb.UPLOAD_SCAN),
        "portal_url": on_screen(request, "/"),
    }
    return render(request, "cases/victims/victims.html", context, status=status)


def _find(request: HttpRequest, slug: str, file_id: UUID) -> tuple[Seat, VictimFile]:
    """The file, if the person may see it: a draft is its author's alone."""
    rows = VictimFile.objects.visible_to(request.user).filter(pk=file_id, node__campaign__slug=slug)
    row = rows.select_related("node__campaign", "by", "token", "gone_by").first()
    if row is None:
        raise Http404
    seat = take_seat(request, slug, row.node_id)
    if row.accepted_at is None and (row.by_id != seat.user.pk or not seat.may(Verb.UPLOAD_SCAN)):
        raise Http404
    return seat, row


@require_http_methods(["GET", "HEAD", "POST"])
def victims_file(request: HttpRequest, slug: str, file_id: UUID) -> HttpResponse:
    """A draft with what it would change and the button to agree; or an accepted file with its leftovers."""
    seat, row = _find(request, slug, file_id)
    if row.accepted_at is not None:
        if request.method == "POST":
            raise Http404
        return _file_page(request, seat, row)
    if request.method == "POST":
        return _decide(request, seat, row)
    try:
        found = queries.preview(row, actions.opened(row))
    except (ReportFileError, types.TypesError) as error:
        messages.error(request, refusal(error))
        throw_away(row, seat.user)
        return redirect("victims", slug)
    except StaleDraftError:
        messages.error(request, _("The file is no longer here. Upload it again."))
        return redirect("victims", slug)
    tell = texts()
    context = {
        "seat": seat,
        "door": "cases",
        "file": row,
        "what": what_is(row.publisher, row.kind),
        "preview": found,
        "same": [(_handed_in_as(one), one.accepted_at) for one in found.same],
        "kinds": [
            (kind, what_is(publisher, kind)[0], tell(victims_words.MEANINGS[meaning]), n)
            for (publisher, kind, meaning), n in found.kinds.most_common()
        ],
        "units": found.units[:PAGE],
        "more_units": max(0, len(found.units) - PAGE),
        "nobody": sorted(found.nobody)[:PAGE],
        "several": sorted(found.several)[:PAGE],
        "left": reasons([(code, kind, n) for (code, kind), n in found.left.most_common()]),
        "leftovers": unread([[one.line, one.code, one.value, ""] for one in found.leftovers]),
        "left_lines": found.left.total(),
    }
    return render(request, "cases/victims/preview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request: HttpRequest, slug: str, file_id: UUID) -> HttpResponse:
    """What taking an accepted file back does, before the click; and the click."""
    seat, row = _find(request, slug, file_id)
    if row.accepted_at is None or not seat.may(Verb.UPLOAD_SCAN):
        raise Http404
    if row.gone_at is not None:
        messages.info(request, _("The file was taken back already."))
        return redirect("victims_file", slug, row.pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        closed = back_actions.take_back(row, seat.user, form.cleaned_data["reason"], client_ip_text(request))
        told = _("The file was taken back.")
        if closed is None:
            messages.warning(request, f"{told} {_('Its cases follow with the run of the night.')}")
        else:
            cases = ngettext("%(n)s case was closed.", "%(n)s cases were closed.", closed)
            back = queries.number_as_before(row)
            same = ngettext(
                "%(n)s case is as it was before the file.",
                "%(n)s cases are as they were before the file.",
                back,
            )
            kept = queries.number_kept(row)
            stay = ngettext(
                "%(n)s case that only the file had opened again stays open, because somebody has worked on "
                "it. Look at it again.",
                "%(n)s cases that only the file had opened again stay open, because somebody has worked on "
                "them. Look at them again.",
                kept,
            )
            said = [cases % {"n": num(closed)}] if closed or not (back or kept) else []
            said += [same % {"n": num(back)}] if back else []
            said += [stay % {"n": num(kept)}] if kept else []
            level = messages.WARNING if kept else messages.SUCCESS
            messages.add_message(request, level, " ".join((told, *said)))
        return redirect("victims_file", slug, row.pk)
    resting = queries.resting_on(row)
    context = {
        "seat": seat, "door": "cases", "file": row, "form": form, "resting": resting,
        "units": resting.units[:PAGE], "more_units": max(0, len(resting.units) - PAGE),
        "what": what_is(row.publisher, row.kind),
    }  # fmt: skip
    return render(request, "cases/victims/back.html", context, status=422 if form.errors else 200)


def _handed_in_as(one: VictimFile | EvidenceFile) -> str:
    """What the same bytes were taken for before."""
    if isinstance(one, EvidenceFile):
        return _("a file about machines, under %(source)s") % {"source": one.source}
    meaning = what_is(one.publisher, one.kind)[1]
    return kind_called(one.publisher, one.kind) + (f" ({meaning})" if meaning else "")


def _decide(request: HttpRequest, seat: Seat, row: VictimFile) -> HttpResponse:
    slug = seat.campaign.slug
    if request.POST.get("do") != "take":
        if (taken := actions.drop(row, seat.user)) is not None:
            return _taken_already(request, slug, taken)
        messages.info(request, _("Nothing of the file was stored."))
        return redirect("victims", slug)
    try:
        receipt = actions.accept(row, seat.user, client_ip_text(request))
    except (ReportFileError, types.TypesError) as error:
        messages.error(request, refusal(error))
        return redirect("victims", slug)
    except (StaleDraftError, BusyError):
        messages.error(request, _("The file could not be read just now. Upload it again."))
        return redirect("victims", slug)
    request.session[f"victims-{receipt.file.pk}"] = _summary(receipt)
    return redirect("victims_file", slug, receipt.file.pk)


def _taken_already(request: HttpRequest, slug: str, taken: VictimFile) -> HttpResponse:
    """The draft was taken in at the same time, perhaps by a second click."""
    messages.warning(request, _("This file was taken in already. You can take it back here."))
    return redirect("victims_file", slug, taken.pk)


def _summary(receipt: Receipt) -> dict[str, object]:
    return {
        "changed": receipt.changed, "unchanged": receipt.unchanged, "new_cases": receipt.new_cases,
        "risks": receipt.risks, "not_ours": receipt.not_ours,
    }  # fmt: skip


def _file_page(request: HttpRequest, seat: Seat, row: VictimFile) -> HttpResponse:
    same = queries.same_files(row)
    context = {
        "seat": seat,
        "door": "cases",
        "file": row,
        "what": what_is(row.publisher, row.kind),
        "receipt": request.session.get(f"victims-{row.pk}"),
        "left": reasons(
            [(code, row.kind if code in ("kind", "unknown_kind") else "", n) for code, n in row.left.items()]
        ),
        "leftovers": unread(row.leftovers),
        "left_lines": sum(row.left.values()),
        "machines": queries.number_of_machines(row),
        "again": next((one for one in same if row.gone_at and one.gone_at is None), None),
        "before": [one for one in same if one.gone_at and not row.gone_at][:1],
        "may_take_back": row.gone_at is None and seat.may(Verb.UPLOAD_SCAN),
    }
    return render(request, "cases/victims/file.html", context)


@require_GET
def risks(request: HttpRequest, slug: str) -> HttpResponse:
    """Exposed services and attacks, apart from infected machines."""
    seat = take_seat_asked(request, slug)
    chosen = request.GET.get("loai", "")
    chosen = chosen if chosen in MEANINGS else ""
    text = request.GET.get("tim", "").strip().replace("\0", "")[:100]
    page = Paginator(queries.risks_of(seat.node, chosen, text), PAGE).get_page(request.GET.get("trang"))
    tell, counts = texts(), queries.risk_counts(seat.node)
    context = {
        "seat": seat,
        "door": "cases",
        "page": page,
        "rows": [(row, tell(victims_words.SEVERITIES[("", *SEVERITIES)[row["rank"]]]),
                  tell(victims_words.MEANINGS[row["meaning"]])) for row in page],
        "text": text,
        "chosen": chosen,
        "counts": [(one, tell(victims_words.MEANINGS[one]), counts[one]) for one in MEANINGS],
        "risk_total": counts.total(),
    }  # fmt: skip
    return render(request, "cases/victims/risks.html", context)


@require_GET
def unplaced(request: HttpRequest, slug: str) -> HttpResponse:
    """The addresses of the unit's own files that lie in no unit's range, or in those of several."""
    seat = take_seat_asked(request, slug)
    why = request.GET.get("vi-sao", "")
    why = why if why in ("nobody", "several") else ""
    tell = texts()
    page = Paginator(queries.unplaced(seat.node, why), PAGE).get_page(request.GET.get("trang"))
    context = {
        "seat": seat,
        "door": "cases",
        "page": page,
        "rows": [(row, tell(victims_words.LEFT[row["why"]])) for row in page if row["why"]],
        "standing": queries.standing(seat.node),
        "may_upload": seat.may(Verb.UPLOAD_SCAN),
    }
    return render(request, "cases/victims/unplaced.html", context)


@require_POST
def look_again(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask anew who owns the addresses without a unit."""
    seat = take_seat(request, slug, None, Verb.UPLOAD_SCAN)
    found, cases = actions.look_again(seat.node, seat.user, client_ip_text(request))
    if not found:
        messages.info(request, _("Still no unit has named a range with these addresses."))
    else:
        text = ngettext("%(n)d report has a unit now.", "%(n)d reports have a unit now.", found) % {
            "n": found
        }
        more = ngettext("%(n)d new case.", "%(n)d new cases.", cases or 0) % {"n": cases or 0}
        messages.success(request, f"{text} {more}")
    return redirect(f"{reverse('victims_unplaced', args=[slug])}?don-vi={seat.node.pk}")
