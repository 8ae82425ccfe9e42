"""`manage recompute_report REPORT|--all`: recomputes figures from events and audit entries, and compares."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.kit.command import PortalCommand
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.recompute.figures import Finding, Recomputed, broken_audit
from quetsach.portal.reports.recompute.workbook import NotAnExportError, compare
from quetsach.text.problems import quoted


class Command(PortalCommand):
    help = gettext_noop(
        "Recompute reports from their events and audit entries, and print every difference; exit 1 if any."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("report", nargs="?", help=_("id of a report, or of the campaign's node it is of"))
        parser.add_argument("--all", action="store_true", help=_("every report of every campaign"))
        parser.add_argument(
            "--export",
            type=Path,
            metavar="FILE",
            help=_("an exported workbook of the unit: compare its cells"),
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if bool(options["report"]) == options["all"]:
            raise CommandError(_("Name one report by its id, or say --all."))
        if options["export"] is not None:
            self._export(options["report"] or "", options["export"])
            return
        found: list[Finding] = []
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
        self._tell(_("%(count)s reports recomputed") % {"count": compared}, found)

    def _export(self, key: str, file: Path) -> None:
        try:
            cells, found = compare(_node(key), file.read_bytes())
        except OSError as error:
            raise CommandError(f"{file}: {quoted(error.strerror or str(error))}") from error
        except NotAnExportError as error:
            raise CommandError(
                _("%(file)s is no workbook of figures from this portal.") % {"file": file}
            ) from error
        self._tell(_("%(count)s cells recomputed") % {"count": cells}, found)

    def _tell(self, done: str, found: list[Finding]) -> None:
        for finding in found:
            self.stdout.write(str(finding))
        self.stdout.write(_("%(done)s, %(count)s differences") % {"done": done, "count": len(found)})
        if found:
            sys.exit(1)


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise CommandError(_("%(text)s is not an id.") % {"text": text}) from error


def _node(text: str) -> CampaignNode:
    """The node with that id; a unit without a report of its own has an export, too."""
    key = _key(text)
    nodes = CampaignNode.rows.select_related("campaign")
    node = nodes.filter(pk=key).first() or nodes.filter(report=key).first()
    if node is None:
        raise CommandError(_("There is no unit and no report %(id)s.") % {"id": text})
    return node


def _report(text: str) -> Report:
    key = _key(text)
    reports = Report.rows.select_related("node__campaign")
    report = reports.filter(pk=key).first() or reports.filter(node=key).first()
    if report is None:
        raise CommandError(_("There is no report %(id)s.") % {"id": text})
    return report
