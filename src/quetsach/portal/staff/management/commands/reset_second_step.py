"""`quetsach manage reset_second_step NAME`: for the coordinator at the top, who has no superior to ask."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.command import PortalCommand
from quetsach.portal.staff.actions import reset_second_step


class Command(PortalCommand):
    help = gettext_noop("Switch somebody's one-time codes off.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        person = User.objects.filter(username=options["username"]).first()
        if person is None:
            raise CommandError(_("%(account)s: no such account.") % {"account": options["username"]})
        reset_second_step(person, None)
        self.stdout.write(_("Done. The next sign-in needs the password only."))
