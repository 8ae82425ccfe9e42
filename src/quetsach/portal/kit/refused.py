"""The server's own answers to requests that do not reach the portal: in words, without a database.

Pages are drawn in the reader's language; a machine at /api/ gets `{"code", "reason"}` in English.
"""

from __future__ import annotations

import json
from http import HTTPStatus

from django.conf import settings
from django.http.cookie import parse_cookie
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.busy import AGAIN_AFTER, stylesheet
from quetsach.portal.kit.errors import PAGES
from quetsach.portal.kit.readable import without_escapes

_WORDS: dict[int, tuple[str, str | Promise, str | Promise]] = {
    400: ("not_understood", PAGES[400].title, PAGES[400].text),
    408: (
        "too_slow",
        _("The connection is too slow at this moment"),
        _(
            "Nothing was stored. Go back and send it again. If it stays like this, send the file in smaller"
            " parts, compress it first, or use another connection."
        ),
    ),
    413: ("too_large", PAGES[413].title, PAGES[413].text),
    500: (
        "fault",
        _("The portal has a fault"),
        _(
            "What was confirmed before is kept. Wait a minute, open the page again, and check whether "
            "the last step is there before repeating it."
        ),
    ),
    503: (
        "busy",
        _("Too many files are being sent at this moment"),
        _("Nothing was stored. Wait a few minutes, go back and send it again."),
    ),
    507: (
        "disk_full",
        _("The portal's disk is full"),
        _("Nothing was stored. Tell the person who looks after the portal's machine; then send it again."),
    ),
}


def refused(status: int, path: str, cookies: str, back: str = "") -> tuple[str, list[tuple[str, str]], bytes]:
    """The status line, headers and body.

    Args:
        status: of HTTP; one without words of its own is answered as 400.
        path: the request's, to distinguish machines from people; empty where it could not be read.
        cookies: the request's Cookie header, which may hold the language that was chosen.
        back: the path of the page that the request came from, if it is one of this site.
    """
    code, title, text = _WORDS.get(status, _WORDS[400])
    asked = parse_cookie(without_escapes(cookies)).get(settings.LANGUAGE_COOKIE_NAME)
    is_api = path.startswith("/api/")
    language = "en" if is_api else asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    headers = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    if status in (408, 503):
        headers.append(("Retry-After", str(AGAIN_AFTER)))
    with translation.override(language):
        if is_api:
            body = json.dumps({"code": code, "reason": f"{title}. {text}"})
            headers.append(("Content-Type", "application/json"))
        else:
            context = {"title": title, "text": text, "style": stylesheet(), "back": back}
            body = render_to_string("kit/refused.html", context)
            headers += [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Language", language),
                ("Content-Security-Policy", "default-src 'none'; style-src 'self'"),
            ]
    return f"{status} {HTTPStatus(status).phrase}", headers, body.encode()
