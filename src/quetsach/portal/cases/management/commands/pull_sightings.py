"""`manage pull_sightings`: finishes the work that a push left undone. Safe to run at any time, any number of
times."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.night_actions import judge_all
from quetsach.portal.cases.pull_actions import Pulled, take_sightings
from quetsach.portal.cases.victims.pull_actions import take_reports
from quetsach.portal.kit.command import PortalCommand


class Command(PortalCommand):
    help = gettext_noop(
        "Take waiting sightings into cases and judge the machines claimed clean, in every open campaign."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        for campaign in Campaign.objects.filter(status=Campaign.Status.PUBLISHED):
            done = Pulled()
            take_sightings(campaign, done)
            run = judge_all(campaign, done)
            done.opened += take_reports(campaign)
            self.stdout.write(
                _(
                    "%(campaign)s: %(sightings)s sightings, cases: %(opened)s opened, %(relapsed)s relapsed,"
                    " %(rechecked)s rechecked, %(verified)s proven clean"
                )
                % {"campaign": campaign.slug, **asdict(done)}
            )
            told = ngettext(
                "%(campaign)s: %(judged)d claim judged in %(seconds).1f s",
                "%(campaign)s: %(judged)d claims judged in %(seconds).1f s",
                run.judged,
            )
            counts = {"campaign": campaign.slug, "judged": run.judged, "seconds": run.seconds}
            self.stdout.write(told % counts)
