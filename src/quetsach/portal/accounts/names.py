"""Whose a user name is, as somebody typed it."""

from __future__ import annotations

from quetsach.portal.accounts.models import User

_LONGEST = int(User._meta.get_field("username").max_length or 0)


def user_named(name: str) -> User | None:
    """The account of a name in any case. A name longer than the column is nobody's: the database does not
    look for it (SQLite fails at 50,000 bytes)."""
    if not name or len(name) > _LONGEST or "\0" in name:
        return None
    return User.objects.filter(username__iexact=name).first()
