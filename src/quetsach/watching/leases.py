"""Leases that are followed: a table with history, because some servers rewrite their file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from quetsach.errors import SourceError
from quetsach.files.inputs import Inputs
from quetsach.machines.leases.leaseformat import Event
from quetsach.machines.leases.naming import LONGEST, Leases, gather
from quetsach.watching.state import State


class FollowedLeases:
    """The leases of files, as they were at any time. `troubles` are files that cannot be read, and why."""

    def __init__(self, paths: Sequence[Path], state: State, tz: str, length: int | None) -> None:
        self._paths, self._state, self._tz, self._length = paths, state, tz, length
        self._marks: dict[Path, tuple[int, int]] = {}
        self.troubles: dict[str, str] = {}
        self.leases = Leases()
        self._known = {Event(*kept) for kept in state.leases()}
        self.leases.add(self._known)

    def refresh(self) -> None:
        """Read the files that changed. Rows of addresses with a new lease are told again."""
        new: set[Event] = set()
        self.troubles = {}
        for path in self._paths:
            try:
                about = path.stat()
                mark = (about.st_size, about.st_mtime_ns)
                if self._marks.get(path) != mark:
                    found = gather(Inputs(), [path], self._tz, self._length)
                    new.update(set(found.events()) - self._known)
                    self._marks[path] = mark
            except SourceError as error:
                self.troubles[str(path)] = str(error)
            except OSError as error:
                self.troubles[str(path)] = f"cannot be read: {error.strerror}; check that it may be read"
        if not new:
            return
        self._known |= new
        self._state.keep_leases(new)
        self.leases.add(new)
        earliest = datetime.fromtimestamp(min(one.at for one in new) / 1e6, UTC)
        since = earliest - timedelta(microseconds=LONGEST)
        self._state.touch({one.address for one in new}, since.date().isoformat())
