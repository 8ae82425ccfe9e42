"""The page of a stopped sign-in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from quetsach.portal.sso.configuration import trusted
from quetsach.portal.sso.refusal import REASONS


def stopped(request: HttpRequest, code: str) -> HttpResponse:
    """The reason and the next step, by a code of REASONS."""
    reason, name = REASONS[code], {"name": trusted().name}
    context = {"title": str(reason.title) % name, "text": str(reason.text) % name}
    return render(request, "sso/stopped.html", context, status=reason.status)
