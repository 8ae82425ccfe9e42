"""Links between accounts and proven persons, and stopped sign-ins. All are in the audit trail."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.signals import social_account_added
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.sso.configuration import trusted
from quetsach.portal.units.models import Membership

PROVIDER = "sso"


class LinkError(PortalError):
    """`code`: `taken` (another account has this person), `no_password` (nothing else opens the account)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def watch() -> None:
    """Listen for links that allauth makes; called once when the app is ready."""
    social_account_added.connect(note_link, dispatch_uid="sso.link")


def note_link(sender: object, request: HttpRequest, sociallogin: Any, **_: object) -> None:  # noqa: ARG001
    """Write one entry for a link, without any content of the proof."""
    with transaction.atomic():
        _note("account.link", sociallogin.user, sociallogin.user, client_ip_text(request))


@transaction.atomic
def link(user: User, key: str, *, ip: str | None) -> None:
    """Tie the proven person to the account. Raises LinkError `taken`."""
    try:
        with transaction.atomic():
            SocialAccount.objects.create(user=user, provider=PROVIDER, uid=key, extra_data={})
    except IntegrityError as error:
        raise LinkError("taken") from error
    _note("account.link", user, user, ip)


@transaction.atomic
def unlink(user: User, actor: User, *, ip: str | None) -> bool:
    """Remove the link; returns whether there was one. Raises LinkError `no_password` for the last way in."""
    if user == actor and not user.has_usable_password():
        raise LinkError("no_password")
    count, _ = SocialAccount.objects.filter(user=user).delete()
    if count:
        _note("account.unlink", user, actor, ip)
    return bool(count)


@transaction.atomic
def note_stopped(code: str, *, ip: str | None) -> None:
    """Record a stopped sign-in: its reason, never the person."""
    record(None, "account.sso_stopped", data={"code": code, "name": trusted().name}, ip=ip, actor_name="?")


def _note(action: str, user: User, actor: User, ip: str | None) -> None:
    paths = Membership.ever.filter(user=user).values_list("unit__path", flat=True)
    name = settings.SSO.name if settings.SSO else PROVIDER
    data = {"person": user.get_full_name(), "name": name}
    record(actor, action, unit_path=min(paths, key=len, default=""), about=user, data=data, ip=ip)
