"""The life of a campaign from draft to archive. The view checks the person's right (`desk.sit_down`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError
from quetsach.portal.campaigns.cascade.deadline import first_late_moment, letter_words
from quetsach.portal.campaigns.front import front_campaign, is_of_a_top_unit
from quetsach.portal.campaigns.models import (
    Acknowledgement,
    Campaign,
    CampaignNode,
    Dispatch,
    Headcount,
    JoinCode,
    Participation,
)
from quetsach.portal.campaigns.selection import Choice
from quetsach.portal.units.models import Unit
from quetsach.text.vietnamese import search_key

Status = Campaign.Status
STEPS = {
    "close": (Status.PUBLISHED, Status.CLOSED),
    "reopen": (Status.CLOSED, Status.PUBLISHED),
    "archive": (Status.CLOSED, Status.ARCHIVED),
    "restore": (Status.ARCHIVED, Status.CLOSED),
}
"""Name of a step: the state before it, and the state after it."""

_COPIED = (
    "summary",
    "letter",
    "contact",
    "form",
    "count_self",
    "unique_codes",
    "quiet_days",
    "check_days",
    "choice",
)
_OF_THE_ISSUE = ("number", "date")
_DRAFT_FIELDS = (
    "title",
    "summary",
    "contact",
    "form",
    "count_self",
    "unique_codes",
    "quiet_days",
    "check_days",
    "due_rule",
)
_RUNNING_FIELDS = ("summary", "contact")


@transaction.atomic
def create_draft(
    actor: User,
    issuer: Unit,
    fields: Mapping[str, Any],
    *,
    earlier: Campaign | None = None,
    ip: str | None = None,
) -> Campaign:
    """Make a draft that only its coordinators see. The same fields again within a minute are a double click.

    `fields`: title, summary, contact, due_day, due_rule, form, count_self, unique_codes, quiet_days,
    check_days. From `earlier` come the letter without number and date, and the choice of units.
    """
    campaign = Campaign(issuer=issuer, slug=_free_slug(fields["title"]))
    if earlier is not None:
        for name in _COPIED:
            setattr(campaign, name, getattr(earlier, name))
        campaign.letter = {k: v for k, v in earlier.letter.items() if k not in _OF_THE_ISSUE}
    _take_over(campaign, fields, _DRAFT_FIELDS)
    twin = _twin(campaign)
    if twin is not None:
        return twin
    campaign.save(force_insert=True)
    data = {"title": campaign.title, "earlier": earlier.slug if earlier else ""}
    record(actor, "campaign.draft", unit_path=issuer.path, about=campaign, data=data, ip=ip)
    return campaign


@transaction.atomic
def edit(campaign: Campaign, fields: Mapping[str, Any], actor: User, *, ip: str | None = None) -> Campaign:
    """Change a draft; in a running campaign only its summary and its contact.

    Raises NotAllowedNowError `closed`.
    """
    campaign = _hold(campaign)
    if campaign.status not in {Status.DRAFT, Status.PUBLISHED}:
        raise NotAllowedNowError("closed")
    _take_over(campaign, fields, _DRAFT_FIELDS if campaign.status == Status.DRAFT else _RUNNING_FIELDS)
    campaign.save()
    record(actor, "campaign.edit", unit_path=campaign.issuer.path, about=campaign, ip=ip)
    return campaign


@transaction.atomic
def choose_units(campaign: Campaign, choice: Choice, actor: User, *, ip: str | None = None) -> Campaign:
    """Set the units that the draft will freeze. Raises NotAllowedNowError `published`."""
    campaign = _hold(campaign)
    if campaign.status != Status.DRAFT:
        raise NotAllowedNowError("published")
    campaign.choice = choice.to_json()
    campaign.save(update_fields=["choice"])
    data = {"kinds": len(choice.kinds), "units": len(choice.units)}
    record(actor, "campaign.choose_units", unit_path=campaign.issuer.path, about=campaign, data=data, ip=ip)
    return campaign


@transaction.atomic
def extend_deadline(
    campaign: Campaign, day: date, rule: str, actor: User, *, ip: str | None = None
) -> Campaign:
    """Move the deadline later. Units with an earlier deadline of their own keep it; all others get the new
    one.

    Raises NotAllowedNowError: `closed`, or `not_later`.
    """
    campaign = _hold(campaign)
    if campaign.status != Status.PUBLISHED:
        raise NotAllowedNowError("closed")
    before, after = campaign.due_at, first_late_moment(day, rule)
    if after <= before:
        raise NotAllowedNowError("not_later")
    CampaignNode.rows.filter(campaign=campaign, due_at=before).update(due_at=after)
    campaign.due_at, campaign.due_rule, campaign.due_text = after, rule, letter_words(day, rule)
    campaign.save(update_fields=["due_at", "due_rule", "due_text"])
    data = {"from": _day(before), "to": _day(after)}
    record(actor, "campaign.extend", unit_path=campaign.issuer.path, about=campaign, data=data, ip=ip)
    return campaign


@transaction.atomic
def take_step(campaign: Campaign, step: str, actor: User, *, ip: str | None = None) -> Campaign:
    """Do one of `STEPS`; a repeated step changes nothing. Raises NotAllowedNowError `other_state`."""
    campaign = _hold(campaign)
    needed, leads_to = STEPS[step]
    if campaign.status == leads_to:
        return campaign
    if campaign.status != needed:
        raise NotAllowedNowError("other_state")
    campaign.status = leads_to
    if leads_to in {Status.CLOSED, Status.PUBLISHED}:
        campaign.closed_at = timezone.now() if step == "close" else campaign.closed_at
    campaign.save(update_fields=["status", "closed_at"])
    record(actor, f"campaign.{step}", unit_path=campaign.issuer.path, about=campaign, ip=ip)
    return campaign


@transaction.atomic
def put_in_front(campaign: Campaign, actor: User, *, ip: str | None = None) -> Campaign:
    """Let the front page show this campaign. Raises NotAllowedNowError: `other_state`, or `not_top`."""
    campaign = _hold(campaign)
    if campaign.status != Status.PUBLISHED:
        raise NotAllowedNowError("other_state")
    if not is_of_a_top_unit(campaign):
        raise NotAllowedNowError("not_top")
    before = front_campaign()
    if before is not None and before.pk == campaign.pk and before.front_at is not None:
        return campaign
    campaign.front_at = timezone.now()
    campaign.save(update_fields=["front_at"])
    data = {"title": campaign.title, "before": before.title if before else ""}
    record(actor, "campaign.put_in_front", unit_path=campaign.issuer.path, about=campaign, data=data, ip=ip)
    return campaign


@transaction.atomic
def retract(campaign: Campaign, actor: User, *, ip: str | None = None) -> Campaign:
    """Turn a campaign that was published by mistake into a draft, on the same day and before any unit acted.

    Raises NotAllowedNowError: `another_day`, or `begun`.
    """
    campaign = _hold(campaign)
    if campaign.status == Status.DRAFT:
        return campaign
    if campaign.status != Status.PUBLISHED or campaign.published_at is None:
        raise NotAllowedNowError("other_state")
    if timezone.localdate(campaign.published_at) != timezone.localdate():
        raise NotAllowedNowError("another_day")
    nodes = CampaignNode.rows.filter(campaign=campaign)
    if has_begun(campaign):
        raise NotAllowedNowError("begun")
    depths = nodes.order_by("-depth").values_list("depth", flat=True).distinct()
    for depth in list(depths):
        nodes.filter(depth=depth).delete()
    campaign.status, campaign.published_at, campaign.published_by = Status.DRAFT, None, None
    campaign.save(update_fields=["status", "published_at", "published_by"])
    record(actor, "campaign.retract", unit_path=campaign.issuer.path, about=campaign, ip=ip)
    return campaign


@transaction.atomic
def discard(campaign: Campaign, actor: User, *, ip: str | None = None) -> None:
    """Delete a draft. Raises NotAllowedNowError `published`."""
    campaign = _hold(campaign)
    if campaign.status != Status.DRAFT:
        raise NotAllowedNowError("published")
    data = {"title": campaign.title}
    record(actor, "campaign.discard", unit_path=campaign.issuer.path, about=campaign, data=data, ip=ip)
    campaign.delete()


def take_letter_over(campaign: Campaign, letter: Mapping[str, Any]) -> None:
    """Store the order's present text; the letters app writes the audit entry."""
    Campaign.objects.filter(pk=campaign.pk).update(letter=dict(letter))
    campaign.letter = dict(letter)


