"""`make_bundles`: finishes bundles that a dead process left behind, and deletes those older than a week."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.bundles.making import clear_away, make
from quetsach.portal.bundles.models import Bundle
from quetsach.portal.kit.command import PortalCommand


class Command(PortalCommand):
    help = gettext_noop(
        "Make the bundles of reports that are waiting or were left behind; delete those older than a week."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        made = sum(make(bundle) for bundle in list(Bundle.rows.filter(state=Bundle.State.MAKING)))
        self.stdout.write(_("%(made)s made, %(deleted)s deleted") % {"made": made, "deleted": clear_away()})
