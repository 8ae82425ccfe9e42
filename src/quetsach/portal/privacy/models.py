"""People's requests about their own data."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.privacy.clock import Clock, clock
from quetsach.portal.units.models import Unit, within_units_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class ErasureRequest(models.Model):
    """Somebody asks to see, correct or delete their data; the office `unit` must answer.

    `kind` decides how long it has (`rights.toml`); of requests from before there were kinds it is empty.
    `received_at` is when the office told the person that the request had arrived.
    """

    class Kind(models.TextChoices):
        SEE = "see", _("see what is kept about me")
        COPY = "copy", _("get a copy of it")
        CORRECT = "correct", _("correct it")
        DELETE = "delete", _("delete it")
        STOP = "stop", _("stop or limit its use, or take my consent back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=100)
    contact = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=Kind.choices, blank=True)
    text = models.TextField(max_length=2000)
    at = models.DateTimeField(auto_now_add=True)
    received_at = models.DateTimeField(null=True)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    answer = models.TextField(max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    rows = models.Manager()
    objects = ScopedManager["ErasureRequest"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("answered_at", "at")

    def __str__(self) -> str:
        return f"{self.name} · {self.at:%d/%m/%Y}"

    @property
    def clock(self) -> Clock:
        """Until when the office must answer and act, and when it did."""
        return clock(self.kind, _day(self.at), _day_or_none(self.received_at), _day_or_none(self.answered_at))

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "unit__path")


def _day(moment: datetime) -> date:
    return timezone.localdate(moment)


def _day_or_none(moment: datetime | None) -> date | None:
    return None if moment is None else _day(moment)
