"""Sets the terms of a campaign, and tells each superior once of what became overdue below it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Case as When
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models import When as Then
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import Told, record, record_all
from quetsach.portal.campaigns.contacts import contacts
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases import flags
from quetsach.portal.cases.clocks import Clock, Due, Rule, Terms
from quetsach.portal.cases.escalating.queries import rule_of
from quetsach.portal.cases.models import Case, CaseEvent, CaseTerms
from quetsach.portal.cases.rules import Note, State
from quetsach.portal.kit.mail import AT_LEISURE, Fate, deliver

BATCH = 500


@transaction.atomic
def set_terms(campaign: Campaign, terms: Terms, actor: User, ip: str | None = None) -> CaseTerms:
    """Set the days that units have. What is overdue is computed anew; nothing that was told is taken back."""
    values = {"acknowledge": terms.acknowledge, "locate": terms.locate, "claim": terms.claim,
              "verify": terms.verify}  # fmt: skip
    row, _is_new = CaseTerms.rows.update_or_create(
        campaign=campaign, defaults={**values, "by": actor, "at": timezone.now()}
    )
    record(actor, "campaign.case_terms", unit_path=campaign.issuer.path, about=campaign, data=values, ip=ip)
    return row


@dataclass
class Telling:
    """What became overdue in the units below a node since its superior was told last."""

    to: CampaignNode
    cases: list[tuple[Case, Due]] = field(default_factory=list)


type Words = Callable[[Telling], tuple[str, str]]
"""Subject and text of a message."""


def escalate(campaign: Campaign, words: Words, now: datetime | None = None) -> tuple[int, int]:
    """Write down what became overdue, once for each case and clock, and send the superior one message on all
    of it; returns how many cases, and how many e-mails left.

    It is written down first: a message that is lost is not sent again, and the page of the superior shows all
    of it in any case.
    """
    now = now or timezone.now()
    rule = rule_of(campaign)
    told, by_parent = 0, defaultdict[CampaignNode, list[tuple[Case, Due]]](list)
    while some := _next(campaign, rule, now):
        for case, due in some:
            told += 1
            if (parent := case.device.owner.parent) is not None:
                by_parent[parent].append((case, due))
    sent = _send((Telling(node, cases) for node, cases in by_parent.items()), words)
    return told, sent


@transaction.atomic
def _next(campaign: Campaign, rule: Rule, now: datetime) -> list[tuple[Case, Due]]:
    """Write the next batch down. A case comes again if another clock is late, or if its clocks began anew."""
    before = CaseEvent.rows.filter(case=OuterRef("pk"), act=Note.OVERDUE.value, at__gte=OuterRef("begun"))
    before = before.annotate(of_clock=Cast(KeyTextTransform("clock", "data"), CharField(max_length=12)))
    clock = When(
        Then(state__in=(State.CLAIMED_CLEAN, State.RECHECKED), then=Value(Clock.VERIFY.value)),
        Then(acknowledged_at=None, then=Value(Clock.ACKNOWLEDGE.value)),
        Then(located_at=None, then=Value(Clock.LOCATE.value)),
        default=Value(Clock.CLAIM.value),
    )
    rows = (
        Case.rows.select_for_update(of=("self",), no_key=True)
        .filter(flags.late(rule, now), device__campaign=campaign, is_current=True)
        .annotate(begun=flags.begun())
        .annotate(clock=clock)
        .filter(~Exists(before.filter(of_clock=OuterRef("clock"))))
        .select_related("device__owner__parent__campaign")
        .order_by("pk")[:BATCH]
    )
    found: list[tuple[Case, Due]] = [
        (case, due) for case in rows if (due := rule.due(case)) is not None and due.at <= now
    ]
    CaseEvent.rows.bulk_create(
        CaseEvent(
            case=case, at=now, act=Note.OVERDUE.value, from_state=case.state, to_state=case.state,
            data={"clock": due.clock.value, "due": due.at.isoformat()},
        )
        for case, due in found
    )  # fmt: skip
    if found:
        record_all(
            "case.overdue",
            [Told(case, case.device.owner.path, {"device": case.device.key, "clock": due.clock.value})
             for case, due in found],
        )  # fmt: skip
    return found


def _send(tellings: Iterable[Telling], words: Words) -> int:
    if not settings.CAN_EMAIL:
        return 0
    sent, is_there = 0, True
    for telling in sorted(tellings, key=lambda one: one.to.path):
        contact = contacts([telling.to]).get(telling.to.pk)
        if contact is None or not contact.email or not is_there:
            continue
        fate = deliver(*words(telling), contact.email, within=AT_LEISURE)
        sent += fate is Fate.SENT
        is_there = fate in {Fate.SENT, Fate.ADDRESS}
    return sent
