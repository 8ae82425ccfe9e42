"""Scoped models: pages reach rows through `visible_to(user)`; a query without it raises, and never leaks.

`objects` is for pages and the API. `rows` is for actions and queries, whose callers have checked the rights;
a test keeps it out of views and API modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class UnscopedQueryError(RuntimeError):
    """A scoped model was queried without a user."""


class ScopedManager[M: models.Model](models.Manager[M]):
    """Offers `visible_to(user)` and nothing else."""

    def get_queryset(self) -> models.QuerySet[M]:
        raise UnscopedQueryError(f"{self.model.__name__}: say visible_to(user), or rows in an action")

    def visible_to(self, user: User | AnonymousUser) -> models.QuerySet[M]:
        """Rows that the person may see: those of their units and of the units below."""
        queryset: models.QuerySet[M] = models.QuerySet(self.model, using=self._db)
        model: Any = self.model
        return queryset.filter(model.scope(user))
