"""The next tasks of a unit, collected from every app that has some.

Higher apps append a provider in their AppConfig.ready; campaigns never imports them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from django.urls import Resolver404, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.queries import NodeStatus, statuses
from quetsach.portal.campaigns.reminders.queries import waiting
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.units.models import Role
from quetsach.portal.units.roles import Verb


class Rank(IntEnum):
    """Positions in the list; a provider may use any number between them."""

    URGENT = 5
    OVERDUE = 8
    ACKNOWLEDGE = 10
    PASS_ON = 20
    SIGNS = 25
    """A machine with signs does harm now: it comes before what is only reported or counted."""

    DEPLOY = 30
    PEOPLE = 40
    MACHINES = 50
    REPORT = 60
    REVIEW = 70
    PASS_ON_LATER = 74
    """While the campaign has no letter yet, the work on machines comes first."""
    REMIND = 75
    CHASE = 80


class Counted(NamedTuple):
    """A figure in a task's title: its name (`kit.figures`), its value, and how far it reaches."""

    name: str
    n: int
    reach: str


@dataclass(frozen=True)
class Task:
    """One task: `title` is an order, `text` a sentence or two, `action` the word on the button.

    `counts` is the figure of the seat's unit that stands in the title.
    """

    rank: int
    title: str | Promise
    text: str | Promise
    url: str
    action: str | Promise
    shape: str = ""
    word: str | Promise = ""
    counts: Counted | None = None


@dataclass(frozen=True)
class Standing:
    """One line of "Where does the unit stand?".

    It has a state in a word, a sentence, figures of the seat's unit with their sentences, and a link.
    """

    label: str | Promise
    url: str
    action: str | Promise
    shape: str = ""
    word: str | Promise = ""
    text: str | Promise = ""
    figures: tuple[tuple[Counted, str], ...] = ()


STANDINGS: list[Callable[[Seat], Iterable[Standing]]] = []
"""What higher apps know of the unit's standing; they append in AppConfig.ready."""
PROVIDERS: list[Callable[[Seat], Iterable[Task]]] = []
FACTS: dict[str, Callable[[], Combinable]] = {}
"""Expressions over CampaignNode that providers need for the node on the page; one query reads them all."""


def facts_of(node: CampaignNode) -> dict[str, Any]:
    """The values of FACTS for that node, by name. One query; for `Seat.once`."""
    return dict(next(iter(_facts(node.pk))))


@compiled
def _facts(node_id: UUID) -> QuerySet[CampaignNode, dict[str, Any]]:
    return CampaignNode.rows.filter(pk=node_id).values(**{name: make() for name, make in FACTS.items()})  # type: ignore[return-value]


def tasks_of(seat: Seat) -> list[Task]:
    """All open tasks of the seat's node that this person may do, the most urgent first."""
    return sorted((task for provide in PROVIDERS for task in provide(seat)), key=lambda task: task.rank)


READING = (Verb.READ, Verb.READ_AUDIT)


def looks_on(seat: Seat) -> bool:
    """Whether the person only reads at the seat's node, so that no task is ever theirs."""
    return not any(may for verb, may in seat.can.items() if verb not in READING)


READABLE = frozenset(
    {
        "case_gaps", "cases", "checks", "false_alarms", "handbook_page", "incident", "incidents",
        "indicators", "letter", "machine_figures", "rollup", "scans", "sensors",
    }
)  # fmt: skip
"""Names of the pages of tasks that everybody may open who reads at the unit."""


def is_readable(task: Task) -> bool:
    """Whether a person who only reads may open the page of the task."""
    try:
        return resolve(urlsplit(task.url).path).url_name in READABLE
    except Resolver404:  # the portal lies below another path
        return False


def tasks_of_unit(seat: Seat) -> list[Task]:
    """All open tasks of the seat's node that any of its people may do, for people who look on."""
    return tasks_of(replace(seat, places=[*seat.places, (Role.COORDINATOR, seat.node.path)]))


def standings_of(seat: Seat) -> list[Standing]:
    """The lines of all apps about the standing of the seat's node."""
    return [one for provide in STANDINGS for one in provide(seat)]


def has_letter(campaign: Campaign) -> bool:
    """Whether the text of the campaign's letter is here."""
    return bool(campaign.letter.get("paragraphs"))


def letter_tasks(seat: Seat) -> Iterator[Task]:
    """The unit's open acts about the letter: receive, pass on, carry out, count people, remind others."""
    own, below = seat.once(statuses)
    url = reverse("letter", args=[seat.campaign.slug])
    if own.acknowledged_at is None and seat.node.parent_id is not None and seat.can["acknowledge"]:
        yield Task(
            Rank.ACKNOWLEDGE,
            _("Confirm that the letter has arrived"),
            _("Receipt is confirmed on the day itself. One tap; the name and time are kept."),
            url + "#da-nhan",
            _("Read and confirm"),
        )
    lacking = sum(status.lacks_letter for status in below)
    if lacking and seat.can["pass_on"]:
        text = ngettext(
            "%(count)d unit below does not have the letter yet.",
            "%(count)d units below do not have the letter yet.",
            lacking,
        )
        told, has_text = text % {"count": lacking}, has_letter(seat.campaign)
        if not has_text:
            told = f"{_('The text of the letter is not here yet.')} {told}"
        yield Task(
            Rank.PASS_ON if has_text else Rank.PASS_ON_LATER,
            _("Pass the letter on"),
            told,
            url + "#chuyen-tiep",
            _("Pass on"),
        )
    if own.participated_at is None and seat.can["deploy"]:
        yield Task(
            Rank.DEPLOY,
            _("Say when your unit has carried it out"),
            _("Staff are informed, machines are being checked: then press “Carried out”."),
            url + "#trien-khai",
            _("Open the letter"),
        )
    if own.done is None and not own.has_reported and seat.can["count_people"]:
        yield Task(
            Rank.PEOPLE,
            _("Write how many people are informed and done"),
            _("Two numbers of your own staff. They fill in rows 2 and 4 of the report."),
            url + "#so-nguoi",
            _("Write the numbers"),
        )
    if seat.can["pass_on"]:
        yield from _reminders(seat)
        yield from _chase(below, url)


def _reminders(seat: Seat) -> Iterator[Task]:
    found = waiting(seat.node)
    if found:
        title = ngettext("Send %(count)d reminder", "Send %(count)d reminders", len(found))
        names = ", ".join(r.node.name for r in found[:3]) + ("…" if len(found) > 3 else ".")
        yield Task(
            Rank.REMIND,
            title % {"count": len(found)},
            names,
            reverse("reminders", args=[seat.campaign.slug]),
            _("Open the messages"),
        )


def _chase(below: list[NodeStatus], url: str) -> Iterator[Task]:
    silent = [status for status in below if status.days_silent > 0]
    if silent:
        title = ngettext(
            "Ask %(count)d unit to confirm the letter",
            "Ask %(count)d units to confirm the letter",
            len(silent),
        )
        days = max(s.days_silent for s in silent)
        text = ngettext("Silent for %(days)d day at most.", "Silent for up to %(days)d days.", days)
        names = ", ".join(s.node.name for s in silent[:3]) + ("…" if len(silent) > 3 else ".")
        yield Task(
            Rank.CHASE,
            title % {"count": len(silent)},
            f"{names} {text % {'days': days}}",
            url + "#cap-duoi",
            _("See who"),
            counts=Counted("units.silent", len(silent), "direct"),
        )
