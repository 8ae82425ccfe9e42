"""What people and sensors do: add, enrol, rename, lock, and beat."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.kit.one_time_code import digest_of, make_code
from quetsach.portal.sensors.models import EnrolmentCode, Sensor
from quetsach.portal.sensors.rules import SKEW, believable, silent_after
from quetsach.portal.units.actions import issue_token, revoke_token
from quetsach.portal.units.models import ApiToken, Unit
from quetsach.portal.units.roles import Verb, still_may
from quetsach.sightings.heartbeat import Heartbeat
from quetsach.text.vietnamese import nfc

_PURPOSE = "quetsach.sensors.code"
VALID = timedelta(days=1)
MOST = 500
"""Sensors of one unit that are not locked."""


class SensorError(PortalError):
    """The act is not possible: `taken` (the name), `many`, `locked`, `not_locked`, `no_reason`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@transaction.atomic
def add(actor: User, unit: Unit, name: str, *, ip: str | None = None) -> tuple[Sensor, str]:
    """A sensor that waits for its program, and the code that enrols it, which is returned once.

    Raises SensorError: `taken`, `many`.
    """
    unit = Unit.rows.select_for_update(no_key=True).get(pk=unit.pk)
    live = Sensor.rows.filter(unit=unit, locked_at=None)
    _check_name(live, nfc(name))
    if live.count() >= MOST:
        raise SensorError("many")
    sensor = Sensor(unit=unit, name=nfc(name), created_by=actor, created_at=timezone.now())
    sensor.save(force_insert=True)
    record(actor, "sensor.add", unit_path=unit.path, about=sensor, data={"name": sensor.name}, ip=ip)
    return sensor, _code(sensor, actor)


def _check_name(live: QuerySet[Sensor], name: str) -> None:
    if live.filter(name=name).exists():
        raise SensorError("taken")


def _code(sensor: Sensor, actor: User) -> str:
    now = timezone.now()
    EnrolmentCode.rows.filter(sensor=sensor, used_at=None, expires_at__gt=now).update(expires_at=now)
    text = make_code()
    EnrolmentCode(
        sensor=sensor,
        digest=digest_of(_PURPOSE, text),
        created_at=now,
        created_by=actor,
        expires_at=now + VALID,
    ).save(force_insert=True)
    return text


def _held(sensor: Sensor) -> Sensor:
    return Sensor.rows.select_for_update(of=("self",), no_key=True).select_related("unit").get(pk=sensor.pk)


@transaction.atomic
def new_code(actor: User, sensor: Sensor, *, ip: str | None = None) -> str:
    """Another code, for a program that starts over; the key of before ends when the code is used.

    Raises SensorError: `locked`.
    """
    sensor = _held(sensor)
    if sensor.locked_at is not None:
        raise SensorError("locked")
    record(actor, "sensor.code", unit_path=sensor.unit.path, about=sensor, data={"name": sensor.name}, ip=ip)
    return _code(sensor, actor)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The key of a sensor, told once."""

    sensor: Sensor
    secret: str


@transaction.atomic
def enrol(code: str, *, ip: str | None = None) -> Enrolled | None:
    """Give the sensor of the code a key; None if the code opens nothing. A code opens once, and only while
    the person who made it may manage the unit's tokens."""
    now = timezone.now()
    found = (
        EnrolmentCode.rows.select_for_update(of=("self",), no_key=True)
        .select_related("created_by")
        .filter(digest=digest_of(_PURPOSE, code), used_at=None, expires_at__gt=now)
        .first()
    )
    if found is None:
        return None
    sensor = _held(found.sensor)
    if sensor.locked_at is not None or not still_may(found.created_by, Verb.MANAGE_TOKENS, sensor.unit.path):
        return None
    found.used_at = now
    found.save(update_fields=["used_at"])
    if sensor.token is not None:
        revoke_token(None, sensor.token, ip=ip, by_program=sensor.name)
    token, secret = issue_token(
        found.created_by, sensor.unit, _token_name(sensor), ip=ip, by_program=sensor.name
    )
    sensor.token, sensor.enrolled_at = token, now
    sensor.beat_at = sensor.silent_after = None
    sensor.save(update_fields=["token", "enrolled_at", "beat_at", "silent_after"])
    data = {"name": sensor.name, "prefix": token.prefix, "by": found.created_by.get_full_name()}
    record(
        None, "sensor.enrol", unit_path=sensor.unit.path, about=sensor, data=data, ip=ip,
        actor_name=sensor.name,
    )  # fmt: skip
    return Enrolled(sensor, secret)


