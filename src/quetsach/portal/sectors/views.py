"""The page of a body for the units that it guides and that others count."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.sectors import queries
from quetsach.portal.sectors.queries import Guided

FILTERS: dict[str, tuple[str | Promise, Callable[[Guided], bool]]] = {
    "": (_("All"), lambda _row: True),
    "chua-nhan": (_("Not received"), lambda row: row.acknowledged_at is None),
    "chua-trien-khai": (_("Not carried out"), lambda row: row.deployed_at is None),
    "chua-bao-cao": (_("No accepted report"), lambda row: row.node.expected and not row.is_accepted),
}


@require_safe
def sector(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The units guided by the node's unit; 404 for a node whose unit guides none, and for strangers."""
    seat = take_seat(request, slug, node_id)
    seen = queries.sector_of(seat.node)
    if not seen.rows:
        raise Http404
    asked = request.GET.get("loc", "")
    chosen = asked if asked in FILTERS else ""
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "sector",
        "seen": seen,
        "rows": [row for row in seen.rows if FILTERS[chosen][1](row)],
        "chosen": chosen,
        "filters": [(name, label, sum(map(fits, seen.rows))) for name, (label, fits) in FILTERS.items()],
    }
    return render(request, "sectors/sector.html", context)
