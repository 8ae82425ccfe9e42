"""The acts that close gaps, in words."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from quetsach.machines.proof.gaps import Closing, Lack
from quetsach.portal.cases.gaps.queries import Work
from quetsach.portal.cases.missing import PARTS

_SCANS: dict[str, str | Promise] = {
    Closing.SCAN: gettext_lazy("Scan the log %(place)s from %(first)s to %(last)s with --asked"),
    Closing.SCAN_ASKED: gettext_lazy("Scan the log %(place)s from %(first)s to %(last)s with --asked"),
    Closing.SCAN_AGAIN: gettext_lazy(
        "Scan the log %(place)s from %(first)s to %(last)s again, whole and with its times"
    ),
    Closing.SCAN_LIST: gettext_lazy(
        "Scan the log %(place)s from %(first)s to %(last)s again with the newest list"
    ),
}
_LACKS = {
    Closing.SCAN: Lack.NO_LOG,
    Closing.SCAN_ASKED: Lack.NOT_ASKED,
    Closing.SCAN_AGAIN: Lack.UNREAD,
    Closing.SCAN_LIST: Lack.OTHER_LIST,
    Closing.STOP_AROUND: Lack.AROUND,
    Closing.TRANSLATIONS: Lack.SHARED,
    Closing.CHECK: Lack.FEW_HOURS,
    Closing.CLAIM: Lack.SPLIT,
}
"""The gap that the help page tells of beside each act."""


def help_on(closing: Closing) -> str:
    """The address of the part of the help page about an act."""
    return f"{reverse('handbook_page', args=['khi-nao-sach'])}#{PARTS[_LACKS[closing]]}"


def title(work: Work) -> str:
    """The act as an order, with the number of machines that wait for it."""
    n = work.machines
    if (scan := _SCANS.get(work.closing)) is not None:
        first, last = _day(work.first_day, work.last_day), _day(work.last_day, work.first_day)
        waits = ngettext("%(n)d machine waits", "%(n)d machines wait", n) % {"n": n}
        return f"{scan % {'place': work.place, 'first': first, 'last': last}} ({waits})"
    if work.closing == Closing.STOP_AROUND:
        text = ngettext(
            "Switch off the way around the log on %(n)d machine",
            "Switch off the way around the log on %(n)d machines",
            n,
        )
    elif work.closing == Closing.TRANSLATIONS:
        text = ngettext(
            "Add the log of the address translation: %(n)d address stands for many machines",
            "Add the log of the address translation: %(n)d addresses stand for many machines",
            n,
        )
    elif work.closing == Closing.CHECK:
        text = ngettext(
            "Check %(n)d machine itself: it works too few hours for a proof by logs",
            "Check %(n)d machines themselves: they work too few hours for a proof by logs",
            n,
        )
    else:
        text = ngettext(
            "Handle %(n)d machine that turned out to be another one",
            "Handle %(n)d machines that turned out to be others",
            n,
        )
    return text % {"n": n}


def why(work: Work) -> str:
    """What the act brings."""
    if work.closing in _SCANS:
        return _("Then the portal sees whether they are silent on these days, and decides by itself.")
    if work.closing == Closing.STOP_AROUND:
        return _("What a machine asks elsewhere is in no log of ours; the quiet days count from then on.")
    if work.closing == Closing.CHECK:
        return _("A full check with the stick, or the word of the person in charge, takes the place of logs.")
    return _("Until then no log can show that they are clean.")


def help_part(work: Work) -> str:
    """The part of the help page about it."""
    return PARTS[_LACKS[Closing(work.closing)]]


def _day(day: date, other: date) -> str:
    return f"{day:%d/%m}" if day.year == other.year else f"{day:%d/%m/%Y}"
