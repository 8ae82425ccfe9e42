"""The address for machines that read lists: the list in force, as `quetsach scan -i` reads it. It is as
public as the list itself."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from quetsach.indicators.writing import FORMS
from quetsach.portal.indicators import queries
from quetsach.portal.indicators.views_public import ASK_FIRST, send


@require_safe
def current_list(request: HttpRequest) -> HttpResponse | FileResponse:
    """GET ?campaign=SLUG[&form=NAME of `quetsach.indicators.writing`], with ETag; 404 without a list, 410
    after its last version was withdrawn."""
    slug, form = request.GET.get("campaign", ""), request.GET.get("form", "csv")
    rows = queries.published_of(slug)
    if form not in FORMS:
        return JsonResponse({"code": "form", "reason": f"form is one of {', '.join(FORMS)}"}, status=422)
    if not rows and queries.ever_published_of(slug).exists():
        reason = "The list of that campaign was withdrawn and none is in use. Stop using the last one."
        return JsonResponse({"code": "withdrawn", "reason": reason}, status=410)
    if not rows:
        return JsonResponse(
            {"code": "no_list", "reason": "No list is published for that campaign."}, status=404
        )
    return send(request, rows[0], form, ASK_FIRST)
