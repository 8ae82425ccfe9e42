"""Issuing, revoking and using the codes by which people join. No code reaches the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.joining.codes import DAYS, digest, new_code, state_of
from quetsach.portal.campaigns.joining.queries import same_duties, units_joined
from quetsach.portal.campaigns.models import CampaignNode, JoinCode
from quetsach.portal.units.models import Membership, Role
from quetsach.portal.units.role_term import term


class JoinError(PortalError):
    """The code opens nothing (a state of `codes.state_of`, `unknown`, `divided`), or `name_taken`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@transaction.atomic
def issue_codes(
    nodes: Iterable[CampaignNode], actor: User, *, ip: str | None = None
) -> list[tuple[CampaignNode, str]]:
    """A new code for each node; earlier codes that lead to the same people end.

    The codes are returned once and never stored.
    """
    nodes = list(nodes)
    wanted = [node.pk for node in nodes]
    locked = list(
        CampaignNode.rows.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted).order_by("pk")
    )
    now = timezone.now()
    _live(nodes).update(revoked_at=now)
    issued = [(node, new_code()) for node in locked]
    JoinCode.rows.bulk_create(
        [
            JoinCode(
                node=node,
                digest=digest(code),
                issued_by=actor,
                issued_at=now,
                expires_at=now + timedelta(days=DAYS),
            )
            for node, code in issued
        ]
    )
    if issued:
        top = min((node.path for node, _code in issued), key=len)
        data = {"count": len(issued), "names": [node.name for node, _code in issued[:50]]}
        record(actor, "campaign.issue_codes", unit_path=top, about=issued[0][0], data=data, ip=ip)
    order = {pk: place for place, pk in enumerate(wanted)}
    return sorted(issued, key=lambda pair: order[pair[0].pk])


@transaction.atomic
def revoke_code(node: CampaignNode, actor: User, *, ip: str | None = None) -> None:
    """End the node's live code, and those of ended units with the same successor. Twice changes nothing."""
    if _live([node]).update(revoked_at=timezone.now()):
        record(actor, "campaign.revoke_code", unit_path=node.path, about=node, ip=ip)


def _live(nodes: list[CampaignNode]) -> QuerySet[JoinCode]:
    return JoinCode.rows.filter(node__in=same_duties(nodes), used_at=None, revoked_at=None)


@transaction.atomic
def join(code: str, user: User, *, ip: str | None = None) -> CampaignNode:
    """Attach the account to the code's unit as its officer; the code is used up. Raises JoinError.

    Where the unit has ended, it becomes its successor's officer, and so acts for all units that this took
    over.
    """
    row = (
        JoinCode.rows.select_for_update(of=("self",), no_key=True)
        .select_related("node__campaign", "node__unit", "issued_by")
        .filter(digest=digest(code))
        .first()
    )
    state = state_of(row) if row else "unknown"
    if row is None or state != "live":
        raise JoinError(state)
    units = units_joined(row.node)
    if len(units) != 1:
        raise JoinError("divided")
    # A role of theirs that has ended begins again.
    Membership.ever.update_or_create(user=user, unit=units[0], role=Role.OFFICER, defaults=term(None, None))
    row.used_at, row.used_by = timezone.now(), user
    row.save(update_fields=["used_at", "used_by"])
    record(
        user,
        "account.join",
        unit_path=row.node.path,
        about=user,
        data={"unit": units[0].name if units[0].pk != row.node.unit_id else row.node.name},
        ip=ip,
    )
    return row.node


@transaction.atomic
def open_account(
    code: str, name: str, password: str, full_name: str, phone: str, *, ip: str | None = None
) -> tuple[User, CampaignNode]:
    """Make an account and join with it, or do neither. Raises JoinError."""
    if User.objects.filter(username__iexact=name).exists():
        raise JoinError("name_taken")
    try:
        with transaction.atomic():
            user = User.objects.create_user(name, password=password, full_name=full_name, phone=phone)
    except IntegrityError as error:
        raise JoinError("name_taken") from error
    return user, join(code, user, ip=ip)
