"""Reads of the tools page."""

from __future__ import annotations

from uuid import UUID

from quetsach.endpoint import keys
from quetsach.portal.campaigns.front import top_campaigns
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.checks.models import KeyPair
from quetsach.portal.tools.models import RemovalTool, Stick


def current_stick() -> Stick | None:
    """The release published last."""
    return Stick.objects.first()


def campaigns_on_the_sheet() -> list[Campaign]:
    """The campaigns whose contact stands on the sheet; two, so that it stays one page."""
    return top_campaigns()[:2]


def offered_tools() -> list[RemovalTool]:
    """The tools that running campaigns of the highest units vouch for, by malware; for everybody."""
    rows = RemovalTool.rows.filter(campaign__in=top_campaigns(), removed_at=None)
    return list(rows.select_related("campaign").order_by("family", "name", "campaign"))


def offered_tool(tool_id: UUID) -> RemovalTool | None:
    """A tool of `offered_tools` with a copy here; for everybody."""
    rows = RemovalTool.rows.filter(campaign__in=top_campaigns(), removed_at=None)
    return rows.filter(pk=tool_id, bytes__gt=0).first()


def tools_of(campaign: Campaign) -> list[RemovalTool]:
    """The campaign's own list."""
    rows = RemovalTool.rows.filter(campaign=campaign, removed_at=None)
    return list(rows.select_related("by", "campaign"))


def removed_tools(campaign: Campaign) -> list[RemovalTool]:
    """The tools taken off the list, the latest first."""
    rows = RemovalTool.rows.filter(campaign=campaign, removed_at__isnull=False)
    return list(rows.select_related("removed_by", "campaign").order_by("-removed_at"))


def tool_of(campaign: Campaign, text: str) -> RemovalTool | None:
    """The tool with that id, if it is the campaign's."""
    try:
        return RemovalTool.rows.filter(campaign=campaign, removed_at=None, pk=UUID(text)).first()
    except ValueError:
        return None


def is_copied(campaign: Campaign, family: str, name: str, sha256: str) -> bool:
    """Whether a copy of exactly this tool lies here."""
    rows = RemovalTool.rows.filter(campaign=campaign, family=family, name=name, sha256=sha256)
    return rows.filter(bytes__gt=0).exists()


def signing_keys() -> list[tuple[Campaign, str]]:
    """The fingerprint of the key that signs the packs, by running campaign."""
    rows = KeyPair.rows.filter(
        kind=KeyPair.Kind.SIGNING, retired_at=None, campaign__status=Campaign.Status.PUBLISHED
    ).select_related("campaign")
    return [(row.campaign, keys.fingerprint(bytes.fromhex(row.public))) for row in rows]
