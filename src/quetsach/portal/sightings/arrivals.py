"""Listeners for arrived sightings. Higher apps register here in AppConfig.ready; page and API call them.

A listener that fails loses nothing: its sightings are still marked as waiting, and are pulled later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from quetsach.portal.campaigns.models import Campaign

LISTENERS: list[Callable[[Campaign], object]] = []
log = logging.getLogger(__name__)


def announce(campaign: Campaign) -> None:
    """Call every listener, outside the transaction that stored the sightings."""
    for listener in LISTENERS:
        try:
            listener(campaign)
        except Exception:
            log.exception("a listener failed after a push; run the command pull_sightings")
