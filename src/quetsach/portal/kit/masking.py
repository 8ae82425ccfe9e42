"""Keeps secrets out of the log: addresses that open something are masked in every line, from any writer.

Django logs the path of each refused or failed request. The path of an invitation holds its token; a log line
with it, kept and sent around, would open an account.
"""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(
    r"""
    # Invitations, codes to join, links of forms; then tokens of machines.
    ((?:/|%2F)(?:loi-moi|ma|d)(?:/|%2F))(?!tiep/)[^/\s"'?<>%]+
    |(\bqs_)[\w-]{16,}
    """,
    re.IGNORECASE | re.VERBOSE,
)


def masked(text: str) -> str:
    """The text with `…` in place of each secret."""
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}…", text)


class Masked(logging.Formatter):
    """Masks the whole line with its traceback, after formatting."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class WithoutTracesOfStrangers(logging.Filter):
    """Leaves out the traceback of a request that is refused as bad: anybody can send a thousand of them, and
    the line itself says what was wrong."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Never drops a record; shortens it."""
        is_refused = record.name.startswith("django.security") or getattr(record, "status_code", 500) < 500
        if is_refused and record.name.startswith("django."):
            record.exc_info = record.exc_text = None
        return True
