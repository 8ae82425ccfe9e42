"""The list of a watcher: files that may be replaced, or addresses of a list that is published."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from quetsach.errors import IndicatorError, QuetsachError
from quetsach.indicators.loading import Choice, Lists
from quetsach.results.fetching import FetchError, fetch_new
from quetsach.scanning.engine import Engine, Matcher
from quetsach.scanning.request import matcher_of

FETCH_SECONDS = 60.0
_MOST_BYTES = 256 << 20


class FollowedLists:
    """Lists that are looked at again and again. While a new one cannot be read, the last good one stays:
    `problem` then says why."""

    def __init__(
        self,
        places: Sequence[str],
        choice: Choice,
        engine: Engine,
        folder: Path,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._places, self._choice, self._engine, self._folder, self._now = (
            places,
            choice,
            engine,
            folder,
            now,
        )
        self._etags: dict[str, str] = {}
        self._new: dict[str, str] = {}
        """Addresses whose answer lies beside the copy, to be read, with the mark of the answer."""
        self._marks: tuple[object, ...] = ()
        self._fetched = 0.0
        self._away = self._unreadable = ""
        self.left_out = 0
        """Entries of the present lists that nobody looks for."""
        self._read: Lists | None = None

    def taken(self) -> Lists | None:
        """The lists as they were read last, once, so that what they leave out can be told."""
        read, self._read = self._read, None
        return read

    @property
    def problem(self) -> str:
        """Why the lists that there are now are not in force; "" if they are."""
        return self._away or self._unreadable

    @property
    def files(self) -> list[Path]:
        """The files of the lists; of an address the copy that was fetched last."""
        return [self._copy(place) if _is_web(place) else Path(place) for place in self._places]

    def first(self) -> Matcher:
        """The matcher of the lists as they are now; where an address is away, or what it answers cannot be
        read, of the last good copy.

        Raises QuetsachError where there is none.
        """
        found = None
        away = self._fetch()
        try:
            found = self._take() if self._new else None
        except QuetsachError as error:
            if not all(file.is_file() for file in self.files):
                raise
            self._unreadable = str(error)
        if away is not None and not all(file.is_file() for file in self.files):
            raise away
        self._marks = self._seen()
        return self._keep(found or matcher_of(self._engine, self.files, self._choice))

    def _keep(self, found: tuple[Matcher, Lists]) -> Matcher:
        matcher, self._read = found
        self.left_out = self._read.left_out
        return matcher

    def changed(self) -> Matcher | None:
        """A matcher of the new lists; None where they are those of before, or cannot be read."""
        try:
            if self._now() - self._fetched >= FETCH_SECONDS:
                self._fetch()
            if self._new:
                found = self._take()
                marks = self._seen()
            else:
                marks = self._seen()
                if marks == self._marks:
                    return None
                found = matcher_of(self._engine, self.files, self._choice)
                if marks != self._seen():
                    # It is being written; the next look takes it.
                    return None
        except (QuetsachError, OSError) as error:
            self._unreadable = str(error)
            return None
        self._marks, self._unreadable = marks, ""
        return self._keep(found)

    def _seen(self) -> tuple[object, ...]:
        found = [file.stat() for file in self.files]
        return tuple((about.st_size, about.st_mtime_ns, about.st_ino) for about in found)

    def _fetch(self) -> QuetsachError | None:
        """Fetch what is new beside the copies; returns why an address gave nothing."""
        self._fetched = self._now()
        self._new, problem = {}, None
        for place in filter(_is_web, self._places):
            try:
                got = fetch_new(place, _MOST_BYTES, self._etags.get(place, ""))
            except FetchError as error:
                problem = IndicatorError(_why_not(place, error))
                continue
            if got is None:
                continue
            data, etag = got
            copy = self._copy(place)
            if copy.is_file() and copy.read_bytes() == data:
                self._etags[place] = etag
            else:
                _beside(copy).write_bytes(data)
                self._new[place] = etag
        self._away = "" if problem is None else str(problem)
        if not self._new and problem is None:
            # All addresses give the lists in force. The next look names a bad file again.
            self._unreadable = ""
        return problem

    def _take(self) -> tuple[Matcher, Lists]:
        """The matcher of what was fetched. It replaces the copies only if it can be read."""
        new, self._new = self._new, {}
        copies = {place: self._copy(place) for place in new}
        files = [
            _beside(copies[place]) if place in new else file
            for place, file in zip(self._places, self.files, strict=True)
        ]
        try:
            found = matcher_of(self._engine, files, self._choice)
        except IndicatorError as error:
            why = str(error)
            for place, copy in copies.items():
                why = why.replace(str(_beside(copy)), place)
                _beside(copy).unlink(missing_ok=True)
            raise IndicatorError(why) from error
        for place, copy in copies.items():
            _beside(copy).replace(copy)
            self._etags[place] = new[place]
        return found

    def _copy(self, place: str) -> Path:
        return self._folder / f"list-{hashlib.sha256(place.encode()).hexdigest()[:16]}"


def _beside(copy: Path) -> Path:
    """Where the answer of an address lies until it is known to be a list."""
    return copy.with_name(copy.name + ".part")


def _why_not(place: str, error: FetchError) -> str:
    """Why a list was not fetched, and what to do; a sentence of `quetsach.text.watching_problems`."""
    head = f"the list {place} cannot be fetched"
    match error.code, error.detail:
        case "failed", "HTTP 404":
            return (
                f"{head}: nothing is there (HTTP 404); a portal has it at"
                " /api/v1/indicators?campaign=NAME, and its page of logs shows the whole address"
            )
        case "failed", "HTTP 410":
            return f"{head}: it was withdrawn (HTTP 410); ask the coordinator of the campaign"
        case "failed", _:
            return f"{head}: its server answers {error.detail}; try again later"
        case "moved", _:
            return f"{head}: it has moved to {error.detail}; give that address if you trust it"
        case "certificate", _:
            return f"{head}: the certificate of {error.detail} cannot be trusted; ask the coordinator"
        case "address", _:
            return f"{head}: this is no https address"
        case "too_large", _:
            return f"{head}: it is larger than {error.detail}"
        case _:
            return f"{head}: {error.detail} cannot be reached; check the network and the address"


def _is_web(place: str) -> bool:
    return place.startswith(("http://", "https://"))
