"""The locks of a report, and the grants that lift them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.reports.models import Report, ReportPolicy, Signing, UnlockGrant
from quetsach.portal.units.models import subtree


class Lock(StrEnum):
    """The reason for a lock, the strongest first."""

    CLOSED = "closed"
    SIGNED = "signed"
    GRACE = "grace"


REASONS: dict[Lock, str | Promise] = {
    Lock.CLOSED: _("The campaign is closed; its reports no longer change."),
    Lock.SIGNED: _(
        "The superior has signed a report that contains this one; it no longer changes by itself."
    ),
    Lock.GRACE: _("The time for reports is over; they no longer change by themselves."),
}
HOW = _("Ask the superior to unlock it.")


@dataclass(frozen=True)
class Terms:
    """The terms of a node's report: whether the node takes part, the campaign's settings, the deadline."""

    is_active: bool
    is_running: bool
    form: str
    head_review: bool
    grace_until: datetime | None


def terms_of(node: CampaignNode) -> Terms:
    """The present terms, in one query: the caller's row may be older than a closing of the campaign."""
    ((state, status, form, head_review, grace_until),) = _terms(node.pk)
    return Terms(
        is_active=state == CampaignNode.State.ACTIVE,
        is_running=status == Campaign.Status.PUBLISHED,
        form=form,
        head_review=bool(head_review),
        grace_until=grace_until,
    )


@compiled
def _terms(node_id: UUID) -> QuerySet[CampaignNode, Any]:
    policy = ("campaign__report_policy__head_review", "campaign__report_policy__grace_until")
    columns = ("state", "campaign__status", "campaign__form", *policy)
    return CampaignNode.rows.filter(pk=node_id).order_by().values_list(*columns)


def lock_of(
    node: CampaignNode, report: Report | None, at: datetime, terms: Terms | None = None
) -> Lock | None:
    """The reason that the node's report is locked at that moment; None if it is open or a grant holds.

    A superior's signature locks the reports that it contains: a unit without an accepted report may still
    send its first. `terms` may be given if they were just read; else they are read here.
    """
    return lock_and_grant(node, report, at, terms or terms_of(node))[0]


def lock_and_grant(
    node: CampaignNode, report: Report | None, at: datetime, terms: Terms
) -> tuple[Lock | None, UnlockGrant | None]:
    """The lock that holds, or the grant that lifts it; (None, None) if nothing is locked."""
    found = _locked_by(node, report, at, terms)
    grant = None if found is None else grant_for(node, at)
    return (None if grant else found), grant


def is_closed(node: CampaignNode, at: datetime, terms: Terms | None = None) -> bool:
    """Whether the campaign is closed and no grant holds for the node."""
    return not (terms or terms_of(node)).is_running and grant_for(node, at) is None


def grant_for(node: CampaignNode, at: datetime) -> UnlockGrant | None:
    """The grant that lets the node change its report at that moment; of several, the longest."""
    parts = node.path.split("/")[:-1]
    above = tuple("".join(f"{part}/" for part in parts[:n]) for n in range(1, len(parts) + 1))
    return next(iter(_grants(node.pk, node.campaign_id, above, at)), None)


@compiled
def _grants(node_id: UUID, campaign_id: UUID, above: tuple[str, ...], at: datetime) -> QuerySet[UnlockGrant]:
    """The longest grant that holds at the node; `above` are the paths of the node and its superiors."""
    here = Q(node=node_id) | Q(with_below=True, node__path__in=above)
    held = UnlockGrant.rows.filter(here, node__campaign=campaign_id, revoked_at=None, until__gt=at)
    return held.select_related("by").order_by("-until")[:1]


def policy_of(campaign: Campaign) -> ReportPolicy:
    """The campaign's policy for reports; the default policy if none was set."""
    return ReportPolicy.rows.filter(campaign=campaign).first() or ReportPolicy(campaign=campaign)


def _locked_by(node: CampaignNode, report: Report | None, at: datetime, terms: Terms) -> Lock | None:
    if not terms.is_running:
        return Lock.CLOSED
    has_accepted = report is not None and report.accepted_id is not None
    if has_accepted and node.parent_id is not None and _signings(node.parent_id):
        return Lock.SIGNED
    return Lock.GRACE if terms.grace_until is not None and at >= terms.grace_until else None


@compiled
def _signings(node_id: UUID) -> QuerySet[Signing, tuple[int]]:
    """A signature under the node's report; at most one row."""
    return Signing.rows.filter(revision__report__node=node_id).order_by().values_list("pk")[:1]


def grants_of(node: CampaignNode, *, with_below: bool = False) -> list[UnlockGrant]:
    """Grants that hold now for the node itself, or also for units below; the first to end comes first."""
    nodes = subtree(node.path, "node__path") if with_below else Q(node=node)
    now = timezone.now()
    grants = UnlockGrant.rows.filter(nodes, node__campaign=node.campaign_id, revoked_at=None, until__gt=now)
    return list(grants.select_related("node", "by").order_by("until")[:200])
