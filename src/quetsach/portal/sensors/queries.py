"""Reads of sensors."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.indicators.queries import current
from quetsach.portal.machines.models import EvidenceFile
from quetsach.portal.sensors.models import Sensor
from quetsach.portal.sightings.not_looked import Unseen
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


def blind_of(unit: Unit) -> QuerySet[Sensor]:
    """The unit's own sensors that told last that they could not read something of their logs."""
    return Sensor.rows.filter(unit=unit, locked_at=None, unread__gt=0, beat_at__isnull=False)


def not_looked_at(node: CampaignNode, below: bool) -> dict[str, Combinable]:
    """How many sensors of the node's unit, or also of the units below, are silent (`silent`), and how many
    logs they told last that they could not read (`logs`)."""
    nodes = CampaignNode.rows.filter(subtree(node.path), campaign=node.campaign_id)
    where = Q(unit__in=nodes.order_by().values("unit")) if below else Q(unit=node.unit_id)
    rows = Sensor.rows.filter(where, locked_at=None, beat_at__isnull=False)
    sums = rows.order_by().annotate(all=Value(1)).values("all")
    silent = sums.filter(silent_after__lt=timezone.now()).annotate(n=Count("pk")).values("n")
    return {"silent": Subquery(silent), "logs": Subquery(sums.annotate(n=Sum("unread")).values("n"))}


def unseen_at(node: CampaignNode) -> list[Unseen]:
    """What the sensors of the node's unit could not see in whole: as told last, and what is silent now. One
    query."""
    rows = Sensor.rows.filter(unit=node.unit_id, locked_at=None, beat_at__isnull=False).order_by("name", "pk")
    now = timezone.now()
    return [one for sensor in rows for one in _unseen_by(sensor, now)]


def _unseen_by(sensor: Sensor, now: datetime) -> list[Unseen]:
    silent = {one.path: one.since for one in sensor.silences(now)}
    found = []
    if since := silent.get(""):
        behind: dict[str, int] = {} if sensor.watched else {"": 0}
        for one in sensor.watched:
            behind[one.name] = behind.get(one.name, 0) + one.behind
        found = [
            Unseen(sensor.pk, sensor.name, sensor.token_id, place, "", silent_since=since, behind=left)
            for place, left in behind.items()
        ]
    return found + [
        Unseen(
            sensor.pk, sensor.name, sensor.token_id, one.name, one.path, one.problem, one.gaps,
            silent.get(one.path),
        )
        for one in sensor.watched
        if one.problem or one.gaps or one.path in silent
    ]  # fmt: skip


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
