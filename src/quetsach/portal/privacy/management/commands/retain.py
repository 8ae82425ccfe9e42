"""`quetsach manage retain`: deletes data by the table of /rieng-tu; for a nightly timer."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.kit.command import PortalCommand
from quetsach.portal.privacy.actions import retain


class Command(PortalCommand):
    help = gettext_noop("Delete or empty personal data past its time, as /rieng-tu says.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help=_("only count"))

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        dry = options["dry_run"]
        for ended in retain(dry_run=dry):
            self.stdout.write(f"{ended.row:10} {ended.model:25} {ended.act:6} {ended.count:>8}")
        self.stdout.write(_("Nothing was changed (--dry-run).") if dry else _("Done."))
