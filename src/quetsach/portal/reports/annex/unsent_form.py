"""A form that was posted after the session ended: kept in the visitor's session until the next sign-in.

Only texts of annex fields, at most 64 KB, for twelve hours. It is shown to the next person who signs in in
the same browser, if that person may edit the same report.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.errors import Page

_KEY = "kept_annex"
_FIELD = re.compile(r"[rna]\d{1,2}|narrative|proposals|external|adjust_reason|version|client_uuid")
_MOST = 64 * 1024
_LASTS = timedelta(hours=12)
SIGNED_OUT = Page(
    _("You are signed out"),
    _(
        "What you filled in is kept in this browser. Sign in: the form comes back as you "
        "left it, then send it."
    ),
    _("Sign in"),
    "",
)


def keep(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Store a visitor's posted form, and redirect to the sign-in page, which leads back to the form."""
    posted = {key: str(value) for key, value in request.POST.items() if _FIELD.fullmatch(key)}
    if posted and sum(map(len, posted.values())) <= _MOST:
        request.session[_KEY] = {"node": str(node_id), "at": timezone.now().isoformat(), "data": posted}
    back = f"{reverse('account_login')}?{urlencode({'next': reverse('report', args=[slug, node_id])})}"
    context = {"page": SIGNED_OUT, "status": 404, "back": back}
    template = "reports/signed_out.html" if request.headers.get("HX-Request") else "kit/error.html"
    return render(request, template, context, status=404)


def take(request: HttpRequest, node_id: UUID) -> dict[str, str] | None:
    """The stored form, once; None if there is none, for another report's form, and for an old one."""
    kept = request.session.get(_KEY)
    if not isinstance(kept, dict) or kept.get("node") != str(node_id):
        return None
    del request.session[_KEY]
    is_old = timezone.now() - datetime.fromisoformat(kept["at"]) > _LASTS
    return None if is_old else dict(kept["data"])
