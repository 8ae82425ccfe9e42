"""Queries for the rows whose term in the table is over; `actions.retain` ends them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from quetsach.machines.sources.outcome import FOREVER
from quetsach.portal.kit.micros import micros
from quetsach.portal.privacy.table import Ends

MARK = "x-"
"""The start of a meaningless name."""


def due(end: Ends, now: datetime) -> QuerySet[Any]:
    """Rows whose term is over and that have not ended. The first time in `when` must be set.

    Of an `outside` term these are candidates: `actions.retain` leaves those that a case needs.
    """
    before = now - timedelta(days=end.days)
    first, *others = end.when
    if end.outside:  # evidence counts microseconds
        # Nobody states the end of a fixed address: it is over when no file has told it for so long.
        untold = Q(file=None) | Q(file__accepted_at__lt=before)
        is_over = Q((f"{first}__lt", micros(before))) | Q((f"{first}__gte", FOREVER)) & untold
        return end.model._base_manager.filter(is_over, **end.only)
    wanted = Q((f"{first}__lt", before), **end.only)
    for other in others:
        wanted &= Q((f"{other}__lt", before)) | Q((other, None))
    rows = end.model._base_manager.filter(wanted)
    if end.act == "clear":
        done = Q(**end.clear)
        for name in end.rename.split():
            done &= Q((f"{name}__startswith", MARK))
        rows = rows.exclude(done)
    # By primary key: neither database updates rows through a join.
    return end.model._base_manager.filter(pk__in=rows.order_by().values("pk"))


def emptied(end: Ends) -> dict[str, Any]:
    """The new values of an emptied row's fields."""
    values: dict[str, Any] = dict(end.clear)
    for name in end.rename.split():
        values[name] = Concat(Value(MARK), Cast(F("pk"), CharField()))
    return values
