"""Strangers' files at the portal's doors: what one request may take, and a word on each refusal."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from quetsach.files import bounded_process
from quetsach.portal.kit import refusals

LONGEST_WAIT = 8.0
"""Seconds; who waited in vain is asked to come again (`busy.py`)."""
PLACES = 2
"""Threads of a process that read a file or wait to; the others (`serving.bounds.THREADS` in all) answer
everybody else. Who comes beyond them is asked at once to come again."""
READING = 60.0
"""Seconds by the clock that one request may hold a reader, over all its files. A usual annex takes a tenth of
one; what is left then is told to be sent in parts."""
_log = logging.getLogger(__name__)


def refused(door: str, error: BaseException, reason: str = "") -> None:
    """Count it, and tell the log which door refused a file, and why in one word; never its name or what is in
    it. Doors are those of `refusals.words`, and so is a `reason` that the error itself does not tell."""
    reason = reason or bounded_process.reason_of(error)
    refusals.note(door, reason)
    _log.info("%s: a file was refused: %s", door, reason)


def visiting(application: WSGIApplication) -> WSGIApplication:
    """Each request has one place and READING seconds."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with bounded_process.visit(READING):
            return application(environ, start_response)

    return answer
