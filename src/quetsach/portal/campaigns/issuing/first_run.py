"""The first run of a unit that issues: from an empty portal to the first report, as steps that tick
themselves.

The steps are shown until the day after the first report came in. From then on the tasks of the day lead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from quetsach.portal.campaigns.issuing.readiness import LETTER_ROUTE
from quetsach.portal.campaigns.joining.queries import without_way_in
from quetsach.portal.campaigns.letter import LetterError, read_letter
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.queries import statuses
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.kit.templatetags.kit import num
from quetsach.portal.units.models import Unit

LATER: dict[str, Callable[[], Combinable]] = {}
"""Expressions of later apps over Campaign: when its first `list` was published and its first `report` came
in; None before that. One query reads them."""


@dataclass(frozen=True)
class Step:
    """One step: `title` is an order, `text` the state in words; `url` is empty while the step has to wait."""

    title: str | Promise
    text: str
    is_done: bool
    url: str = ""
    action: str | Promise = ""
    is_optional: bool = False


@dataclass(frozen=True)
class FirstRun:
    """All steps in their order."""

    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        """The number of steps that are done."""
        return sum(step.is_done for step in self.steps)

    @property
    def next(self) -> Step | None:
        """The first open step that can be done now; a step that a campaign can do without comes last."""
        steps = sorted(self.steps, key=lambda step: step.is_optional)
        return next((step for step in steps if not step.is_done and step.url), None)


def before_publishing(unit: Unit, draft: Campaign | None) -> FirstRun:
    """The steps of a unit that runs no campaign yet. `draft` is the draft that it works on."""
    waits = _("After publishing.")
    later = [
        Step(_list_title(), waits, is_done=False, is_optional=True),
        Step(_("Send out the codes to join"), waits, is_done=False),
        Step(_("Pass the letter on"), waits, is_done=False),
        Step(_("Receive the first report"), waits, is_done=False),
    ]
    return FirstRun((_units(unit), _campaign(draft), _letter(draft), _publish(draft), *later))


def first_run(seat: Seat) -> FirstRun | None:
    """The steps for the issuer's own page; None for everybody else, and after the day of the first report."""
    campaign = seat.campaign
    if not seat.is_at_issuer or not seat.can["publish"] or campaign.status != Campaign.Status.PUBLISHED:
        return None
    found = Campaign.objects.filter(pk=campaign.pk).values(**{key: make() for key, make in LATER.items()})
    moments: Any = found.get()
    reported: datetime | None = moments["report"]
    listed: datetime | None = moments["list"]
    if reported is not None and timezone.localdate(reported) < timezone.localdate():
        return None
    slug = campaign.slug
    return FirstRun(
        (
            Step(_("Bring in the units below"), _("Frozen with the campaign."), is_done=True),
            _campaign(campaign),
            _letter(campaign),
            _publish(campaign),
            Step(
                _list_title(),
                f"{_day(listed)}."
                if listed
                else _("Logs are scanned with it. A campaign of checks alone needs none."),
                is_done=listed is not None,
                url=reverse("indicators", args=[slug]) if seat.can["upload_indicators"] else "",
                action=_("Send the list in"),
                is_optional=True,
            ),
            *_to_the_units(seat),
            Step(
                _("Receive the first report"),
                f"{_day(reported)}." if reported else _("None has come in yet."),
                is_done=reported is not None,
                url=reverse("progress", args=[slug]),
                action=_("See the progress"),
            ),
        )
    )


def _list_title() -> str:
    return _("Publish the list of malicious addresses")


def _units(unit: Unit) -> Step:
    below = Unit.rows.filter(parent=unit, retired_at=None).count()
    text = _("%(n)s units stand directly below yours.") if below else _("No unit stands below yours yet.")
    return Step(
        _("Bring in the units below"),
        text % {"n": num(below)},
        is_done=bool(below),
        url=reverse("unit_upload", args=[unit.pk]),
        action=_("Bring them in from a table"),
    )


def _campaign(campaign: Campaign | None) -> Step:
    return Step(
        _("Start a campaign"),
        campaign.title if campaign else _("Title, sentence, deadline and contact."),
        is_done=campaign is not None,
        url=reverse("campaign_new"),
        action=_("Start a new campaign"),
    )


def _letter(campaign: Campaign | None) -> Step:
    title = _("Write the letter")
    if campaign is None:
        return Step(title, _("It fills itself in from the campaign."), is_done=False)
    url = reverse(LETTER_ROUTE, args=[campaign.slug])
    try:
        letter = read_letter(campaign.letter)
    except LetterError:
        letter = read_letter({})
    if not letter.subject or not letter.paragraphs:
        return Step(title, _("It fills itself in from the campaign."), is_done=False, url=url, action=title)
    if letter.is_draft:
        text = _("Written. Units see it marked as a draft until number and date are entered.")
        return Step(title, text, is_done=True, url=url, action=_("Enter number and date"))
    return Step(title, f"{letter.number}/{letter.symbol}".rstrip("/"), is_done=True)


def _publish(campaign: Campaign | None) -> Step:
    title = _("Publish the campaign")
    if campaign is None:
        return Step(title, _("Until then only coordinators of your unit see it."), is_done=False)
    if campaign.published_at is None:
        return Step(
            title,
            _("Until then only coordinators of your unit see it."),
            is_done=False,
            url=reverse("campaign_manage", args=[campaign.slug]),
            action=_("Look through the checks"),
        )
    return Step(title, f"{_day(campaign.published_at)}.", is_done=True)


def _to_the_units(seat: Seat) -> tuple[Step, Step]:
    """The codes, and the letter: both are about the units directly below."""
    _own, below = seat.once(statuses)
    shut_out = without_way_in(seat.node)
    lacking = sum(status.lacks_letter for status in below)
    slug, units = seat.campaign.slug, len(below)
    ways = _("%(n)s of %(all)s units directly below have an account or a code.")
    passed = _("%(n)s of %(all)s units directly below have it.")
    return (
        Step(
            _("Send out the codes to join"),
            ways % {"n": num(units - shut_out), "all": num(units)},
            is_done=shut_out == 0,
            url=reverse("join_codes", args=[slug]) if seat.can["invite"] else "",
            action=_("Print codes or copy messages"),
        ),
        Step(
            _("Pass the letter on"),
            passed % {"n": num(units - lacking), "all": num(units)},
            is_done=lacking == 0,
            url=reverse("letter", args=[slug]) + "#chuyen-tiep" if seat.can["pass_on"] else "",
            action=_("Pass on"),
        ),
    )


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%d/%m/%Y}"
