"""The checklist before publishing a draft, and a preview of the tree that would be frozen."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.contacts import reachable_units
from quetsach.portal.campaigns.letter import Letter, LetterError, read_letter
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.selection import frozen_units
from quetsach.portal.campaigns.workdays import calendar_of
from quetsach.portal.kit.templatetags.kit import num
from quetsach.portal.units.models import Unit, subtree

FEW_DAYS = 3
LETTER_ROUTE = "letters:order"
"""The URL name of the page on which a later app lets the issuer write the letter."""
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
MOST_NAMES = 5


@dataclass(frozen=True)
class Check:
    """One line of the checklist: `shape` is ok, busy (look at it) or bad (blocks)."""

    shape: str
    title: str
    text: str
    route: str = ""
    word: str | Promise = ""


@dataclass(frozen=True)
class Level:
    """One level of the tree as it would be frozen."""

    depth: int
    units: int
    expected: int
    without_contact: int


@dataclass(frozen=True)
class Preview:
    """The tree that publishing would freeze. `silent` names some of the units that have nobody to call."""

    levels: tuple[Level, ...]
    silent: tuple[str, ...]
    left_out: int

    @property
    def units(self) -> int:
        return sum(level.units for level in self.levels)

    @property
    def expected(self) -> int:
        return sum(level.expected for level in self.levels)

    @property
    def without_contact(self) -> int:
        return sum(level.without_contact for level in self.levels)


def preview(campaign: Campaign) -> Preview:
    """Count the chosen units by level; the issuer is level 0."""
    reachable = reachable_units(campaign.issuer.path)
    top = campaign.issuer.path.count("/")
    units, expected, silent = Counter[int](), Counter[int](), Counter[int]()
    names: list[str] = []
    for unit, reports in frozen_units(campaign):
        depth = unit.path.count("/") - top
        units[depth] += 1
        expected[depth] += reports
        if unit.pk not in reachable:
            silent[depth] += 1
            if len(names) < MOST_NAMES:
                names.append(unit.name)
    everything = Unit.rows.filter(subtree(campaign.issuer.path), retired_at=None).count()
    levels = tuple(Level(d, units[d], expected[d], silent[d]) for d in sorted(units))
    return Preview(levels, tuple(names), everything - sum(units.values()))


def checks(campaign: Campaign, seen: Preview) -> list[Check]:
    """The checklist in the order of the page."""
    return [
        _summary_and_contact(campaign),
        _deadline(campaign),
        _units(seen),
        _contacts(seen),
        _letter(campaign),
        Check(
            "ok",
            _("List of addresses"),
            _("Uploaded after publishing, under “Indicators”. A campaign of checks alone needs none."),
        ),
    ]


def is_blocked(found: list[Check]) -> bool:
    """Whether a line of the checklist forbids publishing."""
    return any(check.shape == "bad" for check in found)


def _summary_and_contact(campaign: Campaign) -> Check:
    missing = [
        word
        for word, value in (
            (_("the one sentence"), campaign.summary),
            (_("who answers questions"), campaign.contact.get("name")),
            (_("a phone number"), campaign.contact.get("phone")),
        )
        if not value
    ]
    text = _("Missing: %(list)s.") % {"list": ", ".join(missing)} if missing else campaign.summary
    return Check(
        "busy" if missing else "ok", _("What is asked, and who answers"), text, "campaign_edit", _("Write")
    )


def _deadline(campaign: Campaign) -> Check:
    days = campaign.days_left
    title, change = _("Deadline"), _("Change")
    if campaign.due_at <= timezone.now():
        return Check("bad", title, _("It is over already. Choose a later day."), "campaign_edit", change)
    calendar = calendar_of(campaign)
    if not calendar.is_workday(campaign.last_day):
        text = _("The last day, %(day)s, is not a working day.") % {"day": f"{campaign.last_day:%d/%m/%Y}"}
        return Check("busy", title, text, "campaign_edit", change)
    work = calendar.between(timezone.localdate(), campaign.last_day)
    text = ngettext("%(n)s working day from today.", "%(n)s working days from today.", work) % {"n": work}
    return Check("busy" if days < FEW_DAYS else "ok", title, text, "campaign_edit", change)


def _units(seen: Preview) -> Check:
    title, word = _("Units"), _("Choose units")
    if seen.units < 2:
        return Check("bad", title, _("No unit below yours takes part."), "campaign_units", word)
    text = _("%(n)s units are frozen with name and place; %(reports)s of them report.") % {
        "n": num(seen.units),
        "reports": num(seen.expected),
    }
    if seen.left_out:
        text += " " + _("%(n)s of the tree are left out.") % {"n": num(seen.left_out)}
    return Check("ok", title, text, "campaign_units", word)


def _contacts(seen: Preview) -> Check:
    title = _("Somebody to call in each unit")
    if not seen.without_contact:
        return Check("ok", title, _("Every unit has a contact or an account."))
    text = _(
        "%(n)s units have neither a contact nor an account (%(names)s). Codes to join can be printed."
    ) % {
        "n": num(seen.without_contact),
        "names": ", ".join(seen.silent) + (", …" if seen.without_contact > len(seen.silent) else ""),
    }
    return Check("busy", title, text)


def _letter(campaign: Campaign) -> Check:
    title = _("Letter")
    try:
        letter = read_letter(campaign.letter)
    except LetterError as error:
        return Check("bad", title, str(error))
    route, word = LETTER_ROUTE, _("Open the letter")
    if not letter.subject or not letter.paragraphs:
        text = _("Not written yet: units would read an empty page. It can also go out on paper alone.")
        return Check("busy", title, text, route, _("Write the letter"))
    if campaign.due_text and not _names_deadline(letter, campaign):
        text = _("%(subject)s. It does not name the deadline: %(due)s.")
        return Check("busy", title, text % {"subject": letter.subject, "due": campaign.due_text}, route, word)
    if letter.number:
        text = _("%(subject)s. Issued as %(number)s on %(day)s.") % {
            "subject": letter.subject,
            "number": f"{letter.number}/{letter.symbol}",
            "day": f"{letter.issued_on:%d/%m/%Y}" if letter.issued_on else "–",
        }
    else:
        text = _("%(subject)s. Number, date and signed file can follow after publishing.") % {
            "subject": letter.subject
        }
    return Check("ok", title, text, route, word)


def _names_deadline(letter: Letter, campaign: Campaign) -> bool:
    """Whether the letter's text names the campaign's deadline day, with or without padding zeros."""
    text = " ".join([*(part.text for part in letter.paragraphs), letter.report_line, letter.closing])
    wanted = _DAY.search(campaign.due_text)
    return wanted is None or _days(text) >= _days(wanted[0])


def _days(text: str) -> set[tuple[int, ...]]:
    return {tuple(map(int, found)) for found in _DAY.findall(text)}
