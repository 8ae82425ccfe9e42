"""Pages on the ranges of addresses of a unit, and on those that units below ask for."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.units import queries, range_actions, range_queries
from quetsach.portal.units.forms import EndForm, RangeForm, RefuseForm
from quetsach.portal.units.models import Place, Unit
from quetsach.portal.units.networks import Network
from quetsach.portal.units.range_actions import RangeRefusedError
from quetsach.portal.units.roles import Verb, fits, places_of
from quetsach.portal.units.views import find_unit

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

REFUSALS: dict[str, str | Promise] = {
    "not_a_range": gettext_lazy("“%(about)s” is no range. Write it as 10.1.2.0/24 or 2001:db8::/48."),
    "host_bits": gettext_lazy(
        "Did you mean %(about)s? The address before the slash is the first of its range."
    ),
    "too_wide": gettext_lazy("A range of an office is no wider than %(about)s."),
    "special": gettext_lazy("These addresses belong to no office."),
    "twice": gettext_lazy("The unit already has %(about)s, or asks for it."),
    "elsewhere": gettext_lazy(
        "Another unit, for which you are not responsible, has %(about)s. Only the superior of both can say"
        " whose these addresses are."
    ),
    "decided": gettext_lazy("Somebody decided on %(about)s in the meantime. Look at it again."),
    "not_held": gettext_lazy("The unit does not have %(about)s now."),
    "backwards": gettext_lazy("That day lies before the day on which the range began."),
    "reason": gettext_lazy("Say why."),
    "nothing": gettext_lazy("There is nothing to take back for %(about)s."),
}
"""The reason of a refusal, and the next step."""
RELATIONS: dict[str, str | Promise] = {
    "same": gettext_lazy("has the same range"),
    "inside": gettext_lazy("has a part of it"),
    "around": gettext_lazy("has a range around it"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def ranges(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """The ranges of a unit; asking for another."""
    unit = find_unit(request, unit_id)
    assert isinstance(request.user, User)
    may_ask = fits(places_of(request.user), Verb.CLAIM_RANGE, unit.path) and not unit.is_retired
    if request.method != "POST":
        return _page(request, unit, RangeForm() if may_ask else None)
    if not may_ask:
        raise Http404
    form = RangeForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        try:
            cidr = str(range_actions.read_range(told["cidr"]))
            wanted = Network(unit=unit, cidr=cidr, begin=told["begin"])
            if (found := _follows(request, request.user, wanted)) is not None:
                return _ask(request, wanted, found, reverse("unit_ranges", args=[unit.pk]))
            network = range_actions.ask_for(
                request.user, unit, told["cidr"], begin=told["begin"], note=told["note"],
                ip=client_ip_text(request),
            )  # fmt: skip
        except RangeRefusedError as error:
            form.add_error("cidr", _sentence(error))
        else:
            _tell(request, network)
            return redirect("unit_ranges", unit.pk)
    return _page(request, unit, form, status=422)


@require_POST
def act(request: HttpRequest, range_id: int, act: str) -> HttpResponse:
    """Decide on a range, end it, or take the last of these back."""
    network = range_queries.find(range_id)
    if network is None:
        raise Http404
    unit = find_unit(request, network.unit_id)
    assert isinstance(request.user, User)
    decides = range_queries.may_decide(request.user, unit)
    asks = fits(places_of(request.user), Verb.CLAIM_RANGE, unit.path)
    if not (asks if act == "rut" else decides) or act not in {"dong-y", "tu-choi", "rut", "het", "hoan-tac"}:
        raise Http404
    gives = act == "dong-y" or (act == "hoan-tac" and network.state == Network.State.HELD)
    if gives and (found := _follows(request, request.user, network)) is not None:
        return _ask(request, network, found, reverse("unit_range_act", args=[network.pk, act]))
    form = {"tu-choi": RefuseForm, "het": EndForm}.get(act, forms.Form)(request.POST)
    try:
        _do(request, request.user, network, act, form)
    except RangeRefusedError as error:
        messages.error(request, _sentence(error))
    back = request.POST.get("tu", "")
    return redirect("unit_ranges", UUID(back) if _UUID.fullmatch(back) else unit.pk)


class _Found(NamedTuple):
    """What follows from a range: machines that go to its unit, and ranges of others with their names."""

    forecast: range_queries.Forecast
    clashes: list[tuple[range_queries.Clash, str, str | Promise]]


def _follows(request: HttpRequest, user: User, network: Network) -> _Found | None:
    """What follows as soon as the unit has the range, where the person decides that now and has not been
    asked yet: machines go to the unit, or addresses are no longer another unit's alone."""
    decides = range_queries.may_decide(user, network.unit) and not range_actions.of_others(user, network)
    if "sure" in request.POST or not decides:
        return None
    found = _Found(range_queries.forecast(network), _clashes(network, places_of(user)))
    return (
        found
        if found.forecast.machines or any(clash.takes for clash, _name, _relation in found.clashes)
        else None
    )


