"""The short message for Zalo, an SMS or an e-mail: sender, unit, request, deadline and address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from quetsach.portal.campaigns.templatetags.campaign import last_day

LONGEST = 500
_LONGEST_NAME = 80


def short(text: str, most: int) -> str:
    """The text, cut with an ellipsis where it is longer."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


@dataclass(frozen=True)
class Ways:
    """The addresses in a message: the letter, for a unit with an account; the page for codes, for others."""

    letter: str
    join: str

    @classmethod
    def to(cls, slug: str, whole: Callable[[str], str]) -> Ways:
        """The addresses of that campaign; `whole` adds the portal's own address to a path."""
        return cls(whole(reverse("letter", args=[slug])), whole(reverse("join_start")))


def message(
    us: str,
    unit: str,
    todo: Sequence[str],
    due_at: datetime,
    ways: Ways,
    *,
    has_account: bool,
    code: str = "",
    own_words: str = "",
) -> str:
    """At most 500 characters. `own_words` replace the request. A unit without an account is never told to
    sign in."""
    asks = _("%(us)s to %(unit)s: %(words)s") if own_words else _("%(us)s asks %(unit)s to %(todo)s.")
    asked = asks % {
        "us": short(us, _LONGEST_NAME),
        "unit": short(unit, _LONGEST_NAME),
        "todo": "; ".join(todo),
        "words": own_words,
    }
    day = _("Deadline: end of %(day)s.") % {"day": last_day(due_at)}
    if code:
        where = _("Open %(address)s and type the code %(code)s.") % {"address": ways.join, "code": code}
    elif has_account:
        where = _("Open %(address)s and sign in.") % {"address": ways.letter}
    else:
        where = _(
            "You have no account yet: open %(address)s and type the code that came with the letter, or ask "
            "us for a code."
        ) % {"address": ways.join}
    end = f" {day} {where}"
    return short(asked, LONGEST - len(end)) + end
