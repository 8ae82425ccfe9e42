"""Puts the history of a case into words: a line for each act, those that files repeated once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from quetsach.machines.identity.forwarders import FORWARDER
from quetsach.portal.cases.clocks import Clock
from quetsach.portal.cases.episode_actions import FOLLOWED, MOVED_BY, RESUMED
from quetsach.portal.cases.escalating.wording import STEPS
from quetsach.portal.cases.joining import AT_ONCE, IS_BACK, MERGE, MERGED, is_handed_on, is_told_by
from quetsach.portal.cases.machine_words import UNTOLD
from quetsach.portal.cases.models import Case, CaseEvent, last_day_before
from quetsach.portal.cases.outside import PART
from quetsach.portal.cases.queries import Story
from quetsach.portal.cases.rules import (
    BY_UNIT,
    FILE_BACK,
    RANGE,
    RANGE_BY,
    TABLE_BACK,
    Act,
    Note,
)
from quetsach.portal.cases.transfer_actions import BY_SIGN
from quetsach.portal.cases.victims.words import sign_called
from quetsach.portal.cases.words import ACTS, DONE, RESUMED_BY
from quetsach.text.canonical import address

MOVES = (PART, MERGED, MERGE)
"""Acts of the portal: machines become one, or several. One judgement makes them in this order."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the history."""

    event: CaseEvent
    title: str | Promise
    done: str | Promise
    more: str = ""
    """Times and terms that the event tells besides."""
    machine: str = ""
    """The name of a machine that turned out to be this one, where it happened there."""
    times: int = 1
    first: datetime | None = None
    """How often it happened, and when first, where files that came and went repeated it."""
    is_anew: bool = False
    """The machine has the same address: whether that is one machine was judged anew."""
    by_table: str = ""
    """Whose table moved signs of another unit's log, and when it was handed in."""


def _more(event: CaseEvent) -> str:
    """Times and terms of a note, in words."""
    data = event.data
    for key, text in ((("tried_at"), _("Tried on %(at)s.")), ("since", _("Since %(at)s.")),
                      ("seen", _("Seen on %(at)s."))):  # fmt: skip
        if event.act in NOTED and (at := _moment(data.get(key))):
            return text % {"at": f"{timezone.localtime(at):%d/%m/%Y %H:%M}"} + " "
    if event.act == Note.ASIDE and (end := _moment(data.get("until"))):
        return _("Until the end of %(day)s.") % {"day": f"{last_day_before(end):%d/%m/%Y}"} + " "
    if event.act in (RESUMED, FOLLOWED):
        return _("episode %(n)s") % {"n": data["episode"]} + " "
    if event.act == Act.EVIDENCE and (sign := data.get("indicator")):
        told = _("Sign: %(sign)s.") % {"sign": sign_called(sign)} + " "
        return told + (_("Reported in %(file)s.") % {"file": data["file"]} + " " if "victims" in data else "")
    if "victims" in data:
        is_back = event.act in (Act.RETRACT, Act.UNDO, FILE_BACK)
        text = _("%(file)s was taken back.") if is_back else _("Reported in %(file)s.")
        return text % {"file": data["file"]} + " "
    if BY_UNIT in data:
        return _("Said by %(unit)s.") % {"unit": data[BY_UNIT]} + " "
    if RANGE in data:
        text = _("By the range %(range)s.")
        if data.get(RANGE_BY):
            text = _("By the range %(range)s, which %(who)s entered.")
        return text % {"range": data[RANGE], "who": data.get(RANGE_BY)} + " "
    if event.act == TABLE_BACK:
        return _("%(file)s was taken back.") % {"file": data["file"]} + " "
    if event.act == Note.OVERDUE and data.get("clock") in set(Clock):
        return str(STEPS[Clock(data["clock"])])
    return ""


NOTED = (*Note, Act.SEEN_AGAIN)
"""Acts whose times the history tells in a sentence."""


