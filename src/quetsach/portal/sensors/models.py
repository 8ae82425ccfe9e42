"""A sensor of a unit, with its last heartbeat; and the codes that enrol one.

A heartbeat changes one row and makes none: two thousand sensors tell three million a day.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.scope import ScopedManager
from quetsach.portal.sensors.rules import Condition, Silence, silences
from quetsach.portal.units.models import ApiToken, Unit, within_units_of
from quetsach.sightings.heartbeat import WatchedSource

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


class Sensor(models.Model):
    """A watching program of a unit. `token` is its key, None before it is enrolled and after it was locked.

    `sources` are those of the last heartbeat, with last lines that are believable (`rules`). `skew` is the
    sensor's clock less the portal's, in seconds. `silent_after` is the first moment from which it, or a
    source, counts as silent; None before the first heartbeat and of a locked sensor.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="sensors")
    name = models.CharField(max_length=100)
    token = models.OneToOneField(ApiToken, null=True, on_delete=models.SET_NULL, related_name="sensor")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    enrolled_at = models.DateTimeField(null=True)
    locked_at = models.DateTimeField(null=True)
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    locked_why = models.CharField(max_length=500, blank=True)
    beat_at = models.DateTimeField(null=True, help_text="by the portal's clock")
    began_at = models.DateTimeField(null=True, help_text="when the program started, by its clock")
    skew = models.FloatField(default=0)
    tool = models.CharField(max_length=1000, blank=True)
    set_id = models.CharField(max_length=1000, blank=True)
    entries = models.BigIntegerField(default=0)
    unsent = models.BigIntegerField(default=0)
    oldest_unsent = models.DateTimeField(null=True)
    unsent_leases = models.BigIntegerField(default=0)
    sources = models.JSONField(default=list)
    silent_after = models.DateTimeField(null=True)
    unread = models.PositiveIntegerField(
        default=0, help_text="sources of the last heartbeat of which something could not be read"
    )

    rows = models.Manager()
    objects = ScopedManager["Sensor"]()

    class Meta:
        default_manager_name = "rows"
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["unit", "name"], condition=models.Q(locked_at=None), name="sensor_name_once"
            ),
        )
        indexes = (models.Index(fields=["unit", "silent_after"], name="sensor_silent"),)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope(cls, user: User | AnonymousUser) -> models.Q:
        return within_units_of(user, "unit__path")

    @property
    def watched(self) -> list[WatchedSource]:
        """The sources of the last heartbeat."""
        return [WatchedSource(**{**row, "last_line": _moment(row["last_line"])}) for row in self.sources]

    def silences(self, now: datetime) -> list[Silence]:
        """What is silent at `now`; nothing of a sensor that is locked or was never heard."""
        if self.locked_at is not None or self.beat_at is None:
            return []
        return silences(self.beat_at, self.watched, now)

    def condition(self, now: datetime) -> Condition:
        """What the sensor is at `now`."""
        if self.locked_at is not None:
            return Condition.LOCKED
        if self.beat_at is None:
            return Condition.WAITING
        if self.silences(now):
            return Condition.SILENT
        return Condition.BLIND if self.unread else Condition.ALIVE


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


class EnrolmentCode(models.Model):
    """Gives the key of a sensor to the program that tells it, once; kept as a keyed hash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sensor = models.ForeignKey(Sensor, on_delete=models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    rows = models.Manager()

    class Meta:
        default_manager_name = "rows"

    def __str__(self) -> str:
        return f"{self.sensor} · {self.expires_at:%d/%m/%Y}"
