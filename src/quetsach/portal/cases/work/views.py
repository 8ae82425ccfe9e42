"""The work list on the screen and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from quetsach.portal.campaigns.seat import take_seat, take_seat_asked
from quetsach.portal.cases import flags
from quetsach.portal.cases.escalating.queries import rule_of
from quetsach.portal.cases.lists import MANY
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.rules import State
from quetsach.portal.cases.tasks import machines_told
from quetsach.portal.cases.words import DONE
from quetsach.portal.cases.work import actions, queries
from quetsach.portal.cases.work.forms import TogetherForm, reason_of
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.long_lists import FromNearestEnd
from quetsach.portal.units.roles import Verb

PAGE = 50
MOST_PRINTED = 500
MOST_STAYING = 20
"""Machines that a message names, each with why taking back leaves it as it is."""
WHY = "vi-sao-"
"""Before the id of a case: the field of a row with the reason of its false alarm."""
ANSWERED = "work_answered"
"""The key in the session of the choices that were answered and that no page has told yet, by campaign: the
browser keeps a choice until then."""

type _Sentence = tuple[int, str]
"""A number and the sentence on it, which nobody needs about none."""


@require_http_methods(["GET", "HEAD", "POST"])
def work(request: HttpRequest, slug: str) -> HttpResponse:
    """Open cases, with a choice for each; all choices are saved together."""
    seat = take_seat_asked(request, slug, Verb.WORK_CASE)
    below = request.GET.get("duoi") == "1" and seat.node.has_below
    now, rule = timezone.now(), rule_of(seat.campaign)
    flag = flags.chosen(request.GET.get("loc", ""))
    found = queries.open_cases(seat.node, rule, now, below=below, flag=flag)
    form, wrong, refused = TogetherForm(), {}, []
    picked: dict[UUID, str] = {}
    reasons: dict[UUID, str] = {}
    answered = _not_told(request, slug)
    if request.method == "POST":
        picked, waiting = _picked(request)
        reasons = {
            pk: request.POST.get(f"{WHY}{pk}", "")
            for pk, choice in picked.items()
            if choice == actions.FALSE_ALARM
        }
        form = TogetherForm(request.POST)
        if not picked:
            form.add_error(None, _nothing_chosen(request, found))
        elif form.is_valid():
            cases = found.select_related("device__owner").in_bulk(list(picked))
            told, unsaid = _reasons(reasons)
            chosen = [(case, picked[pk]) for pk, case in cases.items() if pk not in unsaid]
            ip = client_ip_text(request)
            outcome = actions.act_on(chosen, seat.user, reasons=told, ip=ip, **form.cleaned_data)
            _tell(request, outcome, len(picked) - len(cases), waiting)
            refused = [*outcome.refused, *((case, unsaid[pk]) for pk, case in cases.items() if pk in unsaid)]
            wrong = {case.pk: said for case, said in refused}
            answered += [pk.hex for pk in picked if pk not in wrong]
            if not refused:
                request.session[ANSWERED] = {**request.session.get(ANSWERED, {}), slug: answered}
                return redirect(request.get_full_path())
            picked = {pk: choice for pk, choice in picked.items() if pk in wrong}
    there = queries.overview(seat.node, rule, now, below=below)
    in_order = flag is None and there.to_do >= MANY
    found = queries.open_cases(seat.node, rule, now, below=below, flag=flag, in_order=in_order)
    counted = there.to_do if flag is None else None  # without a look at each case
    pages = FromNearestEnd(found.values_list("pk", flat=True), PAGE, counted)
    page = pages.get_page(request.GET.get("trang"))
    shown = queries.rows_of(page, get_language() or "vi", rule, now)
    # Of many cases the machines are not counted: that would look at each.
    machines = 0 if there.to_do >= MANY else found.order_by().values("device").distinct().count()
    here = {row.case.pk for row in shown}
    if flag is not None and flag not in there.flags:
        there.flags.append(flag)
    context = {
        "seat": seat,
        "door": "cases",
        "page": page,
        "machines": machines if machines < page.paginator.count else 0,
        "rows": [
            (row, picked.get(pk := row.case.pk, ""), reasons.get(pk, ""), wrong.get(pk, "")) for row in shown
        ],
        "elsewhere": [(pk, choice, reasons.get(pk, "")) for pk, choice in picked.items() if pk not in here],
        "refused": refused,
        "answered": [f"may-{UUID(pk)}" for pk in answered],
        "keep": f"{seat.user.pk} {seat.node.pk} {below:d} {flag or ''}",
        "choices": _choices(),
        "form": form,
        "below": below,
        "flag": flag,
        "filters": [(one, flags.WORDS[one]) for one in there.flags],
        "last": queries.last_saved(seat.user, seat.node, now),
    }
    return render(request, "cases/work.html", context, status=422 if form.errors or wrong else 200)


def _nothing_chosen(request: HttpRequest, cases: QuerySet[Case]) -> str:
    """Why there is nothing to save. That a machine is still being handled is no choice: it stands so."""
    sent = _ids(name for name in request.POST if name.startswith("may-"))
    said = _("Nothing is chosen yet: choose what happened to at least one machine.")
    if cases.filter(pk__in=sent, state=State.CLEANING).exists():
        said += " " + _("What is being handled already stays so, and needs no saving.")
    return said


def _ids(names: Iterable[str]) -> list[UUID]:
    """The cases of the fields; a field that names none is passed over."""
    found = []
    for name in names:
        with suppress(ValueError):
            found.append(UUID(name.removeprefix("may-")))
    return found[: actions.MOST_TOGETHER]


def _not_told(request: HttpRequest, slug: str) -> list[str]:
    """The cases whose choices were answered, once: the next page tells the browser to forget them."""
    waiting = request.session.get(ANSWERED, {})
    found: list[str] = waiting.pop(slug, [])
    if found:
        request.session[ANSWERED] = waiting
    return found


def _picked(request: HttpRequest) -> tuple[dict[UUID, str], int]:
    """The choices of this save by case, and the number of choices that wait for the next save.

    A field that names no case, or no choice, is left out.
    """
    found: dict[UUID, str] = {}
    for name, value in request.POST.items():
        if name.startswith("may-") and value in actions.CHOICES:
            try:
                found[UUID(name.removeprefix("may-"))] = str(value)
            except ValueError:
                continue
    return dict(list(found.items())[: actions.MOST_TOGETHER]), max(0, len(found) - actions.MOST_TOGETHER)


def _reasons(typed: Mapping[UUID, str]) -> tuple[dict[UUID, str], dict[UUID, str]]:
    """The reasons of false alarms by case, and the words on those that cannot be taken."""
    told: dict[UUID, str] = {}
    unsaid: dict[UUID, str] = {}
    for pk, text in typed.items():
        try:
            told[pk] = reason_of(text)
        except ValidationError as error:
            unsaid[pk] = " ".join(error.messages)
    return told, unsaid


def _choices() -> list[tuple[str, int, str]]:
    """Value, key and words of what can be chosen for a row."""
    words: Mapping[str, str] = {
        actions.SEEN: _("We know of it"),
        actions.START: _("Being handled"),
        **{key: str(said) for key, said in DONE.items()},
        actions.FALSE_ALARM: _("A false alarm, to be agreed"),
    }
    return [(value, number, words[value]) for number, value in enumerate(actions.CHOICES, 1)]


def _tell(request: HttpRequest, outcome: actions.Outcome, gone: int, waiting: int) -> None:
    """One message on saved cases, on cases that somebody else handled first, and on choices not yet saved."""
    done = len(outcome.done)
    _say(
        request,
        (done, ngettext("Recorded for %(n)d case.", "Recorded for %(n)d cases.", done)),
        (
            outcome.proposed,
            ngettext(
                "%(n)d of them stays open until a second person agrees that it is a false alarm.",
                "%(n)d of them stay open until a second person agrees that they are false alarms.",
                outcome.proposed,
            ),
        ),
        (
            same := len(outcome.same),
            ngettext(
                "%(n)d case stood so already: nothing changed there.",
                "%(n)d cases stood so already: nothing changed there.",
                same,
            ),
        ),
        left=(
            (
                gone,
                ngettext(
                    "%(n)d case was handled by somebody else meanwhile, and was left alone.",
                    "%(n)d cases were handled by somebody else meanwhile, and were left alone.",
                    gone,
                ),
            ),
            (
                waiting,
                ngettext(
                    "%(n)d choice is not saved yet: press Save once more.",
                    "%(n)d choices are not saved yet: press Save once more.",
                    waiting,
                ),
            ),
        ),
    )


def _say(request: HttpRequest, *told: _Sentence, left: Sequence[_Sentence] = ()) -> None:
    """All sentences in one message; a warning where something is `left`."""
    said = [text % {"n": n} for n, text in (*told, *left) if n]
    if said:
        level = messages.WARNING if any(n for n, _text in left) else messages.SUCCESS
        messages.add_message(request, level, " ".join(said))


@require_POST
def take_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Take back what the person saved last, as the page named it."""
    try:
        node_id = UUID(request.POST.get("don-vi", ""))
    except ValueError as error:
        raise Http404 from error
    seat = take_seat(request, slug, node_id, Verb.WORK_CASE)
    outcome = actions.take_back(
        request.POST.get("lan", "")[:32], seat.node, seat.user, client_ip_text(request)
    )
    if not (outcome.done or outcome.refused):
        messages.info(request, _("There is nothing to take back any more."))
    else:
        done, kept = len(outcome.done), len(outcome.refused)
        back = ngettext("%(n)d case is as it was before.", "%(n)d cases are as they were before.", done)
        stays = ngettext(
            "%(n)d case stays as it is: {machines}.",
            "%(n)d cases stay as they are: {machines}.",
            kept,
        )
        told = [f"{case.device.key} – {why}" for case, why in outcome.refused]
        names = machines_told(told, most=MOST_STAYING).replace("%", "%%")
        _say(request, (done, back), left=[(kept, stays.replace("{machines}", names))])
    tail = "&duoi=1" if request.POST.get("duoi") == "1" else ""
    return redirect(f"{reverse('case_work', args=[slug])}?don-vi={seat.node.pk}{tail}")


@require_GET
def sheet(request: HttpRequest, slug: str) -> HttpResponse:
    """The open cases on paper, unit by unit, with the steps to tick."""
    seat = take_seat_asked(request, slug)
    below = request.GET.get("duoi") == "1" and seat.node.has_below
    now, rule = timezone.now(), rule_of(seat.campaign)
    found = queries.open_cases(seat.node, rule, now, below=below)
    ordered = found.order_by("device__owner__path", "-last_seen", "device_id", "pk")
    rows = queries.rows_of(
        ordered.values_list("pk", flat=True)[: MOST_PRINTED + 1], get_language() or "vi", rule, now
    )
    units = groupby(rows[:MOST_PRINTED], key=lambda row: row.case.device.owner)
    context = {
        "seat": seat,
        "door": "cases",
        "units": [(unit, list(some)) for unit, some in units],
        "has_more": len(rows) > MOST_PRINTED,
        "most": MOST_PRINTED,
        "as_of": now,
    }
    return render(request, "cases/work_sheet.html", context)
