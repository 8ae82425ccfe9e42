"""Listeners for arrived sightings and for changed lists. Higher apps register here in AppConfig.ready; pages
and the API call them.

A listener that fails loses nothing: sightings and versions of lists are still marked as waiting, and are
taken later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from quetsach.portal.campaigns.models import Campaign

LISTENERS: list[Callable[[Campaign], object]] = []
log = logging.getLogger(__name__)


def announce(campaign: Campaign) -> None:
    """Call every listener, outside the transaction that stored the sightings or changed the list."""
    for listener in LISTENERS:
        try:
            listener(campaign)
        except Exception:
            log.exception("a listener failed; run the command pull_sightings")
