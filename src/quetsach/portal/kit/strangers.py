"""Limits on the reading of strangers' files in one request, and a log line for each refusal."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from quetsach.files import bounded_process
from quetsach.portal.kit import refusals

LONGEST_WAIT = 8.0
"""Seconds; after a longer wait the person is asked to come again (`busy.py`)."""
PLACES = 2
"""Threads of a process that read a file or wait to read one; the others (`serving.bounds.THREADS` in all)
answer other requests. A request beyond these is asked at once to come again."""
READING = 60.0
"""Seconds by the clock that one request may hold a reader, over all its files. A usual annex takes a tenth of
one. If time runs out, the person is asked to send the remaining files in parts."""
_log = logging.getLogger(__name__)


def refused(door: str, error: BaseException, reason: str = "") -> None:
    """Count a refused file, and log its door and reason; never the file's name or content. Doors are those of
    `refusals.words`; so is `reason`, for errors that name none."""
    reason = reason or bounded_process.reason_of(error)
    refusals.note(door, reason)
    _log.info("%s: a file was refused: %s", door, reason)


def visiting(application: WSGIApplication) -> WSGIApplication:
    """Gives each request one place and READING seconds."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with bounded_process.visit(READING):
            return application(environ, start_response)

    return answer
