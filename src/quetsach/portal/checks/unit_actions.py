"""A unit's own statements and codes for results, and the campaign's list of replacements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.checks.models import CheckResult, Replacement, UnitPlan, UploadCode
from quetsach.portal.kit.one_time_code import LONGEST, digest_of, make_code
from quetsach.portal.units.roles import Verb, still_may
from quetsach.text.vietnamese import nfc

_PURPOSE = "quetsach.checks.code"
VALID = timedelta(days=14)
MOST_LIVE = 20
REPEATED = timedelta(days=1)
"""For this long after a code was used, the same results with it are answered as received."""
WORKING = timedelta(minutes=2)
"""A request without a sign of life for this long loses its code: its worker has ended."""
SIGN = timedelta(seconds=20)
"""The time between two signs of life of a request."""


@transaction.atomic
def issue_code(node: CampaignNode, actor: User, ip: str | None = None) -> tuple[UploadCode, str]:
    """A code that hands results in for the unit once, within 14 days; it is returned once and never stored.

    The oldest live code ends when there would be more than 20.
    """
    node = CampaignNode.rows.select_for_update(of=("self",), no_key=True).get(pk=node.pk)
    now = timezone.now()
    live = UploadCode.rows.filter(node=node, taken=0, revoked_at=None, expires_at__gt=now)
    for code in live.order_by("-created_at")[MOST_LIVE - 1 :]:
        code.revoked_at = now
        code.save(update_fields=["revoked_at"])
    text = make_code()
    code = UploadCode(
        node=node, digest=digest_of(_PURPOSE, text), hint=text[-4:], created_by=actor, expires_at=now + VALID
    )
    code.save(force_insert=True)
    record(actor, "check.issue_code", unit_path=node.path, about=code, data={"hint": code.hint}, ip=ip)
    return code, text


class StillWorking(Exception):
    """Another request with this code has not ended; its outcome is not known yet."""


@dataclass(frozen=True, slots=True)
class Held:
    """A code that one request holds. `is_live`: it takes results in; else it was used up a short while ago,
    and only the same results can be sent again."""

    code: UploadCode
    is_live: bool


def _opens(now: datetime) -> Q:
    """Codes that take results in, or did a short while ago. A code whose request died before it was settled
    has taken nothing yet, and opens again."""
    return Q(taken=0, expires_at__gt=now) | Q(used_at__gt=now - REPEATED)


@transaction.atomic
def take_code(text: str, ip: str | None = None) -> Held | None:
    """Hold a code for one request; None if it is unknown, revoked, used up, or expired.

    The holder calls `keep_code` while it works, and `settle_code` or `let_code_go` at the end.

    Raises:
        StillWorking: another request holds it, and gave a sign within `WORKING`.
    """
    now = timezone.now()
    code = (
        UploadCode.rows.select_for_update(of=("self",), no_key=True)
        .select_related("node__campaign", "created_by")
        .filter(_opens(now), digest=digest_of(_PURPOSE, text), revoked_at=None)
        .first()
    )
    if code is None or not _is_still_given(code):
        return None
    if code.working_at is not None and code.working_at > now - WORKING:
        raise StillWorking
    is_live = not code.taken and code.expires_at > now
    code.working_at = now
    if is_live:
        code.used_at = now
        record(
            None, "check.use_code", unit_path=code.node.path, about=code, data={"hint": code.hint}, ip=ip,
            actor_name=f"…{code.hint}",
        )  # fmt: skip
    code.save(update_fields=["used_at", "working_at"])
    return Held(code, is_live)


def keep_code(code: UploadCode) -> None:
    """Record a sign of life of the request that holds the code."""
    now = timezone.now()
    if (
        code.working_at is not None
        and now - code.working_at > SIGN
        and UploadCode.rows.filter(pk=code.pk, working_at=code.working_at).update(working_at=now)
    ):
        code.working_at = now


def let_code_go(code: UploadCode) -> None:
    """Release the code, unless another request took it over after a long silence."""
    UploadCode.rows.filter(pk=code.pk, working_at=code.working_at).update(working_at=None)


def is_code_known(text: str) -> bool:
    """Whether the code opens something now, or did a short while ago; without such a code the body stays
    unread. The code is looked up again when it is used."""
    if len(text) > LONGEST:
        return False
    live = _opens(timezone.now())
    rows = UploadCode.rows.select_related("node", "created_by")
    found = rows.filter(live, digest=digest_of(_PURPOSE, text), revoked_at=None).first()
    return found is not None and _is_still_given(found)


def _is_still_given(code: UploadCode) -> bool:
    return still_may(code.created_by, Verb.UPLOAD_SCAN, code.node.path)


@transaction.atomic
def settle_code(code: UploadCode, taken: int) -> None:
    """Release a live code. With new results the code is used up, else it opens again."""
    let_code_go(code)
    code = UploadCode.rows.select_for_update(of=("self",), no_key=True).get(pk=code.pk)
    if taken:
        # Includes results of a worker that died half-way.
        code.taken = max(taken, CheckResult.rows.filter(code=code).count())
    elif not code.taken:
        code.used_at = None
    code.save(update_fields=["taken", "used_at"])


@transaction.atomic
def revoke_code(code: UploadCode, actor: User, ip: str | None = None) -> None:
    """End a code. A second call changes nothing."""
    code = UploadCode.rows.select_for_update(of=("self",), no_key=True).select_related("node").get(pk=code.pk)
    if code.revoked_at is None and not code.taken:
        code.revoked_at = timezone.now()
        code.save(update_fields=["revoked_at"])
        record(
            actor, "check.revoke_code", unit_path=code.node.path, about=code, data={"hint": code.hint}, ip=ip
        )


@transaction.atomic
def say_computers(node: CampaignNode, computers: int, actor: User, ip: str | None = None) -> UnitPlan:
    """Set the unit's number of computers, the denominator of its share of checked machines."""
    plan = _plan(node, actor)
    plan.computers = computers
    plan.save()
    record(actor, "unit.count_computers", unit_path=node.path, about=plan, data={"n": computers}, ip=ip)
    return plan


