"""What a scan says: sightings and coverage, and their JSON Lines form (spec: contract 1)."""

from __future__ import annotations

import re
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


EVIDENCE_CHARACTERS = 2_000
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"


def escape(line: bytes, limit: int = EVIDENCE_CHARACTERS) -> str:
    """A log line made safe to show: invalid UTF-8, control and bidirectional characters escaped.

    Escaped are Cc and Bidi_Control (Unicode 16, UAX 9): `\\xNN` below U+0100 and for invalid bytes, else `\\u{…}`.
    The result has at most `limit` characters and never ends inside an escape (spec: contract 1).
    """
    text = line[: limit * 4].decode("utf-8", "surrogateescape")[:limit]
    if _UNSAFE.search(text) is None:
        return text
    out: list[str] = []
    left, at = limit, 0
    for match in _UNSAFE.finditer(text):
        plain = text[at : match.start()][:left]
        out.append(plain)
        left -= len(plain)
        shown = _escaped(match)
        if len(shown) > left:
            return "".join(out)
        out.append(shown)
        left -= len(shown)
        at = match.end()
    out.append(text[at:][:left])
    return "".join(out)
