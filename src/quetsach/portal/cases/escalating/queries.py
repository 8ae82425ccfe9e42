"""Reads about the clocks of a campaign, and about what a superior must know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, Exists, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.workdays import calendar_of
from quetsach.portal.cases import flags
from quetsach.portal.cases.clocks import Clock, Rule, Terms
from quetsach.portal.cases.episodes import is_again
from quetsach.portal.cases.flags import Flag
from quetsach.portal.cases.models import Case, CaseTerms
from quetsach.portal.cases.rules import OPEN, State


def terms_of(campaign: Campaign) -> Terms:
    """The days of a campaign; the usual ones where nobody has set them."""
    row: CaseTerms | None = getattr(campaign, "case_terms", None)  # one query, if it is not at hand
    return Terms(row.acknowledge, row.locate, row.claim, row.verify) if row else Terms()


TERMS, RUNNING = "case_terms", "case_clocks_run"
"""The names of `terms_as_text` and `running_here` among the facts of a node."""


def terms_as_text() -> Subquery:
    """The days of a node's campaign, for `terms_of_text`; spares a page the query."""
    days = ("acknowledge", "locate", "claim", "verify")
    parts = [part for day in days for part in (Cast(day, CharField()), Value(" "))]
    rows = CaseTerms.rows.filter(campaign=OuterRef("campaign")).annotate(days=Concat(*parts))
    return Subquery(rows.values("days")[:1], output_field=CharField())


def running_here() -> Exists:
    """Whether clocks may run at a node or directly below; spares a page the query of `late_here`."""
    near = Q(device__owner=OuterRef("pk")) | Q(device__owner__parent=OuterRef("pk"))
    states = (*OPEN, State.CLAIMED_CLEAN, State.RECHECKED)
    return Exists(Case.rows.filter(near, is_current=True, state__in=states))


def terms_of_text(text: str | None) -> Terms:
    """The days that `terms_as_text` told; the usual ones where nobody has set them."""
    return Terms(*map(int, text.split())) if text else Terms()


def rule_of(campaign: Campaign, terms: Terms | None = None) -> Rule:
    """All clocks of a campaign. One query where the terms are not at hand."""
    zone = timezone.get_current_timezone()
    return Rule(terms or terms_of(campaign), calendar_of(campaign), campaign.quiet_days, zone)


def escalated(rule: Rule, now: datetime) -> Q:
    """Cases that the superior must know of: overdue, out of reach, with signs again, or infected again."""
    of = flags.conditions(rule, now)
    return Q(of[Flag.OVERDUE]) | Q(of[Flag.UNREACHABLE]) | again()


def again() -> Q:
    """Cases with signs after a claim, or with an infection after the proof, that nobody has claimed since."""
    return Q(state__in=OPEN) & (Q(relapses__gt=0) | is_again())


@dataclass(frozen=True, slots=True)
class Late:
    """A unit directly below with machines that its superior must know of; `since` is when the first of them
    was overdue, out of reach, had signs again or was infected again."""

    node: UUID
    name: str
    machines: int
    since: datetime


def late_here(node: CampaignNode, now: datetime, terms: Terms) -> tuple[int, list[Late]]:
    """The node's own overdue machines, and the units directly below that the node must know of, the longest
    waiting first. One query."""
    rule = rule_of(node.campaign, terms)
    # The few units come first: a look at each case of the country, to find theirs, takes most of a second.
    near = CampaignNode.rows.filter(Q(pk=node.pk) | Q(parent=node)).values("pk")
    is_own = Q(device__owner=node)
    cases = Case.rows.filter(
        escalated(rule, now), ~is_own | flags.late(rule, now),
        device__owner__in=near, device__campaign=node.campaign_id, is_current=True,
    )  # fmt: skip
    cases = cases.annotate(begun=flags.begun(), proof=flags.proof_from())
    rows = cases.order_by().values("device__owner", "device__owner__name")
    of = flags.late_by(rule, now)
    firsts = {
        clock.value: Min("proof" if clock is Clock.VERIFY else "begun", filter=is_late)
        for clock, is_late in of.items()
    }
    # Signs that come again begin the clocks anew.
    other = {
        "unreachable": Min("unreachable_at", filter=Q(state__in=OPEN)),
        "again": Min("begun", filter=again()),
    }
    found: QuerySet[Any, Any] = rows.annotate(n=Count("device", distinct=True), **firsts, **other)
    late = []
    for row in found:
        since = [rule.end(clock, first) for clock in of if (first := row[clock.value]) is not None]
        since += [row[kind] for kind in other if row[kind] is not None]
        node_id, name = row["device__owner"], row["device__owner__name"]
        late.append(Late(node_id, name, row["n"], min(since, default=now)))
    late.sort(key=lambda one: (one.since, one.node))
    mine = sum(one.machines for one in late if one.node == node.pk)
    return mine, [one for one in late if one.node != node.pk]
