"""The entries of a version: searched, or page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_safe

from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.indicators import queries
from quetsach.portal.indicators.doubtful.queries import Judged, judged, judged_near
from quetsach.portal.indicators.doubtful.words import WORDS
from quetsach.portal.indicators.entries import Entry, source_of
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.indicators.searching import MOST, Found, NoValueError, Relation, asked, opened
from quetsach.portal.indicators.words import CODES, KIND_OF_ONE
from quetsach.portal.units.roles import Verb, may
from quetsach.text.words import visible

PAGE = 50
RELATIONS: dict[Relation, str | Promise] = {
    Relation.EXACT: _("exactly this"),
    Relation.ABOVE: _("above it"),
    Relation.BELOW: _("below it"),
}
SCOPES = {"=": _("only exactly this name"), "*": _("only names below it")}


@require_GET
def entries(request: HttpRequest, slug: str, set_id: UUID) -> HttpResponse:
    """The entries of a version, for everybody in the campaign; of a draft, for those who may publish it."""
    seat = take_seat(request, slug)
    row = queries.version_by_id(seat.campaign, set_id)
    if row is None or (row.version is None and not may(seat.user, Verb.UPLOAD_INDICATORS, _issuer(row))):
        raise Http404
    current = queries.current(seat.campaign)
    context = {"seat": seat, "door": "indicators", "is_current": current is not None and current.pk == row.pk}
    found = _found(request, row, says_who=may(seat.user, Verb.UPLOAD_INDICATORS, _issuer(row)))
    return render(request, "indicators/entries.html", {**context, **found})


@require_safe
def search(request: HttpRequest, slug: str) -> HttpResponse:
    """The entries of the list in force, which is public."""
    rows = queries.published_of(slug)
    if not rows:
        raise Http404
    return render(request, "indicators/public_entries.html", _found(request, rows[0]))


def _issuer(row: IndicatorSet) -> str:
    return row.campaign.issuer.path


class _Pages(Sequence[Entry]):
    """The entries of a stored list, read a page at a time."""

    def __init__(self, row: IndicatorSet) -> None:
        self._row = row

    def __len__(self) -> int:
        return self._row.count

    def __getitem__(self, place: Any) -> Any:
        with opened(self._row.sha256) as stored:
            return stored.page(place.start // PAGE + 1, place.stop - place.start)


def _found(request: HttpRequest, row: IndicatorSet, *, says_who: bool = False) -> dict[str, Any]:
    """What the page shows; `says_who` adds to a decision its reason and the person, for those who decide."""
    text = request.GET.get("tim", "").strip()[:2048]
    context: dict[str, Any] = {"set": row, "text": visible(text)}
    number = request.GET.get("trang")
    if not text:
        page = Paginator(_Pages(row), PAGE).get_page(number)
        words = _words(judged(row, {entry.spelling: None for entry in page}), says_who)
        rows = [_shown(entry, row) | words.get(entry.spelling, {}) for entry in page]
        return context | {"page": page, "rows": rows}
    try:
        values = asked(text)
    except NoValueError as error:
        return context | {"problem": CODES.get(error.code, CODES["bad-name"])}
    with opened(row.sha256) as stored:
        found = stored.search(values)
    near = judged_near(row, values)
    words = _words(near, says_who)
    left = [one for one in near if not one.is_kept]
    pages = Paginator(found, PAGE).get_page(number)
    return context | {
        "page": pages,
        "rows": [_shown(one.entry, row, one) | words.get(one.entry.spelling, {}) for one in pages],
        "left": [_left_out(one) | words[one.entry.spelling] for one in left[:PAGE]],
        "left_count": len(left),
        "is_left": any(one.relation is Relation.EXACT for one in left),
        "was_noted": bool(row.doubts),
        "spelled": visible(", ".join(value.canonical for value in values[:5])),
        "hits": any(one.hits for one in found),
        "is_cut": len(found) >= MOST,
    }


def _words(near: Sequence[Judged], says_who: bool) -> dict[str, dict[str, Any]]:
    """By hashed spelling: the word beside a kept doubtful entry, and the decision about any of them."""
    return {
        one.entry.spelling: {
            "word": WORDS[one.entry.group].kept if one.is_kept else "",
            "decision": one.decision if says_who else None,
        }
        for one in near
    }


def _left_out(one: Judged) -> dict[str, Any]:
    return {
        "spelling": visible(one.entry.spelling.removeprefix("=").removeprefix("*."))[:300],
        "family": visible(one.entry.family)[:100],
        "relation": RELATIONS[one.relation] if one.relation is not None else "",
        "group": WORDS[one.entry.group].title,
        "why": CODES.get(one.entry.code, one.entry.code),
    }


def _shown(entry: Entry, row: IndicatorSet, found: Found | None = None) -> dict[str, Any]:
    return {
        "spelling": visible(entry.spelling.removeprefix("=").removeprefix("*.")),
        "scope": SCOPES.get(entry.spelling[:1], ""),
        "kind": KIND_OF_ONE.get(entry.kind, entry.kind),
        "family": visible(entry.family),
        "source": source_of(entry, row.files),
        "relation": RELATIONS[found.relation] if found is not None else "",
        "hits": found is not None and found.hits,
    }
