"""The UTC days that a coverage record tells, and what stays of two tellings of one day. Pure."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from quetsach.portal.sightings import intake
from quetsach.portal.sightings.spans import PAUSE
from quetsach.sightings.sighting import Coverage

MOST_DAYS = 200_000
"""Days that the records of one document may tell by their first and last time alone. A scanner that tells the
lines of each hour names its days itself, so that the size of its document limits them."""
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day of a source. `asked` is None where no machine was asked about."""

    day: date
    bytes: int
    first: datetime
    last: datetime
    hours: tuple[int, ...] = ()
    order: str = ""
    gaps: tuple[tuple[str, str], ...] = ()
    devices: tuple[str, ...] = ()
    asked: frozenset[str] | None = None
    alive: tuple[tuple[str, int], ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of what the day says, without `bytes`: the log may have grown on another day."""
        facts = (
            self.first.isoformat(), self.last.isoformat(), self.hours, self.order, self.gaps, self.devices,
            asked_digest(self.asked), self.alive,
        )  # fmt: skip
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def asked_digest(asked: frozenset[str] | None) -> str:
    """SHA-256 of the names that a scan was asked about; empty where it was asked about none."""
    return hashlib.sha256(json.dumps(sorted(asked)).encode()).hexdigest() if asked else ""


def told(seen: Coverage, asked: frozenset[str] | None, most: int) -> list[Day]:
    """The days that the record tells, in order; none where it has no time.

    A record without `hours` covers every day from its first to its last time; of those the `most` latest are
    told. Days that only have devices, machines that were seen, or the beginning of a gap, are told as well.
    """
    first, last = intake.to_moment(seen.first), intake.to_moment(seen.last)
    if not seen.source or first is None or last is None or first > last:
        return []
    gaps: dict[date, list[tuple[str, str]]] = defaultdict(list)
    for begins, ends in seen.gaps:
        gaps[date.fromisoformat(begins[:10])].append((begins, ends))
    alive: dict[date, dict[str, int]] = defaultdict(dict)
    for name, masks in (seen.alive or {}).items():
        for text, mask in masks.items():
            alive[date.fromisoformat(text)][name] = mask
    hours = {date.fromisoformat(text): tuple(lines) for text, lines in (seen.hours or {}).items()}
    devices = {date.fromisoformat(text): tuple(sorted(set(names))) for text, names in seen.devices.items()}
    days = {*gaps, *alive, *hours, *devices}
    if not hours:
        span = (last.date() - first.date()).days
        days.update(last.date() - _DAY * n for n in range(min(span + 1, most)))
    found = []
    for day in sorted(days):
        lines = hours.get(day, ())
        start, end = _ends(day, lines, first, last)
        found.append(
            Day(
                day, seen.bytes, start, end, lines, seen.order or "", tuple(gaps.get(day, ())),
                devices.get(day, ()), asked, tuple(sorted(alive.get(day, {}).items())),
            )
        )  # fmt: skip
    return found


def stretches(seen: Coverage) -> list[list[str]]:
    """[first, last] of each time with lines, where hours without a line part the source for longer than a
    pause; `[]` where nothing parts it, or nobody knows the lines of each hour.

    A source that says nothing for days is no log of these days, however far its first and last line lie
    apart: silence in it proves nothing.
    """
    starts = [
        datetime.combine(date.fromisoformat(text), time(hour), UTC)
        for text, lines in sorted((seen.hours or {}).items())
        for hour, n in enumerate(lines)
        if n
    ]
    first, last = intake.to_moment(seen.first), intake.to_moment(seen.last)
    if not starts or first is None or last is None:
        return []
    parts = [[starts[0], starts[0] + _HOUR]]
    for start in starts[1:]:
        if start - parts[-1][1] > PAUSE:
            parts.append([start, start + _HOUR])
        else:
            parts[-1][1] = start + _HOUR
    if len(parts) == 1:
        return []
    # The first and the last hour are covered as far as the source's own times go.
    parts[0][0] = max(parts[0][0], min(first, parts[0][1]))
    parts[-1][1] = min(parts[-1][1], max(last, parts[-1][0]))
    return [[f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}" for moment in part] for part in parts]


def _ends(day: date, hours: tuple[int, ...], first: datetime, last: datetime) -> tuple[datetime, datetime]:
    """The first and last time within the day: of the source, where it begins or ends there, else of the hours
    with lines, else of the whole day."""
    begins, ends = datetime.combine(day, time(), UTC), datetime.combine(day, time.max, UTC)
    with_lines = [hour for hour, lines in enumerate(hours) if lines]
    if with_lines:
        ends = begins + timedelta(hours=with_lines[-1] + 1) - _MOMENT
        begins += timedelta(hours=with_lines[0])
    # A document of another program may name a day that its first and last time do not reach.
    return min(max(begins, first), ends), max(min(ends, last), begins)


def later(before: Day, now: Day) -> Day:
    """The day after a new telling that read at least as much of the source.

    Where both read the same lines, the machines that only one of them recorded or asked about stay known.
    """
    if before.bytes != now.bytes and (not now.hours or before.hours != now.hours):
        return now
    asked = before.asked if now.asked is None else now.asked | (before.asked or frozenset())
    masks = dict(before.alive)
    for name, mask in now.alive:
        masks[name] = masks.get(name, 0) | mask
    kept: dict[str, Any] = {"asked": asked, "alive": tuple(sorted(masks.items()))}
    if not now.hours and before.hours:
        kept |= {"hours": before.hours, "order": before.order, "first": before.first, "last": before.last}
    return replace(now, devices=now.devices or before.devices, **kept)
