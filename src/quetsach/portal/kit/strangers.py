"""Strangers' files at the portal's doors: how long one waits for its turn, and a word on each refusal."""

from __future__ import annotations

import logging

from quetsach import limited
from quetsach.portal.kit import refusals

LONGEST_WAIT = 8.0
"""Seconds; who waited in vain is asked to come again (`busy.py`)."""
_log = logging.getLogger(__name__)


def refused(door: str, error: BaseException, reason: str = "") -> None:
    """Count it, and tell the log which door refused a file, and why in one word; never its name or what is in
    it. Doors are those of `refusals.words`, and so is a `reason` that the error itself does not tell."""
    reason = reason or limited.reason_of(error)
    refusals.note(door, reason)
    _log.info("%s: a file was refused: %s", door, reason)
