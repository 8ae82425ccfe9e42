"""What is missing to the proof of a case, in words: the gap, and what would close it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from quetsach.machines.proof.gaps import Closing, Gap, Lack
from quetsach.machines.proof.judgement import Judgement

MOST = 8
"""Gaps on the page of a case."""

LACKS: dict[Lack, str | Promise] = {
    Lack.NO_LOG: gettext_lazy("Of some hours in which the machine works no log has been looked at."),
    Lack.DOWN: gettext_lazy("The log has almost no lines there: less than a tenth of the usual."),
    Lack.LOST: gettext_lazy("Log lines are lost there."),
    Lack.UNREAD: gettext_lazy("The logs from after the handling could not be read in full."),
    Lack.NO_MACHINE: gettext_lazy(
        "The newer logs hold lines that name a listed address and no machine: each could be this machine."
    ),
    Lack.NAMELESS: gettext_lazy(
        "Lines there name an address of this malware and no machine: each could be this machine."
    ),
    Lack.UNLOCATED: gettext_lazy(
        "Signs of this malware there are of an address that may be this machine's: two machines had it, many "
        "share it, or it asks for others."
    ),
    Lack.NO_TIME: gettext_lazy("Newer signs or logs carry no usable time."),
    Lack.OTHER_LIST: gettext_lazy(
        "The newer logs were searched with a list that lacks an address of this case."
    ),
    Lack.EXPIRED: gettext_lazy("An address of this case was no longer searched for."),
    Lack.OTHER_PLACE: gettext_lazy(
        "The newer logs come from another place than the one that had told the signs before the handling was "
        "recorded."
    ),
    Lack.OUTSIDE: gettext_lazy("A place of another unit saw the signs too: its log must show the silence."),
    Lack.MOVED: gettext_lazy(
        "A place of another unit saw signs at this address. Only your unit's table, handed in afterwards, "
        "gives them to another machine: the quiet days count from then on."
    ),
    Lack.AROUND: gettext_lazy(
        "The machine goes around the place that watches: names that it asks elsewhere are in no log here."
    ),
    Lack.NOT_ASKED: gettext_lazy(
        "The scans were not asked about the machine, so they do not tell when it was there."
    ),
    Lack.NOT_SEEN: gettext_lazy(
        "In the newer logs the machine itself appears on too few days: it may have been off, or elsewhere."
    ),
    Lack.NO_HOURS: gettext_lazy(
        "No scan tells in which hours the machine worked before the handling, so nobody knows when its "
        "silence counts."
    ),
    Lack.FEW_HOURS: gettext_lazy("The machine works too few hours for silence to prove anything."),
    Lack.TOO_SHORT: gettext_lazy("The time looked at without a gap is still too short."),
    Lack.SHARED: gettext_lazy("Many machines stand behind this address."),
    Lack.SPLIT: gettext_lazy("The handling was recorded for another machine."),
}

PARTS: dict[Lack, str] = {
    Lack.NO_LOG: "no-log-was-looked-at",
    Lack.DOWN: "the-log-has-almost-no-lines-or-lost-some",
    Lack.LOST: "the-log-has-almost-no-lines-or-lost-some",
    Lack.UNREAD: "lines-that-could-not-be-read",
    Lack.NO_MACHINE: "lines-that-name-no-machine",
    Lack.NAMELESS: "lines-that-name-no-machine",
    Lack.UNLOCATED: "lines-that-name-no-machine",
    Lack.NO_TIME: "lines-that-could-not-be-read",
    Lack.OTHER_LIST: "a-list-that-lacks-an-address",
    Lack.EXPIRED: "a-list-that-lacks-an-address",
    Lack.OTHER_PLACE: "the-logs-of-another-place",
    Lack.OUTSIDE: "a-place-of-another-unit-saw-the-signs-too",
    Lack.MOVED: "signs-that-were-given-away",
    Lack.AROUND: "the-machine-goes-around-the-logs",
    Lack.NOT_ASKED: "the-scans-were-not-asked-about-the-machine",
    Lack.NOT_SEEN: "the-machine-was-seen-on-too-few-days",
    Lack.NO_HOURS: "nobody-knows-in-which-hours-it-worked",
    Lack.FEW_HOURS: "the-machine-works-too-few-hours",
    Lack.TOO_SHORT: "the-time-is-still-too-short",
    Lack.SHARED: "many-machines-behind-one-address",
    Lack.SPLIT: "another-machine",
}
"""The part of the help page (docs/en/proven-clean.md) about each gap."""

AHEAD = gettext_lazy(
    "Nothing is to be seen yet: the quiet time begins at %(at)s, an hour after the handling."
)
"""A gap whose time has not begun."""

CLOSINGS: dict[Closing, str | Promise] = {
    Closing.SCAN: gettext_lazy("Scan the log of %(place)s of %(span)s with --asked."),
    Closing.SCAN_AGAIN: gettext_lazy(
        "Scan the log of %(place)s of %(span)s again, whole and with its times."
    ),
    Closing.OTHER_COPY: gettext_lazy(
        "If there is a whole copy of the log of %(place)s of %(span)s, scan it with --asked. Else the quiet "
        "days count from then on."
    ),
    Closing.SCAN_LIST: gettext_lazy(
        "Scan the log of %(place)s of %(span)s again, with a list that has all addresses of the case."
    ),
    Closing.SCAN_ASKED: gettext_lazy("Scan the log of %(place)s of %(span)s with --asked."),
    Closing.SCAN_OUTSIDE: gettext_lazy("Ask for a scan of the log of %(place)s of %(span)s with --asked."),
    Closing.STOP_AROUND: gettext_lazy("Switch off the way around; the quiet days count from then on."),
    Closing.WAIT: pgettext_lazy("what closes a gap", "Go on sending the logs of %(place)s."),
    Closing.TRANSLATIONS: gettext_lazy(
        "Add the log of the address translation: it tells the machines behind the address."
    ),
    Closing.CHECK: gettext_lazy("Check the machine itself, or confirm it as the person in charge."),
    Closing.NAMED: gettext_lazy(
        "The quiet days count from then on. Let the log of %(place)s name the machine on each line."
    ),
    Closing.STOPPED: gettext_lazy("It has stopped; the quiet days count from then on."),
    Closing.NOTHING: gettext_lazy("Nothing: the proof does without these hours."),
    Closing.CLAIM: gettext_lazy("Handle this machine too, and record what was done."),
}
"""`place` is the name of a place, `span` a time."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One gap in words: place, time and how many hours of it, kind and cure; and the part of the help page
    about it."""

    place: str
    span: str
    hours: str
    what: str | Promise
    closing: str
    part: str


def span_of(first: datetime, end: datetime) -> str:
    """The local days of a time, with the hours where it lies within one day; of a time that has not begun
    yet its beginning."""
    begins = timezone.localtime(first)
    if end <= first:
        return _("from %(at)s on") % {"at": f"{begins:%d/%m/%Y %H:%M}"}
    ends = timezone.localtime(max(first, end - timedelta(microseconds=1)))
    if begins.date() == ends.date():
        if (end - first) >= timedelta(hours=24):
            return f"{begins:%d/%m/%Y}"
        return f"{begins:%d/%m/%Y %H:%M}–{timezone.localtime(end):%H:%M}"
    return f"{begins:%d/%m/%Y} – {ends:%d/%m/%Y}"


def in_words(gaps: Iterable[Gap], names: Mapping[str, str]) -> list[Missing]:
    """The gaps in words. `names` of places by their keys; a publisher of reports has no log, and no gap."""
    found = []
    for gap in gaps:
        if gap.place and gap.place not in names:
            continue
        place = names.get(gap.place, _("the place that saw the signs"))
        span = span_of(gap.first, gap.end)
        closing = str(CLOSINGS[gap.closing]) % {"place": place, "span": span}
        what = AHEAD % {"at": f"{timezone.localtime(gap.first):%H:%M}"} if gap.is_ahead else LACKS[gap.lack]
        part = PARTS[Lack.TOO_SHORT if gap.is_ahead else gap.lack]
        found.append(Missing(place if gap.place else "", span, _hours(gap), what, closing, part))
    return found


def _hours(gap: Gap) -> str:
    """How many hours of its time are missing, where the machine's hours are counted one by one."""
    if not gap.hours or gap.is_ahead or gap.lack in (Lack.FEW_HOURS, Lack.MOVED):
        return ""
    return ngettext("%(n)d hour of it", "%(n)d hours of it", gap.hours) % {"n": gap.hours}


def of_judgement(judgement: Judgement | None, names: Mapping[str, str]) -> tuple[list[Missing], int]:
    """The first gaps in words, and how many more there are."""
    if judgement is None:
        return [], 0
    words = in_words(judgement.gaps[:MOST], names)
    return words, max(0, len(judgement.gaps) - MOST)
