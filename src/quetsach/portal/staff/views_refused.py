"""The portal's refusals by reason, door and day: for auditors and coordinators of the highest unit."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from quetsach.portal.kit.charts import Series, lines
from quetsach.portal.kit.templatetags.kit import num
from quetsach.portal.staff.queries_refused import Refused, refused, top_office


@never_cache
@require_safe
def refusals(request: HttpRequest) -> HttpResponse:
    """The last thirty days; `ngay=2026-11-29` shows one of them."""
    unit = top_office(request.user)
    if unit is None:
        raise Http404
    today = timezone.localdate()
    day = _day(request.GET.get("ngay", ""))
    found = refused(today, day)
    context = {
        "unit": unit,
        "found": found,
        "day": day,
        "now": timezone.now(),
        "days": [(at, count) for at, count in reversed(found.days) if count],
        "chart": _chart(found) if found.total else "",
    }
    return render(request, "staff/refused.html", context)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _chart(found: Refused) -> SafeString:
    series = Series(
        _("%(n)s in all") % {"n": num(found.total)}, tuple(float(count) for _at, count in found.days)
    )
    most = max(count for _at, count in found.days)
    title = _("Refused, day by day")
    return lines(
        "refused", title, title, [f"{at:%d/%m}" for at, _count in found.days], (series,),
        top=most, unit="", gap="",
    )  # fmt: skip
