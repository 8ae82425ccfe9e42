"""When a sensor or one of its sources counts as silent: pure, by the times that heartbeats tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from quetsach.sightings.heartbeat import SECONDS, WatchedSource

MISSED = 3
"""Heartbeats that may be missed: one may be lost on the way, two while a machine starts anew."""
PAUSES = 4
"""A source may pause four times as long as it usually does."""
LEAST_PAUSE = timedelta(minutes=10)
"""No source is silent before: a log of two lines a minute pauses for some minutes by chance."""
SKEW = timedelta(minutes=2)
"""A clock further away from the portal's counts as wrong."""
BEATS = timedelta(seconds=MISSED * SECONDS)


def earlier_logs(sources: Iterable[WatchedSource]) -> set[int]:
    """The places of those sources that are older logs of a path: the log with the latest line is the present
    one. A log of which no line is known is older where another one of the path has lines."""
    by_path: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for place, one in enumerate(sources):
        by_path[one.path].append((one.last_line.timestamp() if one.last_line else float("-inf"), -place))
    return {-place for logs in by_path.values() for _at, place in sorted(logs)[:-1]}


class Condition(StrEnum):
    """A sensor as a person sees it. Not heard from yet and silent are two things, and so are a log without
    signs and a log that could not be read."""

    WAITING = "waiting"
    ALIVE = "alive"
    BLIND = "blind"
    """Alive, and something of a followed log could not be read."""

    SILENT = "silent"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Silence:
    """What is silent: one source, or the whole sensor (`path` empty), since when."""

    path: str
    since: datetime


def believable(
    sources: Iterable[WatchedSource], before: Iterable[WatchedSource], now: datetime
) -> list[WatchedSource]:
    """The sources of a heartbeat, none with a last line in the future: such a line counts as read now, and as
    read when it was told first (`before`) while no more lines come. Else a source with one line of a wrong
    time would never be silent."""
    known = {one.path: one for one in before}
    found = []
    for source in sources:
        if source.last_line is not None and source.last_line > now + SKEW:
            earlier = known.get(source.path)
            is_same = earlier is not None and earlier.last_line is not None and source.lines == earlier.lines
            last = min(earlier.last_line, now) if earlier and earlier.last_line and is_same else now
            found.append(replace(source, last_line=last))
        else:
            found.append(source)
    return found


def quiet_after(source: WatchedSource) -> datetime | None:
    """The moment from which the source counts as silent; None where its usual pause is not known."""
    if source.last_line is None or source.pause is None:
        return None
    return source.last_line + max(PAUSES * timedelta(seconds=source.pause), LEAST_PAUSE)


def silent_after(beat_at: datetime, sources: Iterable[WatchedSource]) -> datetime:
    """The first moment from which the sensor or one of its sources counts as silent."""
    moments = [quiet_after(source) for source in sources]
    return min([beat_at + BEATS, *(moment for moment in moments if moment is not None)])


def silences(beat_at: datetime, sources: Iterable[WatchedSource], now: datetime) -> list[Silence]:
    """What is silent at `now`, and since when. Of a silent sensor no source is named: none can be known."""
    if now > beat_at + BEATS:
        return [Silence("", beat_at)]
    found = []
    for source in sources:
        after = quiet_after(source)
        if after is not None and now > after and source.last_line is not None:
            found.append(Silence(source.path, source.last_line))
    return found
