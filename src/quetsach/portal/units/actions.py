"""Acts on the tree of offices and its tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.units.change_actions import TreeRefusedError, founded_on, lock_tree
from quetsach.portal.units.models import ApiToken, Identifier, SectorRelation, Unit, path_segment
from quetsach.portal.units.networks import Network
from quetsach.text.vietnamese import nfc, search_key


@transaction.atomic
def create_unit(actor: User | None, parent: Unit | None, name: str, **fields: Any) -> Unit:
    """Add an office, which counts as old as `parent`. `networks` is a list of CIDR texts.

    Raises TreeRefusedError: `retired`.
    """
    networks: list[str] = fields.pop("networks", [])
    name = nfc(name)
    lock_tree()
    if parent is not None:
        parent = Unit.rows.get(pk=parent.pk)
        if parent.is_retired:
            raise TreeRefusedError("retired", parent.name)
        fields.setdefault("valid_from", founded_on(parent))
    unit = Unit(parent=parent, name=name, search_key=search_key(name), **fields)
    unit.path = (parent.path if parent else "") + path_segment(unit.pk)
    unit.full_clean(exclude=["parent", "path"])
    unit.save(force_insert=True)
    for cidr in networks:
        network = Network(unit=unit, cidr=cidr)
        network.full_clean(exclude=["unit"])
        network.save()
    record(actor, "unit.create", unit_path=unit.path, about=unit, data={"name": name})
    return unit


class TokenNameTakenError(PortalError):
    """The unit has a live token of that name; two would be confused when one must be revoked."""

    code = "token_name_taken"


@transaction.atomic
def issue_token(
    actor: User, unit: Unit, name: str, *, ip: str | None = None, by_program: str = ""
) -> tuple[ApiToken, str]:
    """Make a token for the unit's machines; the secret is returned once and never stored. The audit trail
    names the actor, or the program that took the token by the actor's code (`by_program`).

    Raises TokenNameTakenError.
    """
    unit = Unit.rows.select_for_update(no_key=True).get(pk=unit.pk)
    name = nfc(name)
    if ApiToken.rows.filter(unit=unit, name=name, revoked_at=None).exists():
        raise TokenNameTakenError(name)
    secret = "qs_" + secrets.token_urlsafe(32)
    token = ApiToken(
        unit=unit,
        name=name,
        prefix=secret[:9],
        sha256=hashlib.sha256(secret.encode()).hexdigest(),
        created_by=actor,
    )
    token.save(force_insert=True)
    data = {"name": name, "prefix": token.prefix}
    record(
        None if by_program else actor, "token.issue", unit_path=unit.path, about=token, data=data, ip=ip,
        actor_name=by_program,
    )  # fmt: skip
    return token, secret


@transaction.atomic
def revoke_token(actor: User | None, token: ApiToken, *, ip: str | None = None, by_program: str = "") -> None:
    """End a token. A second call changes nothing. `by_program` as in `issue_token`, without an actor."""
    token = ApiToken.rows.select_for_update(of=("self",), no_key=True).select_related("unit").get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        data = {"name": token.name, "prefix": token.prefix}
        record(
            actor, "token.revoke", unit_path=token.unit.path, about=token, data=data, ip=ip,
            actor_name=by_program,
        )  # fmt: skip


def token_holder(secret: str) -> ApiToken | None:
    """The live token with that secret, and records its use; None if it is unknown or revoked."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    token = ApiToken.rows.select_related("unit").filter(sha256=digest, revoked_at=None).first()
    if token is not None:
        ApiToken.rows.filter(pk=token.pk).update(last_used_at=timezone.now())
    return token


@transaction.atomic
def set_contact(
    actor: User | None,
    unit: Unit,
    fields: dict[str, Any],
    numbers: dict[str, str],
    *,
    ip: str | None = None,
) -> None:
    """Set the contact, the number of staff, and the numbers by scheme; an empty number ends the present one.

    Raises TreeRefusedError: `retired`, or `identifier_taken`.
    """
    lock_tree()
    unit = Unit.rows.select_for_update(of=("self",), no_key=True).get(pk=unit.pk)
    if unit.is_retired:
        raise TreeRefusedError("retired", unit.name)
    changed = sorted(field for field, value in fields.items() if getattr(unit, field) != value)
    for field, value in fields.items():
        setattr(unit, field, nfc(value) if isinstance(value, str) else value)
    unit.full_clean(exclude=["parent", "path"])
    unit.save(update_fields=list(fields))
    changed += [scheme for scheme, value in numbers.items() if set_identifier(unit, scheme, value)]
    if changed:
        data = {"name": unit.name, "fields": changed}
        record(actor, "unit.contact", unit_path=unit.path, about=unit, data=data, ip=ip)


@transaction.atomic
def set_sector(
    actor: User | None, unit: Unit, parent: Unit | None, *, on: date, ip: str | None = None
) -> None:
    """Let another unit guide this one in its line of work from a day on; None ends that.

    Raises TreeRefusedError: `retired`, `future`, `cycle` for the unit itself, or `before_last_change`.
    """
    lock_tree()
    if on > timezone.localdate():
        raise TreeRefusedError("future")
    for one in (unit, parent):
        if one is not None and one.is_retired:
            raise TreeRefusedError("retired", one.name)
    if parent == unit:
        raise TreeRefusedError("cycle", unit.name)
    for row in SectorRelation.rows.filter(unit=unit, valid_to=None):
        if row.valid_from is not None and row.valid_from > on:
            raise TreeRefusedError("before_last_change", unit.name)
        if row.valid_from == on:
            row.delete()
        else:
            row.valid_to = on
            row.save(update_fields=["valid_to"])
    if parent is not None:
        SectorRelation.rows.create(unit=unit, parent=parent, valid_from=on)
    data = {"name": unit.name, "parent": parent.name if parent else "–"}
    record(actor, "unit.sector", unit_path=unit.path, about=unit, data=data, ip=ip)


def set_identifier(unit: Unit, scheme: str, value: str, on: date | None = None) -> bool:
    """Give a unit a number from a day on (default: today); returns whether it is new.

    Raises TreeRefusedError: `identifier_taken` if another unit has it on that day or later.
    """
    on = on or timezone.localdate()
    value = nfc(value)
    now = Identifier.rows.filter(unit=unit, scheme=scheme, valid_to=None).first()
    if (now.value if now else "") == value:
        return False
    if now is not None and now.valid_from is not None and now.valid_from >= on:
        now.delete()
    elif now is not None:
        now.valid_to = on
        now.save(update_fields=["valid_to"])
    if value:
        others = Identifier.rows.filter(scheme=scheme, value=value).exclude(unit=unit)
        if others.filter(Q(valid_to=None) | Q(valid_to__gt=on)).exists():
            raise TreeRefusedError("identifier_taken", value)
        Identifier.rows.create(unit=unit, scheme=scheme, value=value, valid_from=on)
    return True
