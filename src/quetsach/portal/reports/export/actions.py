"""Records exports in the audit trail."""

from __future__ import annotations

from django.db import transaction

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import CampaignNode


@transaction.atomic
def note_export(actor: User, node: CampaignNode, file: str, *, ip: str | None = None) -> None:
    """One audit entry for one file: `report.export` with the file's kind."""
    record(actor, "report.export", unit_path=node.path, about=node, data={"file": file}, ip=ip)
