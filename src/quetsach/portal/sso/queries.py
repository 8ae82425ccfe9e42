"""Who signs in by the identity provider."""

from __future__ import annotations

from datetime import datetime

from allauth.socialaccount.models import SocialAccount

from quetsach.portal.accounts.models import User


def linked_since(user: User) -> datetime | None:
    """Since when the account is linked with a proven person; None where it is not."""
    row = SocialAccount.objects.filter(user=user).only("date_joined").first()
    return row.date_joined if row else None