def _token_name(sensor: Sensor) -> str:
    """A name that no code of the unit has: the name of a sensor is free again once it is locked."""
    return f"{sensor.name[:80]} · {str(sensor.pk)[-12:]}"


@transaction.atomic
def rename(actor: User, sensor: Sensor, name: str, *, ip: str | None = None) -> None:
    """Raises SensorError: `taken`, `locked`."""
    sensor, name = _held(sensor), nfc(name)
    if sensor.locked_at is not None:
        raise SensorError("locked")
    if name == sensor.name:
        return
    _check_name(Sensor.rows.filter(unit=sensor.unit, locked_at=None).exclude(pk=sensor.pk), name)
    data = {"old": sensor.name, "name": name}
    sensor.name = name
    sensor.save(update_fields=["name"])
    record(actor, "sensor.rename", unit_path=sensor.unit.path, about=sensor, data=data, ip=ip)


@transaction.atomic
def lock(actor: User, sensor: Sensor, reason: str, *, ip: str | None = None) -> None:
    """End the key of a sensor that is lost or no longer used; what it has sent stays. A second call changes
    nothing.

    Raises SensorError: `no_reason`.
    """
    sensor, reason = _held(sensor), nfc(reason).strip()
    if sensor.locked_at is not None:
        return
    if not reason:
        raise SensorError("no_reason")
    now = timezone.now()
    if sensor.token is not None:
        revoke_token(actor, sensor.token, ip=ip)
    EnrolmentCode.rows.filter(sensor=sensor, used_at=None, expires_at__gt=now).update(expires_at=now)
    sensor.locked_at, sensor.locked_by, sensor.locked_why = now, actor, reason[:500]
    sensor.token = sensor.silent_after = None
    sensor.save(update_fields=["locked_at", "locked_by", "locked_why", "token", "silent_after"])
    data = {"name": sensor.name, "reason": reason[:500]}
    record(actor, "sensor.lock", unit_path=sensor.unit.path, about=sensor, data=data, ip=ip)


@transaction.atomic
def unlock(actor: User, sensor: Sensor, *, ip: str | None = None) -> str:
    """Take a locked sensor back into use; its old key stays dead, so a new code is returned.

    Raises SensorError: `not_locked`, `taken`.
    """
    sensor = _held(sensor)
    if sensor.locked_at is None:
        raise SensorError("not_locked")
    _check_name(Sensor.rows.filter(unit=sensor.unit, locked_at=None), sensor.name)
    sensor.locked_at, sensor.locked_by, sensor.locked_why = None, None, ""
    sensor.beat_at = None
    sensor.save(update_fields=["locked_at", "locked_by", "locked_why", "beat_at"])
    record(
        actor, "sensor.unlock", unit_path=sensor.unit.path, about=sensor, data={"name": sensor.name}, ip=ip
    )
    return _code(sensor, actor)


def beat(token: ApiToken, told: Heartbeat, now: datetime | None = None) -> Sensor | None:
    """Store what a sensor tells; None if the key belongs to no sensor. A heartbeat that was made before the
    stored one changes nothing: it was late. That cannot be told where the clock of the stored one was fast:
    then the later arrival counts, else a clock that was set right would look silent until it catches up."""
    now = now or timezone.now()
    with transaction.atomic():
        sensor = (
            Sensor.rows.select_for_update(of=("self",), no_key=True)
            .filter(token=token, locked_at=None)
            .first()
        )
        if sensor is None:
            return None
        made = told.at.timestamp()
        is_fast = sensor.skew > SKEW.total_seconds()
        if sensor.beat_at is not None and not is_fast and made < sensor.beat_at.timestamp() + sensor.skew:
            return sensor
        sources = believable(told.sources, sensor.watched, now)
        sensor.beat_at, sensor.began_at, sensor.skew = now, told.began, made - now.timestamp()
        sensor.tool, sensor.set_id, sensor.entries = told.tool, told.set_id, told.entries
        sensor.unsent, sensor.oldest_unsent = told.unsent, told.oldest_unsent
        sensor.unsent_leases = told.unsent_leases
        sensor.sources = [
            asdict(one) | {"last_line": one.last_line and one.last_line.isoformat()} for one in sources
        ]
        sensor.silent_after = silent_after(now, sources)
        sensor.unread = sum(bool(one.problem) for one in sources)
        sensor.save(
            update_fields=[
                "beat_at", "began_at", "skew", "tool", "set_id", "entries", "unsent", "oldest_unsent",
                "unsent_leases", "sources", "silent_after", "unread",
            ]
        )  # fmt: skip
    return sensor
