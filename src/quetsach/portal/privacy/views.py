"""The table of stored personal data, the form to ask about it, and the list of requests."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.errors import too_many_requests
from quetsach.portal.kit.fields import TypedField
from quetsach.portal.kit.limits import Limit
from quetsach.portal.kit.templatetags.kit import day
from quetsach.portal.privacy import actions, queries
from quetsach.portal.privacy.models import ErasureRequest
from quetsach.portal.privacy.table import table
from quetsach.portal.units.queries import tops_of
from quetsach.portal.units.roles import MAY, Verb, places_of
from quetsach.text.vietnamese import nfc

ASKED = Limit("privacy-asked", most=30, seconds=600)


class AskForm(forms.Form):
    """The person, how to reach them, and the subject of the request."""

    name = TypedField(
        label=gettext_lazy("Your full name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Write your name.")},
    )
    contact = TypedField(
        label=gettext_lazy("Phone or e-mail"),
        max_length=100,
        help_text=gettext_lazy("The office calls back to be sure that it is you."),
        error_messages={"required": gettext_lazy("Write how you can be reached.")},
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("I want the office to"),
        choices=[("", gettext_lazy("choose")), *ErasureRequest.Kind.choices],
        error_messages={"required": gettext_lazy("Choose what the office should do.")},
    )
    text = TypedField(
        label=gettext_lazy("What should be shown, corrected or deleted?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Write no identity number and no password."),
        error_messages={"required": gettext_lazy("Write what it is about.")},
    )

    def clean(self) -> dict[str, str]:
        return {name: nfc(value) for name, value in self.cleaned_data.items()}


class AnswerForm(forms.Form):
    """The answer: what was done, or the reason against it."""

    answer = TypedField(max_length=2000)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """The table: data, purpose, legal basis, readers, and term."""
    context = {
        "rows": table().rows, "hours": settings.SESSION_COOKIE_AGE // 3600,
        "answers": queries.answering_unit(request.user),
        "may_answer": queries.may_answer_somewhere(request.user),
    }  # fmt: skip
    return render(request, "privacy/privacy.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form to see, correct or delete one's own data."""
    unit = queries.answering_unit(request.user)
    if unit is None:
        raise Http404
    user = request.user if isinstance(request.user, User) else None
    known = {"name": user.get_full_name(), "contact": user.phone or user.email} if user else {}
    form = AskForm(request.POST if request.method == "POST" else None, initial=known)
    if request.method == "POST":
        if ASKED.is_reached(request):
            return too_many_requests(request)
        if form.is_valid():
            ASKED.note(request)
            row = actions.ask(unit, **form.cleaned_data, user=user, ip=client_ip_text(request))
            messages.success(request, _told(row))
            return redirect("privacy")
    return render(request, "privacy/ask.html", {"form": form, "unit": unit})


def _told(row: ErasureRequest) -> str:
    """The sentence with the days by which the office must reply and act."""
    clock = row.clock
    text = _(
        "Noted. %(unit)s must confirm by %(reply)s that it has your request, and carry it out, or say why"
        " not, by %(act)s."
    )
    return text % {"unit": row.unit.name, "reply": day(clock.reply.by), "act": day(clock.act.by)}


@never_cache
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """The requests, for the people of the office that must answer, and for coordinators above."""
    if not queries.may_answer_somewhere(request.user):
        raise Http404
    known = queries.answerable(request.user).order_by(F("answered_at").desc(nulls_first=True), "at")
    rows = list(known.select_related("answered_by", "received_by")[:500])
    today = timezone.localdate()
    waiting = [row for row in rows if not row.answered_at]
    own = {path for _role, path in places_of(request.user)}
    here = {row.unit: 0 for row in rows if row.unit.path in own}
    here = here or dict.fromkeys(tops_of(request.user)[:1], 0)
    for row in waiting:
        if row.unit in here:
            here[row.unit] += 1
    context = {
        "rows": [(row, *_terms(row, today)) for row in queries.in_order(rows)],
        "here": here.items(),
        "leads": any(Verb.READ_AUDIT in MAY[role] for role, _path in places_of(request.user)),
        "below": len(waiting) - sum(here.values()),
        "late": sum(row.clock.is_overdue(today) for row in waiting),
    }
    return render(request, "privacy/requests.html", context)


def _terms(row: ErasureRequest, today: date) -> list[dict[str, object]]:
    """Both duties for the page: last day, day done, days late, and whether the last day is today."""
    return [
        {"by": one.by, "done": one.done, "late": one.days_late(today), "is_today": one.by == today}
        for one in (row.clock.reply, row.clock.act)
    ]


@require_POST
def received(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Record that the person was told that the request has arrived, or take that back."""
    row, user = _row(request, request_id), request.user
    assert isinstance(user, User)
    if "back" in request.POST:
        actions.take_received_back(row, user, ip=client_ip_text(request))
        messages.success(request, _("Taken back."))
    else:
        actions.note_received(row, user, ip=client_ip_text(request))
        messages.success(request, _("Noted: the person knows that the request has arrived."))
    return redirect("erasure_requests")


def _row(request: HttpRequest, request_id: UUID) -> ErasureRequest:
    """The request, for somebody who may answer it. Raises Http404 else."""
    row = queries.answerable(request.user).filter(pk=request_id).first()
    if row is None:
        raise Http404
    return row


@require_POST
def answer(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Record the answer to a request."""
    row = _row(request, request_id)
    form = AnswerForm(request.POST)
    if form.is_valid() and isinstance(request.user, User):
        actions.answer(row, nfc(form.cleaned_data["answer"]), request.user, ip=client_ip_text(request))
        messages.success(request, _("Noted as answered."))
    else:
        messages.error(request, _("Write what was done, or why it may not be done."))
    return redirect("erasure_requests")
