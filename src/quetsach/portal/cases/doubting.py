"""Addresses of a case that many innocent people use: the case may be a false alarm."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django.utils.functional import Promise

from quetsach.indicators import guard
from quetsach.portal.indicators.words import CODES
from quetsach.portal.sightings.models import Sighting


def doubts_of(sightings: Iterable[Sighting]) -> list[tuple[str, str | Promise]]:
    """The doubtful indicators with their reasons, if the case rests on no others; else empty."""
    codes = [(name, _code(name)) for name in dict.fromkeys(row.indicator for row in sightings)]
    return [(name, CODES[code]) for name, code in codes] if all(code for _name, code in codes) else []


@lru_cache(maxsize=4096)  # a look at the warning lists takes longer than the rest of the page
def _code(indicator: str) -> str:
    found = guard.doubts([indicator])
    return next((concern.code for concern in found.values()), "")
