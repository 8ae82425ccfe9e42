"""Reads about reminders: those to send by hand, and the words of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.db.models import Q
from django.utils import timezone

from quetsach.portal.campaigns.contacts import Contact, contacts
from quetsach.portal.campaigns.models import CampaignNode, Reminder
from quetsach.portal.campaigns.reminders.audiences import AUDIENCES
from quetsach.portal.campaigns.reminders.wording import Ways, message

STALE_DAYS = 7
"""Days after which an unsent reminder is no longer offered."""
SHOWN_DAYS = 30
"""Days for which the page lists sent reminders."""


@dataclass(frozen=True)
class ToSend:
    """One message to send by hand. `is_unsure`: an e-mail may have left; the portal does not know."""

    reminder: Reminder
    contact: Contact | None
    text: str
    is_unsure: bool


def waiting(node: CampaignNode) -> list[Reminder]:
    """Unsent reminders to nodes directly below that still fit their audience. One query."""
    if not node.has_below:
        return []
    since = timezone.localdate() - timedelta(days=STALE_DAYS)
    half_an_hour_ago = timezone.now() - timedelta(minutes=30)
    called_for = Q(pk__in=[])
    for key, audience in AUDIENCES.items():
        called_for |= Q(audience=key, node__in=CampaignNode.rows.filter(audience.wanted(), parent=node))
    rows = Reminder.rows.filter(
        called_for,
        Q(channel="by_hand") | Q(claimed_at__lt=half_an_hour_ago),
        node__parent=node,
        node__state=CampaignNode.State.ACTIVE,
        sent_at=None,
        local_date__gte=since,
    ).select_related("node")
    newest = {reminder.node_id: reminder for reminder in rows.order_by("local_date")}
    return sorted(newest.values(), key=lambda r: (r.node.position, r.node.name))


def to_send(node: CampaignNode, ways: Ways) -> list[ToSend]:
    """The result of `waiting` with contacts and words."""
    rows = waiting(node)
    whom = contacts(reminder.node for reminder in rows)
    return [
        ToSend(
            reminder,
            whom.get(reminder.node_id),
            words(reminder, node.name, ways, whom.get(reminder.node_id)),
            reminder.claimed_at is not None,
        )
        for reminder in rows
    ]


def sent(node: CampaignNode) -> list[tuple[date, list[Reminder]]]:
    """Reminders to nodes directly below that left in the last SHOWN_DAYS days, the newest day first."""
    since = timezone.localdate() - timedelta(days=SHOWN_DAYS)
    rows = Reminder.rows.filter(node__parent=node, sent_at__isnull=False, local_date__gte=since)
    found = rows.select_related("node", "by").order_by("-local_date", "node__position", "node__name")
    return [(day, list(group)) for day, group in groupby(found, key=lambda reminder: reminder.local_date)]


def words(reminder: Reminder, us: str, ways: Ways, contact: Contact | None) -> str:
    """The message of one reminder."""
    todo = [str(AUDIENCES[reminder.audience].todo)]
    node = reminder.node
    has_account = contact is not None and contact.has_account
    return message(us, node.name, todo, node.due_at, ways, has_account=has_account, own_words=reminder.text)
