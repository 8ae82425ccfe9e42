"""`load_tree FILE`: loads a tree of offices from a seed file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.kit.command import PortalCommand
from quetsach.portal.units.models import Unit, subtree
from quetsach.portal.units.seed import SeedError, load_tree


class Command(PortalCommand):
    help = gettext_noop("Load a tree of offices from a TOML or JSON file; existing units stay as they are.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        before = Unit.rows.count()
        try:
            top = load_tree(options["file"], None)
        except SeedError as error:
            raise CommandError(str(error)) from error
        total = Unit.rows.filter(subtree(top.path)).count()
        self.stdout.write(
            _("%(top)s: %(total)s units, %(new)s new")
            % {"top": top.name, "total": total, "new": Unit.rows.count() - before}
        )
