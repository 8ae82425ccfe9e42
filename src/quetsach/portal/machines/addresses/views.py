"""The page of a unit's resolvers, proxies and gateways."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.machines import words as machine_words
from quetsach.portal.machines.addresses import actions, queries, words
from quetsach.portal.machines.addresses.forms import ForwarderForm
from quetsach.portal.machines.register.queries import withdrawn
from quetsach.portal.machines.seats import own_unit
from quetsach.portal.units.models import Unit


@require_safe
def forwarders(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """The words of the unit's people on addresses, and the questions to them."""
    unit = own_unit(request, unit_id)
    return _page(request, unit, ForwarderForm())


@require_POST
def forwarder_say(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """Say what an address is."""
    unit = own_unit(request, unit_id)
    form = ForwarderForm(request.POST)
    if not form.is_valid():
        return _page(request, unit, form, status=422)
    say(request, unit, form)
    return redirect("forwarders", unit.pk)


def say(request: HttpRequest, unit: Unit, form: ForwarderForm) -> None:
    """Record what a valid form says."""
    assert isinstance(request.user, User)
    told = form.cleaned_data
    actions.say(
        unit, told["address"], told["kind"], request.user, begin=told["begin"], until=told["until"],
        ip=client_ip_text(request),
    )  # fmt: skip
    messages.success(request, _("Written down, and its signs were placed anew. It can be taken back."))


def _page(request: HttpRequest, unit: Unit, form: ForwarderForm, status: int = 200) -> HttpResponse:
    said = queries.said_in(unit)
    gone = withdrawn(said)
    context = {
        "unit": unit, "tab": "forwarders", "door": "registers", "form": form,
        "asked": [(one, words.named(one.machines)) for one in queries.open_in(unit.pk)],
        "kinds": words.KINDS.items(),
        "said": [
            (one, one.left_value.rpartition(" ")[2], words.KINDS.get(one.machine, ""), gone.get(one.pk),
             machine_words.moment(one.begin), machine_words.moment(one.end - 1) if one.end else None)
            for one in said
        ],
    }  # fmt: skip
    return render(request, "machines/forwarders.html", context, status=status)
