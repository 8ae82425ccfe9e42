"""The gaps of proofs as tasks of the unit that can close them; and a judgement that did not run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Case as When
from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef, Subquery, Value
from django.db.models import When as Then
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task, facts_of
from quetsach.portal.cases.asking import WAITING
from quetsach.portal.cases.gaps import words
from quetsach.portal.cases.gaps.queries import number, work_of
from quetsach.portal.cases.models import Case, JudgingRun

MOST = 3
"""Acts on Today; the page of gaps has all."""
LATE = timedelta(hours=36)
"""A judgement of each night that is older was left out."""


def _judged_at() -> Combinable:
    """When all claims of the campaign were judged last."""
    runs = JudgingRun.rows.filter(campaign=OuterRef("campaign"), ended_at__isnull=False)
    return Subquery(runs.order_by("-started_at").values("ended_at")[:1])


def _has_late() -> Combinable:
    """At the top of a campaign: whether a claim waits for a proof for longer than a night may take."""
    late = ExpressionWrapper(Now() - LATE, output_field=DateTimeField())
    cases = Case.rows.filter(WAITING, device__campaign=OuterRef("campaign"), claimed_at__lte=late)
    return When(Then(parent=None, then=Exists(cases)), default=Value(False))


FACTS: dict[str, Callable[[], Combinable]] = {
    "gaps_open": number,
    "judged_at": _judged_at,
    "claims_late": _has_late,
}


def gaps_to_close(seat: Seat) -> Iterator[Task]:
    """The acts that most machines wait for."""
    if not seat.may("work_case"):
        return
    facts = seat.once(facts_of)
    yield from _not_judged(seat, facts["judged_at"], has_late=facts["claims_late"])
    if not facts["gaps_open"]:
        return
    page = reverse("case_gaps", args=[seat.campaign.slug]) + f"?don-vi={seat.node.pk}"
    works, more = work_of(seat.node, MOST)
    for at, work in enumerate(works, 1):
        text = words.why(work)
        if more and at == len(works):
            told = ngettext("%(n)d more such task waits.", "%(n)d more such tasks wait.", more)
            text = f"{text} {told % {'n': more}}"
        yield Task(
            rank=Rank.MACHINES + 1, title=words.title(work), text=text, url=f"{page}#viec-{at}",
            action=_("See the machines"), shape="unsure", word=_("Cannot tell yet"),
        )  # fmt: skip


def _not_judged(seat: Seat, judged_at: datetime | None, *, has_late: bool) -> Iterator[Task]:
    """At the top of the campaign: while the nightly command does not run, machines wait in vain."""
    is_done = not has_late or (judged_at is not None and judged_at >= timezone.now() - LATE)
    if is_done or seat.campaign.status != Campaign.Status.PUBLISHED:
        return
    text = _("Machines that were handled have never been judged as a whole.")
    if judged_at is not None:
        day = f"{timezone.localtime(judged_at):%H:%M %d/%m/%Y}"
        text = _("All machines that were handled were last judged at %(at)s.") % {"at": day}
    yield Task(
        rank=Rank.OVERDUE + 2, title=_("Ask for the nightly judgement of machines"),
        text=text + " " + _("The administrator of the server runs pull_sightings by a timer each night."),
        url=reverse("handbook_page", args=["quan-tri"]) + "#by-a-timer", action=_("How that is set up"),
        shape="bad", word=_("Overdue"),
    )  # fmt: skip
