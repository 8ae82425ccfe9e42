"""The one row of a look-up that can find no second: `first()` would sort for it."""

from __future__ import annotations

from django.db import models


def single[M: models.Model](rows: models.QuerySet[M]) -> M | None:
    """The only row, or None. Of several, which can only be a mistake of the caller, any."""
    return next(iter(rows.order_by()[:1]), None)