def has_begun(campaign: Campaign) -> bool:
    """Whether any row depends on the frozen nodes: a dated act, a used code, or a row of a later app."""
    nodes = CampaignNode.rows.filter(campaign=campaign)
    acts = (Acknowledgement, Participation, Headcount)
    if any(model.rows.filter(node__in=nodes).exists() for model in acts):
        return True
    if Dispatch.rows.filter(from_node__in=nodes).exists():
        return True
    if JoinCode.rows.filter(node__in=nodes).exclude(used_at=None).exists():
        return True
    known = {*acts, Dispatch, JoinCode, CampaignNode}
    others = [r for r in CampaignNode._meta.related_objects if r.related_model not in known]
    return any(
        r.related_model._base_manager.filter(**{f"{r.field.name}__in": nodes}).exists() for r in others
    )


def _take_over(campaign: Campaign, fields: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        setattr(campaign, name, fields[name])
    if "due_rule" in names:
        day: date = fields["due_day"]
        campaign.due_at = first_late_moment(day, campaign.due_rule)
        campaign.due_text = letter_words(day, campaign.due_rule)


def _twin(campaign: Campaign) -> Campaign | None:
    Unit.rows.select_for_update(no_key=True).get(pk=campaign.issuer_id)  # one after the other
    return Campaign.objects.filter(
        issuer=campaign.issuer_id,
        title=campaign.title,
        due_at=campaign.due_at,
        status=Status.DRAFT,
        created_at__gt=timezone.now() - timedelta(minutes=1),
    ).first()


def _free_slug(title: str) -> str:
    root = slugify(search_key(title))[:50].strip("-") or "chien-dich"
    taken = set(Campaign.objects.filter(slug__startswith=root).values_list("slug", flat=True))
    return next(
        slug for n in range(1, len(taken) + 2) if (slug := root if n == 1 else f"{root}-{n}") not in taken
    )


def _hold(campaign: Campaign) -> Campaign:
    return (
        Campaign.objects.select_for_update(of=("self",), no_key=True)
        .select_related("issuer")
        .get(pk=campaign.pk)
    )


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M %d/%m/%Y}"
