"""The tree on a day of the past, to look through, to search and to print."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.fields import FIRST_DAY
from quetsach.portal.units.past import FOUND_AT_MOST, PastTree, days_of_change, past_tree
from quetsach.portal.units.queries import tops_of
from quetsach.text.vietnamese import nfc


@login_required
@require_safe
def units_past(request: HttpRequest) -> HttpResponse:
    """The person's part of the tree as of `ngay`; `trong` opens one unit, `q` searches."""
    assert isinstance(request.user, User)
    if not tops_of(request.user):
        raise Http404
    typed, text = request.GET.get("ngay", "").strip()[:20], nfc(request.GET.get("q", ""))[:200]
    day, problem = _day(typed)
    context: dict[str, object] = {
        "typed": typed,
        "text": text,
        "day": day,
        "problem": problem,
        "days": days_of_change(request.user),
    }
    if day is not None:
        context |= _seen(past_tree(request.user, day), text, request.GET.get("trong", ""))
    return render(request, "units/past.html", context, status=422 if problem else 200)


def _seen(tree: PastTree, text: str, inside: str) -> dict[str, object]:
    if text:
        hits = tree.search(text)
        order = {pk: n for n, pk in enumerate(hits)}
        rows = sorted(tree.shown(hits[:FOUND_AT_MOST]), key=lambda one: order[one.pk])
        return {
            "hits": [(one, [name for _pk, name in tree.path_of(one.pk)]) for one in rows],
            "found": len(hits),
        }
    unit = next((pk for pk in tree.standing if str(pk) == inside), None)
    if inside and unit is None and not _is_id(inside):
        raise Http404
    roots = tree.children.get(None, [])
    if not inside and len(roots) == 1:
        unit = roots[0]
    return {
        "unit": tree.shown([unit])[0] if unit else None,
        "is_unknown": bool(inside) and unit is None,
        "above": tree.path_of(unit) if unit else [],
        "units": tree.shown(tree.children.get(unit, [])),
        "total": len(tree.standing),
    }


def _day(typed: str) -> tuple[date | None, str]:
    """The day in the formats that people here write; a sentence if it is no day, or lies ahead."""
    if not typed:
        return None, ""
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            day = datetime.strptime(typed, form).date()
        except ValueError:
            continue
        if day < FIRST_DAY:
            break
        if day > timezone.localdate():
            return None, _("The day is in the future. What will be is not known yet.")
        return day, ""
    return None, _("Write the day as 01/07/2025.")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
