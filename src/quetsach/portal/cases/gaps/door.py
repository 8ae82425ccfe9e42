"""The button on the page of a handled case: it leads to what closes the first gap of the proof."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from quetsach.machines.proof.gaps import Closing, to_do
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.cases.gaps.words import help_on
from quetsach.portal.cases.queries import Story
from quetsach.portal.units.roles import Verb


class Door(NamedTuple):
    """Address and words of a button."""

    url: str
    words: str


def door_of(seat: Seat, story: Story, *, keeps_log: bool) -> Door:
    """The way to what closes the gaps. `seat` is at the unit of the machine. What no log closes comes before
    the logs. `keeps_log`: the person may add the logs of a place that saw the signs."""
    closings = {gap.closing for gap in to_do(story.judgement.gaps)} if story.judgement else set()
    slug, asked = seat.campaign.slug, f"?don-vi={seat.node.pk}"
    if Closing.STOP_AROUND in closings:
        return Door(help_on(Closing.STOP_AROUND), _("How to switch off the way around"))
    if Closing.TRANSLATIONS in closings:
        if seat.may(Verb.KEEP_REGISTER):
            return Door(
                reverse("evidence", args=[seat.node.unit_id]), _("Hand in the log of the address translation")
            )
        return Door(help_on(Closing.TRANSLATIONS), _("How the address translation tells the machine"))
    if Closing.CHECK in closings:
        return Door(reverse("checks", args=[slug]) + asked, _("Check the machine itself"))
    if not keeps_log or closings == {Closing.SCAN_OUTSIDE}:
        return Door(reverse("case_gaps", args=[slug]) + asked, _("See which unit closes what is missing"))
    words = _("Add newer logs") if story.lines else _("Add logs of its network")
    return Door(reverse("scans", args=[slug]), words)
