"""Reminders by rule: plans those of a day, sends those by e-mail, and records those sent by hand.

Everything can be repeated: a database constraint allows a unit one reminder a day, and an e-mail is claimed
before it leaves. A process killed half-way goes on there at its next start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.contacts import Contact, contacts
from quetsach.portal.campaigns.models import Campaign, CampaignNode, Reminder, ReminderRule
from quetsach.portal.campaigns.reminders.audiences import AUDIENCES
from quetsach.portal.campaigns.workdays import Calendar, calendar_of
from quetsach.portal.kit.mail import AT_LEISURE, Fate, deliver

AT_ONCE = 500
FARTHEST = 60


@transaction.atomic
def add_rule(
    campaign: Campaign,
    offset: int,
    audience: str,
    channel: str,
    text: str,
    actor: User,
    *,
    ip: str | None = None,
) -> ReminderRule:
    """Add a rule; a rule for the same offset and audience gets this channel and these words instead."""
    rule, _is_new = ReminderRule.rows.update_or_create(
        campaign=campaign,
        offset=offset,
        audience=audience,
        defaults={"channel": channel, "text": text, "by": actor},
    )
    data = {"offset": offset, "audience": audience}
    record(actor, "campaign.add_rule", unit_path=campaign.issuer.path, about=rule, data=data, ip=ip)
    return rule


@transaction.atomic
def remove_rule(rule: ReminderRule, actor: User, *, ip: str | None = None) -> None:
    """Remove a rule and its unsent reminders; sent reminders stay."""
    path = rule.campaign.issuer.path
    data = {"offset": rule.offset, "audience": rule.audience}
    record(actor, "campaign.remove_rule", unit_path=path, about=rule, data=data, ip=ip)
    Reminder.rows.filter(rule=rule, sent_at=None, claimed_at=None).delete()
    rule.delete()


@transaction.atomic
def set_days_off(
    campaign: Campaign, days: dict[str, bool], actor: User, *, ip: str | None = None
) -> Campaign:
    """Set the campaign's own days off and days worked, besides the national calendar."""
    campaign = (
        Campaign.objects.select_for_update(of=("self",), no_key=True)
        .select_related("issuer")
        .get(pk=campaign.pk)
    )
    campaign.days_off = days
    campaign.save(update_fields=["days_off"])
    path = campaign.issuer.path
    record(actor, "campaign.set_days_off", unit_path=path, about=campaign, data={"count": len(days)}, ip=ip)
    return campaign


def remind_day(calendar: Calendar, due_at: datetime, offset: int) -> date:
    """The day on which a rule with that offset reminds a unit with that deadline.

    Offset 0 is the last working day in time, also if the deadline itself falls on a day off.
    """
    last = timezone.localdate(due_at - timedelta(microseconds=1))
    if offset <= 0:
        while not calendar.is_workday(last):
            last -= timedelta(days=1)
    return calendar.shift(last, offset)


def plan(campaign: Campaign, today: date, *, can_email: bool) -> int:
    """Store the reminders of that day; returns how many are new. A second run adds none."""
    calendar, added = calendar_of(campaign), 0
    running = CampaignNode.rows.active().filter(campaign=campaign).exclude(parent=None)
    deadlines = list(running.order_by().values_list("due_at", flat=True).distinct())
    rules = sorted(campaign.reminder_rules.all(), key=lambda r: (list(AUDIENCES).index(r.audience), r.offset))
    for rule in rules:
        due = [at for at in deadlines if remind_day(calendar, at, rule.offset) == today]
        if not due:
            continue
        nodes = running.filter(AUDIENCES[rule.audience].wanted(), due_at__in=due)
        wanted = nodes.exclude(reminders__local_date=today).order_by("pk")
        for batch in _batches(wanted):
            added += _write_down(rule, batch, today, can_email)
    return added


def _batches(nodes: QuerySet[CampaignNode]) -> Iterator[list[CampaignNode]]:
    rows = iter(list(nodes))
    while batch := list(islice(rows, AT_ONCE)):
        yield batch


@transaction.atomic
def _write_down(rule: ReminderRule, nodes: list[CampaignNode], today: date, can_email: bool) -> int:
    by_email = can_email and rule.channel == ReminderRule.Channel.EMAIL
    whom = contacts(nodes) if by_email else {}
    before = Reminder.rows.filter(node__in=nodes, local_date=today).count()
    Reminder.rows.bulk_create(
        [
            Reminder(
                rule=rule,
                node=node,
                local_date=today,
                audience=rule.audience,
                text=rule.text,
                channel=ReminderRule.Channel.EMAIL
                if node.pk in whom and whom[node.pk].email
                else ReminderRule.Channel.BY_HAND,
            )
            for node in nodes
        ],
        ignore_conflicts=True,
    )
    return Reminder.rows.filter(node__in=nodes, local_date=today).count() - before


def send_emails(today: date, words: Callable[[Reminder, Contact | None], tuple[str, str]]) -> tuple[int, int]:
    """Send the day's unclaimed e-mails; returns how many left and how many failed.

    `words` gives subject and text for a reminder and its contact. A failed e-mail goes to the list of
    reminders to send by hand. Once the server refuses, the remaining e-mails go there without a try, since
    each try might last a minute. An e-mail that may have left keeps its claim, and the list says so.
    """
    sent, failed, is_there = 0, 0, True
    waiting = Reminder.rows.filter(
        local_date=today, channel=ReminderRule.Channel.EMAIL, claimed_at=None
    ).values_list("pk", flat=True)
    for pk in list(waiting):
        if not Reminder.rows.filter(pk=pk, claimed_at=None).update(claimed_at=timezone.now()):
            continue
        reminder = Reminder.rows.select_related("node__campaign", "node__parent").get(pk=pk)
        contact = contacts([reminder.node]).get(reminder.node_id)
        to = contact.email if contact else ""
        fate = deliver(*words(reminder, contact), to, within=AT_LEISURE) if is_there else Fate.SERVER
        is_there = fate in {Fate.SENT, Fate.ADDRESS}
        if fate is Fate.SENT:
            Reminder.rows.filter(pk=pk).update(sent_at=timezone.now())
            sent += 1
        else:
            claim = reminder.claimed_at if fate is Fate.UNSURE else None
            Reminder.rows.filter(pk=pk).update(channel=ReminderRule.Channel.BY_HAND, claimed_at=claim)
            failed += 1
    return sent, failed


@transaction.atomic
def mark_sent(reminders: Iterable[Reminder], actor: User, path: str, *, ip: str | None = None) -> int:
    """Record that somebody sent these by hand. A second call changes nothing."""
    wanted = [reminder.pk for reminder in reminders]
    count = Reminder.rows.filter(pk__in=wanted, sent_at=None).update(sent_at=timezone.now(), by=actor)
    if count:
        record(actor, "campaign.remind", unit_path=path, data={"count": count}, ip=ip)
    return count
