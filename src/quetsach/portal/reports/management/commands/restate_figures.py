"""`manage restate_figures`: restates the figures of machines of sent reports where more is known today."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.kit.command import PortalCommand
from quetsach.portal.reports.frozen.actions import restate_all


class Command(PortalCommand):
    help = gettext_noop(
        "Restate the figures of machines of sent reports that later logs, merged machines or withdrawn lists "
        "have changed, in every open campaign. The frozen figures stay."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        for campaign in Campaign.objects.filter(status=Campaign.Status.PUBLISHED):
            said = {"campaign": campaign.slug, "n": restate_all(campaign)}
            self.stdout.write(_("%(campaign)s: %(n)s reports restated") % said)