@transaction.atomic
def set_replace_by(node: CampaignNode, day: date | None, actor: User, ip: str | None = None) -> UnitPlan:
    """Set the day by which the unit replaces its cracked software; None takes the day back."""
    plan = _plan(node, actor)
    plan.replace_by = day
    plan.save()
    data = {"day": f"{day:%d/%m/%Y}" if day else "–"}
    record(actor, "unit.plan_replacement", unit_path=node.path, about=plan, data=data, ip=ip)
    return plan


@transaction.atomic
def say_licences(
    node: CampaignNode,
    kms_hosts: list[str],
    volume_agreement: bool | None,
    own_names: list[str],
    actor: User,
    ip: str | None = None,
) -> UnitPlan:
    """Set the unit's facts about its licences; its next pack carries them."""
    plan = _plan(node, actor)
    plan.kms_hosts, plan.volume_agreement, plan.own_names = kms_hosts, volume_agreement, own_names
    plan.save()
    record(actor, "unit.say_licences", unit_path=node.path, about=plan, ip=ip)
    return plan


def _plan(node: CampaignNode, actor: User) -> UnitPlan:
    plan, _ = UnitPlan.rows.select_for_update(of=("self",), no_key=True).get_or_create(
        node=node, defaults={"by": actor}
    )
    plan.by = actor
    return plan


@transaction.atomic
def propose(campaign: Campaign, actor: User, ip: str | None = None, **fields: str) -> Replacement:
    """Put a replacement on the campaign's list; the same name and product again is a change of it."""
    fields = {name: nfc(value) for name, value in fields.items()}
    product, name = fields.pop("product"), fields.pop("name")
    row, _ = Replacement.rows.update_or_create(campaign=campaign, product=product, name=name, defaults=fields)
    data = {"name": name, "product": product}
    record(actor, "campaign.propose_replacement", unit_path=campaign.issuer.path, about=row, data=data, ip=ip)
    return row


@transaction.atomic
def withdraw_replacement(row: Replacement, actor: User, ip: str | None = None) -> None:
    """Take a replacement off the list. A second call changes nothing."""
    found = Replacement.rows.select_for_update(of=("self",), no_key=True).filter(pk=row.pk).first()
    if found is not None:
        data = {"name": found.name, "product": found.product}
        path = row.campaign.issuer.path
        record(actor, "campaign.withdraw_replacement", unit_path=path, about=found, data=data, ip=ip)
        found.delete()
