"""How long a role holds: from a day, until a day, or until somebody ended it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import models
from django.utils import timezone


def in_force(prefix: str = "", on: date | None = None) -> models.Q:
    """Memberships that hold on a day, today by default; `prefix` is the way to them: `memberships__`."""
    today = on or timezone.localdate()
    begun = models.Q((f"{prefix}since", None)) | models.Q((f"{prefix}since__lte", today))
    return begun & (models.Q((f"{prefix}until", None)) | models.Q((f"{prefix}until__gte", today)))


def not_over() -> models.Q:
    """Memberships that hold today or later."""
    return models.Q(until=None) | models.Q(until__gte=timezone.localdate())


def term(since: date | None, until: date | None) -> dict[str, Any]:
    """The fields of a role that is given for that time, whether or not it was ended before."""
    return {"since": since, "until": until, "ended_on": None, "end_reason": ""}


def ended_now(reason: str) -> dict[str, Any]:
    """The fields of a role that holds no more from this moment on."""
    today = timezone.localdate()
    return {"until": today - timedelta(days=1), "ended_on": today, "end_reason": reason}


class RoleTerm(models.Model):
    """The first day, the last day, and the day on which a person ended the role before its time."""

    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True, help_text="the last day; a deputy's")
    ended_on = models.DateField(
        null=True, blank=True, help_text="ended by a person; `until` is the day before"
    )
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.until is not None and self.until < timezone.localdate()

    @property
    def is_coming(self) -> bool:
        """Whether it begins on a later day."""
        return not self.is_over and self.since is not None and self.since > timezone.localdate()

    @property
    def is_in_force(self) -> bool:
        """Whether it holds today."""
        return not self.is_over and not self.is_coming

    @property
    def over_on(self) -> date | None:
        """The day on which it ended or will end."""
        return self.ended_on or self.until
