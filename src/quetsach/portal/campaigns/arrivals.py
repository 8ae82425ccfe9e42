"""Listeners for arrived sightings and for changed lists. Higher apps register here in AppConfig.ready; pages
and the API call them.

A listener that fails loses nothing: sightings and versions of lists are still marked as waiting, and are
taken later.
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


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a document brought: the machines with new rows; the places with new days; and the names of the
    machines that its scan was asked about and saw at a new hour (`CoveredDay.alive` of the app sightings)."""

    node: CampaignNode
    machines: Collection[str]
    places: Collection[str]
    seen: Collection[str] = ()


LISTENERS: list[Callable[[Campaign, Arrived | None], object]] = []
"""Called with the campaign; and with what arrived, or None where everything may have changed."""
OUTCOMES: list[Callable[[CampaignNode, Collection[str], datetime], Outcome]] = []
"""The app that knows machines registers here: reporter, names of machines, moment of arrival."""


def announce(campaign: Campaign, arrived: Arrived | None = None) -> bool:
    """Call every listener, outside the transaction that stored the sightings or changed the list.

    Without `arrived` they look at the whole campaign, as each night's command does. Returns False if a
    listener failed.
    """
    is_whole = True
    for listener in LISTENERS:
        try:
            listener(campaign, arrived)
        except Exception:
            is_whole = False
            log.exception("a listener failed; run the command pull_sightings")
    return is_whole


def outcome_of(node: CampaignNode, names: Collection[str], since: datetime) -> Outcome | None:
    """The outcome of a document that arrived at `since`; None if no app knows machines."""
    return OUTCOMES[0](node, names, since) if OUTCOMES else None
