"""Reads about false alarms: those that hold, those that wait, and the right to decide."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case as When
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models import When as Then

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.episodes import may_return
from quetsach.portal.cases.models import Case, CaseEvent, FalseAlarm, VictimReport
from quetsach.portal.cases.rules import Act, State
from quetsach.portal.indicators import queries as lists
from quetsach.portal.units.models import SEGMENT, Membership, subtree
from quetsach.portal.units.roles import MAY, Place, Verb, fits

WAITING = Q(decided_at=None, ended_at=None)
_OPENED = ("opened_act", "opened_when", "opened_data")
"""The annotations of `shown` that `opened_again` takes."""
WORKERS = [role for role, verbs in MAY.items() if Verb.WORK_CASE in verbs]


@dataclass
class Holding:
    """The false alarms that hold now, beyond single cases: indicators by machine, and everywhere.

    `published` are the moments of the lists: a sign that is later than a list which is younger than the false
    alarm is asked anew.
    """

    by_device: dict[UUID, dict[str, FalseAlarm]] = field(default_factory=lambda: defaultdict(dict))
    everywhere: dict[str, FalseAlarm] = field(default_factory=dict)
    published: list[datetime] = field(default_factory=list)

    def of(self, device: UUID) -> dict[str, FalseAlarm]:
        """The indicators that say nothing on this machine, each with its false alarm."""
        return self.everywhere | self.by_device.get(device, {})

    @property
    def names(self) -> set[str]:
        """All their indicators."""
        return {*self.everywhere, *(name for those in self.by_device.values() for name in those)}

    @property
    def devices(self) -> set[UUID]:
        """The machines on which they were said. Reports and checks, too, show signs there."""
        return {*self.by_device, *(one.case.device_id for one in self.everywhere.values())}

    def with_alarm(self, alarm: FalseAlarm) -> Holding:
        """The same, as if this false alarm held too."""
        found = Holding(published=self.published, everywhere=dict(self.everywhere))
        found.by_device.update({device: dict(those) for device, those in self.by_device.items()})
        found.take(alarm)
        return found

    def take(self, alarm: FalseAlarm) -> None:
        """Count a false alarm among those that hold. Of several about one indicator the first counts."""
        is_everywhere = alarm.scope_of == FalseAlarm.Scope.EVERYWHERE
        names = self.everywhere if is_everywhere else self.by_device[alarm.case.device_id]
        for name in alarm.indicators:
            names.setdefault(name, alarm)

    @property
    def is_any(self) -> bool:
        """Whether there is any."""
        return bool(self.by_device or self.everywhere)

    def has_ended(self, dismissed: datetime | None, seen: datetime | None) -> bool:
        """Whether a newer list lies between the moment of a false alarm and a sign."""
        if dismissed is None or seen is None:
            return False
        return any(dismissed < at < seen for at in self.published)


def holding(campaign: Campaign) -> Holding:
    """The false alarms of a campaign that hold: agreed to after the latest list, and not taken back."""
    times = (row.published_at for row in lists.versions(campaign))
    found = Holding(published=sorted(at for at in times if at is not None))
    rows = FalseAlarm.rows.filter(case__device__campaign=campaign, is_agreed=True, ended_at=None)
    rows = rows.exclude(scope_of=FalseAlarm.Scope.CASE).select_related("case").order_by("at", "pk")
    if found.published:
        rows = rows.filter(decided_at__gt=found.published[-1])
    for row in rows:
        found.take(row)
    return found


def reported_signs(case: Case) -> set[str]:
    """The signs of a case that reports of others told, as `signs_of` names them."""
    rows = VictimReport.rows.filter(case=case).order_by().values_list("publisher", "kind").distinct()
    return {f"{publisher}:{kind}" for publisher, kind in rows}


def waiting_here(node: CampaignNode, user: User) -> list[str]:
    """The machines, each once, of false alarms that others said and that wait for the people of a node. The
    longest wait comes first. One query."""
    rows = FalseAlarm.rows.filter(WAITING, decider=node).exclude(by=user).order_by("at", "pk")
    return list(dict.fromkeys(rows.values_list("case__device__key", flat=True)))


def may_decide(alarm: FalseAlarm, user: User, places: list[Place]) -> bool:
    """Whether this person may be the second. Nobody agrees to the own word. About all machines people of the
    unit decide that publishes the list; about one machine everybody who may work on the case."""
    if not alarm.is_waiting or alarm.by_id == user.pk:
        return False
    return has_right(alarm, places)


def has_right(alarm: FalseAlarm, places: list[Place]) -> bool:
    """Whether a person with these places has the right to decide about it, but for a word of the own."""
    device = alarm.case.device
    if alarm.scope_of == FalseAlarm.Scope.EVERYWHERE:
        return fits(places, Verb.UPLOAD_INDICATORS, device.campaign.issuer.path)
    return fits(places, Verb.WORK_CASE, device.owner.path)


def may_end(alarm: FalseAlarm, places: list[Place]) -> bool:
    """Whether this person may take back a false alarm that holds: by the same rights as for deciding."""
    if alarm.ended_at is not None or not alarm.is_agreed:
        return False
    return has_right(alarm, places)


def decider_of(case: Case, scope: str, proposer: User) -> CampaignNode | None:
    """The node whose people are asked: for all machines that of the issuer; else the unit of the machine, or
    the nearest above that has a second person. None where nobody has an account."""
    device = case.device
    nodes = CampaignNode.rows.filter(campaign=device.campaign_id)
    if scope == FalseAlarm.Scope.EVERYWHERE:
        return nodes.filter(unit=device.campaign.issuer_id).first()
    path = device.owner.path
    above = [path[:end] for end in range(SEGMENT, len(path) + 1, SEGMENT)]
    found = {node.unit_id: node for node in nodes.filter(path__in=above)}
    others = Membership.in_force.filter(unit__in=found, role__in=WORKERS, user__is_active=True)
    staffed = set(others.exclude(user=proposer).values_list("unit", flat=True))
    return max((node for pk, node in found.items() if pk in staffed), key=lambda n: n.depth, default=None)


def shown(node: CampaignNode, user: User) -> QuerySet[FalseAlarm]:
    """False alarms that the person sees at a node: those of its cases and of the cases below it, and those it
    is asked about; waiting ones first."""
    rows = FalseAlarm.objects.visible_to(user).filter(case__device__campaign=node.campaign_id)
    rows = rows.filter(Q(decider=node) | subtree(node.path, "node__path"))
    order = When(Then(WAITING, then=0), default=1)
    opening = CaseEvent.rows.filter(
        case=OuterRef("case"), from_state=State.FALSE_POSITIVE.value, at__gte=OuterRef("decided_at")
    )
    last = opening.exclude(to_state=State.FALSE_POSITIVE.value).order_by("-at", "-pk")
    parts = zip(_OPENED, ("act", "at", "data"), strict=True)
    rows = rows.annotate(**{name: Subquery(last.values(part)[:1]) for name, part in parts})
    return rows.select_related(
        "case__device__owner", "case__device__campaign__issuer", "node", "by", "decided_by", "ended_by",
        "decider",
    ).order_by(order, "-at", "-pk")  # fmt: skip


class Opened(NamedTuple):
    """What opened the case of a false alarm again: the act, its moment, and what its event tells."""

    act: str
    at: datetime
    data: dict[str, Any]


def opened_again(alarm: FalseAlarm) -> Opened | None:
    """What opened the case of a false alarm again that holds, as `shown` read it."""
    told = [getattr(alarm, name) for name in _OPENED]
    holds = alarm.is_agreed and alarm.ended_at is None
    if not holds or alarm.case.state == State.FALSE_POSITIVE or told[0] is None:
        return None
    return Opened(*told)


MOST_EARLIER = 200
"""Cases that the page names which were closed without a second person."""


def without_a_second(node: CampaignNode, user: User) -> list[CaseEvent]:
    """The closings of cases here and below that no second person agreed to, and that still hold; the latest
    first. An older version made them by the word of one person, or a file of reports was taken back. One
    query."""
    cases = Case.objects.visible_to(user).filter(
        may_return(), subtree(node.path, "device__owner__path"), device__campaign=node.campaign_id,
        state=State.FALSE_POSITIVE, merged_into=None, false_alarm_of=None,
    )  # fmt: skip
    acts = (Act.DISMISS.value, Act.RETRACT.value)
    closings = CaseEvent.rows.filter(case=OuterRef("case"), act__in=acts).order_by("-at", "-pk")
    rows = CaseEvent.rows.filter(case__in=cases.order_by(), act__in=acts)
    rows = rows.filter(pk=Subquery(closings.values("pk")[:1])).exclude(data__has_key="false_alarm")
    return list(rows.select_related("case__device__owner", "by").order_by("-at", "-pk")[:MOST_EARLIER])
