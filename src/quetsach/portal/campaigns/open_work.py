"""What waits behind a link of the navigation, as a number beside it.

Higher apps append theirs in AppConfig.ready; campaigns never imports them. The numbers are read with the seat
of the person, in the same query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, QuerySet, Subquery
from django.db.models.expressions import Combinable

if TYPE_CHECKING:
    from quetsach.portal.campaigns.seat import Seat


@dataclass(frozen=True)
class OpenWork:
    """`number` is an expression over CampaignNode; `words` say it in full, for the link's title; `may` tells
    whether it is the work of that person at home."""

    number: Callable[[], Combinable]
    words: Callable[[int], str]
    may: Callable[[Seat], bool]


OPEN_WORK: dict[str, OpenWork] = {}
"""By the route of the link."""


@dataclass(frozen=True)
class Waiting:
    """The number beside a link, and the same in words."""

    number: int
    words: str


def expressions() -> dict[str, Combinable]:
    """Annotations of a node that `waiting` reads."""
    return {f"open_{route}": work.number() for route, work in OPEN_WORK.items()}


def waiting(seat: Seat, route: str) -> Waiting | None:
    """What waits at home behind that link; None for nothing, or nothing for this person."""
    work, number = OPEN_WORK.get(route), getattr(seat.home, f"open_{route}", None)
    return Waiting(number, work.words(number)) if work and number and work.may(seat) else None


def number_of(rows: QuerySet[Any], by: str, of: str = "pk") -> Subquery:
    """The number of different values of the field `of`, None if there are no rows. `by` is the field that
    OuterRef binds to the node."""
    return Subquery(rows.order_by().values(by).annotate(n=Count(of, distinct=True)).values("n"))
