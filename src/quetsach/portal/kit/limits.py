"""How often something may come from one address, counted in the cache that all processes share.

A whole office may stand behind one address. Of IPv6 the network of 64 bits counts: who has one address of it
has all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpRequest

from quetsach.portal.kit.client_ip import client_ip

_IPV6_HOST_BITS = 64


@dataclass
class Limit:
    """At most `most` in `seconds`, from the first one on."""

    name: str
    most: int
    seconds: int

    def is_reached(self, request: HttpRequest) -> bool:
        """Whether no more is let through from there now."""
        return self._seen(request)[0] >= self.most

    def note(self, request: HttpRequest) -> None:
        """Count one more."""
        count, since = self._seen(request)
        cache.set(self._key(request), (count + 1, since), self.seconds)

    def _seen(self, request: HttpRequest) -> tuple[int, float]:
        now = time.time()
        count, since = cache.get(self._key(request)) or (0, now)
        return (count, since) if now - since < self.seconds else (0, now)

    def _key(self, request: HttpRequest) -> str:
        address = client_ip(request)
        if address is not None and address.version == 6:
            return f"limit:{self.name}:{int(address) >> _IPV6_HOST_BITS:x}"
        return f"limit:{self.name}:{address}"
