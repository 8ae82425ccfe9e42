"""The list of late units: to call, to write to, and to download."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from quetsach.portal.campaigns.joining.actions import issue_codes
from quetsach.portal.campaigns.reminders.wording import Ways, message
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.campaigns.templatetags.campaign import last_day
from quetsach.portal.kit.address import absolute
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.figures import BELOW, DIRECT
from quetsach.portal.kit.templatetags.kit import moment
from quetsach.portal.reports.dashboard.late_units import (
    GROUPS,
    MISSING,
    NAMES,
    LateUnit,
    Sieve,
    counts,
    described,
    kinds_below,
    selected,
)
from quetsach.portal.reports.export.files import to_xlsx
from quetsach.portal.reports.export.table import Export, Table
from quetsach.portal.reports.queries import may_review_below
from quetsach.portal.units.roles import Verb, fits
from quetsach.text.vietnamese import search_key

A_PAGE = 200
MOST_MESSAGES = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
def chase(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The list; filters are in the address, so that they survive; boxes to tick for messages."""
    seat = take_seat(request, slug, node_id)
    sieve = Sieve.read(request.GET)
    page = Paginator(selected(seat.node, sieve), A_PAGE).get_page(request.GET.get("trang"))
    rows = described(page, sieve)
    found = counts(seat.node, is_deep=sieve.is_deep)
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "progress",
        "sieve": sieve,
        "page": page,
        "groups": [(name, list(part)) for name, part in groupby(rows, key=lambda row: row.group)],
        "choices": [(key, word, NAMES[key], found[key]) for key, word in MISSING.items()],
        "reach": BELOW if sieve.is_deep else DIRECT,
        "as_of": timezone.now(),
        "group_choices": GROUPS.items(),
        "kinds": kinds_below(seat.node),
        "query": request.GET.urlencode(),
        "with_file": found["tep"],
        "may_take": may_review_below(seat),
        "may_invite": seat.may(Verb.INVITE),
        "may_key": fits(seat.places, Verb.ACT_FOR_BELOW, f"{seat.node.path}_"),
    }
    return render(request, "reports/late_units.html", context)


@never_cache
@require_POST
def chase_messages(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """One message for each ticked unit, or for all units of the list; with `codes`, a new code to join for
    units without an account. Only people with the right to invite units write to them."""
    seat = take_seat(request, slug, node_id, Verb.INVITE)
    back = f"{reverse('chase', args=[slug, node_id])}?{request.POST.get('query', '')[:500]}"
    if request.POST.get("which") == "all":
        sieve = Sieve.read(QueryDict(request.POST.get("query", "")[:500]))
        nodes = list(selected(seat.node, sieve)[: MOST_MESSAGES + 1])
    else:
        sieve, ticked = Sieve(is_deep=True), _ids(request.POST.getlist("unit"))
        nodes = list(selected(seat.node, sieve).filter(pk__in=ticked)[: MOST_MESSAGES + 1])
    if len(nodes) > MOST_MESSAGES:
        nodes = nodes[:MOST_MESSAGES]
        text = _("Only the first %(most)d units, the most urgent ones. Narrow the list by level or kind.")
        messages.warning(request, text % {"most": MOST_MESSAGES})
    if not nodes:
        messages.error(request, _("Tick at least one unit."))
        return redirect(back)
    rows = described(nodes, sieve)
    codes = {}
    if request.POST.get("codes"):
        without = [row.node for row in rows if not row.has_account]
        issued = issue_codes(without, seat.user, ip=client_ip_text(request))
        codes = {node.pk: code for node, code in issued}
    items = [(row, _words(seat, row, codes.get(row.node.pk, ""))) for row in rows]
    emails = [row.contact.email for row in rows if row.contact and row.contact.email]
    context = {"seat": seat, "campaign": seat.campaign, "door": "progress", "items": items, "back": back}
    context |= {"emails": emails, "codes": len(codes)}
    return render(request, "reports/chase_messages.html", context)


def _words(seat: Seat, row: LateUnit, code: str) -> str:
    ways = Ways.to(seat.campaign.slug, absolute)
    return message(
        seat.node.name, row.called, row.todo, row.node.due_at, ways,
        has_account=row.has_account, code=code,
    )  # fmt: skip


@require_safe
def chase_xlsx(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Every unit that fits the filters, on one page; in Vietnamese, for official use."""
    seat = take_seat(request, slug, node_id)
    sieve = Sieve.read(request.GET)
    with override("vi"):
        data = to_xlsx(_workbook(seat, described(selected(seat.node, sieve), sieve)))
    response = HttpResponse(data, content_type=XLSX)
    name = "-".join(search_key(seat.node.name).split()) or "don-vi"
    name = "".join(char for char in name if char.isalnum() or char == "-")
    response["Content-Disposition"] = f'attachment; filename="con-thieu-{name}.xlsx"'
    return response


def _workbook(seat: Seat, rows: Sequence[LateUnit]) -> Export:
    """The sheet of the late units, in the language in use: nothing of it is put into words later."""
    head = ("TT", "Đơn vị", "Cấp trên", "Còn thiếu", "Hạn", "Người liên hệ", "Điện thoại", "Thư điện tử")
    lines = tuple(
        (
            number,
            row.called,
            row.trail,
            "; ".join(row.says),
            last_day(row.node.due_at),
            row.contact.name if row.contact else None,
            row.contact.phone if row.contact else None,
            row.contact.email if row.contact else None,
        )
        for number, row in enumerate(rows, start=1)
    )
    table = Table("Đơn vị còn thiếu", head, lines)
    return Export(seat.campaign.title, seat.node.name, moment(timezone.now()), (table,))


def _ids(texts: list[str]) -> list[UUID]:
    field = forms.UUIDField()
    found = []
    for text in texts:
        try:
            found.append(field.clean(text))
        except ValidationError:
            continue
    return found
