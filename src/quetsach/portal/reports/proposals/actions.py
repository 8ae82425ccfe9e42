"""Takes proposals of the units below over into the unit's own draft."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from quetsach.annexes.form.entry import read_entry
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports import queries
from quetsach.portal.reports.facts import prefilled
from quetsach.portal.reports.held_actions import hold, must_be_typed, must_be_unlocked, store
from quetsach.portal.reports.proposals.queries import SharedProposal, proposal_key, split_proposals


@transaction.atomic
def include(
    actor: User, node: CampaignNode, proposals: Iterable[SharedProposal], *, ip: str | None = None
) -> int:
    """Add each proposal, with its units, to the node's draft; returns how many were added.

    The words are those of an official paper: Vietnamese, whatever the language of the page.

    A proposal that the draft holds is not added again. Raises ReportError if the draft cannot be changed.
    """
    report = hold(node)
    must_be_unlocked(node, report)
    must_be_typed(report)
    keys = queries.form_of(node).keys
    typed = dict(read_entry(report.draft if report.version else prefilled(node), keys).typed)
    held = {proposal_key(line) for line in split_proposals(typed["proposals"])}
    new = [proposal for proposal in proposals if proposal.key not in held]
    lines = [f"- {proposal.text.rstrip('.')} (Nguồn: {proposal.source})" for proposal in new]
    if not lines:
        return 0
    typed["proposals"] = "\n".join(filter(None, (typed["proposals"], *lines)))
    report.draft, report.draft_by, report.draft_at = typed, actor, timezone.now()
    store(report)
    record(
        actor, "report.include_wishes", unit_path=node.path, about=report, data={"count": len(lines)}, ip=ip
    )
    return len(lines)
