"""Contents that are not found again, and lines that nobody can tell from others: both are gaps."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime

from quetsach.watching.generation import Generation
from quetsach.watching.looker import Looker
from quetsach.watching.state import State


class Lost:
    """Tells gaps into the state."""

    def __init__(self, looker: Looker, now: Callable[[], float]) -> None:
        self._looker, self._now = looker, now
        self._missing: dict[int, float] = {}
        self.gaps = 0
        """Gaps that this watcher has told."""

    @property
    def _state(self) -> State:
        return self._looker.state

    def note(self, path: str) -> None:
        """Another content begins under a name; the content before it may be lost."""
        old = self._state.last_at(path)
        if old is not None and not old.is_ended:
            self._missing.setdefault(old.number, self._now())

    def tell(self, seconds: float, in_use: Callable[[], Collection[int]]) -> None:
        """A content that was not renamed, copied or packed is lost behind its place: that is a gap."""
        if not self._missing:
            return
        used = in_use()
        for number, since in list(self._missing.items()):
            one = self._state.generation(number)
            if number in used or one.is_ended or self._is_packed(one):
                del self._missing[number]
            elif self._now() - since >= seconds:
                del self._missing[number]
                self.tell_gap(one)
                self._state.end(number)

    def _is_packed(self, one: Generation) -> bool:
        """Whether a file that is read as a whole holds all that was read of a content."""
        for other in self._state.of_source(one.source):
            known = self._state.looked(other.number, self._looker.version)
            size = known.coverage.bytes if known is not None and known.coverage is not None else 0
            if other.is_whole and size >= one.fingerprint.place:
                return True
        return False

    def tell_gap(self, one: Generation, since: float | None = None) -> None:
        """Lines of a content may be lost since its last one; where that has no time, from `since` on."""
        known = self._state.looked(one.number, self._looker.version)
        if known is None or known.coverage is None:
            return
        now = _moment(self._now())
        first = known.coverage.last or (now if since is None else _moment(since))
        self.gaps += 1
        self._state.add_gap(one.number, self._looker.version, (first, max(first, now)))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
