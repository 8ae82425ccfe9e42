"""The task of today about requests of persons, for the office that must answer them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.open_work import number_of
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task, facts_of
from quetsach.portal.kit.templatetags.kit import day
from quetsach.portal.privacy.models import ErasureRequest
from quetsach.portal.privacy.queries import open_requests


def number_to_answer() -> Subquery:
    """The number of requests to a node's unit that have no answer."""
    return number_of(ErasureRequest.rows.filter(unit=OuterRef("unit_id"), answered_at=None), "unit")


def requests_to_answer(seat: Seat) -> Iterator[Task]:
    """The task to answer requests about personal data, with the day on which the next term ends."""
    if not seat.once(facts_of)["data_requests"]:
        return
    rows, today = open_requests(seat.user, seat.node.unit), timezone.localdate()
    if not rows:
        return
    term = rows[0].clock.next
    late = sum(row.clock.is_overdue(today) for row in rows)
    title = ngettext(
        "Answer %(n)d request about personal data", "Answer %(n)d requests about personal data", len(rows)
    )
    text = _("The law gives a time for it; the next one ends on %(day)s.") % {
        "day": day(term.by if term else None)
    }
    if late:
        told = ngettext("%(n)d is overdue by law.", "%(n)d are overdue by law.", late)
        text = told % {"n": late}
    yield Task(
        Rank.URGENT if late else Rank.ACKNOWLEDGE,
        title % {"n": len(rows)},
        text,
        reverse("erasure_requests"),
        _("See the requests"),
        "bad" if late else "",
        _("overdue") if late else "",
    )
