"""`quetsach manage verify_audit`: whether every entry of the audit trail fits its seal."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
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
                f"Entry {broken.pk} of {broken.at.isoformat()} does not fit its seal: it, or one before it,"
                " was changed outside the portal. Keep a copy of the database."
            )
        last = Entry.objects.order_by("-pk").values_list("hash", flat=True).first()
        self.stdout.write(f"All {Entry.objects.count()} entries fit their seals. The last seal: {last}")
