"""Which rows the table says must end, as queries; who ends them is `actions.retain`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from quetsach.portal.privacy.table import Ends

MARK = "x-"
"""What a meaningless name begins with."""


def due(end: Ends, now: datetime) -> QuerySet[Any]:
    """Rows that must end now and have not. The first time must be known; others may be unknown."""
    before = now - timedelta(days=end.days)
    first, *others = end.when
    wanted = Q((f"{first}__lt", before), **end.only)
    for other in others:
        wanted &= Q((f"{other}__lt", before)) | Q((other, None))
    rows = end.model._base_manager.filter(wanted)
    if end.act == "clear":
        done = Q(**end.clear)
        if end.rename:
            done &= Q((f"{end.rename}__startswith", MARK))
        rows = rows.exclude(done)
    # Through the key: neither database updates rows by way of a join.
    return end.model._base_manager.filter(pk__in=rows.order_by().values("pk"))


def emptied(end: Ends) -> dict[str, Any]:
    """What is written into the fields of a row that is emptied."""
    values: dict[str, Any] = dict(end.clear)
    if end.rename:
        values[end.rename] = Concat(Value(MARK), Cast(F("pk"), CharField()))
    return values
