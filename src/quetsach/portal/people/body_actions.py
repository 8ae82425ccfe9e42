"""Acts on enterprises and other bodies: taken in, marked, corrected, removed, undone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError, lock_active
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.people.body_plan import Plan, fields_of, plan_of, search_text
from quetsach.portal.people.models import Body, BodyChange, BodyDraft, TaxCodeClaim

MOST_BODIES = 20_000
_DAYS = ("informed_on", "deployed_on")
type Before = dict[str, dict[str, Any] | None]


class TaxCodeTakenError(PortalError):
    """Another unit of the campaign counts this tax code already (H09); `node` is that unit, if known."""

    def __init__(self, code: str, node: CampaignNode | None = None) -> None:
        super().__init__(code)
        self.tax_code, self.node = code, node


@transaction.atomic
def keep_draft(node: CampaignNode, text: str, source: str, actor: User) -> BodyDraft:
    """Store a list for its preview. The person's earlier unapplied list for this node is deleted."""
    BodyDraft.rows.filter(node=node, by=actor).delete()
    return BodyDraft.rows.create(node=node, text=text, source=source, at=timezone.now(), by=actor)


@transaction.atomic
def apply_draft(draft: BodyDraft, actor: User, *, ip: str | None = None) -> Plan:
    """Apply the lines without a problem, compared with the list as it is now; the draft is used up.

    A second call, such as a double click, finds no draft: an empty plan. Raises TaxCodeTakenError if another
    unit was a moment quicker, NotAllowedNowError `too_many_bodies`, `closed`, `not_active`.
    """
    node = lock_active(draft.node)
    if not BodyDraft.rows.select_for_update(no_key=True).filter(pk=draft.pk).exists():
        return Plan()
    plan = plan_of(node, draft.text)
    if Body.rows.filter(node=node).count() + len(plan.new) > MOST_BODIES:
        raise NotAllowedNowError("too_many_bodies")
    before: Before = {str(body.pk): fields_of(body) for body, _ in plan.changed}
    added = [_made(node, fields) for fields in plan.new]
    codes = [body.tax_code for body in added] + [fields.get("tax_code", "") for _, fields in plan.changed]
    _claiming(node, filter(None, codes))
    Body.rows.bulk_create(added, batch_size=500)
    before |= {str(body.pk): None for body in added}
    for body, fields in plan.changed:
        _write(body, fields)
    draft.delete()
    if before:
        data = {"new": len(plan.new), "changed": len(plan.changed), "file": draft.source}
        _note(node, "take_in", before, actor, data, ip)
    return plan


@transaction.atomic
def set_marks(
    node: CampaignNode,
    bodies: Collection[int],
    marks: Mapping[str, Any],
    actor: User,
    *,
    ip: str | None = None,
) -> int:
    """Set channel, days or persons of many bodies at once; returns how many changed.

    A body that carried the campaign out was informed: a missing day of informing is added. Persons of a body
    that was not informed are cleared. Raises NotAllowedNowError: `day_ahead`, `more_done_than_informed`,
    `closed`, `not_active`.
    """
    node = lock_active(node)
    before: Before = {}
    for body in Body.rows.select_for_update(no_key=True).filter(node=node, pk__in=bodies):
        old = fields_of(body)
        if _write(body, marks):
            before[str(body.pk)] = old
    if before:
        _note(node, "mark", before, actor, {"count": len(before)}, ip)
    return len(before)


@transaction.atomic
def deploy_many(
    node: CampaignNode,
    bodies: Collection[int],
    day: date,
    channel: str,
    actor: User,
    *,
    ip: str | None = None,
) -> int:
    """Record that many bodies carried the campaign out on that day; a body not informed before was informed
    then, by that channel.

    Returns how many changed. Raises what `set_marks` raises.
    """
    node = lock_active(node)
    before: Before = {}
    for body in Body.rows.select_for_update(no_key=True).filter(node=node, pk__in=bodies):
        old, marks = fields_of(body), dict[str, Any](deployed_on=day)
        if body.informed_on is None:
            marks |= {"informed_on": day, "channel": channel}
        if _write(body, marks):
            before[str(body.pk)] = old
    if before:
        _note(node, "mark", before, actor, {"count": len(before)}, ip)
    return len(before)


@transaction.atomic
def correct(body: Body, fields: Mapping[str, Any], actor: User, *, ip: str | None = None) -> None:
    """Change the identity and the marks of a body. Raises TaxCodeTakenError and the errors of `set_marks`."""
    node = lock_active(body.node)
    body = Body.rows.select_for_update(no_key=True).get(pk=body.pk)
    old, code = fields_of(body), body.tax_code
    new = fields.get("tax_code", code)
    if new != code:
        if new:
            _claiming(node, [new])
        _release(node, [code])
    if _write(body, fields):
        _note(node, "correct", {str(body.pk): old}, actor, {"name": body.name}, ip)


@transaction.atomic
def remove(node: CampaignNode, bodies: Collection[int], actor: User, *, ip: str | None = None) -> int:
    """Take bodies off the list; returns how many. Raises NotAllowedNowError: `closed`, `not_active`."""
    node = lock_active(node)
    rows = list(Body.rows.select_for_update(no_key=True).filter(node=node, pk__in=bodies))
    if rows:
        Body.rows.filter(pk__in=[body.pk for body in rows]).delete()
        _release(node, [body.tax_code for body in rows])
        before: Before = {str(body.pk): fields_of(body) for body in rows}
        _note(node, "remove", before, actor, {"count": len(rows)}, ip)
    return len(rows)


