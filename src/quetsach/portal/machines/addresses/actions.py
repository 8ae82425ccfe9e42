"""Words of people on addresses that ask for others, and the questions to them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.utils import timezone

from quetsach.machines.evidence import Key
from quetsach.machines.identity.forwarders import FORWARDER, SINGLE, Crowd
from quetsach.machines.identity.keys import within
from quetsach.portal.accounts.models import User
from quetsach.portal.kit.micros import micros, moment
from quetsach.portal.machines.actions import decide, has_word_on
from quetsach.portal.machines.models import AskedAddress, StoredDecision
from quetsach.portal.machines.uploads.actions import follow
from quetsach.portal.units.models import Unit


def say(
    unit: Unit,
    address: str,
    kind: str,
    by: User,
    *,
    begin: date | None = None,
    until: date | None = None,
    ip: str | None = None,
) -> StoredDecision:
    """Record that an address of the unit's network is a resolver, proxy or gateway (`kind`), or, with an
    empty kind, that one machine alone has it; from one local day to another. Cases follow at once."""
    said = decide(
        unit, FORWARDER if kind else SINGLE, within(Key("address", address), unit.path), None, by, "", kind,
        ip, begin=_micro(begin) if begin else 0,
        end=_micro(until + timedelta(days=1)) if until else None,
    )  # fmt: skip
    follow(unit)
    return said


def ask(unit_id: UUID, address: str, crowd: Crowd) -> None:
    """Ask the unit's people about an address. The hour with the most machines stays, the earliest of
    several."""
    hour = moment(crowd.hour)
    known = AskedAddress.rows.filter(unit=unit_id, address=address).first()
    if known is None:
        unit = Unit.rows.get(pk=unit_id)
        AskedAddress.rows.create(
            unit=unit, address=address, hour=hour, machines=list(crowd.machines),
            is_open=not has_word_on(unit, address),
        )  # fmt: skip
    elif (-len(crowd.machines), hour, list(crowd.machines)) < (
        -len(known.machines),
        known.hour,
        known.machines,
    ):
        known.hour, known.machines = hour, list(crowd.machines)
        known.save(update_fields=["hour", "machines"])


def _micro(day: date) -> int:
    """The beginning of a local day."""
    at = timezone.make_aware(datetime.combine(day, time()))
    return micros(at)
