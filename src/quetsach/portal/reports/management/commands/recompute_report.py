"""`manage recompute_report REPORT|--all`: recomputes figures from events and audit entries, and compares."""

from __future__ import annotations

import sys
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.recompute import Recomputed, broken_audit


class Command(BaseCommand):
    help = "Recompute reports from their events and audit entries, and print every difference; exit 1 if any."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("report", nargs="?", help="id of a report, or of the campaign's node it is of")
        parser.add_argument("--all", action="store_true", help="every report of every campaign")

    def handle(self, *_args: Any, **options: Any) -> None:
        if bool(options["report"]) == options["all"]:
            raise CommandError("Name one report by its id, or say --all.")
        found = []
        compared = 0
        if options["all"]:
            broken = broken_audit()
            found += [broken] if broken else []
            for campaign in Campaign.objects.exclude(status=Campaign.Status.DRAFT):
                recomputed = Recomputed(campaign)
                compared += len(recomputed.reports)
                found += recomputed.findings()
        else:
            report = _report(options["report"])
            compared = 1
            found += Recomputed(report.node.campaign).findings(report)
        for finding in found:
            self.stdout.write(str(finding))
        self.stdout.write(f"{compared} reports recomputed, {len(found)} differences")
        if found:
            sys.exit(1)


def _report(text: str) -> Report:
    try:
        key = UUID(text)
    except ValueError as error:
        raise CommandError(f"{text} is not an id.") from error
    reports = Report.rows.select_related("node__campaign")
    report = reports.filter(pk=key).first() or reports.filter(node=key).first()
    if report is None:
        raise CommandError(f"There is no report {text}.")
    return report
