"""The seal of a revision: a hash that changes with any content of the revision."""

from __future__ import annotations

import hashlib
import json

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.models import Revision


def seal(revision: Revision, node: CampaignNode) -> str:
    """SHA-256 of the revision's whole content, and of the revision that it is based on."""
    content = {
        "node": str(node.pk),
        "number": revision.number,
        "form": revision.form,
        "own": revision.own,
        "notes": revision.notes,
        "narrative": revision.narrative,
        "proposals": revision.proposals,
        "external": revision.external,
        "totals": revision.totals,
        "author": revision.author_id,
        "at": revision.at.isoformat(),
        "based_on": revision.based_on.sha256 if revision.based_on else "",
    }
    # Left out if empty, so that seals older than these fields stay right.
    later = {
        "adjust": {row: change for row, change in revision.adjust.items() if change},
        "adjust_reason": revision.adjust_reason,
        "on_behalf": revision.on_behalf,
        "source": revision.source,
        "paper": revision.paper,
    }
    content |= {key: value for key, value in later.items() if value}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
