"""Limits on the requests from one address, counted in the cache table that all processes share.

A whole office may share one address. Of IPv6 the network of 64 bits counts: a client with one of its
addresses has all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from quetsach.portal.kit.client_ip import client_ip

_IPV6_HOST_BITS = 64
_MOST_SOURCES = 50_000
"""Sources that a process remembers at once; about 10 MB."""
# The cache cannot count by itself: it reads and then writes, and of two counts at once one is lost.
_COUNTED = "SELECT value FROM kit_cache WHERE cache_key = %s AND expires > %s"
_COUNT = """
INSERT INTO kit_cache (cache_key, value, expires) VALUES (%s, '1', %s)
ON CONFLICT (cache_key) DO UPDATE SET
    value = CASE WHEN kit_cache.expires > %s
        THEN CAST(CAST(kit_cache.value AS integer) + 1 AS text) ELSE '1' END,
    expires = CASE WHEN kit_cache.expires > %s THEN kit_cache.expires ELSE excluded.expires END
"""

_TAKE_BACK = """
UPDATE kit_cache SET value = CAST(CAST(value AS integer) - 1 AS text)
WHERE cache_key = %s AND CAST(value AS integer) > 0
"""


def forget(now: datetime) -> int:
    """Delete expired counts and all other expired rows of the cache table; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM kit_cache WHERE expires <= %s", [_stored(now)])
        return int(cursor.rowcount)


def _stored(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def whence(request: HttpRequest) -> str:
    """The key that a request is counted by: the account that its browser signed in with before, else the
    address.

    So an account is not blocked because somebody guesses from the same address. The key is the account, not
    the browser, so that signing in again gives nobody more tries.
    """
    known = getattr(request, "known_browser", None)
    if known is not None and known.account is not None:
        return f"account:{known.account}"
    address = client_ip(request)
    if address is not None and address.version == 6:
        return f"{int(address) >> _IPV6_HOST_BITS:x}"
    return str(address)


@dataclass
class Limit:
    """At most `most` events in `seconds`, from the first event on."""

    name: str
    most: int
    seconds: int

    def is_reached(self, request: HttpRequest) -> bool:
        """Whether the request's source has no event left now."""
        return self.is_reached_by(whence(request))

    def note(self, request: HttpRequest) -> None:
        """Count one event of the request's source; correct also for several at the same moment."""
        self.note_by(whence(request))

    def is_reached_by(self, whose: str) -> bool:
        """As `is_reached`, for a key instead of a request."""
        with connection.cursor() as cursor:
            cursor.execute(_COUNTED, [self._key(whose), _stored(timezone.now())])
            row = cursor.fetchone()
        return row is not None and int(row[0]) >= self.most

    def note_by(self, whose: str) -> None:
        """As `note`, for a key instead of a request."""
        now = timezone.now()
        over, now_stored = _stored(now + timedelta(seconds=self.seconds)), _stored(now)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_COUNT, [self._key(whose), over, now_stored, now_stored])

    def take_back(self, whose: str) -> None:
        """Count one event less: it was not of the limited kind."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_TAKE_BACK, [self._key(whose)])

    def _key(self, whose: str) -> str:
        return f"limit:{self.name}:{whose}"


@dataclass
class WrongCodes(Limit):
    """Limits wrong codes that nobody can guess, of 50 random bits and more.

    Beyond `most` from one address, a wrong code gets the answer "too many". A right code still opens, so that
    no stranger locks out an office with the same address. Only while `everywhere` wrong codes an hour come in
    all, right codes are refused too, and only from addresses over the limit.
    """

    everywhere: int = 20_000

    def is_shut(self, request: HttpRequest) -> bool:
        """Whether even a right code from the request's source is refused now."""
        return self._in_all.is_reached_by("all") and self.is_reached(request)

    def note(self, request: HttpRequest) -> None:
        super().note(request)
        self._in_all.note_by("all")

    @property
    def _in_all(self) -> Limit:
        return Limit(f"{self.name}-in-all", self.everywhere, 3600)


@dataclass
class LocalLimit:
    """At most `most` events in `seconds`, from the first event on, counted in the memory of this process.

    For pages that many strangers only read: a visit writes nothing, so it waits for no writer and holds none
    up. With several processes a source may reach `most` in each.
    """

    most: int
    seconds: int
    _counts: dict[str, tuple[float, int]] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def admits(self, request: HttpRequest) -> bool:
        """Count one event of the request's source; False if it is one too many."""
        whose, now = whence(request), monotonic()
        with self._lock:
            if len(self._counts) >= _MOST_SOURCES:
                self._counts = {key: held for key, held in self._counts.items() if held[0] > now}
            if len(self._counts) >= _MOST_SOURCES:
                self._counts.clear()
            end, count = self._counts.get(whose, (0.0, 0))
            end, count = (end, count + 1) if end > now else (now + self.seconds, 1)
            self._counts[whose] = end, count
        return count <= self.most

    def forget(self) -> None:
        """Count anew."""
        with self._lock:
            self._counts.clear()
