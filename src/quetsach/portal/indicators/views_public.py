"""The public lists: download, compare, subscribe."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from quetsach.indicators.writing import FORMS
from quetsach.portal.indicators import queries, store
from quetsach.portal.indicators.downloads import BY_ENDING, GENERAL, ending, media_type
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.indicators.words import FORM_USES, KINDS, uses

FOR_EVER = "public, max-age=31536000, immutable"
ASK_FIRST = "public, no-cache"


@require_safe
def indicator_list(request: HttpRequest) -> HttpResponse:
    """The list in force of each campaign."""
    gone = queries.withdrawn_numbers()
    lists = [
        {
            "set": row,
            "gone": gone.get(row.campaign_id, ()),
            "kinds": [(KINDS.get(kind, kind), n) for kind, n in row.kinds.items()],
            "has_more": len(row.forms) > len(GENERAL),
            "forms": [
                {
                    "is_general": name in GENERAL,
                    "label": FORM_USES[name][0],
                    "uses": uses(name),
                    "file": f"v{row.version}.{ending(FORMS[name])}",
                    **row.forms[name],
                }
                for name in FORM_USES
                if name in row.forms
            ],
        }
        for row in queries.latest_lists()
    ]
    return render(request, "indicators/list.html", {"lists": lists, "withdrawn": queries.withdrawn_lists()})


@require_safe
def download(request: HttpRequest, slug: str, name: str) -> HttpResponse | FileResponse:
    """The file `v<version>.<ending>`, whose content never changes."""
    stem, _dot, tail = name.partition(".")
    number = stem.removeprefix("v")
    if tail not in BY_ENDING or not stem.startswith("v") or not number.isascii() or not number.isdigit():
        raise Http404
    row = queries.version_of(slug, int(number[:9]))
    if row is None:
        raise Http404
    if row.withdrawn_at is not None:
        return _gone(row, queries.current(row.campaign_id))
    return send(request, row, BY_ENDING[tail], FOR_EVER)


def _gone(row: IndicatorSet, current: IndicatorSet | None) -> HttpResponse:
    """A withdrawn version is not handed out any more (RFC 9110, 15.5.11); the text says what to take."""
    told = _("Version %(n)d of the list was withdrawn. Do not use it any more.") % {"n": row.version}
    what = (
        _("Version %(n)d is in use.") % {"n": current.version}
        if current is not None
        else _("No list of this campaign is in use at the moment.")
    )
    response = HttpResponse(f"{told}\n{what}\n", status=410, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = ASK_FIRST
    return response


def send(request: HttpRequest, row: IndicatorSet, form: str, caching: str) -> HttpResponse | FileResponse:
    """A list in one form; 304 if the client has it already."""
    about = row.forms.get(form)
    if about is None:
        raise Http404
    etag = f'"{about["sha256"]}"'
    fresh = get_conditional_response(request, etag=etag)
    response: HttpResponse | FileResponse
    if isinstance(fresh, HttpResponseNotModified):
        response = fresh
    else:
        name = f"{row.campaign.slug}-v{row.version}.{ending(FORMS[form])}"
        file = store.place(about["sha256"]).open("rb")
        response = FileResponse(file, as_attachment=True, filename=name, content_type=media_type(form))
    response["ETag"], response["Cache-Control"] = etag, caching
    response["X-Set-Id"], response["X-Set-Version"] = row.set_id, str(row.version)
    return response


@require_safe
def checksums(_request: HttpRequest, slug: str) -> HttpResponse:
    """The checksums of all published versions in all forms, as `sha256sum --check` reads them."""
    lines = [
        f"{row.forms[name]['sha256']}  {slug}-v{row.version}.{ending(FORMS[name])}\n"
        for row in queries.published_of(slug)
        for name in FORMS
        if name in row.forms
    ]
    if not lines:
        raise Http404
    response = HttpResponse("".join(lines), content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = ASK_FIRST
    return response
