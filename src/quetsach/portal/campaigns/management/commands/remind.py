"""Plans today's reminders and sends those by e-mail. Meant for cron; a second run repeats nothing."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.campaigns.contacts import Contact
from quetsach.portal.campaigns.models import Campaign, Reminder
from quetsach.portal.campaigns.reminders.actions import plan, send_emails
from quetsach.portal.campaigns.reminders.queries import words
from quetsach.portal.campaigns.reminders.wording import Ways
from quetsach.portal.kit.command import PortalCommand


class Command(PortalCommand):
    help = gettext_noop(
        "Plan today's reminders of every running campaign; send e-mails where QUETSACH_SMTP is set."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        today = timezone.localdate()
        with translation.override(settings.LANGUAGE_CODE):
            planned = sum(
                plan(campaign, today, can_email=settings.CAN_EMAIL)
                for campaign in Campaign.objects.filter(status=Campaign.Status.PUBLISHED)
            )
            sent, failed = send_emails(today, _subject_and_text) if settings.CAN_EMAIL else (0, 0)
        self.stdout.write(
            _("%(day)s: %(planned)s planned, %(sent)s e-mails sent, %(failed)s failed")
            % {"day": date_format(today, "d/m/Y"), "planned": planned, "sent": sent, "failed": failed}
        )


def _subject_and_text(reminder: Reminder, contact: Contact | None) -> tuple[str, str]:
    node = reminder.node
    us = node.parent.name if node.parent else node.campaign.issuer.name
    ways = Ways.to(node.campaign.slug, lambda path: settings.SITE_ADDRESS.rstrip("/") + path)
    subject = _("Reminder: %(title)s") % {"title": " ".join(node.campaign.title.split())}
    return subject[:150], words(reminder, us, ways, contact)
