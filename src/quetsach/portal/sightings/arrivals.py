"""Who wants to know that something arrived. Higher apps append here in AppConfig.ready; both doors tell them.

A listener that fails loses nothing: what it should have pulled is still marked as waiting, and pulled later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from quetsach.portal.campaigns.models import Campaign

LISTENERS: list[Callable[[Campaign], object]] = []
log = logging.getLogger(__name__)


def announce(campaign: Campaign) -> None:
    """Call every listener, outside the transaction in which the news was stored."""
    for listener in LISTENERS:
        try:
            listener(campaign)
        except Exception:
            log.exception("a listener failed after a push; run the command pull_sightings")
