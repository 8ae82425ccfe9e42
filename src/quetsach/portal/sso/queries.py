"""Reads of links with the identity provider."""

from __future__ import annotations

from datetime import datetime

from allauth.socialaccount.models import SocialAccount

from quetsach.portal.accounts.models import User


def linked_since(user: User) -> datetime | None:
    """The moment at which the account was linked with a proven person; None if it is not linked."""
    row = SocialAccount.objects.filter(user=user).only("date_joined").first()
    return row.date_joined if row else None
