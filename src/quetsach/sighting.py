"""What a scan says: sightings and coverage, and their JSON Lines form (spec: contract 1)."""

from __future__ import annotations

from dataclasses import dataclass, field

SCHEMA = 1
ACTIONS = ("allowed", "blocked", "attempt", "unknown")
"""Strongest first: the action of a row is the strongest of its lines."""
FIELDS = ("query", "host", "server_name", "url", "answer", "destination", "text")
"""The order in which a field of a line is credited when an indicator stands in several."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An indicator seen from one device on one UTC day of one source.

    Times are ISO 8601 UTC with six decimals and `Z`; `device`, `day` and the times are None when the line
    does not tell. `count` is the number of lines in which the indicator matched at least once.
    """

    source: str
    indicator: str
    kind: str
    family: str
    matched: str
    field: str
    device: str | None
    identity: dict[str, str]
    day: str | None
    first_seen: str | None
    last_seen: str | None
    count: int
    action: str
    logformat: str
    evidence: str

    def key(self) -> tuple[str, str, str, str]:
        """(source, indicator, device, day): equal keys are the same fact, told again."""
        return (self.source, self.indicator, self.device or "", self.day or "")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at in one source. `errors` holds what could not be read, in words with a place."""

    source: str
    path: str
    name: str
    bytes: int
    lines: int
    not_understood: int
    long_lines: int
    inbound: int
    first: str | None
    last: str | None
    time: str
    zone: str
    devices: dict[str, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
