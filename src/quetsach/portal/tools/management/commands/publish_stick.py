"""Offer a release of the checking stick on the tools page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext_noop

from quetsach.portal.kit.command import PortalCommand
from quetsach.portal.tools.actions import ToolError, publish_stick


class Command(PortalCommand):
    help = gettext_noop("Offer quetsach-stick-VERSION.zip on the tools page.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            stick = publish_stick(options["file"])
        except (ToolError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{stick.file_name}  {stick.sha256}")
