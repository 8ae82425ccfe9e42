"""Failures of the database that pass by themselves, and the page that says that the portal is busy.

The page needs no database. It holds the typed text as fields to send once more: the form's one-time id makes
sending twice the same as sending once. Secrets and files are never written back into a page.
"""

from __future__ import annotations

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.translation import gettext as _

from quetsach.files.bounded_process import BusyError

AGAIN_AFTER = 10
"""Seconds until another try makes sense."""
_MOST_TYPED = 256 * 1024
_SECRET = ("password", "secret", "token", "code", "key")
_SQLITE = {5, 6}
"""SQLITE_BUSY and SQLITE_LOCKED: the low byte of the longer codes."""
_POSTGRESQL = ("08", "40", "53", "57P", "55P03")
"""Classes of SQLSTATE: no connection, deadlock, no resources, shutting down, lock timeout."""


def is_busy(error: BaseException | None) -> bool:
    """Whether the database, or the process that reads files, failed in a way that may pass in a moment."""
    if isinstance(error, BusyError):
        return True
    if not isinstance(error, OperationalError):
        return False
    if getattr(error, "is_busy", False):
        return True
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE
    state = getattr(cause, "sqlstate", "")
    # psycopg gives no SQLSTATE if it could not connect at all.
    return state is None or state.startswith(_POSTGRESQL)


def busy_page(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After. A page that was only read reloads by itself; a form waits for its button."""
    context = {
        "title": _("The portal is busy"),
        "style": stylesheet(),
        "seconds": AGAIN_AFTER,
        "is_read": request.method in {"GET", "HEAD"},
        "typed": _typed(request),
        "path": request.get_full_path(),
    }
    text = render_to_string("kit/busy.html", context)
    response = HttpResponse(text, status=503)
    response.headers["Retry-After"] = str(AGAIN_AFTER)
    response.headers["Cache-Control"] = "no-store"
    return response


def _typed(request: HttpRequest) -> list[tuple[str, str]] | None:
    """The fields to send once more; None if the page cannot do that."""
    if request.method != "POST":
        return None
    try:
        fields = [(name, str(value)) for name, values in request.POST.lists() for value in values]
        is_plain = not request.FILES and not any(_is_secret(name) for name, _value in fields)
    except (RawPostDataException, UnreadablePostError):
        return None
    return fields if is_plain and sum(len(value) for _, value in fields) <= _MOST_TYPED else None


def _is_secret(name: str) -> bool:
    # The token against forged requests is sent along: it is checked again when the form is sent again.
    return name != "csrfmiddlewaretoken" and any(part in name.lower() for part in _SECRET)


def stylesheet() -> str:
    """The address of the portal's style sheet; empty before static files were collected."""
    try:
        return static("kit/portal.css")
    except ValueError:
        return ""
