"""The page of gaps: each act that closes some, with the machines that wait for it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from quetsach.portal.campaigns.seat import take_seat_asked
from quetsach.portal.cases.gaps import queries, words
from quetsach.portal.cases.models import Case

MOST = 40
"""Acts on the page."""


@require_GET
def gaps(request: HttpRequest, slug: str) -> HttpResponse:
    """The acts of the unit that let machines be proven clean, and those of other units."""
    seat = take_seat_asked(request, slug)
    works, more = queries.work_of(seat.node, MOST)
    cases = queries.cases_of(works, seat.node, seat.user)
    context = {
        "seat": seat,
        "door": "cases",
        "works": [_Told(work, cases[work]) for work in works],
        "more": more,
        "others": [(unit, words.title(work)) for unit, work in queries.of_others(seat.node)],
        "run": queries.last_run(seat.campaign),
        "is_top": seat.node.parent_id is None,
        "as_of": timezone.now(),
    }
    return render(request, "cases/gaps.html", context)


class _Told:
    """One act in words, with its machines; `hidden` are those of units that the person may not see."""

    def __init__(self, work: queries.Work, cases: list[Case]) -> None:
        self.title, self.why, self.part = words.title(work), words.why(work), words.help_part(work)
        self.is_scan = bool(work.place)
        self.cases = cases[: queries.MOST_MACHINES]
        self.hidden = max(0, work.machines - len({case.device_id for case in self.cases}))
