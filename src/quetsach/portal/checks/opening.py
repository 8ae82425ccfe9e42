"""From what arrived to the result inside: as it is, or sealed by the pack of a campaign and a unit."""

from __future__ import annotations

from dataclasses import dataclass

from quetsach.portal.campaigns.models import CampaignNode


@dataclass(frozen=True, slots=True)
class Opened:
    """The bytes of a result. `is_sealed`: nobody can have changed it since the machine was checked."""

    content: bytes
    is_sealed: bool


def open_result(content: bytes, node: CampaignNode) -> Opened:  # noqa: ARG001
    """What is inside."""
    return Opened(content, False)
