"""Offer a release of the log scanner on the tools page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext_noop

from quetsach.portal.kit.command import PortalCommand
from quetsach.portal.tools.actions import ToolError
from quetsach.portal.tools.scanners import publish_scanner


class Command(PortalCommand):
    help = gettext_noop(
        "Offer a wheel of quetsach, or a scanner to carry, on the tools page, with FILE.sig and FILE.pem"
        " beside it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            scanner = publish_scanner(options["file"])
        except (ToolError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{scanner.file_name}  {scanner.sha256}")
