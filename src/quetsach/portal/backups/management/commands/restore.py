"""`quetsach manage restore FILE`: replaces the portal's data by a backup."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.backups.actions import note_restored, restore
from quetsach.portal.backups.archive import BackupError
from quetsach.portal.kit.command import PortalCommand
from quetsach.portal.kit.templatetags.kit import moment


class Command(PortalCommand):
    help = gettext_noop(
        "Put a backup back: checked first, then all at once; older ones are brought to this version."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--overwrite", action="store_true", help=_("replace all that this portal holds"))
        parser.add_argument(
            "--signer",
            default="",
            metavar="KEY",
            help=_("refuse a backup that is signed by another key or none"),
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        file: Path = options["file"].absolute()
        try:
            manifest, signer = restore(file, overwrite=options["overwrite"], signer=options["signer"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        call_command("migrate", verbosity=0)
        note_restored(file, manifest, signer)
        self.stdout.write(
            _("Restored what %(program)s held at %(at)s.")
            % {"program": manifest.program, "at": moment(datetime.fromisoformat(manifest.made_at))}
        )
        self.stdout.write(str(signer))
        if not Path(settings.VAULT_KEY_FILE).exists():
            self.stdout.write(
                _(
                    "The vault key is in no backup. Put your copy of it at %(file)s; without it this portal"
                    " opens neither its packs nor sealed results."
                )
                % {"file": settings.VAULT_KEY_FILE}
            )
        self.stdout.write(
            _(
                "Now run: quetsach manage collectstatic --noinput. Then start the portal again: it must read"
                " the key of the backup."
            )
        )
