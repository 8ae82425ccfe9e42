"""Stops who tries codes: wrong ones are counted by address in the shared cache.

allauth's limits leave reading alone, and a code is tried by reading. A whole office may stand behind one
address.
"""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest

from quetsach.portal.kit.client_ip import client_ip

MOST_WRONG = 30
SECONDS = 600
_IPV6_NETWORK = 64


def is_stopped(request: HttpRequest) -> bool:
    """Whether this address has tried too many wrong codes lately."""
    return int(cache.get(_key(request), 0)) >= MOST_WRONG


def note_wrong(request: HttpRequest) -> None:
    """One more wrong code from this address."""
    key = _key(request)
    cache.set(key, int(cache.get(key, 0)) + 1, SECONDS)


def _key(request: HttpRequest) -> str:
    address = client_ip(request)
    if address is not None and address.version == 6:
        return f"join-wrong:{int(address) >> (128 - _IPV6_NETWORK):x}"
    return f"join-wrong:{address}"
