"""Leases that are followed: a table with history, because some servers rewrite their file."""

from __future__ import annotations

import stat
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from quetsach.errors import SourceError
from quetsach.files import opening
from quetsach.files.inputs import Inputs
from quetsach.machines.leases.leaseformat import Event
from quetsach.machines.leases.naming import LONGEST, Leases, gather
from quetsach.watching import document
from quetsach.watching.places import Place
from quetsach.watching.state import State

_LONG_SECONDS, _PAUSES = 0.1, 20
"""A file that takes longer is read again after a pause of so many times what it took: a long log with leases
never rests."""
ALL = ""
"""Leases under this name count for the logs of all places."""


class FollowedLeases:
    """The leases of files, as they were at any time. `troubles` are files that cannot be read, and why.

    Those that a place names count for its logs alone: two offices may use the same addresses.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        places: Iterable[Place],
        state: State,
        tz: str,
        length: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        places = list(places)
        self._files = [(path, ALL, tz) for path in paths]
        self._files += [(path, place.name, place.tz) for place in places for path in place.leases]
        self._state, self._length, self._clock = state, length, clock
        self._marks: dict[tuple[Path, str], tuple[int, int]] = {}
        self._due: dict[tuple[Path, str], float] = {}
        self.troubles: dict[str, str] = {}
        names = dict.fromkeys((ALL, *(scan.source_name for scan in document.headers(state, "", 0))))
        self._leases = {name: kept(state, name) for name in names}
        self._known: dict[str, set[Event]] = {}

    def of(self, place: str) -> Leases:
        """The leases that count for the logs of a place; any thread may ask."""
        return self._leases.get(place, self._leases[ALL])

    def take(self, place: str, events: Iterable[Event]) -> None:
        """Add the leases in lines of a followed log of a place."""
        new = set(self._unknown(place, events)) - self._events(ALL)
        if new:
            self._add(place, new)

    def refresh(self) -> None:
        """Read the files that changed. Rows of addresses with a new lease are told again."""
        new: dict[str, set[Event]] = defaultdict(set)
        self.troubles = {}
        for path, place, tz in self._files:
            try:
                about = path.stat()
                mark = (about.st_size, about.st_mtime_ns)
                began = self._clock()
                if self._marks.get((path, place)) != mark and began >= self._due.get((path, place), 0.0):
                    found = read(path, tz, self._length)
                    new[place].update(self._unknown(place, found.events()))
                    self._marks[path, place] = mark
                    ended = self._clock()
                    if ended - began > _LONG_SECONDS:
                        self._due[path, place] = ended + _PAUSES * (ended - began)
            except SourceError as error:
                self.troubles[str(path)] = str(error).removeprefix(f"{path}: ")
            except OSError as error:
                self.troubles[str(path)] = f"cannot be read: {error.strerror}; check that it may be read"
        for place, events in new.items():
            if events:
                self._add(place, events)

    def _events(self, place: str) -> set[Event]:
        if place not in self._known:
            self._known[place] = {Event(*one) for one in self._state.leases(place)}
        return self._known[place]

    def _unknown(self, place: str, events: Iterable[Event]) -> Iterator[Event]:
        """The events that are not known. A file without beginnings tells each lease again whenever it is
        written: one with the same end goes on."""
        known = self._events(place)
        there = {(one.address, one.mac, one.host, one.until, one.duid) for one in known if one.is_read}
        for one in events:
            again = one.is_read and one.until is not None
            if one not in known and not (
                again and (one.address, one.mac, one.host, one.until, one.duid) in there
            ):
                yield one

    def _add(self, place: str, new: set[Event]) -> None:
        self._events(place).update(new)
        self._state.keep_leases(place, new)
        for name, leases in self._leases.items():
            if place in (ALL, name):
                leases.add(new)
        earliest = datetime.fromtimestamp(min(one.at for one in new) / 1e6, UTC)
        since = earliest - timedelta(microseconds=LONGEST)
        self._state.touch({one.address for one in new}, since.date().isoformat())


def read(path: Path, tz: str, length: int | None) -> Leases:
    """The leases of a file that is read again and again. Raises SourceError, also where to read it may take
    for ever, and OSError."""
    about = path.stat()
    if not stat.S_ISREG(about.st_mode) and not stat.S_ISDIR(about.st_mode):
        raise SourceError(f"{path}: {opening.SPECIAL}")
    return gather(Inputs(), [path], tz, length)


def kept(state: State, place: str) -> Leases:
    """The leases of a place that a state keeps."""
    leases = Leases()
    for name in dict.fromkeys((ALL, place)):
        leases.add(Event(*one) for one in state.leases(name))
    return leases
