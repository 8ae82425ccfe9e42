"""The facts behind the drafted assessment: one function a fact, for a unit and all below it.

`sentences.SENTENCES` names the function of each sentence. A fact keeps three things apart: zero, unknown
(None, or nothing was looked at), and not asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from django.db.models import Count, Max, Q
from django.utils import timezone

from quetsach.portal.campaigns.letter import LetterError, read_letter
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.queries import active_nodes
from quetsach.portal.cases.histories import turns
from quetsach.portal.cases.lists import tally
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.queries import watched
from quetsach.portal.cases.rules import State
from quetsach.portal.checks import queries as checks
from quetsach.portal.indicators.queries import versions
from quetsach.portal.reports.rollup.queries import lines
from quetsach.portal.reports.rollup.sums import Line
from quetsach.portal.sightings.not_looked import NotLooked
from quetsach.portal.units.models import subtree
from quetsach.text.vietnamese import search_key

_NAMES_SOFTWARE = ("be khoa", "khong ban quyen", "khong co ban quyen", "phan mem lau")
"""Words of a letter that asks about cracked software, without diacritics."""


class Scope:
    """The unit that reports, and the lines below it. `children` may be given if they were just read."""

    def __init__(self, node: CampaignNode, children: tuple[Line, ...] | None = None) -> None:
        self.node = node
        if children is not None:
            self.children = children

    @cached_property
    def children(self) -> tuple[Line, ...]:
        return lines(self.node)


@dataclass(frozen=True)
class Acts:
    """Dated acts in the portal. `units` are the active units strictly below.

    `received_on` and `deployed_on` are the unit's own days, None before the act. An issuer receives no
    letter.
    """

    units: int = 0
    received: int = 0
    deployed: int = 0
    received_on: date | None = None
    deployed_on: date | None = None
    is_issuer: bool = False


@dataclass(frozen=True)
class Reports:
    """Reports of the units strictly below: how many must come, were accepted, and came in time."""

    units: int = 0
    expected: int = 0
    accepted: int = 0
    on_time: int = 0


@dataclass(frozen=True)
class Machines:
    """Cases of machines. `scans` of logs that `senders` units sent were read, with events from `first` to
    `last`, None if no log has times.

    `left`: what was not looked at, of sensors and of scans.

    `is_listed`: whether the campaign has published a list; without one no log is searched. `handled` cases
    were reported clean by their unit, `verified` of them are proven clean. False alarms are in no other
    number. `is_told`: some lines name a listed address and no machine. `least` and `most`: the machines of
    the cases.

    `shared` addresses are of many machines, `unlocated` signs of one of several machines. `relapsed` machines
    had signs again after they were handled, `reinfected` ones after they were clean.
    """

    is_listed: bool = True
    scans: int = 0
    senders: int = 1
    first: datetime | None = None
    last: datetime | None = None
    left: NotLooked = field(default_factory=NotLooked)
    found: int = 0
    handled: int = 0
    verified: int = 0
    false_alarms: int = 0
    is_told: bool = False
    least: int = 0
    most: int = 0
    shared: int = 0
    unlocated: int = 0
    relapsed: int = 0
    reinfected: int = 0

    @property
    def open(self) -> int:
        """Cases that nobody has reported clean."""
        return self.found - self.handled


@dataclass(frozen=True)
class Software:
    """Checks of machines for cracked software. `whole` of the `checked` machines could be seen completely.

    `unchecked` machines surely have no check, and `perhaps` more, among the units whose number of computers
    is known; None if that of none is. `silent` of the `units` have none. `found` and `replaced` count
    copies: one product on one machine.
    """

    is_asked: bool = True
    checked: int = 0
    whole: int = 0
    found: int = 0
    replaced: int = 0
    unchecked: int | None = None
    perhaps: int = 0
    silent: int = 0
    units: int = 1

    @property
    def remaining(self) -> int:
        """Copies that are still there."""
        return self.found - self.replaced


def acts(scope: Scope) -> Acts:
    """The acts of the unit and of those below. One query."""
    node = scope.node
    below, own = ~Q(pk=node.pk), Q(pk=node.pk)
    row = (
        active_nodes(node.campaign, node.path)
        .order_by()
        .aggregate(
            units=Count("pk", filter=below),
            received=Count("acknowledgement", filter=below),
            deployed=Count("participation", filter=below),
            received_at=Max("acknowledgement__at", filter=own),
            deployed_at=Max("participation__at", filter=own),
        )
    )
    return Acts(
        row["units"],
        row["received"],
        row["deployed"],
        _day(row["received_at"]),
        _day(row["deployed_at"]),
        node.parent_id is None,
    )


def reports(scope: Scope) -> Reports:
    """Who reported: the same lines as the sums of the report."""
    below = scope.children
    return Reports(
        units=len(below),
        expected=sum(line.expected for line in below),
        accepted=sum(line.accepted for line in below),
        on_time=sum(line.on_time for line in below),
    )


def machines(scope: Scope) -> Machines:
    """Machines that were found, handled and proven clean, and the logs that were read. Four queries."""
    node = scope.node
    looked = watched(node, below=True)
    where = subtree(node.path, "device__owner__path")
    cases = Case.rows.filter(where, device__campaign=node.campaign_id, is_current=True).order_by()
    by_state = dict(cases.values_list("state").annotate(n=Count("pk")))
    machines = tally(node, timezone.now()).interval
    false_alarms = by_state.pop(State.FALSE_POSITIVE, 0)
    verified = by_state.get(State.VERIFIED_CLEAN, 0)
    claimed = by_state.get(State.CLAIMED_CLEAN, 0) + by_state.get(State.RECHECKED, 0)
    found = sum(by_state.values())
    more = turns(node) if found else {}
    return Machines(
        is_listed=bool(found or looked.scans) or versions(node.campaign).exists(),
        scans=looked.scans,
        senders=looked.senders,
        first=looked.first,
        last=looked.last,
        left=looked.left,
        found=found,
        handled=claimed + verified,
        verified=verified,
        false_alarms=false_alarms,
        is_told=looked.is_told,
        least=machines.least,
        most=machines.most,
        **more,
    )


def software(scope: Scope) -> Software:
    """Cracked software: the sums of the page of licences. Three queries."""
    node = scope.node
    sums = checks.total(checks.branches(node, checks.copies_below(node)), node)
    return Software(
        is_asked=sums.checked > 0 or asks_about_software(node.campaign),
        checked=sums.checked,
        whole=sums.whole,
        found=sums.found,
        replaced=sums.replaced,
        unchecked=sums.unchecked,
        perhaps=(sums.unchecked_most or 0) - (sums.unchecked or 0),
        silent=sums.silent_units,
        units=sums.computers.units,
    )


def asks_about_software(campaign: Campaign) -> bool:
    """Whether the letter asks about cracked software. A letter that is not typed in may ask for anything."""
    try:
        letter = read_letter(campaign.letter)
    except LetterError:
        return True
    texts = [paragraph.text for paragraph in letter.paragraphs]
    if not texts:
        return True
    said = search_key(
        " ".join([campaign.title, campaign.summary, letter.subject, letter.report_line, *texts])
    )
    return any(words in said for words in _NAMES_SOFTWARE)


def _day(at: datetime | None) -> date | None:
    return timezone.localdate(at) if at else None
