"""`manage fill_registers`: files that were taken in or taken back are brought to their end; registers follow
evidence that waits, and units that moved in the tree. Safe to run at any time, any number of times."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.kit.command import PortalCommand
from quetsach.portal.machines.register.filling_actions import (
    drop_gone,
    follow_logs,
    follow_tree,
    list_waiting,
    waiting,
)
from quetsach.portal.machines.uploads.settling_actions import settle_all


class Command(PortalCommand):
    help = gettext_noop("Bring the registers of machines up to date with all evidence and with the tree.")

    def handle(self, *_args: Any, **_options: Any) -> None:
        settle_all()
        before = waiting()
        moved = follow_tree()
        list_waiting()
        follow_logs()
        drop_gone()
        self.stdout.write(
            _("%(rows)s statements taken into registers, %(units)s registers computed anew")
            % {"rows": before, "units": moved}
        )
