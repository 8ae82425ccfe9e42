"""The tasks of a unit about checks and licences."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Counted, Rank, Task, facts_of
from quetsach.portal.checks import queries


def checks_to_do(seat: Seat) -> Iterator[Task]:
    """Machines without a check, and cracked software without a date."""
    if not seat.may("work_case"):
        return
    own = queries.owed(seat.once(facts_of))
    url = reverse("checks", args=[seat.campaign.slug]) + f"?don-vi={seat.node.pk}"
    if own.unchecked is None and seat.may("count_people"):
        yield Task(
            Rank.MACHINES + 1, _("Check your computers"),
            _("Write how many there are, make the pack, carry the stick to each. A check changes nothing."),
            url, _("Begin"),
        )  # fmt: skip
    if own.unchecked:
        title = ngettext("Check %(n)d more computer", "Check %(n)d more computers", own.unchecked)
        yield Task(
            Rank.MACHINES + 1, title % {"n": own.unchecked},
            _("The stick checks a computer in a few minutes and changes nothing."),
            url, _("See which"), counts=Counted("checks.unchecked", own.unchecked, "own"),
        )  # fmt: skip
    if own.copies.remaining and own.replace_by is None and seat.may("count_people"):
        yield Task(
            Rank.MACHINES + 3, _("Set a date for replacing cracked software"),
            _("Cracked software is how much malware comes in. Free replacements are listed there."),
            reverse("licences", args=[seat.campaign.slug]), _("Set a date"),
        )  # fmt: skip
