"""Counts files that were not taken, for the people who run the portal."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest

from quetsach.portal.checks.actions import Line
from quetsach.portal.kit.refusals import note_request

COUNTED = {
    "too_large": "too_large", "too_many": "too_many", "broken_zip": "damaged", "locked_zip": "unknown_kind",
    "no_result": "unknown_kind", "newer": "content", "field": "content", "clock": "clock", "future": "clock",
    "old": "clock", "early": "clock", "late": "clock", "sealed": "damaged",
}  # fmt: skip
"""The reason of a refusal, as the portal counts it; all other codes are `foreign`."""


def count_refused(request: HttpRequest, lines: Iterable[Line]) -> None:
    """Count each refused file at the door that received the request."""
    for line in lines:
        note_request(request, COUNTED.get(line.code, "foreign"))
