"""The tasks about a unit's machines."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Case as When
from django.db.models import Count, Exists, OuterRef, Subquery, Value
from django.db.models import When as Then
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.open_work import OpenWork
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Counted, Rank, Task, facts_of
from quetsach.portal.cases import lists
from quetsach.portal.cases.escalating.queries import (
    RUNNING,
    TERMS,
    Late,
    late_here,
    running_here,
    terms_as_text,
    terms_of_text,
)
from quetsach.portal.cases.false_alarms.queries import WAITING, waiting_here
from quetsach.portal.cases.gaps.queries import has_unexplained
from quetsach.portal.cases.models import Device, FalseAlarm
from quetsach.portal.cases.rules import Word
from quetsach.portal.cases.several import BY_HAND
from quetsach.portal.units import range_queries
from quetsach.portal.units.networks import Network

NAMED = 3
"""Units, or machines, that a task names."""


def machines_to_do(seat: Seat) -> list[Task]:
    """Own machines with signs, then machines without logs, then open cases of units below."""
    if not seat.may("work_case"):
        return []
    words, below, unlocated, unplaced = lists.to_do(seat.node)
    every = reverse("cases", args=[seat.campaign.slug]) + f"?don-vi={seat.node.pk}"
    page = f"{every}&rieng=1"
    tasks = []
    if signs := words[Word.SIGNS]:
        title = ngettext("Handle %(n)d machine with signs", "Handle %(n)d machines with signs", signs)
        text = _("Each has three plain steps. Record what was done when you have finished.")
        if unlocated:
            title, text = _with_unlocated(title, text, signs, unlocated)
        if unplaced:
            title, text = _with_unplaced(title, text, signs, unplaced)
        tasks.append(
            Task(
                rank=Rank.SIGNS, title=title % {"n": signs},
                text=text,
                url=f"{page}&loai={Word.SIGNS.value}", action=_("See the machines"),
                shape="bad", word=_("Signs found"), counts=Counted("machines.signs", signs, "own"),
            )
        )  # fmt: skip
    if (unsure := words[Word.UNSURE]) and has_unexplained(seat.node, timezone.now()):
        title = ngettext("Add logs for %(n)d machine", "Add logs for %(n)d machines", unsure)
        tasks.append(
            Task(
                rank=Rank.MACHINES + 2, title=title % {"n": unsure},
                text=_(
                    "They were handled, but the logs so far cannot show that they are clean. The page of "
                    "each says what is missing, and which log of which days closes it."
                ),
                url=f"{page}&loai={Word.UNSURE.value}", action=_("See the machines"),
                shape="unsure", word=_("Cannot tell yet"), counts=Counted("machines.unsure", unsure, "own"),
            )
        )  # fmt: skip
    if below:
        title = ngettext(
            "Follow up %(n)d machine with signs in units below",
            "Follow up %(n)d machines with signs in units below",
            below,
        )
        tasks.append(
            Task(
                rank=Rank.CHASE + 2, title=title % {"n": below},
                text=_("Their units handle them. Help where nobody knows computers, and ask where nobody has "
            "started."),
                url=f"{every}&rieng=duoi&loai={Word.SIGNS.value}", action=_("See the machines"),
                shape="bad", word=_("Signs found"), counts=Counted("machines.signs", below, "below"),
            )
        )  # fmt: skip
    return tasks


def _with_unlocated(title: str, text: str, signs: int, unlocated: int) -> tuple[str, str]:
    """Title and text of the task of machines with signs, where some are addresses that stand for a machine
    that is not known: nobody cleans an address."""
    find = _("Bring the log that names the machine behind it; the page of each says which.")
    find = f"{find} {BY_HAND}"
    if unlocated == signs:
        return ngettext(
            "Find the machine behind %(n)d address with signs",
            "Find the machines behind %(n)d addresses with signs",
            signs,
        ), find
    of_these = ngettext(
        "Of %(n)d of them it is not known which machine it is, so nothing is to be cleaned there yet.",
        "Of %(n)d of them it is not known which machines they are, so nothing is to be cleaned there yet.",
        unlocated,
    )
    return title, f"{text} {of_these % {'n': unlocated}} {find}"


def _with_unplaced(title: str, text: str, signs: int, unplaced: int) -> tuple[str, str]:
    """Title and text of the task of machines with signs, where of some nobody knows which unit has them."""
    ask = _("Say on the page of each whose it is, or enter the range of addresses of its unit.")
    if unplaced == signs:
        return ngettext(
            "Say whose %(n)d machine with signs is", "Say whose %(n)d machines with signs are", signs
        ), ask
    of_these = ngettext(
        "Of %(n)d of them it is not known which unit has it.",
        "Of %(n)d of them it is not known which unit has them.",
        unplaced,
    )
    return title, f"{text} {of_these % {'n': unplaced}} {ask}"


def ranges_asked() -> Combinable:
    """How many ranges units of the subtree ask for: mostly none, which spares a query."""
    asked = Network.rows.filter(
        state=Network.State.ASKED,
        unit__path__gte=OuterRef("unit__path"),
        unit__path__lt=Concat(OuterRef("unit__path"), Value("~")),
    )
    return Subquery(asked.order_by().values("state").annotate(n=Count("pk")).values("n"))


def late_machines(seat: Seat) -> list[Task]:
    """Own machines that are overdue, and units directly below whose machines the superior must know of."""
    if not seat.may("work_case"):
        return []
    facts = seat.once(facts_of)
    if not facts[RUNNING]:
        return []
    terms = terms_of_text(facts[TERMS])
    own, below = late_here(seat.node, timezone.now(), terms)
    page = reverse("cases", args=[seat.campaign.slug])
    tasks = []
    if own:
        title = ngettext("%(n)d machine is overdue", "%(n)d machines are overdue", own) % {"n": own}
        tasks.append(
            Task(
                rank=Rank.OVERDUE, title=title,
                text=_("The superior unit sees it. Each machine has a page that says what it waits for."),
                url=f"{page}?don-vi={seat.node.pk}&rieng=1&loc=overdue",
                action=_("See the machines"), shape="bad", word=_("Overdue"),
                counts=Counted("machines.overdue", own, "own"),
            )
        )  # fmt: skip
    if below:
        n = len(below)
        title = ngettext(
            "%(n)d unit below needs you for its machines", "%(n)d units below need you for their machines", n
        )
        url = f"{page}?don-vi={seat.node.pk}&loc=escalated"
        tasks.append(
            Task(
                rank=Rank.CHASE + 1, title=title % {"n": n},
                text=_("Overdue, out of reach, with signs again, or infected again: %(units)s.")
                % {"units": _named(below)},
                url=url, action=_("See the machines"), shape="bad", word=_("Needs help"),
                counts=Counted("units.late", n, "direct"),
            )
        )  # fmt: skip
    return tasks


def _named(late: list[Late]) -> str:
    """The first units, each with its machines and since when the first of them waits."""
    told = []
    for one in late[:NAMED]:
        text = ngettext(
            "%(unit)s: %(n)d machine, since %(day)s", "%(unit)s: %(n)d machines, since %(day)s", one.machines
        )
        day = f"{timezone.localtime(one.since):%d/%m/%Y}"
        told.append(text % {"unit": one.name, "n": one.machines, "day": day})
    if (more := len(late) - NAMED) > 0:
        told.append(ngettext("and %(n)d more unit", "and %(n)d more units", more) % {"n": more})
    return "; ".join(told)


def alarms_to_decide(seat: Seat) -> list[Task]:
    """False alarms that others said, and on which this person is asked to decide."""
    facts = seat.once(facts_of)
    others = {facts[FIRST_ALARM], facts[LAST_ALARM]} - {None, seat.user.pk}
    if not others or not (seat.may("work_case") or seat.may("upload_indicators")):
        return []
    names = machines_told(waiting_here(seat.node, seat.user))
    return [
        Task(
            rank=Rank.MACHINES + 1,
            title=_("Decide whether it is a false alarm: %(machines)s") % {"machines": names},
            text=_("Somebody says that signs have another reason, and a second person must agree."),
            url=f"{reverse('false_alarms', args=[seat.campaign.slug])}?don-vi={seat.node.pk}",
            action=_("Decide"), shape="busy", word=_("Waiting"),
        )
    ]  # fmt: skip


def machines_told(names: list[str], most: int = NAMED) -> str:
    """The first machines, and how many more."""
    told = ", ".join(names[:most])
    if (more := len(names) - most) > 0:
        told += " " + ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}
    return told


FIRST_ALARM, LAST_ALARM = "first_alarm_by", "last_alarm_by"
"""What the task needs of the node: the least and the greatest number of a person who said a false alarm that
waits for its people. Where both are one person, nobody else said any."""


def _proposer(order: str) -> Subquery:
    waiting = FalseAlarm.rows.filter(WAITING, decider=OuterRef("pk")).order_by(order)
    return Subquery(waiting.values("by")[:1])


FACTS: dict[str, Callable[[], Subquery | Exists]] = {
    FIRST_ALARM: lambda: _proposer("by_id"),
    LAST_ALARM: lambda: _proposer("-by_id"),
    TERMS: terms_as_text,
    RUNNING: running_here,
}


def ranges_to_decide(seat: Seat) -> list[Task]:
    """Ranges of addresses that units below ask for, on which the person decides."""
    if not seat.may("change_units") or not seat.once(facts_of)["ranges_asked"]:
        return []
    waiting = len(range_queries.waiting_below(seat.user, seat.node.unit))
    if not waiting:
        return []
    title = ngettext(
        "Say whose %(n)d range of addresses is", "Say whose %(n)d ranges of addresses are", waiting
    )
    text = _("Units below ask for them. Machines in logs go to their units by these ranges.")
    return [
        Task(
            rank=Rank.REVIEW + 3, title=title % {"n": waiting}, text=text,
            url=reverse("unit_ranges", args=[seat.node.unit_id]), action=_("See the ranges"),
            shape="busy", word=_("Waiting"),
        )
    ]  # fmt: skip


def _with_signs() -> Combinable:
    """The machines with signs of a node and those below that nobody handles yet, as its page counts them. At
    the top of a campaign all its machines count: no look at their units."""
    every = Device.rows.filter(lists.SIGNS, campaign=OuterRef("campaign"))
    below = every.filter(
        owner__path__gte=OuterRef("path"),
        owner__path__lt=Concat(OuterRef("path"), Value("~")),  # no letter of a path comes after "~"
    )
    return When(
        Then(parent=None, then=lists.number_of(every, "campaign")),
        default=lists.number_of(below, "campaign"),
    )


def _words(n: int) -> str:
    told = ngettext(
        "%(n)d machine has signs and is not being handled yet",
        "%(n)d machines have signs and are not being handled yet",
        n,
    )
    return told % {"n": n}


MACHINES = OpenWork(_with_signs, _words, lambda seat: seat.can_home["work_case"])
