"""Offer a release of the checking stick on the tools page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from quetsach.portal.tools.actions import ToolError, publish_stick


class Command(BaseCommand):
    help = "Offer quetsach-stick-VERSION.zip on the tools page."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--signature", type=Path, help="its detached signature, a text file")
        parser.add_argument("--test-build", action="store_true", help="mark it as a test build")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            signature = options["signature"].read_text("utf-8") if options["signature"] else ""
            stick = publish_stick(options["file"], signature=signature, is_test_build=options["test_build"])
        except (ToolError, OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{stick.file_name}  {stick.sha256}")
