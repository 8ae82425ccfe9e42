"""The base class of the portal's commands for `quetsach manage`: help in the language in use, without
Django's own options, which still work."""

from __future__ import annotations

import sys
from argparse import SUPPRESS, _ArgumentGroup
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.db.utils import OperationalError, ProgrammingError
from django.utils.translation import gettext as _

from quetsach.portal.kit import collector


class _Help(DjangoHelpFormatter):
    def add_usage(
        self, usage: str | None, actions: Iterable[Any], groups: Iterable[Any], prefix: str | None = None
    ) -> None:
        super().add_usage(usage, actions, groups, prefix or _("Usage: "))


class PortalCommand(BaseCommand):
    """A command of ours; its `help` is a message id (`gettext_noop`)."""

    suppressed_base_arguments = {  # noqa: RUF012
        "--version",
        "--verbosity",
        "--settings",
        "--pythonpath",
        "--traceback",
        "--no-color",
        "--force-color",
    }

    def run_from_argv(self, argv: list[str]) -> None:
        """Print an error as the other commands of quetsach do, without the name of its class."""
        collector.pass_over_what_is_loaded()
        with_traceback = "--traceback" in argv
        try:
            super().run_from_argv(argv if with_traceback else [*argv, "--traceback"])
        except (CommandError, OperationalError, ProgrammingError) as error:
            if with_traceback:
                raise
            text = str(error)
            if not isinstance(error, CommandError):
                about = {"why": text.strip().partition("\n")[0]}
                text = (
                    _("the database cannot be used (%(why)s); if it is new: quetsach manage migrate") % about
                )
            self.stderr.write(_("Error: %(text)s") % {"text": text}, lambda text: text)
            sys.exit(getattr(error, "returncode", 1))

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, formatter_class=_Help, **kwargs)
        parser.description = _(self.help)
        titles = {"positional arguments": _("Arguments"), "options": _("Options")}
        groups: list[_ArgumentGroup] = parser._action_groups
        for group in groups:
            group.title = titles.get(group.title or "", group.title)
        for action in parser._actions:
            if "--help" in action.option_strings:
                action.help = _("show this help and exit")
            elif "--skip-checks" in action.option_strings:
                action.help = SUPPRESS
        return parser