@transaction.atomic
def undo(change: BodyChange, actor: User, *, ip: str | None = None) -> bool:
    """Restore the list to its state before the last act; False if `change` is not the last act any more.

    Raises TaxCodeTakenError when another unit has claimed a removed body meanwhile.
    """
    node = lock_active(change.node)
    last = BodyChange.rows.select_for_update(no_key=True).filter(node=node, undone_at=None).first()
    if last is None or last.pk != change.pk:
        return False
    now = {
        body.pk: body
        for body in Body.rows.select_for_update(no_key=True).filter(node=node, pk__in=last.before)
    }
    gone = [body for pk, body in now.items() if last.before[str(pk)] is None]
    Body.rows.filter(pk__in=[body.pk for body in gone]).delete()
    held = {body.tax_code for body in now.values()}
    _release(node, [body.tax_code for body in gone])
    for pk, fields in last.before.items():
        if fields is None:
            continue
        fields = {key: _day(value) if key in _DAYS else value for key, value in fields.items()}
        body = now.get(int(pk))
        if body is not None and fields["tax_code"] != body.tax_code:
            _release(node, [body.tax_code])
        if fields["tax_code"] and fields["tax_code"] not in held:
            _claiming(node, [fields["tax_code"]])
        if body is None:
            body = _made(node, fields)
            body.pk = int(pk)
            body.save(force_insert=True)
        else:
            Body.rows.filter(pk=body.pk).update(**fields, **search_text(fields))
    last.undone_at = timezone.now()
    last.save(update_fields=["undone_at"])
    record(actor, "people.body_undo", unit_path=node.path, about=node, data={"act": last.act}, ip=ip)
    return True


@transaction.atomic(savepoint=False)
def claim_in_report(node: CampaignNode, codes: Collection[str]) -> None:
    """Set the tax codes in the node's report: these and no others.

    Raises IntegrityError (`claim_once_per_campaign`) for a code of another node.
    """
    mine = TaxCodeClaim.rows.filter(campaign=node.campaign_id, node=node)
    if not codes and not mine.exists():
        return
    listed = set(Body.rows.filter(node=node).exclude(tax_code="").values_list("tax_code", flat=True))
    mine.exclude(code__in=[*codes, *listed]).delete()
    mine.exclude(code__in=codes).update(in_report=False)
    mine.filter(code__in=codes).update(in_report=True)
    held = set(mine.values_list("code", flat=True))
    TaxCodeClaim.rows.bulk_create(
        TaxCodeClaim(campaign_id=node.campaign_id, code=code, node=node, in_report=True)
        for code in codes
        if code not in held
    )


def _claiming(node: CampaignNode, codes: Iterable[str]) -> None:
    wanted = set(codes)
    mine = TaxCodeClaim.rows.filter(campaign=node.campaign_id, code__in=wanted)
    for claim in mine.exclude(node=node).select_related("node"):
        raise TaxCodeTakenError(claim.code, claim.node)
    held = set(mine.values_list("code", flat=True))
    try:
        with transaction.atomic():
            TaxCodeClaim.rows.bulk_create(
                TaxCodeClaim(campaign_id=node.campaign_id, code=code, node=node)
                for code in sorted(wanted - held)
            )
    except IntegrityError as error:
        raise TaxCodeTakenError("") from error


def _release(node: CampaignNode, codes: Iterable[str]) -> None:
    """Release the claims of bodies that are no longer on the list, unless the report names them too."""
    TaxCodeClaim.rows.filter(
        campaign=node.campaign_id, node=node, code__in=[code for code in codes if code], in_report=False
    ).delete()


def _made(node: CampaignNode, fields: Mapping[str, Any]) -> Body:
    body = Body(campaign_id=node.campaign_id, node=node)
    _fill(body, fields)
    return body


def _write(body: Body, fields: Mapping[str, Any]) -> bool:
    old = fields_of(body)
    _fill(body, fields)
    if fields_of(body) == old:
        return False
    body.save()
    return True


def _fill(body: Body, fields: Mapping[str, Any]) -> None:
    for key, value in fields.items():
        setattr(body, key, value)
    if body.deployed_on and not body.informed_on and "informed_on" not in fields:
        body.informed_on = body.deployed_on
    if body.informed_on is None:
        body.channel, body.deployed_on, body.persons_informed, body.persons_done = "", None, 0, 0
    today = timezone.localdate()
    if any(day and day > today for day in (body.informed_on, body.deployed_on)):
        raise NotAllowedNowError("day_ahead")
    if body.persons_done > body.persons_informed:
        raise NotAllowedNowError("more_done_than_informed")
    for key, value in search_text(fields_of(body)).items():
        setattr(body, key, value)


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if value else None


def _note(
    node: CampaignNode, act: str, before: Before, actor: User, data: dict[str, Any], ip: str | None
) -> None:
    kept = {
        pk: None
        if fields is None
        else {key: value.isoformat() if isinstance(value, date) else value for key, value in fields.items()}
        for pk, fields in before.items()
    }
    BodyChange.rows.create(node=node, act=act, before=kept, at=timezone.now(), by=actor)
    record(actor, f"people.body_{act}", unit_path=node.path, about=node, data=data, ip=ip)
