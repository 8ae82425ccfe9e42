"""Rights on the pages of a register: people of the unit see machines, units above see numbers."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest

from quetsach.portal.units.models import Unit
from quetsach.portal.units.roles import MAY, Verb, fits, places_of


def own_unit(request: HttpRequest, unit_id: UUID) -> Unit:
    """The unit, for a person who keeps its register; else 404."""
    unit = seen_unit(request, unit_id)
    if not fits(places_of(request.user), Verb.KEEP_REGISTER, unit.path):
        raise Http404
    return unit


def seen_unit(request: HttpRequest, unit_id: UUID) -> Unit:
    """The unit, for its people and those of units above; else 404."""
    unit = Unit.objects.visible_to(request.user).filter(pk=unit_id).first()
    if unit is None or not fits(places_of(request.user), Verb.READ, unit.path):
        raise Http404
    return unit


def own_paths(request: HttpRequest) -> list[str]:
    """The places at which the person keeps a register."""
    return sorted({path for role, path in places_of(request.user) if Verb.KEEP_REGISTER in MAY[role]})
