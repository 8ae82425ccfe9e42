"""What a person says of the addresses of a case: a resolver, a proxy or a gateway, or one machine."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.views.decorators.http import require_POST

from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.cases.machine_words import Known
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.queries import has_address
from quetsach.portal.machines.addresses.forms import ForwarderForm
from quetsach.portal.machines.addresses.queries import open_in
from quetsach.portal.machines.addresses.views import say
from quetsach.portal.machines.addresses.words import KINDS, named
from quetsach.portal.machines.models import AskedAddress
from quetsach.portal.units.roles import Verb
from quetsach.text.canonical import address


@dataclass(frozen=True, slots=True)
class Forwarding:
    """The addresses of a case about which the reader may speak, and the questions on them."""

    addresses: list[str]
    asked: list[tuple[AskedAddress, list[str]]]
    kinds: list[tuple[str, str | Promise]]


def forwarding(seat: Seat, case: Case, known: Known, *, names_machines: bool) -> Forwarding | None:
    """None where the reader does not keep the register of the machine's unit. With `names_machines` lines of
    the case name machines beside the address, and there may be a question."""
    addresses = [one.address for one in known.stays if address(one.address) == one.address]
    if not addresses or not seat.may(Verb.KEEP_REGISTER):
        return None
    asked: list[AskedAddress] = []
    if names_machines:
        asked = open_in(case.device.owner.unit_id, addresses)
    return Forwarding(addresses, [(one, named(one.machines)) for one in asked], list(KINDS.items()))


@require_POST
def case_forwarder(request: HttpRequest, slug: str, case_id: UUID) -> HttpResponse:
    """Say what an address of the case is; its signs are placed anew."""
    rows = Case.objects.visible_to(request.user).select_related("device__owner__unit")
    found = rows.filter(pk=case_id, device__campaign__slug=slug).first()
    if found is None:
        raise Http404
    take_seat(request, slug, found.device.owner_id, Verb.KEEP_REGISTER)
    form = ForwarderForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data["address"]
        if not has_address(found, told):
            raise Http404
        say(request, found.device.owner.unit, form)
    return redirect("case", slug, case_id)
