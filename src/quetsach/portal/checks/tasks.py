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
    if own.computers.unchecked is None and seat.may("count_people"):
        yield Task(
            Rank.MACHINES + 1, _("Check your computers"),
            _("Write how many there are, make the pack, carry the stick to each. A check changes nothing."),
            url, _("Begin"),
        )  # fmt: skip
    least, most = own.computers.unchecked or (0, 0)
    moves = ""
    if not own.is_added_up:
        moves = " " + _(
            "Part of the latest files is not added up yet: the number moves tonight, or with the next file."
        )
    if least:
        title = ngettext("Check %(n)d more computer", "Check %(n)d more computers", least)
        if most > least:
            title = ngettext(
                "Check at least %(n)d more computer", "Check at least %(n)d more computers", least
            )
        yield Task(
            Rank.MACHINES + 1, title % {"n": least},
            _("The stick checks a computer in a few minutes and changes nothing.") + moves,
            url, _("See which"), counts=Counted("checks.unchecked", least, "own"),
        )  # fmt: skip
    elif most:
        yield Task(
            Rank.MACHINES + 1, _("Check the other computers, or correct the register"),
            _("The register and the unit's own number leave open how many computers there are, so nobody "
            "knows whether all are checked.") + moves,
            url, _("See which"),
        )  # fmt: skip
    has_any = own.computers.most or own.computers.checked
    is_asked = own.computers.unlisted and own.is_begun and seat.may("keep_register")
    if is_asked and own.unconfirmed:
        title = ngettext(
            "Confirm %(n)d machine of your register",
            "Confirm %(n)d machines of your register",
            own.unconfirmed,
        )
        yield Task(
            Rank.MACHINES + 4, title % {"n": own.unconfirmed},
            _("They were seen on fewer than three days. Until somebody confirms them no computer stands in "
            "your register, and your unit stands behind those that have one."),
            reverse("register", args=[seat.node.unit_id]), _("See which"),
        )  # fmt: skip
    elif is_asked and has_any:
        yield Task(
            Rank.MACHINES + 4, _("Bring a register of your computers"),
            _("A lease file of the router is enough. Without one nobody knows how many computers nobody "
            "looked at, and your unit stands behind those that have one."),
            reverse("evidence", args=[seat.node.unit_id]), _("Add a file"),
        )  # fmt: skip
    if own.copies.remaining and own.replace_by is None and seat.may("count_people"):
        yield Task(
            Rank.MACHINES + 3, _("Set a date for replacing cracked software"),
            _("Cracked software is how much malware comes in. Free replacements are listed there."),
            reverse("licences", args=[seat.campaign.slug]), _("Set a date"),
        )  # fmt: skip
