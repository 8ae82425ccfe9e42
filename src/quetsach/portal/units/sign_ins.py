"""Records failed sign-ins in the audit trail of the named person's unit, without the typed text."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest

from quetsach.portal.accounts.names import user_named
from quetsach.portal.audit.actions import record
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.units.models import Membership


def watch() -> None:
    """Listen to Django's signal; called once when the app is ready."""
    user_login_failed.connect(note_failed_sign_in, dispatch_uid="units.failed_sign_in")


def note_failed_sign_in(
    sender: object,  # noqa: ARG001
    credentials: dict[str, Any],
    request: HttpRequest | None = None,
    **_: object,
) -> None:
    """One entry per attempt. An unknown name is not stored: people type passwords into the wrong field."""
    name = str(credentials.get("username") or credentials.get("login") or "")
    user = user_named(name)
    path = ""
    if user is not None:
        paths = Membership.ever.filter(user=user).values_list("unit__path", flat=True)
        path = min(paths, key=len, default="")
    with transaction.atomic():
        record(
            None,
            "account.sign_in_failed",
            unit_path=path,
            about=user,
            data={"known": user is not None},
            ip=client_ip_text(request) if request is not None else None,
            actor_name=user.get_full_name() if user is not None else "?",
        )
