"""Error pages in plain words: the fault, and the next step.

The page of a broken portal (500) touches neither database, session nor static manifest.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.address import page_before
from quetsach.portal.kit.busy import busy_page, is_busy, stylesheet
from quetsach.portal.kit.refusals import note_request
from quetsach.portal.kit.storage import fault_of, storage_page


def _most_at_once() -> str:
    return gettext(
        "Nothing was stored. At most %(most)d MB are taken at once, all files together. Remove pictures from"
        " the file and save it again, or send it in parts."
    ) % {"most": settings.MAX_UPLOAD_BYTES >> 20}


@dataclass(frozen=True)
class Page:
    """One error page; `route` is the target of its button, empty for the page that the reader came from."""

    title: str | Promise
    text: str | Promise
    action: str | Promise
    route: str = "home"


PAGES = {
    400: Page(
        _("The portal did not understand this request"),
        _("Nothing was changed. Go back, reload the page and try once more."),
        _("To the campaign page"),
    ),
    403: Page(
        _("This is not open to you"),
        _("Nothing was changed. If it is part of your work, ask the coordinator of your unit for the right."),
        _("To my work"),
        "my_work",
    ),
    404: Page(
        _("There is no such page, or it is not open to you"),
        _(
            "The address may be mistyped, or the page belongs to a unit in which you have no role. If it is"
            " part of your work, ask a coordinator of that unit."
        ),
        _("To my work"),
        "my_work",
    ),
    413: Page(
        _("What you sent is too large"),
        lazy(_most_at_once, str)(),
        _("Go back"),
        "",
    ),
    429: Page(
        _("Too many attempts"),
        _("For safety the portal pauses for a few minutes. Wait five minutes, then try again."),
        _("To the campaign page"),
    ),
}
EXPIRED = Page(
    _("The page was open for too long"),
    _("Nothing was changed. Open the page again and repeat the last step; cookies must be allowed."),
    _("Go back"),
    "",
)


NOT_SIGNED_IN = _("The address may be mistyped, or the page belongs to another unit. Signing in may help.")
EXPLAIN_NOT_FOUND: list[Callable[[HttpRequest], Page | None]] = []
"""Other apps' pages for a signed-in person for whom there is no page; the first that is given is shown."""
SIGNED_OUT = Page(
    _("You are signed out"),
    _(
        "Nothing was stored. Use the browser's Back button: what you filled in is still there to copy."
        " Then sign in, open the page again and send it."
    ),
    _("Sign in"),
    "",
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 for a body beyond the limits."""
    too_large = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    return _answer(request, 413 if too_large else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """403."""
    return _answer(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """404, the same for pages that do not exist and pages of others; a visitor may sign in first."""
    user = getattr(request, "user", None)
    if user is not None and not user.is_authenticated:
        if request.method == "POST":
            back = f"{reverse('account_login')}?{urlencode({'next': page_before(request)})}"
            return _answer(request, 404, SIGNED_OUT, back)
        known = PAGES[404]
        back = f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}"
        return _answer(request, 404, Page(known.title, NOT_SIGNED_IN, _("Sign in"), ""), back)
    known_reasons = (explain(request) for explain in EXPLAIN_NOT_FOUND) if user is not None else iter(())
    return _answer(request, 404, next(filter(None, known_reasons), None))


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """429, for allauth's limits and our own."""
    return _answer(request, 429)


def too_large(request: HttpRequest) -> HttpResponse:
    """413, for a body that is larger than any address takes."""
    return _answer(request, 413)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """403 for a form whose token does not fit; nearly always a page that stayed open overnight."""
    note_request(request, "expired")
    return _answer(request, 403, EXPIRED)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, drawn without session or database; 503 if the disk has no room or the portal is busy."""
    error = sys.exc_info()[1]
    try:
        if (fault := fault_of(error)) is not None:
            return storage_page(request, fault)
        if is_busy(error):
            return busy_page(request)
    except Exception:  # the page about a failure must not fail
        return _plain(503)
    context = {"title": _("The portal has a fault"), "style": stylesheet()}
    try:
        return HttpResponse(render_to_string("kit/500.html", context), status=500)
    except Exception:  # the page about a failure must not fail
        return _plain(500)


def _plain(status: int) -> HttpResponse:
    return HttpResponse(f"Quét Sạch: {status}", status=status, content_type="text/plain; charset=utf-8")


def _answer(request: HttpRequest, status: int, page: Page | None = None, back: str = "") -> HttpResponse:
    page = page or PAGES[status]
    back = back or ("" if page.route else page_before(request))
    return render(request, "kit/error.html", {"page": page, "status": status, "back": back}, status=status)
