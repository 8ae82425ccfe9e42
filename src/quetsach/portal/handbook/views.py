"""The help: contents, search, and one document for users a page. Open to everybody."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from quetsach.portal.handbook import pages
from quetsach.portal.kit.language import language
from quetsach.text.vietnamese import nfc

MOST = 30
"""The most parts that a search shows."""


@require_safe
def handbook(request: HttpRequest) -> HttpResponse:
    """The contents, or what `?tim=` finds in all pages."""
    text = nfc(request.GET.get("tim", "")).strip()[:100]
    hits = pages.search(language(), text)
    context = {"text": text, "hits": hits[:MOST], "found": len(hits), "groups": pages.index(language())}
    return render(request, "handbook/handbook.html", context)


@require_safe
def one(request: HttpRequest, topic: str) -> HttpResponse:
    """One document."""
    page = pages.page(language(), topic)
    if page is None:
        raise Http404
    return render(request, "handbook/page.html", {"page": page})
