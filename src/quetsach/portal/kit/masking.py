"""No secret in the log: addresses that open something are blotted out of every line, whoever writes it.

Django logs the path of each request that was refused or failed. An invitation stands in its path; a line with
it, in a log that is kept and sent around, would open an account.
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
    """The text with `…` in the place of what opens something."""
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}…", text)


class Masked(logging.Formatter):
    """Masks the whole line with its traceback, after everything was put into it."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))