def history_of(case: Case, story: Story) -> list[Told]:
    """The acts, the latest first. Machines that were joined and parted again and again, as files about them
    came and went, stand once for each machine, with the latest time. An address that is one machine, then one
    of several, then one again, is no other machine: the notes of both cases are one line."""
    found: dict[object, Told] = {}
    joins = [one for one in story.events if one.act in (MERGE, MERGED)]
    for e in sorted([*story.events, *story.former], key=lambda one: (one.at, one.pk)):
        told = Told(
            e, _title(case, e), DONE.get(e.data.get("done", ""), ""), _more(e),
            "" if e.case_id == case.pk else e.case.device.key, by_table=_by_table(e.data),
        )  # fmt: skip
        partner = e.data.get("to") or e.data.get("from")
        if e.act in MOVES and partner == case.device.key == e.case.device.key and address(partner):
            last = next(reversed(found.values()), None)
            # A judgement parts machines before it joins them: what goes back in that order is the next one.
            is_same = (
                last is not None
                and last.is_anew
                and e.at - last.event.at < AT_ONCE
                and MOVES.index(e.act) >= MOVES.index(last.event.act)
            )
            title = last.title if last and is_same and not _is_forwarder(e) else _anew(e)
            if is_same:
                found.popitem()
            found[e.pk] = replace(told, title=title, machine="", is_anew=True)
            continue
        if (e.act == PART and is_handed_on(e, joins)) or is_told_by(case, e):
            continue
        is_move = e.act in MOVES and partner
        key: object = (e.act, e.case_id, partner, told.title) if is_move else e.pk
        if (before := found.pop(key, None)) is not None:
            told = replace(told, times=before.times + 1, first=before.first or before.event.at)
        found[key] = told
    return list(reversed(found.values()))


def _is_of_name(case: Case, event: CaseEvent) -> bool:
    """Whether the event opened the case of a machine that was known under another name before: its case is
    older than this event, and the head of the page tells that day."""
    return event.act == "open" and event.case_id == case.pk and event.at - case.opened_at > AT_ONCE


def _is_forwarder(event: CaseEvent) -> bool:
    return bool(event.data.get("why") == FORWARDER)


def _anew(event: CaseEvent) -> str:
    if _is_forwarder(event):
        return _("A person said that the address asks for others")
    return _("Who stands behind the address was judged anew")


def _title(case: Case, event: CaseEvent) -> str | Promise:
    """The act; of one that was taken back also which it was."""
    if _is_of_name(case, event):
        day = f"{timezone.localtime(case.opened_at):%d/%m/%Y}"
        return _("Known under this name. The case is open since %(day)s, under another name") % {"day": day}
    if event.act == Act.RETURN and "sign" in event.data:
        return _("Opened again as it was: it was told again")
    if event.act == MERGE and event.data.get("why") == UNTOLD:
        return _("Its signs count here: nobody tells any more which machine had the address")
    if event.act == MERGED and event.data.get("why") == UNTOLD:
        return _("Its signs count elsewhere: nobody tells any more which machine had the address")
    if event.act == MERGE and event.data.get(IS_BACK):
        return _("Counts again: its signs are known to be of this machine again")
    if event.act == RESUMED and (why := RESUMED_BY.get(event.data.get(MOVED_BY, ""))):
        return why
    if event.act == Act.ASSIGN and BY_SIGN in event.data:
        return _("Passed to the unit that has it, as signs and tables of addresses show")
    taken = ACTS.get(event.data.get("act", "")) if event.act == Act.UNDO else None
    if taken is None:
        return ACTS.get(event.act, event.act)
    return _("Taken back: “%(act)s”; the case is as it was before") % {"act": taken}


def _by_table(data: dict[str, Any]) -> str:
    if "teller" not in data:
        return ""
    at = _moment(data.get("handed_in"))
    day = f"{timezone.localtime(at):%d/%m/%Y}" if at else _("an unknown day")
    return _("by the address table of %(unit)s, handed in on %(day)s, after the signs had been told") % {
        "unit": data["teller"], "day": day
    }  # fmt: skip


def _moment(text: Any) -> datetime | None:
    return parse_datetime(text) if isinstance(text, str) and text else None
