"""`manage tell_overdue`: tells each superior once of machines that became overdue below it. For cron."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.escalating.actions import Telling, escalate
from quetsach.portal.cases.escalating.wording import message, step_of
from quetsach.portal.kit.address import absolute
from quetsach.portal.kit.command import PortalCommand


class Command(PortalCommand):
    help = gettext_noop(
        "Write down which machines became overdue; tell the units above by e-mail where QUETSACH_SMTP is set."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        for campaign in Campaign.objects.filter(status=Campaign.Status.PUBLISHED):
            with translation.override(settings.LANGUAGE_CODE):
                told, sent = escalate(campaign, _words)
            self.stdout.write(
                _("%(campaign)s: cases that became overdue: %(told)d; e-mails sent: %(sent)d")
                % {"campaign": campaign.slug, "told": told, "sent": sent}
            )


def _words(telling: Telling) -> tuple[str, str]:
    campaign = telling.to.campaign
    units: dict[str, list[tuple[str, str]]] = {}
    for case, due in sorted(telling.cases, key=lambda one: (one[0].device.owner.path, one[0].device.key)):
        step = _("by %(day)s: %(step)s") % {"day": f"{due.at:%d/%m/%Y}", "step": step_of(case, due.clock)}
        units.setdefault(case.device.owner.name, []).append((case.device.key, step))
    page = absolute(reverse("cases", args=[campaign.slug])) + f"?don-vi={telling.to.pk}&loc=escalated"
    return message(campaign.title, units, page)
