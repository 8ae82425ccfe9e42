"""`quetsach manage backup FILE`: everything that the portal keeps, as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.backups.actions import back_up
from quetsach.portal.backups.archive import BackupError
from quetsach.portal.backups.signature import own
from quetsach.portal.kit.command import PortalCommand


class Command(PortalCommand):
    help = gettext_noop("Write database, uploaded files and key into one file, while the portal runs.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--overwrite", action="store_true", help=_("replace FILE if it is there"))

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        file: Path = options["file"].absolute()
        try:
            manifest = back_up(file, overwrite=options["overwrite"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        values = {
            "file": file,
            "count": number_format(len(manifest.members)),
            "size": filesizeformat(file.stat().st_size),
        }
        self.stdout.write(_("%(file)s: %(count)s files, %(size)s.") % values)
        self.stdout.write(str(own()))
        self.stdout.write(
            _("It holds everything that the portal protects. Keep it on another machine, locked up.")
        )
