"""The machines that a watcher is asked about: a file that may be replaced, or the portal's answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from quetsach.errors import QuetsachError
from quetsach.results import asking
from quetsach.results.push import PushError

FETCH_SECONDS = 600.0


class FollowedAsked:
    """Looked at again and again. While it cannot be read, the last good answer stays, and `problem` says why.

    `known` is what the state was asked about last: it counts where the portal is away at the start.
    """

    def __init__(
        self,
        place: str,
        portal: tuple[str, str],
        known: Sequence[str],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._place, self._portal, self._now = place, portal, now
        self._mark: object = None
        self._fetched = 0.0
        self.problem = ""
        self.machines: tuple[str, ...] = ()
        if place:
            self.machines = self._first(tuple(known))

    def _first(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Raises QuetsachError where there is no answer, and none of before."""
        self._mark = self._seen()
        try:
            return self._read()
        except QuetsachError as error:
            if not known or not self._is_web:
                raise
            self.problem = _why_not(error)
            return known

    @property
    def _is_web(self) -> bool:
        return self._place.startswith(("http://", "https://"))

    def changed(self) -> bool:
        """Whether other machines are asked about than before."""
        if not self._place:
            return False
        try:
            mark = self._seen()
            if mark == self._mark:
                return False
            found = self._read()
        except (QuetsachError, OSError) as error:
            self.problem = _why_not(error)
            return False
        self._mark, self.problem = mark, ""
        is_new = found != self.machines
        self.machines = found
        return is_new

    def _seen(self) -> object:
        if self._is_web:
            return self._fetched if self._now() - self._fetched < FETCH_SECONDS else None
        try:
            about = Path(self._place).stat()
        except OSError:
            # The reading names the reason.
            return None
        return about.st_size, about.st_mtime_ns, about.st_ino

    def _read(self) -> tuple[str, ...]:
        if not self._is_web:
            return asking.read(Path(self._place))
        self._fetched = self._now()
        return asking.fetch(self._place, *self._portal)


def _why_not(error: Exception) -> str:
    """Why nobody told the machines; a sentence of `quetsach.text.watching_problems`."""
    if not isinstance(error, PushError):
        return str(error)
    return (
        f"the portal does not tell which machines wait for proof ({error}); those that it told before are"
        " looked for"
    )
