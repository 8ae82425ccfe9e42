"""The heartbeat of a watcher, made of its state (docs/contract.md 9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from quetsach import __version__
from quetsach.sightings.heartbeat import LONGEST_PAUSE, MOST_SOURCES, Heartbeat, WatchedSource
from quetsach.sightings.sighting import Coverage
from quetsach.text.escape import escape
from quetsach.watching import document
from quetsach.watching.names import LEFT_OUT, series
from quetsach.watching.rewritten import TWICE
from quetsach.watching.state import State

_FEW_LINES = 10
_MOST_TEXT = 1_000
_EARLIEST, _LATEST = "2000-01-01", "2100-01-01"


def beat(state: State, unsent: tuple[int, str], leases: int, began: float, now: float) -> Heartbeat:
    """Where each source stands now. `unsent` are rows and the day of the oldest, `leases` are not sent
    either."""
    count, day = unsent
    troubles, about = state.troubles(), state.about()
    left_out = json.loads(about.get("not followed", "{}"))
    troubles |= {path: LEFT_OUT[why] for path, why in left_out.items() if why in LEFT_OUT}
    set_id, entries = about.get("set", ""), int(about.get("count", "0"))
    places = document.headers(state, set_id, entries)
    zones = {scan.source_name: scan.tz for scan in places}
    of_path = {path: scan for scan in places for path in scan.inputs}
    seen = sorted(state.coverage(set_id), key=lambda one: one.last or "", reverse=True)
    live = {series(one.path): one.source for one in reversed(seen)}
    sources = [
        _source(state, one, zones.get(one.name, ""), troubles, is_live=live[series(one.path)] == one.source)
        for one in seen
    ]
    known = {source.path for source in sources}
    told = {error for one in seen for error in one.errors if error in TWICE}
    for path, why in troubles.items():
        if _text(path) not in known and why not in told:
            place = of_path.get(path, places[0] if len(places) == 1 else None)
            name, zone = (place.source_name, place.tz) if place is not None else ("", "")
            sources.append(WatchedSource(_text(path), _text(name), zone=zone, problem=_text(why)))
    return Heartbeat(
        tool=f"quetsach {__version__}",
        at=_moment(now),
        began=_moment(min(began, now)),
        set_id=set_id,
        entries=entries,
        unsent=count,
        oldest_unsent=datetime.fromisoformat(f"{day}T00:00:00Z") if day else None,
        unsent_leases=leases,
        sources=tuple(sources[:MOST_SOURCES]),
    )


def _source(
    state: State, seen: Coverage, tz: str, troubles: Mapping[str, str], *, is_live: bool
) -> WatchedSource:
    """A log that was rotated has no usual pause: nothing comes to it any more, which is no silence."""
    problem = troubles.get(seen.path, "")
    if problem in TWICE and problem not in seen.errors:
        # It is that of another content.
        problem = ""
    formats = (one.format for one in state.of_source(seen.source) if one.format)
    return WatchedSource(
        path=_text(seen.path),
        name=_text(seen.name),
        format=_text(next(formats, "")),
        zone=tz,
        last_line=_time(seen.last),
        pause=_pause(seen) if is_live else None,
        behind=behind(state, Path(seen.path), seen.source),
        lines=seen.lines,
        not_understood=seen.not_understood,
        gaps=len(seen.gaps),
        problem=_text(problem or next(iter(seen.errors), "")),
    )


def behind(state: State, path: Path, source: str) -> int:
    """Bytes of a file behind the place up to which it was read."""
    places = [one.fingerprint.place for one in state.of_source(source) if not one.is_whole]
    try:
        return max(0, path.stat().st_size - max(places)) if places else 0
    except OSError:
        return 0


def _pause(seen: Coverage) -> int | None:
    """The usual time between two lines, in seconds; None while few are known, or where they are rare."""
    first, last = _time(seen.first), _time(seen.last)
    if seen.lines < _FEW_LINES or first is None or last is None:
        return None
    pause = max(1, round((last - first).total_seconds() / (seen.lines - 1)))
    return pause if pause <= LONGEST_PAUSE else None


def _time(text: str | None) -> datetime | None:
    is_plausible = text is not None and _EARLIEST <= text < _LATEST
    return datetime.fromisoformat(text) if text is not None and is_plausible else None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _text(text: str) -> str:
    return escape(text.encode("utf-8", "surrogateescape"), _MOST_TEXT)
