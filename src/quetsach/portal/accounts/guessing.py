"""How often passwords and one-time codes may be tried.

A browser that the account signed in with before has its own counter, so nobody else can use up its tries. All
other browsers share one counter: few tries in a row, and few an hour. A try is counted before the password is
checked, so that many tries at once gain nothing; a right password takes the count back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.http import HttpRequest

from quetsach.portal.accounts import known_browser
from quetsach.portal.accounts.models import User
from quetsach.portal.accounts.names import user_named
from quetsach.portal.kit.limits import Limit, whence

type Counted = Sequence[tuple[Limit, str]]

SENT = Limit("sign-in-sent", most=240, seconds=60)
"""Sign-in forms from one address, right or wrong: each costs the portal the work of a hash."""
KNOWN = Limit("password-known", most=5, seconds=300)
"""Wrong passwords of one name in one browser that knows it."""
NAME_HERE = Limit("password-name-here", most=5, seconds=300)
"""Wrong passwords of one name from one address, by browsers that do not know the name."""
NAME = Limit("password-name", most=30, seconds=3600)
"""Wrong passwords of one name from all addresses, by browsers that do not know it: 720 a day."""
ADDRESS = Limit("password-address", most=300, seconds=3600)
"""Wrong passwords of all names from one address, by browsers that do not know them."""
CODE_KNOWN = Limit("code-known", most=5, seconds=300)
"""Wrong one-time codes of one account in one browser that knows it."""
CODE = Limit("code", most=5, seconds=300)
"""Wrong codes in a row by browsers that do not know the account; their users have the password already."""
CODE_SLOW = Limit("code-slow", most=20, seconds=3600)
"""Wrong codes an hour by browsers that do not know the account: 480 a day, of a million codes."""


def is_flood(request: HttpRequest, name: str = "") -> bool:
    """Count a sign-in form, unless its browser knows the name; whether there are too many from there."""
    user = user_named(name)
    if user is not None and known_browser.of(request).knows(user):
        return False
    if SENT.is_reached(request):
        return True
    SENT.note(request)
    return False


def count_password(request: HttpRequest, name: str) -> Counted | None:
    """Count a password as wrong. None, and nothing is counted, if too many wrong ones came before."""
    browser, user = known_browser.of(request), user_named(name)
    if user is not None and browser.knows(user):
        return _count([(KNOWN, f"{user.pk}:{browser.name}")])
    where = whence(request)
    # People type passwords into the name's field by mistake: only a hash is kept.
    digest = hashlib.sha256(name.casefold().encode()).hexdigest()[:32]
    return _count([(NAME_HERE, f"{digest}:{where}"), (NAME, digest), (ADDRESS, where)])


def count_code(request: HttpRequest, user: User) -> Counted | None:
    """Count a one-time code as wrong. None, and nothing is counted, if too many wrong ones came before."""
    browser = known_browser.of(request)
    if browser.knows(user):
        return _count([(CODE_KNOWN, f"{user.pk}:{browser.name}")])
    return _count([(CODE, str(user.pk)), (CODE_SLOW, str(user.pk))])


def take_back(counted: Counted) -> None:
    """Take a try off the counters: the password or code was right."""
    for limit, whose in counted:
        limit.take_back(whose)


def _count(wanted: Counted) -> Counted | None:
    if any(limit.is_reached_by(whose) for limit, whose in wanted):
        return None
    for limit, whose in wanted:
        limit.note_by(whose)
    return wanted
