"""How often something may come from one address, counted in the table of the cache that all processes share.

A whole office may stand behind one address. Of IPv6 the network of 64 bits counts: who has one address of it
has all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from quetsach.portal.kit.client_ip import client_ip

_IPV6_HOST_BITS = 64
# The cache itself cannot count: it reads and then writes, and of two who do so at once one is forgotten.
_COUNTED = "SELECT value FROM kit_cache WHERE cache_key = %s AND expires > %s"
_COUNT = """
INSERT INTO kit_cache (cache_key, value, expires) VALUES (%s, '1', %s)
ON CONFLICT (cache_key) DO UPDATE SET
    value = CASE WHEN kit_cache.expires > %s
        THEN CAST(CAST(kit_cache.value AS integer) + 1 AS text) ELSE '1' END,
    expires = CASE WHEN kit_cache.expires > %s THEN kit_cache.expires ELSE excluded.expires END
"""


def forget(now: datetime) -> int:
    """Delete addresses whose time is over, and what else the cache need not keep; how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM kit_cache WHERE expires <= %s", [_stored(now)])
        return int(cursor.rowcount)


def _stored(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


@dataclass
class Limit:
    """At most `most` in `seconds`, from the first one on."""

    name: str
    most: int
    seconds: int

    def is_reached(self, request: HttpRequest) -> bool:
        """Whether no more is let through from there now."""
        with connection.cursor() as cursor:
            cursor.execute(_COUNTED, [self._key(request), _stored(timezone.now())])
            row = cursor.fetchone()
        return row is not None and int(row[0]) >= self.most

    def note(self, request: HttpRequest) -> None:
        """Count one more, whoever else counts at the same moment."""
        now = timezone.now()
        over, now_stored = _stored(now + timedelta(seconds=self.seconds)), _stored(now)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_COUNT, [self._key(request), over, now_stored, now_stored])

    def _key(self, request: HttpRequest) -> str:
        address = client_ip(request)
        if address is not None and address.version == 6:
            return f"limit:{self.name}:{int(address) >> _IPV6_HOST_BITS:x}"
        return f"limit:{self.name}:{address}"
