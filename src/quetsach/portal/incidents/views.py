"""The pages of incidents: the list, the choice of cases, and the page of one incident with its clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.seat import Seat, take_seat, take_seat_asked
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.named import names_of
from quetsach.portal.cases.rules import State
from quetsach.portal.cases.several import is_unfound
from quetsach.portal.cases.words import chip_of
from quetsach.portal.incidents import actions, case_facts, queries
from quetsach.portal.incidents.clocks import ONCE, Kind
from quetsach.portal.incidents.forms import (
    DetectedForm,
    PersonalDataForm,
    SentForm,
    SeverityForm,
    TextsForm,
    WithdrawForm,
)
from quetsach.portal.incidents.models import Incident
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.units.roles import Verb

PAGE = 25
OFFERED = 200
"""Open cases on the page of the choice; a case beyond them is chosen from its own page."""
REFUSALS: dict[str, str | Promise] = {
    "empty": _("Choose at least one case."),
    "many": _("At most 60 cases at once: choose fewer, and draft the rest as another incident."),
    "closed": _("The campaign is archived; nothing can be changed any more."),
    "ended": _("The final report was sent: the incident has ended and cannot be changed."),
    "later": _("That moment lies after the opening of the case, from which the clock runs already."),
    "far": _("That moment lies more than a year before the opening of the case. Check the year."),
    "stale": _("The incident was changed meanwhile. Look at it again before you go on."),
    "taken": _("Such a paper is there already. Set it aside first, or write an update."),
    "future": _("The moment of sending lies in the future."),
    "before": _("The moment of sending lies before the detection."),
    "dropped": _("This paper was set aside. Freeze a new one."),
    "sent": _("Its sending is recorded already, with other words."),
    "told": _("A paper about it was sent: it cannot be taken back. Write an update that corrects it."),
    "withdrawn": _("The incident was taken back. Put it back first, then go on."),
    "gone": _("A machine went to another unit meanwhile. Choose the cases again."),
    "right": _("Your role for this unit has ended."),
    "another_day": _("It was recorded on another day and can no longer be taken back. Write an update."),
}


@dataclass(frozen=True)
class Deed:
    """A form on the page of an incident: its act, the message afterwards, and its part of the page."""

    form: type[django_forms.Form]
    do: Callable[..., Incident]
    said: str | Promise
    place: str


DEEDS = {
    "phat-hien": Deed(
        DetectedForm, actions.set_detected, _("Recorded. The clock now runs from that moment."), "phat-hien"
    ),
    "muc-do": Deed(SeverityForm, actions.decide_severity, _("Recorded, with your name."), "muc-do"),
    "du-lieu": Deed(PersonalDataForm, actions.say_personal_data, _("Recorded, with your name."), "du-lieu"),
    "rut": Deed(WithdrawForm, actions.withdraw, _("Taken back, with your name and reason."), "rut"),
    "lap-lai": Deed(
        django_forms.Form, actions.put_back, _("The incident is back. Its clock has run on."), "muc-do"
    ),
    "noi-dung": Deed(TextsForm, actions.write, _("Saved. The drafts carry it now."), "noi-dung"),
}


@require_safe
def incidents(request: HttpRequest, slug: str) -> HttpResponse:
    """The incidents of a unit and of those below it, with their clocks."""
    seat = take_seat_asked(request, slug)
    now = timezone.now()
    page = Paginator(queries.incidents_of(seat.node), PAGE).get_page(request.GET.get("trang"))
    rows = []
    for row in page:
        open_duties = [duty for duty in row.duties if duty.sent_at is None and row.closed_at is None]
        rows.append((row, open_duties, any(duty.is_overdue(now) for duty in open_duties)))
    context = {
        "seat": seat,
        "door": "cases",
        "page": page,
        "rows": rows,
        "papers": queries.PAPERS,
        "may_work": seat.may(Verb.WORK_CASE),
        "now": now,
    }
    return render(request, "incidents/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose cases: for an official notice to their units, or for an incident, which a POST opens."""
    seat = take_seat_asked(request, slug, Verb.WORK_CASE)
    sent = request.POST if request.method == "POST" else request.GET
    cases = case_facts.chosen_cases(seat.user, seat.node, ids_in(sent.getlist("ho-so")))
    problem: str | Promise = ""
    if request.method == "POST":
        try:
            (incident_id,) = ids_in([request.POST.get("ma", "")]) or [uuid7()]
            made = actions.open_incident(
                seat.user, _node_of(seat, cases), incident_id, cases, ip=client_ip_text(request)
            )
        except actions.IncidentError as error:
            problem = REFUSALS[error.code]
        else:
            return redirect("incident", slug, made.pk)
    return _choice_page(request, seat, cases, problem)


