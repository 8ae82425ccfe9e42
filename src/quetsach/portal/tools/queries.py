"""Reads of the tools page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from quetsach.endpoint import keys
from quetsach.portal.campaigns.front import top_campaigns
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.checks.models import KeyPair
from quetsach.portal.tools.models import RemovalTool, Scanner, Stick
from quetsach.portal.tools.start import StartTool, starting_list
from quetsach.portal.units.models import places_of
from quetsach.portal.units.roles import Verb, fits

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from quetsach.portal.accounts.models import User


def current_stick() -> Stick | None:
    """The release published last."""
    return Stick.objects.first()


def current_scanners() -> list[Scanner]:
    """The scanner published last for each system; those to carry come first."""
    latest: dict[str, Scanner] = {}
    for row in Scanner.objects.all():
        latest.setdefault(row.system, row)
    return sorted(latest.values(), key=lambda one: (not one.is_carried, not one.is_for_windows, one.system))


def campaigns_on_the_sheet() -> list[Campaign]:
    """The campaigns whose contact stands on the sheet; two, so that it stays one page."""
    return top_campaigns()[:2]


def offered_tools() -> list[RemovalTool]:
    """The tools that running campaigns of the highest units vouch for; for everybody. Second opinions come
    first, then the others by malware."""
    rows = RemovalTool.rows.filter(campaign__in=top_campaigns(), removed_at=None)
    return list(rows.select_related("campaign").order_by("family", "name", "campaign"))


def offered_tool(tool_id: UUID) -> RemovalTool | None:
    """A tool of `offered_tools` with a copy here; for everybody."""
    rows = RemovalTool.rows.filter(campaign__in=top_campaigns(), removed_at=None)
    return rows.filter(pk=tool_id, bytes__gt=0).first()


def desks(user: User | AnonymousUser) -> list[Campaign]:
    """The campaigns on the public page whose list of tools the person may change."""
    places = places_of(user)
    return [one for one in top_campaigns() if fits(places, Verb.PUBLISH, one.issuer.path)]


def missing_start(campaign: Campaign) -> list[StartTool]:
    """The tools of the starting list that the campaign never had on its list."""
    rows = RemovalTool.rows.filter(campaign=campaign, family="")
    there = set(rows.values_list("name", flat=True))
    return [one for one in starting_list() if one.name not in there]


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
