"""The tasks about a unit's machines."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Counted, Rank, Task
from quetsach.portal.cases import queries
from quetsach.portal.cases.rules import Word


def machines_to_do(seat: Seat) -> list[Task]:
    """Own machines with signs, then machines without logs, then open cases of units below."""
    if not seat.may("work_case"):
        return []
    words, below = queries.to_do(seat.node)
    every = reverse("cases", args=[seat.campaign.slug]) + f"?don-vi={seat.node.pk}"
    page = f"{every}&rieng=1"
    tasks = []
    if signs := words[Word.SIGNS]:
        title = ngettext("Handle %(n)d machine with signs", "Handle %(n)d machines with signs", signs)
        tasks.append(
            Task(
                rank=Rank.MACHINES, title=title % {"n": signs},
                text=_("Each has three plain steps. Record what was done when you are through."),
                url=f"{page}&loai={Word.SIGNS.value}", action=_("See the machines"),
                shape="bad", word=_("Signs found"), counts=Counted("machines.signs", signs, "own"),
            )
        )  # fmt: skip
    if unsure := words[Word.UNSURE]:
        title = ngettext("Add logs for %(n)d machine", "Add logs for %(n)d machines", unsure)
        tasks.append(
            Task(
                rank=Rank.MACHINES + 2, title=title % {"n": unsure},
                text=_("They were handled, but the logs so far cannot show that they are clean."),
                url=f"{page}&loai={Word.UNSURE.value}", action=_("See the machines"),
                shape="unsure", word=_("Cannot tell yet"), counts=Counted("machines.unsure", unsure, "own"),
            )
        )  # fmt: skip
    if below:
        title = ngettext(
            "See after %(n)d machine with signs in units below",
            "See after %(n)d machines with signs in units below",
            below,
        )
        tasks.append(
            Task(
                rank=Rank.CHASE + 2, title=title % {"n": below},
                text=_("Their units handle them. Help where nobody knows computers, ask where none begins."),
                url=f"{every}&loai={Word.SIGNS.value}", action=_("See the machines"),
                shape="bad", word=_("Signs found"), counts=Counted("machines.signs", below, "below"),
            )
        )  # fmt: skip
    return tasks
