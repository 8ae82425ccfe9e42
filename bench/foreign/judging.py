"""What the scanner answers for a hit, beside the right answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bench.foreign.truth import Hit, Truth
from quetsach.scanning.engine import SourceResult
from quetsach.sightings.sighting import Sighting

TEXT = "text"
MACHINES = ("right", "lost", "wrong", "inbound", "told", "missed")
"""`right`, `lost` (a row without a machine), `wrong`. Without a row: `inbound` (the listed address is taken
for the client), `told` (the line was not understood), `missed` (the answer does not speak of the line)."""
TIMES = ("right", "none", "wrong", "")
"""`none`: the line shows its time and the row has none; "": no row, or the line shows no time."""
_SECOND = 1.0
_SENDER_KEY = (
    r"(?i)\b(?:dvc|dvchost|origin|fw|devip|dev_ip|deviceip|device_ip|devname|hostip|hostname|sensor)\W{1,4}"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The scanner's answer: how the machine and the time compare with the truth, and why they are wrong."""

    machine: str
    why: str
    time: str
    why_time: str
    logformat: str
    device: str
    seen: str

    @property
    def recognised(self) -> bool:
        """Whether a format of ours read the line, and a row says so."""
        return self.logformat not in ("", TEXT)


def judge(hit: Hit, result: SourceResult) -> Answer:
    """Compare the answer for one line with the truth; the source holds the hit's indicator in this line
    only."""
    rows: Sequence[Sighting] = list(result.sightings)
    if not rows:
        coverage = result.coverage
        state = "inbound" if coverage.inbound else "told" if coverage.not_understood else "missed"
        return Answer(state, "", "", "", "", "", "")
    row = rows[0]
    machine, why = _machine(row, hit)
    time, why_time = _time(row, hit.truth)
    return Answer(machine, why, time, why_time, row.logformat, row.device or "", row.first_seen or "")


def _machine(row: Sighting, hit: Hit) -> tuple[str, str]:
    truth = hit.truth
    named = [row.device] if row.device else []
    if truth.by != "address":
        named += [row.identity[key] for key in ("host", "user") if key in row.identity]
    if any(_same(one, truth.machines) for one in named):
        return "right", ""
    if row.device is None:
        return "lost", ""
    device = row.device.lower()
    if _same(device, truth.senders) or re.search(_SENDER_KEY + re.escape(device) + r"\b", hit.line.text):
        return "wrong", "sender"
    if _same(device, truth.translated):
        return "wrong", "translated"
    if re.match(r"[^={\[,]{0,80}" + re.escape(device) + r"(?![\w:])", hit.line.text.lower()):
        return "wrong", "sender"
    if re.search(re.escape(device) + r"/\d", hit.line.text.lower()):
        return "wrong", "network"
    return "wrong", "another value of the line"


def _same(name: str, names: frozenset[str]) -> bool:
    """Whether one of the names is this name, or the same name with or without its domain."""
    lowered = name.lower().rstrip(".")
    return lowered in names or any(
        lowered.partition(".")[0] == one.partition(".")[0] and ("." in lowered) != ("." in one)
        for one in names
        if not lowered[:1].isdigit()
    )


def _time(row: Sighting, truth: Truth) -> tuple[str, str]:
    if not truth.moments:
        return "", ""
    if row.first_seen is None:
        return "none", ""
    seen = datetime.fromisoformat(row.first_seen)
    apart = [abs(_apart(seen, moment, truth.yearless)) for moment in truth.moments]
    if min(apart) <= _SECOND:
        return "right", ""
    whole = any(one <= 14 * 3600 and one % 900 <= _SECOND for one in apart)
    if whole:
        return ("right", "") if truth.other_zone else ("wrong", "zone")
    return "wrong", "day or clock"


def _apart(seen: datetime, moment: datetime, yearless: bool) -> float:
    """Seconds between the two; of a line without a year the years do not count."""
    apart = (seen - moment).total_seconds()
    if yearless:
        years = (seen.year + step for step in (-1, 0, 1) if moment.month != 2 or moment.day < 29)
        return min(
            ((seen - moment.replace(year=year)).total_seconds() for year in years), key=abs, default=apart
        )
    return apart
