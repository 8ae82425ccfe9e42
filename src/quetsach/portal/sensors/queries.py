"""Reads of sensors."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Max, QuerySet

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.indicators.queries import current
from quetsach.portal.machines.models import EvidenceFile
from quetsach.portal.sensors.models import Sensor
from quetsach.portal.units.models import Unit, subtree


def sensors_of(user: User, unit: Unit) -> QuerySet[Sensor]:
    """The sensors of a unit and of the units below, the silent ones first, locked ones last."""
    rows = Sensor.objects.visible_to(user).filter(subtree(unit.path, "unit__path"))
    return rows.select_related("unit").order_by("-locked_at", "unit__path", "name")


def sensor_by_id(user: User, sensor_id: UUID) -> Sensor | None:
    """The sensor, if the person may see it."""
    rows = Sensor.objects.visible_to(user).select_related("unit", "created_by", "locked_by", "token")
    return rows.filter(pk=sensor_id).first()


def silent_of(unit: Unit, now: datetime) -> QuerySet[Sensor]:
    """The unit's own sensors that are silent, or have a silent source."""
    return Sensor.rows.filter(unit=unit, locked_at=None, silent_after__lt=now)


def leases_at(sensor: Sensor) -> datetime | None:
    """When the sensor sent leases last with its present key."""
    if sensor.token is None:
        return None
    rows = EvidenceFile.rows.filter(token=sensor.token, accepted_at__isnull=False)
    found: datetime | None = rows.aggregate(last=Max("accepted_at"))["last"]
    return found


def list_in_force(campaign: Campaign) -> tuple[str, int | None]:
    """The id and the number of the campaign's list in force; empty without a list."""
    found = current(campaign)
    return ("", None) if found is None else (found.set_id, found.version)
