"""Captures of one machine's traffic, and the sightings in them."""

from __future__ import annotations

from quetsach.scanning.engine import SourceResult
from tests.traffic import packets as p

START = 1_790_000_000
WHEN = "2026-09-21T14:13:20.000000Z"
CLIENT, SERVER, RESOLVER = "10.0.0.5", "203.0.113.9", "10.0.0.53"


def capture(*packets: bytes, link: int = 1) -> bytes:
    """Frames one after another, a second apart."""
    return p.pcap([(START * 1_000_000 + i * 1_000_000, one) for i, one in enumerate(packets)], link=link)


def framed(*packets: bytes) -> bytes:
    return capture(*(p.ethernet(one) for one in packets))


def shown(result: SourceResult) -> list[tuple[str, str, str, int, str]]:
    """(indicator, field, device, count, action)."""
    return [(s.indicator, s.field, s.device or "", s.count, s.action) for s in result.sightings]
