"""`quetsach manage verify_audit`: whether every entry of the audit trail fits its seal."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.kit.command import PortalCommand


class Command(PortalCommand):
    help = gettext_noop("Check the chain of seals; exit code 1 where it is broken.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        broken = first_broken_entry()
        if broken is not None:
            raise CommandError(
                _(
                    "Entry %(number)s of %(at)s does not match its seal: this entry, or an earlier one, was "
                    "changed outside the portal. Keep a copy of the database."
                )
                % {"number": broken.pk, "at": broken.at.isoformat()}
            )
        last = Entry.objects.order_by("-pk").values_list("hash", flat=True).first()
        self.stdout.write(
            _("All %(count)s entries match their seals. The last seal: %(seal)s")
            % {"count": Entry.objects.count(), "seal": last}
        )
