"""Listeners for arrived sightings. Higher apps register here in AppConfig.ready; page and API call them.

A listener that fails loses nothing: its sightings are still marked as waiting, and are pulled later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from quetsach.portal.campaigns.models import Campaign, CampaignNode

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A document in numbers of machines and new cases.

    `unlisted` machines called only addresses that the campaign has not published. `address` is the path of
    the only new case, else of the list of machines.
    """

    machines: int
    unlisted: int
    new_cases: int
    address: str


LISTENERS: list[Callable[[Campaign], object]] = []
OUTCOMES: list[Callable[[CampaignNode, Collection[str], datetime], Outcome]] = []
"""The app that knows machines registers here: reporter, names of machines, moment of arrival."""


def announce(campaign: Campaign) -> bool:
    """Call every listener, outside the transaction that stored the sightings; False if one failed."""
    is_whole = True
    for listener in LISTENERS:
        try:
            listener(campaign)
        except Exception:
            is_whole = False
            log.exception("a listener failed after a push; run the command pull_sightings")
    return is_whole


def outcome_of(node: CampaignNode, names: Collection[str], since: datetime) -> Outcome | None:
    """The outcome of a document that arrived at `since`; None if no app knows machines."""
    return OUTCOMES[0](node, names, since) if OUTCOMES else None
