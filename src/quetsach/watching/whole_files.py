"""Files that are read as a whole, look by look: when they are read, and what of them is known already."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable
from functools import partial
from itertools import chain
from pathlib import Path

from quetsach.sightings import copies
from quetsach.watching import whole
from quetsach.watching.content import Mark
from quetsach.watching.generation import Answer, Looked
from quetsach.watching.held import AGAIN_SECONDS, QUIET_SECONDS, Held
from quetsach.watching.looker import Looker
from quetsach.watching.lost import Lost
from quetsach.watching.state import State


class WholeFiles:
    """Reads such files into the state."""

    def __init__(self, looker: Looker, lost: Lost, now: Callable[[], float]) -> None:
        self._looker, self._lost, self._now = looker, lost, now
        self._read: dict[Path, float] = {}
        """When each path was read last."""

    @property
    def _state(self) -> State:
        return self._looker.state

    def has_read(self, path: Path) -> bool:
        """Whether a file was read under this name."""
        return path in self._read

    def look(
        self, held: Held, mark: Mark, others: Collection[Held], waiting: list[Path], *, passes_over: bool
    ) -> int:
        """Read a file as a whole once it rests, one that never rests once a minute; returns 1 if it was read.

        `others` are all files that are held open. A file that waits is added to `waiting`. With `passes_over`
        only what comes later is read.
        """
        path, now, looker = held.path, self._now(), self._looker
        text = " ".join(map(str, (mark.size, mark.mtime_ns, *chain(*held.beside))))
        known_mark, held.unread = self._state.whole(str(path), looker.version)
        if known_mark == text:
            held.looked = (mark, looker.version)
            return 0
        if passes_over:
            self._state.record_whole(str(path), looker.version, text, "", [], now)
            return 0
        is_due = held.rests(now) >= QUIET_SECONDS or (
            whole.is_growing(held.handle) and now - self._read.setdefault(path, now) >= AGAIN_SECONDS
        )
        if not is_due:
            waiting.append(path)
            return 0
        self._state.flush()
        known = partial(self._last_read, path)
        engine, matcher = looker.engine, looker.matcher
        nothing = self._nothing_read(str(path))
        answers, said = whole.read_on(path, engine, matcher, held.options, known, nothing) or whole.read(
            path, engine, matcher, held.options, with_heads=self._state.has_short()
        )
        if looker.is_stopping:
            return 0
        is_other = any(one.joins or (one.adds and one.coverage.gaps) for one in answers)
        if known_mark and is_other and self._is_any_unread(others):
            # The records between may stand in a file that waits.
            waiting.append(path)
            return 0
        if looker.take_leases is not None:
            looker.take_leases(
                held.options.source_name, whole.leases(path, held.options.tz, looker.lease_length)
            )
        if held.is_beside and not held.is_past:
            known_logs = (one for one in answers if one.coverage.bytes)
            answers = [one for one in known_logs if self._state.of_source(one.coverage.source)]
        in_use = {one.generation.number for one in others if one.generation is not None}
        self._lost.gaps += sum(len(one.coverage.gaps) for one in answers)
        self._state.record_whole(str(path), looker.version, text, said, answers, now, in_use)
        if confused := self._confused(answers):
            said = "; ".join(filter(None, (said, confused)))
            self._state.say(str(path), looker.version, said)
        self._read[path], held.unread = now, said
        held.looked = (mark, looker.version)
        return 1

    def _last_read(
        self, path: Path, source: str, goes_on: Callable[[Looked], bool]
    ) -> tuple[Looked, str] | None:
        """How far a store was looked at, by its source id, and its log format. It may have had another name,
        under which no file is any more, or another store."""
        version = self._looker.version
        found = [one for one in self._state.of_source(source) if one.is_whole]
        for one in sorted(found, key=lambda one: one.path != str(path)):
            known, is_here = self._state.looked(one.number, version), one.path == str(path)
            if known is None and is_here:
                break
            if known is None or not (is_here or (known.record and goes_on(known))):
                continue
            # Where its last record stands there still, this is a copy, unless the store was here before.
            if is_here or not whole.has_last(one.path, source, known) or self._was_here(path, known):
                self._state.move(one.number, str(path))
                return known, one.format
        return None

    def _nothing_read(self, path: str) -> Looked | None:
        """The last look at a path where it could read nothing of what stood there."""
        for one in self._state.of_source(hashlib.sha256(b"").hexdigest()):
            known = self._state.looked(one.number, self._looker.version) if one.path == path else None
            if (
                known is not None
                and known.is_settled
                and known.coverage is not None
                and known.coverage.errors
            ):
                return known
        return None

    def _was_here(self, path: Path, known: Looked) -> bool:
        """Whether a path led to a store before, and leads to no copy of it: its last record is not here."""
        is_known = self._state.whole(str(path), self._looker.version)[0]
        return bool(is_known) and not whole.has_last(str(path), "", known)

    def _is_any_unread(self, others: Iterable[Held]) -> bool:
        """Whether a file that is read as a whole waits and was never read."""
        waiting = (one for one in others if one.is_whole and one.looked is None and not one.is_gone)
        return any(not self._state.whole(str(one.path), self._looker.version)[0] for one in waiting)

    def _confused(self, answers: Iterable[Answer]) -> str:
        """Which other file has the source id of a file that was read as a whole, and goes on otherwise; ""
        where none does."""
        for source, path in {(one.coverage.source, one.coverage.path) for one in answers}:
            for other in self._state.goes_on_otherwise(source, path, self._looker.version):
                if os.path.exists(other.partition("!/")[0]):  # noqa: PTH110 False also without rights
                    return copies.OTHERWISE.format(path=other)
        return ""
