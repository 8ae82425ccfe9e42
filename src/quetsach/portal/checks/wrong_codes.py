"""One-time codes that were typed wrongly, counted for each address: an office gets through, guessing 59 bits
does not."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from quetsach.portal.kit.client_ip import client_ip

PER_HOUR = 60


def is_locked(request: HttpRequest) -> bool:
    """Whether too many wrong codes came from there within this hour."""
    return int(cache.get(_key(request), 0)) >= PER_HOUR


def note(request: HttpRequest) -> None:
    """Count one more."""
    key = _key(request)
    cache.add(key, 0, timeout=7200)
    try:
        cache.incr(key)
    except ValueError:
        cache.set(key, 1, timeout=7200)


def _key(request: HttpRequest) -> str:
    return f"hand-in-{client_ip(request)}-{timezone.now():%Y%m%d%H}"