def _ask(request: HttpRequest, network: Network, found: _Found, address: str) -> HttpResponse:
    """The question before the unit gets the range; it sends again what was sent."""
    sent = [(name, request.POST[name]) for name in ("cidr", "begin", "note", "tu") if name in request.POST]
    context = {
        "unit": network.unit, "cidr": network.cidr, "found": found.forecast, "sent": sent, "address": address,
        "clashes": [(clash, name, relation) for clash, name, relation in found.clashes if clash.takes],
    }  # fmt: skip
    return render(request, "units/range_sure.html", context)


def _do(request: HttpRequest, user: User, network: Network, act: str, form: forms.Form) -> None:
    """Raises RangeRefusedError."""
    ip = client_ip_text(request)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    elif act == "dong-y":
        _tell(request, range_actions.decide(user, network, approves=True, ip=ip))
    elif act == "tu-choi":
        range_actions.decide(user, network, approves=False, reason=form.cleaned_data["reason"], ip=ip)
        messages.success(request, _("Refused. The unit reads your reason; you can take it back below."))
    elif act == "rut":
        range_actions.take_back(user, network, ip=ip)
        messages.success(request, _("The unit no longer asks for %(range)s.") % {"range": network.cidr})
    elif act == "het":
        told = form.cleaned_data
        range_actions.follow(range_actions.end_on(user, network, told["on"], told["reason"], ip=ip))
        messages.success(request, _("Written down. Earlier signs stay with the unit."))
    else:
        range_actions.follow(range_actions.undo(user, network, ip=ip))
        messages.success(request, _("Taken back."))


def _tell(request: HttpRequest, network: Network) -> None:
    """Say what follows from a range that was asked for or approved."""
    if network.state == Network.State.ASKED:
        messages.success(
            request, _("%(range)s waits for the superior unit to agree.") % {"range": network.cidr}
        )
        return
    for clash, name, relation in _clashes(network, places_of(request.user)):
        if clash.relation == "same":
            tie = _(
                "%(unit)s %(relation)s: %(range)s. Machines with these addresses in logs of a unit above stay"
                " with that unit until the range is one unit's alone."
            )
            messages.warning(request, tie % {"unit": name, "relation": relation, "range": network.cidr})
    given = range_actions.follow(network)
    told = _("%(range)s is now the unit's own.") % {"range": network.cidr}
    if given:
        more = ngettext(
            "%(n)d machine, of which nobody knew the unit, went to it.",
            "%(n)d machines, of which nobody knew the unit, went to it.",
            given,
        )
        told = f"{told} {more % {'n': given}}"
    messages.success(request, told)


def _sentence(error: RangeRefusedError) -> str:
    return str(REFUSALS[error.code]) % {"about": error.about}


def _page(request: HttpRequest, unit: Unit, form: RangeForm | None, status: int = 200) -> HttpResponse:
    assert isinstance(request.user, User)
    places = places_of(request.user)
    waiting = range_queries.waiting_below(request.user, unit)
    own = list(range_queries.ranges_of(unit))
    decides = range_queries.may_decide(request.user, unit)
    asked = [one for one in own if one.state == Network.State.ASKED]
    context: dict[str, Any] = {
        "unit": unit,
        "above": queries.above([unit])[unit.pk],
        "asked": [(one, _clashes(one, places) if decides else []) for one in asked],
        "held": [one for one in own if one.state == Network.State.HELD and one.end is None],
        "past": [one for one in own if one.state == Network.State.REFUSED or one.end is not None],
        "waiting": [(one, _clashes(one, places)) for one in waiting],
        "decides": decides,
        "form": form,
        "has_superior": unit.parent_id is not None,
    }
    return render(request, "units/ranges.html", context, status=status)


def _clashes(network: Network, places: list[Place]) -> list[tuple[range_queries.Clash, str, str | Promise]]:
    """Overlaps, with the name of a unit only where the person may read it."""
    return [
        (
            clash,
            clash.unit.name if fits(places, Verb.READ, clash.unit.path) else _("A unit elsewhere"),
            RELATIONS[clash.relation],
        )
        for clash in range_queries.clashes(network)
    ]
