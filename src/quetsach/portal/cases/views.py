"""The pages of machines: the list, and the file of one case with the acts on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.seat import Seat, take_seat, take_seat_asked
from quetsach.portal.cases import (
    actions,
    flags,
    handing_back_actions,
    lists,
    machine_words,
    owning_actions,
    queries,
)
from quetsach.portal.cases.advice import advice_for
from quetsach.portal.cases.deeds import DEEDS, open_deeds
from quetsach.portal.cases.episodes import MAY_RETURN, may_return
from quetsach.portal.cases.escalating.queries import escalated, rule_of
from quetsach.portal.cases.escalating.wording import due_in_words
from quetsach.portal.cases.false_alarms.queries import may_decide
from quetsach.portal.cases.forms import AssignForm, ClaimForm, FalseAlarmForm, ReasonForm
from quetsach.portal.cases.gaps.door import door_of
from quetsach.portal.cases.histories import FIGURE_WORDS, figure_filter
from quetsach.portal.cases.models import Case, FalseAlarm
from quetsach.portal.cases.named import named_now, names_of
from quetsach.portal.cases.owning import is_public
from quetsach.portal.cases.rules import OPEN, RETIRE, Act, State, Word, allows
from quetsach.portal.cases.several import BY_HAND, find_first, is_unfound
from quetsach.portal.cases.victims import queries as victims
from quetsach.portal.cases.victims.words import told_in_words
from quetsach.portal.cases.views_forwarders import forwarding
from quetsach.portal.cases.wording import ALL_EVIDENCE, EVIDENCE, tell
from quetsach.portal.cases.words import WORDS, chip_of
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.figures import ALL, BELOW, OWN
from quetsach.portal.sightings.queries import told_by
from quetsach.portal.units.roles import Verb, fits

PAGE = 25
ESCALATED = "escalated"
"""The filter of what a superior must know of: machines of the units directly below."""
REACHES = {"1": OWN, "duoi": BELOW}
"""Whose machines are listed, by the word in the address: the unit's own, those of the units below; else
both."""


@require_GET
def cases(request: HttpRequest, slug: str) -> HttpResponse:
    """The machines of a unit and of those below it."""
    seat = take_seat_asked(request, slug)
    reach = REACHES.get(request.GET.get("rieng", ""), ALL)
    below = reach != OWN
    now = timezone.now()
    tally = lists.tally(seat.node, now, reach=reach)
    machines = lists.there(seat.node, below=below, in_order=tally.total >= lists.MANY)
    if reach == BELOW:
        machines = machines.exclude(owner=seat.node)
    chosen = next((w for w in lists.SHOWN if w.value == request.GET.get("loai")), None)
    counted = request.GET.get("so", "")[:20]
    if (figure := figure_filter(counted)) is not None:
        machines = lists.led_by(machines, figure)
    version = request.GET.get("ban", "")[:9]
    if version.isascii() and version.isdigit():
        machines = lists.led_by(machines, Q(false_alarm_of__version=int(version)))
    file = victims.file_named(seat.node, told) if (told := request.GET.get("tep", "")[:36]) else None
    if file is not None:
        machines = machines.filter(pk__in=victims.machines_of(file))
    asked = request.GET.get("loc", "")
    flag, is_escalated = flags.chosen(asked), asked == ESCALATED
    text = request.GET.get("tim", "").strip().replace("\0", "")[:100]
    if text:
        machines = lists.named(machines, seat.campaign, text)
    in_order = None
    if flag is not None or is_escalated:
        rule = rule_of(seat.campaign)
        directly = Q(device__owner__parent=seat.node)
        condition = flags.conditions(rule, now)[flag] if flag is not None else directly & escalated(rule, now)
        machines, in_order = lists.flagged(machines, seat.node, condition, below=below)
    part = None
    if text or version or asked or counted or file:
        part = lists.picked(machines, seat.campaign, now, in_order)
        machines = part.machines
    is_whole = not (chosen or part)
    if is_whole:
        machines = machines.filter(lists.REAL)
    elif chosen is not None:
        machines = lists.of_word(machines, chosen, seat.campaign, now)
    words = part.words if part else tally.words
    listed = tally.seen if is_whole else part.listed(chosen) if part else tally.words[chosen or Word.SIGNS]
    listed_signs = words[Word.SIGNS] if chosen in (None, Word.SIGNS) else 0
    page = lists.Pages(machines, PAGE, listed).get_page(request.GET.get("trang"))
    names = names_of(list(page))
    context = {
        "seat": seat,
        "page": page,
        "rows": [(row, *chip_of(row, seat.campaign.quiet_days, now), names.get(row.pk)) for row in page],
        "below": below,
        "reach": reach,
        "watched_reach": ALL if below else OWN,
        "as_of": now,
        "text": text,
        "chosen": chosen,
        "counted": FIGURE_WORDS.get(counted, ""),
        "only": flags.WORDS[flag] if flag is not None else "",
        "units_to_help": machines.order_by().values("owner").distinct().count() if is_escalated else 0,
        "version": int(version) if version.isascii() and version.isdigit() else None,
        "total": tally.total,
        "seen": tally.seen,
        "is_filtered": part is not None,
        "filtered": part.listed(None) if part else 0,
        "interval": tally.interval,
        "signs": tally.words[Word.SIGNS],
        "file": file,
        "is_part": not is_whole,
        "listed_signs": listed_signs,
        "words": [
            {
                "word": w, "name": f"machines.{w}", "shape": WORDS[w][0], "label": WORDS[w][1],
                "n": tally.words[w], "filtered": words[w],
            }
            for w in lists.SHOWN
        ],
        "watched": queries.watched(seat.node, below=below),
        "passed_up": queries.passed_up(seat.node, seat.user) if seat.may(Verb.WORK_CASE) else [],
    }  # fmt: skip
    return render(request, "cases/cases.html", context)


def _find(request: HttpRequest, slug: str, case_id: UUID, verb: Verb = Verb.READ) -> tuple[Seat, Case]:
    rows = Case.objects.visible_to(request.user).select_related(
        "device__owner", "device__campaign__issuer", "device__campaign__case_terms", "merged_into__device"
    )
    rows = queries.with_company(queries.of_its_machine(rows, case_id, slug))
    rows = flags.with_flags(rows, None, timezone.now())
    rows = rows.annotate(**{MAY_RETURN: ExpressionWrapper(may_return(), output_field=BooleanField())})
    cases = list(rows.order_by("family", "episode"))
    found = next((one for one in cases if one.pk == case_id), None)
    if found is None:
        raise Http404
    vars(found)["others"] = [one for one in cases if one is not found]
    return take_seat(request, slug, found.device.owner_id, verb), found


@require_GET
def case(request: HttpRequest, slug: str, case_id: UUID) -> HttpResponse:
    """The file of one machine and one malware."""
    seat, found = _find(request, slug, case_id)
    return _case_page(request, seat, found)


@require_POST
def act(request: HttpRequest, slug: str, case_id: UUID, act: str) -> HttpResponse:
    """Record an act or decision of a person."""
    deed = DEEDS.get(act)
    if deed is None:
        raise Http404
    seat, found = _find(request, slug, case_id, deed.verb)
    form = deed.form(request.POST)
    _fill(form, found)
    if not form.is_valid():
        return _case_page(request, seat, found, {act: form}, status=422)
    try:
        deed.do(found, seat.user, ip=client_ip_text(request), **form.cleaned_data)
    except actions.CaseError as error:
        form.add_error(None, str(error))
        return _as_it_is_now(request, seat, case_id, {act: form})
    messages.success(request, str(deed.said))
    return redirect("case", slug, case_id)


def _as_it_is_now(
    request: HttpRequest, seat: Seat, case_id: UUID, bound: dict[str, django_forms.Form]
) -> HttpResponse:
    """The page with the refused form. The case may lead to another machine by now, or be that of a unit whose
    pages the person does not see: then the list says why nothing was done."""
    slug = seat.campaign.slug
    try:
        seat, found = _find(request, slug, case_id)
    except Http404:
        for text in (text for form in bound.values() for those in form.errors.values() for text in those):
            messages.error(request, str(text))
        return redirect(f"{reverse('cases', args=[slug])}?don-vi={seat.home.pk}")
    return _case_page(request, seat, found, bound, status=422)


def _refuse_if_gone(request: HttpRequest, found: Case) -> None:
    """Refuse a word on whose machine it is that was said of another unit than the machine has now: the page
    was older. Raises CaseError."""
    if request.POST.get("cua", str(found.device.owner_id)) != str(found.device.owner_id):
        raise actions.CaseError(str(owning_actions.GONE))


@require_POST
def assign(request: HttpRequest, slug: str, case_id: UUID) -> HttpResponse:
    """Give the machine to the unit that has it; first the page says what ends."""
    seat, found = _find(request, slug, case_id, Verb.WORK_CASE)
    form = AssignForm(request.POST, nodes=queries.nodes_below(seat.node))
    if form.is_valid():
        to = form.cleaned_data["to"]
        try:
            _refuse_if_gone(request, found)
            owning_actions.refuse_assigning(found.device, to, is_said=True)
            if "sure" not in request.POST:
                return _ask_to_pass(request, seat, found, to)
            owning_actions.assign_device(
                found.device, to, seat.user, ip=client_ip_text(request), stays_found="named" in request.POST
            )
        except actions.CaseError as error:
            form.add_error("to", str(error))
        else:
            messages.success(request, _("The machine now belongs to %(unit)s.") % {"unit": to})
            return redirect("case", slug, case_id)
    form.offer(queries.receivers(seat.node, found.device))
    return _as_it_is_now(request, seat, case_id, {"chuyen": form})


def _ask_to_pass(
    request: HttpRequest, seat: Seat, found: Case, to: CampaignNode | None, reason: str = ""
) -> HttpResponse:
    """The question before the machine goes to another unit, or up with a reason if `to` is None."""
    cases = queries.current_of(found.device)
    context = {
        "seat": seat, "door": "cases", "case": found, "to": to, "n_cases": len(cases), "reason": reason,
        "superior": found.device.owner.parent,
        "busy": sum(one.state == State.CLEANING for one in cases),
        "handled": sum(one.state not in OPEN for one in cases),
        "named": next(filter(None, map(named_now, cases)), None),
    }  # fmt: skip
    return render(request, "cases/pass_on.html", context)


@require_POST
def hand_back(request: HttpRequest, slug: str, case_id: UUID) -> HttpResponse:
    """Take back that the person gave the machine to another unit."""
    user = request.user
    found = handing_back_actions.given_away(user, case_id, slug) if isinstance(user, User) else None
    if found is None or not isinstance(user, User):
        raise Http404
    origin = handing_back_actions.origin_of(found, list(found.events.order_by("at", "pk")), user)
    seat = take_seat(request, slug, origin, Verb.WORK_CASE)
    try:
        device = handing_back_actions.hand_back(found, user, ip=client_ip_text(request))
    except actions.CaseError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The machine is that of %(unit)s again.") % {"unit": device.owner.name})
    if Case.objects.visible_to(user).filter(pk=case_id).exists():
        return redirect("case", slug, case_id)
    return redirect(f"{reverse('cases', args=[slug])}?don-vi={seat.node.pk}")


@require_POST
def not_ours(request: HttpRequest, slug: str, case_id: UUID) -> HttpResponse:
    """Pass the machine up: the unit does not have it. First the page says what ends."""
    seat, found = _find(request, slug, case_id, Verb.WORK_CASE)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            _refuse_if_gone(request, found)
            if "sure" not in request.POST:
                current = list(found.device.cases.filter(is_current=True))
                owning_actions.refuse_passing_up(found.device, current)
                return _ask_to_pass(request, seat, found, None, form.cleaned_data["reason"])
            device = owning_actions.say_not_ours(
                found.device, seat.user, form.cleaned_data["reason"], ip=client_ip_text(request)
            )
        except actions.CaseError as error:
            form.add_error(None, str(error))
        else:
            told = _("%(machine)s went to %(unit)s, which finds out whose it is.")
            if device.owner_id == found.device.owner_id:
                told = _("Written down: no unit of the campaign has %(machine)s.")
            messages.success(request, told % {"machine": device.key, "unit": device.owner.name})
            return redirect(f"{reverse('cases', args=[slug])}?don-vi={seat.node.pk}")
    return _as_it_is_now(request, seat, case_id, {"khong-phai": form})


def _case_page(
    request: HttpRequest,
    seat: Seat,
    found: Case,
    bound: dict[str, django_forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    bound = bound or {}
    wants_all = "tat-ca" in request.GET
    story = queries.story(found)
    state = State(found.state)
    advice = advice_for(found.family, get_language() or "vi")
    forms: dict[str, Any] = {}
    known = machine_words.known(found, story.facts.links, story.events, story.former, story.led)
    is_named = known.named is not None
    for slug, deed in open_deeds(found, story.events, seat.user, seat.may, is_named=is_named).items():
        form = forms[slug.replace("-", "_")] = bound.get(slug) or deed.form(auto_id=f"{slug}-%s")
        if isinstance(form, ClaimForm):
            form.name_steps(advice)
        if slug not in bound:
            _fill(form, found, [row.indicator for row in story.facts.sightings])
    nodes = queries.receivers(seat.node, found.device)
    can_assign = seat.may(Verb.WORK_CASE) and (not found.device.is_assigned or seat.node.has_below)
    now = timezone.now()
    alarm: FalseAlarm | None = getattr(found, "waiting_alarm", None)
    if alarm is not None:
        alarm.case = found
    tale = tell(found, story, now, ALL_EVIDENCE if wants_all else EVIDENCE)
    seen = [one for one in story.facts.coverages if fits(seat.places, Verb.READ, one.scan.node.path)]
    scans = told_by(tale.evidence, seen)
    unfound = is_unfound(found)
    names_machines = any(row.who and row.device for row in story.facts.sightings)
    context = {
        "seat": seat,
        "door": "cases",
        "case": found,
        "story": story,
        "tale": tale,
        "evidence": [(row, scans.get(row.pk)) for row in tale.evidence],
        "wants_all": wants_all,
        "advice": advice,
        "deeds": forms,
        "flags": flags.flags_of(found),
        "due": due_in_words(found, rule_of(found.device.campaign), now),
        "alarm": alarm,
        "may_decide": alarm is not None and may_decide(alarm, seat.user, seat.places),
        "not_ours_form": _not_ours_form(seat, found, bound.get("khong-phai")),
        "refusals": [] if found.device.is_assigned else queries.refusals_of(found.device, story.events),
        "known": known,
        "finds_first": _find_first(found, known) if unfound and found.is_open and found.is_current else "",
        "leases_unit": found.device.owner.unit_id if seat.may(Verb.KEEP_REGISTER) else None,
        "has_steps": not (unfound or found.merged_into_id or found.done == RETIRE)
        and state not in (State.VERIFIED_CLEAN, State.FALSE_POSITIVE),
        "forwarding": forwarding(seat, found, known, names_machines=names_machines),
        "may_hand_back": handing_back_actions.origin_of(found, story.events, seat.user) is not None,
        "is_at_top": found.device.owner.parent_id is None,
        "is_public": is_public(found.device.key),
        "assign_form": bound.get("chuyen") or (AssignForm(nodes=nodes) if can_assign else None),
        "problem": next((f for f in bound.values() if f.errors), None),
        "reports": [(one, *told_in_words(one)) for one in story.reports[: queries.MOST_REPORTS]],
        "more_reports": len(story.reports) > queries.MOST_REPORTS,
        "publishers": list(dict.fromkeys(told_in_words(one)[0] for one in story.reports)),
        "door_to_proof": door_of(seat, story, keeps_log=_keeps_log(seat, story))
        if state in (State.CLAIMED_CLEAN, State.RECHECKED)
        else None,
        "others": [(one, chip_of(one, seat.campaign.quiet_days, now)[1]) for one in story.others],
    }
    return render(request, "cases/case.html", context, status=status)


def _find_first(found: Case, known: machine_words.Known) -> str:
    """What to do where the machine behind an address must be found before it is cleaned."""
    if known.asks_for_others:
        told = _("The address asks for others: nothing is cleaned there. Find the machine behind it first.")
        return f"{told} {BY_HAND}"
    return find_first(found)


def _keeps_log(seat: Seat, story: queries.Story) -> bool:
    """Whether the person may add the logs of a place that saw the signs; of no known place that of the
    unit."""
    places = {one.scan.node.path for one in story.facts.at_its_places} or {seat.node.path}
    return any(fits(seat.places, Verb.UPLOAD_SCAN, path) for path in places)


def _fill(form: django_forms.Form, found: Case, names: list[str] | None = None) -> None:
    """What a form asks of this case alone."""
    if isinstance(form, ClaimForm) and found.device.isolated_at is None:
        form.without_isolation()
    if isinstance(form, FalseAlarmForm):
        if names is None:
            names = queries.indicators_of(found)
        form.name_indicators(sorted(names))


def _not_ours_form(seat: Seat, found: Case, bound: django_forms.Form | None) -> django_forms.Form | None:
    """The form to pass the machine up; None where that is over, or would change nothing."""
    device = found.device
    is_open = found.is_current and allows(State(found.state), Act.NOT_OURS)
    if (
        not is_open
        or not seat.may(Verb.WORK_CASE)
        or (device.owner.parent_id is None and not device.is_assigned)
    ):
        return None
    return bound or ReasonForm(auto_id="khong-phai-%s")
