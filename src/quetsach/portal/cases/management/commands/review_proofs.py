"""`manage review_proofs`: names machines whose proof would not be reached today. It changes nothing."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_noop, ngettext

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.missing import LACKS
from quetsach.portal.cases.reviewing import doubtful
from quetsach.portal.kit.address import absolute
from quetsach.portal.kit.command import PortalCommand
from quetsach.text.words import visible


class Command(PortalCommand):
    help = gettext_noop(
        "Judge machines that logs proved clean by the rules and logs of today, and name those that would not "
        "be proven. Changes nothing: their units decide."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        for campaign in Campaign.objects.filter(status=Campaign.Status.PUBLISHED):
            number = 0
            for case, judgement in doubtful(campaign, timezone.now()):
                number += 1
                with translation.override(settings.LANGUAGE_CODE):
                    why = str(LACKS[judgement.lack]) if judgement.lack else ""
                page = absolute(reverse("case", args=[campaign.slug, case.pk]))
                machine = visible(case.device.key)
                self.stdout.write(f"{case.device.owner.name}: {machine}: {why} {page}")
            told = ngettext(
                "%(campaign)s: %(n)d proof would not be reached today",
                "%(campaign)s: %(n)d proofs would not be reached today",
                number,
            )
            self.stdout.write(told % {"campaign": campaign.slug, "n": number})
