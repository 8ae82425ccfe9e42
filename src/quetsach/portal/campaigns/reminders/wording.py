"""The short message for Zalo, an SMS or an e-mail: sender, unit, request, deadline and address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from quetsach.portal.campaigns.templatetags.campaign import last_day

LONGEST = 500
_LONGEST_NAME = 80


def short(text: str, most: int) -> str:
    """The text, cut with an ellipsis where it is longer."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def message(
    us: str,
    unit: str,
    todo: Sequence[str],
    due_at: datetime,
    address: str,
    *,
    code: str = "",
    own_words: str = "",
) -> str:
    """At most 500 characters. With `code` the address is that of joining; `own_words` replace the request."""
    asks = _("%(us)s to %(unit)s: %(words)s") if own_words else _("%(us)s asks %(unit)s to %(todo)s.")
    asked = asks % {
        "us": short(us, _LONGEST_NAME),
        "unit": short(unit, _LONGEST_NAME),
        "todo": "; ".join(todo),
        "words": own_words,
    }
    day = _("Deadline: end of %(day)s.") % {"day": last_day(due_at)}
    where = (
        _("Open %(address)s and type the code %(code)s.") % {"address": address, "code": code}
        if code
        else _("Open %(address)s and sign in.") % {"address": address}
    )
    end = f" {day} {where}"
    return short(asked, LONGEST - len(end)) + end
