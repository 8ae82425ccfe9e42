"""First and last time of a source, and the year of times without a year."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from quetsach.logs import times
from quetsach.logs.times import Moment, Yearless
from quetsach.scanning.engines.rows import resolve

MomentOf = Callable[[], Moment | None]
SUSPECT_BEFORE = int((datetime(2000, 1, 1, tzinfo=UTC) - times.EPOCH).total_seconds()) * times.SECOND


@dataclass(frozen=True, slots=True)
class Span:
    """The times in `coverage`."""

    first: str | None
    last: str | None
    time: str
    zone: str


class Timeline:
    """Watches the first and last lines that parse, and every line with a hit; lines come in file order."""

    def __init__(self, zone: tzinfo, zone_name: str, *, lines: int, window: int) -> None:
        self._zone = zone
        self._zone_name = zone_name
        self._lines = lines
        self._window = window
        self._head: list[Moment | None] = []
        self._tail: deque[tuple[int, MomentOf]] = deque(maxlen=lines)
        self._last_hit: tuple[int, Moment] | None = None
        self._local = False
        self._assumed = False

    def parsed(self, offset: int, moment: MomentOf) -> None:
        """A line that parses starts here; `moment` is only called if the line is among the first or last."""
        if len(self._head) < self._lines and offset < self._window:
            self._head.append(moment())
        self._tail.append((offset, moment))

    def hit(self, offset: int, moment: Moment | None) -> None:
        """A line with a sighting."""
        if moment is not None:
            self._last_hit = (offset, moment)
            self._note(moment)

    def _note(self, moment: Moment) -> None:
        self._local = self._local or moment.local
        self._assumed = self._assumed or isinstance(moment.value, Yearless)

    def latest(self, total: int, file_time: float | None) -> int | None:
        """The upper bound of times without a year: a day after the last line with a time; None without any.

        It lies at the end of its UTC day, so that lines of one such day get one year. `total` is the length
        of the text.
        """
        found = self._last_hit
        for offset, moment_of in reversed(self._tail):
            if offset < total - self._window or (found is not None and offset <= found[0]):
                break
            moment = moment_of()
            if moment is not None:
                found = (offset, moment)
                break
        if found is None:
            return None
        bound = int((_now().timestamp() if file_time is None else file_time) * times.SECOND) + times.DAY
        anchor = resolve(found[1].value, bound, self._zone)
        latest = anchor + times.DAY if anchor is not None else bound
        return latest - latest % times.DAY + times.DAY - 1

    def span(self, total: int, latest: int | None, hit_times: Iterable[int]) -> Span:
        """The first and last time of all watched lines; `total` is the length of the decompressed data."""
        tail = [m() for offset, m in self._tail if offset >= total - self._window]
        moments = [m for m in (*self._head, *tail) if m is not None]
        for moment in moments:
            self._note(moment)
        found = [resolve(m.value, latest, self._zone) for m in moments]
        known = [v for v in (*found, *hit_times) if v is not None]
        zone = self._zone_name if self._local else ""
        if not known:
            return Span(None, None, "none", zone)
        least, greatest = min(known), max(known)
        tomorrow = int(_now().timestamp()) * times.SECOND + times.DAY
        suspect = least < SUSPECT_BEFORE or greatest > tomorrow
        word = "suspect" if suspect else "assumed_year" if self._assumed else "ok"
        return Span(times.iso(least), times.iso(greatest), word, zone)


def _now() -> datetime:
    return datetime.now(UTC)
