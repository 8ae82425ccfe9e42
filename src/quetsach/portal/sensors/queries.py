"""Reads of sensors."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Max, QuerySet

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.indicators.queries import current
from quetsach.portal.machines.models import EvidenceFile
from quetsach.portal.sensors.models import Sensor
from quetsach.portal.sightings.queries import Unseen
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


def blind_of(unit: Unit, now: datetime) -> QuerySet[Sensor]:
    """The unit's own sensors that are alive and could not read something of their logs."""
    return Sensor.rows.filter(unit=unit, locked_at=None, unread__gt=0, silent_after__gte=now)


def unseen_at(node: CampaignNode) -> list[Unseen]:
    """The logs that the sensors of the node's unit could not see in whole, as told last. One query."""
    rows = Sensor.rows.filter(unit=node.unit_id, locked_at=None, beat_at__isnull=False).order_by("name", "pk")
    return [
        Unseen(sensor.pk, sensor.name, sensor.token_id, one.name, one.path, one.problem, one.gaps)
        for sensor in rows
        for one in sensor.watched
        if one.problem or one.gaps
    ]


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
