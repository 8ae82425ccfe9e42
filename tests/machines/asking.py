"""How the tests of this folder ask for a file to be read."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from quetsach.machines.sources.outcome import Asked

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
PC1, PC2 = "00-00-5e-00-53-01", "00-00-5e-00-53-02"


def at(text: str) -> int:
    """Microseconds of an ISO time; without an offset it is Vietnamese."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=ZONE)
    return int(moment.astimezone(UTC).timestamp()) * 1_000_000


NOW = at("2026-11-24T08:00:00")
ASKED = Asked("office", NOW, ZONE)