def _node_of(seat: Seat, cases: list[Case]) -> Any:
    """The unit of the incident: the unit that has all the machines, else the unit on the page."""
    owners = {case.device.owner_id: case.device.owner for case in cases}
    if len(owners) == 1 and all(case.device.is_assigned for case in cases):
        (owner,) = owners.values()
        owner.campaign = seat.campaign
        return owner
    return seat.node


@dataclass(frozen=True)
class _Letter:
    """The official notices about chosen cases, before they are drawn: the units that they go to, each with
    the number of its cases, none where one stays in the own office; and how many of the cases they leave
    out."""

    units: list[tuple[CampaignNode, int]]
    cases: int
    left_out: int
    false: int

    @classmethod
    def of(cls, home: CampaignNode, cases: list[Case]) -> _Letter:
        letters = case_facts.letters_of(home, cases)
        asked = sum(map(len, letters.values()))
        false = sum(case.state == State.FALSE_POSITIVE for case in cases)
        units = [(node, len(own)) for node, own in letters.items() if node is not None]
        return cls(units, asked, len(cases) - asked - false, false)


def _choice_page(
    request: HttpRequest,
    seat: Seat,
    cases: list[Case],
    problem: str | Promise = "",
    incident: Incident | None = None,
    left: Sequence[case_facts.CaseFacts] = (),
) -> HttpResponse:
    """`left`: cases of the incident whose machines went to other units, as they were then."""
    offered = list(case_facts.open_cases(seat.node)[: OFFERED + 1])
    more, chosen = len(offered) > OFFERED, {case.pk for case in cases}
    offered = [*(case for case in cases if case.pk not in {one.pk for one in offered}), *offered[:OFFERED]]
    asked = "&".join(f"ho-so={case.pk}" for case in cases)
    quiet_days, now, names = seat.campaign.quiet_days, timezone.now(), names_of(offered)
    context = {
        "seat": seat,
        "door": "cases",
        "rows": [
            (case, case.pk in chosen, names.get(case.pk), is_unfound(case), *chip_of(case, quiet_days, now))
            for case in offered
        ],
        "chosen": cases,
        "left": left,
        "more": more,
        "most": case_facts.MOST_CASES,
        "incident": incident,
        "new_id": uuid7(),
        "asked": f"don-vi={seat.node.pk}&{asked}",
        "letter": _Letter.of(seat.home, cases),
        "problem": problem,
    }
    return render(request, "incidents/choose.html", context, status=422 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def recast(request: HttpRequest, slug: str, incident_id: UUID) -> HttpResponse:
    """Change which cases belong to the incident."""
    seat, found = find(request, slug, incident_id, Verb.WORK_CASE)
    facts = facts_of(found)
    left = {one.case.pk: one for one in facts.cases if one.left_at is not None}
    if request.method != "POST":
        cases = [case for case in _cases_of(found) if case.pk not in left]
        return _choice_page(request, seat, cases, incident=found, left=[*left.values()])
    ids = ids_in(request.POST.getlist("ho-so"))
    cases = case_facts.chosen_cases(seat.user, seat.node, ids)
    stay = left.keys() & set(ids) - {case.pk for case in cases}
    cases += [case for case in _cases_of(found) if case.pk in stay]
    try:
        actions.choose_cases(seat.user, found, cases, ip=client_ip_text(request))
    except actions.IncidentError as error:
        here = [case for case in cases if case.pk not in left]
        return _choice_page(request, seat, here, REFUSALS[error.code], found, [*left.values()])
    messages.success(request, str(_("The cases of the incident are set. The clock follows the earliest.")))
    return redirect("incident", slug, incident_id)


@require_safe
def incident(request: HttpRequest, slug: str, incident_id: UUID) -> HttpResponse:
    """One incident: clocks, decisions, facts, papers."""
    seat, found = find(request, slug, incident_id)
    return incident_page(request, seat, found)


@require_POST
def act(request: HttpRequest, slug: str, incident_id: UUID, deed: str) -> HttpResponse:
    """Record a decision, or what people write."""
    wanted = DEEDS.get(deed)
    if wanted is None:
        raise Http404
    seat, found = find(request, slug, incident_id, Verb.WORK_CASE)
    form = wanted.form(request.POST, auto_id=f"{deed}-%s")
    if not form.is_valid():
        return incident_page(request, seat, found, {deed: form}, status=422)
    values = dict(form.cleaned_data)
    if deed == "noi-dung":
        values = {"texts": values, "version": version_in(request)}
    try:
        wanted.do(seat.user, found, *values.values(), ip=client_ip_text(request))
    except actions.IncidentError as error:
        form.add_error(None, str(REFUSALS[error.code]))
        return incident_page(request, seat, found, {deed: form}, status=422)
    messages.success(request, str(wanted.said))
    return redirect(f"{reverse('incident', args=[slug, incident_id])}#{wanted.place}")


def find(request: HttpRequest, slug: str, incident_id: UUID, verb: Verb = Verb.READ) -> tuple[Seat, Incident]:
    """The incident, or 404 for people who may not see it or may not do `verb`."""
    rows = Incident.objects.visible_to(request.user).filter(pk=incident_id, node__campaign__slug=slug)
    found = rows.select_related(
        "node__campaign", "node__parent", "node__unit__parent",
        "severity_by", "personal_data_by", "detected_by", "changed_by", "created_by",
        "withdrawn_by",
    ).first()  # fmt: skip
    if found is None:
        raise Http404
    return take_seat(request, slug, found.node_id, verb), found


def _cases_of(found: Incident) -> Iterable[Case]:
    rows = found.cases.select_related("device__owner", "device__campaign")
    return rows.order_by("device__owner__path", "device__key", "family", "pk")


def facts_of(found: Incident) -> case_facts.AllFacts:
    """The facts about the cases of an incident."""
    return case_facts.facts_of(_cases_of(found), found.node, found.created_at)


def incident_page(
    request: HttpRequest,
    seat: Seat,
    found: Incident,
    bound: dict[str, django_forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of one incident, with a form that was refused if there is one."""
    bound, now = bound or {}, timezone.now()
    facts = facts_of(found)
    notices = list(found.notices.select_related("frozen_by", "recorded_by").order_by("-frozen_at", "-pk"))
    may_work = seat.may(Verb.WORK_CASE)
    is_open = may_work and found.closed_at is None
    duties = found.duties
    standing = {one.kind for one in notices if one.dropped_at is None}
    firsts: dict[str, dict[str, Any]] = {
        "muc-do": {"severity": found.severity, "why": found.severity_why},
        "du-lieu": {"answer": found.personal_data, "why": found.personal_data_why},
        "phat-hien": {
            "at": timezone.localtime(found.detected_at) if found.detected_at else None,
            "why": found.detected_why,
        },
        "noi-dung": found.texts,
        "rut": {},
        "lap-lai": {},
    }
    forms = {
        name.replace("-", "_"): bound.get(name) or deed.form(initial=firsts[name], auto_id=f"{name}-%s")
        for name, deed in DEEDS.items()
    }
    context = {
        "seat": seat,
        "door": "cases",
        "incident": found,
        "facts": facts,
        "cases": [
            (one, *(("none", "") if one.left_at else chip_of(one.case, seat.campaign.quiet_days, now)))
            for one in facts.cases
        ],
        "indicators": facts.indicators[:10],
        "more_indicators": max(0, len(facts.indicators) - 10),
        "clocks": [
            (duty, queries.PAPERS[duty.kind], duty.is_overdue(now), duty.kind in standing) for duty in duties
        ],
        "late_papers": [queries.PAPERS[duty.kind] for duty in duties if duty.is_overdue(now)],
        "next": min((duty for duty in duties if duty.sent_at is None), key=lambda d: d.due_at, default=None),
        "papers": [
            (kind.value, queries.PAPERS[kind.value], kind in ONCE and kind.value in standing)
            for kind in _offered(found)
        ],
        "notices": [
            (
                one,
                bound.get(f"da-gui-{one.pk}") or SentForm(auto_id=f"gui-{one.pk.hex[-6:]}-%s"),
                one.is_recorded_on(timezone.localdate(now)),
            )
            for one in notices
        ],
        "forms": forms,
        "problem": next((form for form in bound.values() if form.errors), None),
        "opened": next(iter(bound), ""),
        "may_work": may_work,
        "is_open": is_open,
        "may_withdraw": is_open and not any(one.sent_at for one in notices),
        "new_ids": {kind.value: uuid7() for kind in Kind},
        "now": now,
    }  # fmt: skip
    return render(request, "incidents/incident.html", context, status=status)


def _offered(found: Incident) -> list[Kind]:
    kinds = [Kind.NOTICE, Kind.REPORT, Kind.UPDATE, Kind.FINAL]
    return [*kinds, Kind.PERSONAL] if found.personal_data == "yes" else kinds


def ids_in(texts: Iterable[str]) -> list[UUID]:
    """The ids among these texts, each once; a text that is no id is passed over."""
    found: dict[UUID, None] = {}
    for text in list(texts)[: 10 * case_facts.MOST_CASES]:
        try:
            found[UUID(text)] = None
        except ValueError:
            continue
    return list(found)


def version_in(request: HttpRequest) -> int:
    """The version of the incident that the person looked at."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
