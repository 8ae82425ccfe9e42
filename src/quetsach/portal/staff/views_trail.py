"""The audit trail of a whole subtree, over all campaigns: to search, to check, to export."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from quetsach.portal.accounts.models import User
from quetsach.portal.audit import queries as trail
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.export import AT_MOST, FORMS
from quetsach.portal.audit.lines import lines
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade.deadline import DAYS
from quetsach.portal.campaigns.forms import BAD_DAY
from quetsach.portal.campaigns.views_audit import title
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.fields import CalendarDay
from quetsach.portal.staff import actions, queries
from quetsach.portal.units.models import Unit
from quetsach.portal.units.roles import Verb

A_PAGE = 25


class FilterForm(forms.Form):
    """All fields may stay empty."""

    unit = forms.UUIDField(required=False)
    action = forms.CharField(required=False, max_length=60)
    person = forms.CharField(required=False, max_length=100)
    object = forms.CharField(required=False, max_length=64)
    first = CalendarDay(required=False, input_formats=DAYS, error_messages=BAD_DAY)
    last = CalendarDay(required=False, input_formats=DAYS, error_messages=BAD_DAY)


@never_cache
@require_safe
def whole_trail(request: HttpRequest) -> HttpResponse:
    """Newest first; `tai=csv` or `tai=xlsx` exports the filtered entries."""
    paths = queries.tops(request.user, Verb.READ_AUDIT)
    if not paths or not isinstance(request.user, User):
        raise Http404
    form = FilterForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    units = queries.units(paths, "")
    tops = [unit for unit, _between in units if unit.path in paths]
    unit = _chosen(request, asked, paths) or (tops[0] if tops else None)
    wanted = trail.Wanted(
        path=unit.path if unit else paths[0],
        with_portal=unit is not None and unit.parent_id is None,
        action=asked.get("action", ""),
        person=asked.get("person", ""),
        object=asked.get("object", ""),
        first=asked.get("first"),
        last=asked.get("last"),
    )
    found = trail.entries(wanted)
    if (kind := request.GET.get("tai", "")) in FORMS:
        return _file(request, kind, list(found[:AT_MOST]), wanted.path)
    page = Paginator(found, A_PAGE).get_page(request.GET.get("trang"))
    shown = list(page)
    visible = Unit.objects.visible_to(request.user).filter(path__in={e.unit_path for e in shown})
    names = dict(visible.values_list("path", "name"))
    check = "check" in request.GET
    context = {
        "form": form,
        "page": page,
        "unit": unit,
        "units": units,
        "lines": lines(shown, names),
        "narrow": bool(form.errors or any(asked.values())),
        "actions": [
            (code, title(code)) for code in trail.actions_below(wanted.path, with_portal=wanted.with_portal)
        ],
        "checked": check,
        "broken": first_broken_entry() if check else None,
        "total": Entry.objects.count(),
        "most": AT_MOST,
    }
    return render(request, "staff/trail.html", context)


def _chosen(request: HttpRequest, asked: dict[str, Any], paths: list[str]) -> Unit | None:
    unit = (
        Unit.objects.visible_to(request.user).filter(pk=asked["unit"]).first() if asked.get("unit") else None
    )
    return unit if unit and any(unit.path.startswith(path) for path in paths) else None


def _file(request: HttpRequest, kind: str, entries: list[Entry], path: str) -> HttpResponse:
    write, mime = FORMS[kind]
    content = write(entries)
    name = f"so-thao-tac-{timezone.localdate():%Y-%m-%d}.{kind}"
    assert isinstance(request.user, User)
    actions.note_trail_export(path, name, len(entries), request.user, ip=client_ip_text(request))
    answer = HttpResponse(content, content_type=mime)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
