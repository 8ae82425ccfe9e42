"""Tasks about questions that only a person can answer: on machines of the register, on addresses."""

from __future__ import annotations

from django.db.models import Count, OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task, facts_of
from quetsach.portal.machines.models import AskedAddress
from quetsach.portal.machines.register_models import RegisterFigures

QUESTIONS = "questions_of_the_register"
"""What the task needs of the node: the number of questions that wait for a person of its unit."""


def questions() -> Subquery:
    """The number of such questions of a node's unit."""
    return Subquery(RegisterFigures.rows.filter(unit=OuterRef("unit")).values("asked")[:1])


ADDRESSES = "questions_on_addresses"
"""The same of addresses that may ask for others."""


def addresses() -> Subquery:
    """The number of open questions on addresses of a node's unit."""
    asked = AskedAddress.rows.filter(unit=OuterRef("unit"), is_open=True).order_by().values("unit")
    return Subquery(asked.annotate(n=Count("pk")).values("n"))


def addresses_to_answer(seat: Seat) -> list[Task]:
    """A resolver or a proxy? Until somebody says it, its signs are those of the machines in the lines."""
    if not seat.may("keep_register"):
        return []
    asked = seat.once(facts_of)[ADDRESSES]
    if not asked:
        return []
    title = ngettext(
        "Say what %(n)d address is: one machine, or a resolver or proxy?",
        "Say what %(n)d addresses are: machines, or resolvers and proxies?",
        asked,
    )
    return [
        Task(
            rank=Rank.MACHINES + 3,
            title=title % {"n": asked},
            text=_(
                "Log lines name several machines at one address. If it asks for others, its signs are those"
                " of the machines behind it."
            ),
            url=f"{reverse('forwarders', args=[seat.node.unit_id])}#hoi",
            action=_("Answer"),
            shape="unsure",
            word=_("Cannot tell yet"),
        )
    ]


def machines_to_answer(seat: Seat) -> list[Task]:
    """Replaced, or a new card? Until somebody says it, no silence of the old machine counts."""
    if not seat.may("keep_register"):
        return []
    asked = seat.once(facts_of)[QUESTIONS]
    if not asked:
        return []
    title = ngettext("Answer %(n)d question about a machine", "Answer %(n)d questions about machines", asked)
    return [
        Task(
            rank=Rank.MACHINES + 3,
            title=title % {"n": asked},
            text=_(
                "One name has new hardware addresses: another machine, or a new card? Until you say it,"
                " the old machine cannot be shown clean."
            ),
            url=f"{reverse('register', args=[seat.node.unit_id])}#hoi",
            action=_("Answer"),
            shape="unsure",
            word=_("Cannot tell yet"),
        )
    ]
