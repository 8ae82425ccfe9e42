"""Looks at files again and again: what is new since the last look goes through the scanner into the state."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path

from quetsach.scanning.engine import ScanOptions
from quetsach.sightings import copies
from quetsach.watching import rewritten, whole
from quetsach.watching.content import HEAD_BYTES, Handle, Mark
from quetsach.watching.generation import Answer, Generation, Looked
from quetsach.watching.held import AGAIN_SECONDS, QUIET_SECONDS, RESTING_SECONDS, Held, Looker
from quetsach.watching.names import Names, Paths, unique

_LOOKED = "looked since"
_PAST, _ALL = "rotated logs", "all"
_WRITE_SECONDS = 5.0
"""How far nothing was found is written so late at most: to write takes longer than to look."""
_WRITTEN_SECONDS = 1.0
"""A log that was replaced and rests so long is no log that is half written."""
_CLOCK_SECONDS = 2.0
"""The clock of a file system may be coarse."""


class Follower:
    """Follows files. The list of `looker` may be exchanged between two looks: what lies before the places is
    then read again, as far as its files are kept. `options` are those of logs by the text of the request that
    leads to them; others have those of `looker`."""

    def __init__(
        self,
        paths: Paths,
        looker: Looker,
        *,
        from_now: bool = False,
        options: Mapping[str, ScanOptions] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._paths, self._looker, self._state, self._now = paths, looker, looker.state, now
        self._options = options or {}
        self._names = Names.none()
        self._ids: set[tuple[int, int]] | None = None
        """Device and inode of the open files, in this look; None before the first is asked for."""
        self._from_now = from_now and not self._state.about().get("begun")
        self._open: dict[Path, Held] = {}
        self._gone: list[Held] = []
        self._missing: dict[int, float] = {}
        self._whole_read: dict[Path, float] = {}
        self._last = 0.0
        self.troubles: dict[str, str] = {}
        self._others: dict[str, str] = {}
        """Logs of lines that begin as another one and go on otherwise, and what to say of them."""
        self._compared: set[Path] = set()
        self.gaps = 0
        """Gaps that this watcher has told."""
        self.left_out: dict[str, str] = {}
        """What lies in followed folders and is no log, with the code of the reason."""
        self.is_unsure = False
        """A log that was replaced may be half written: the next look tells."""
        self.waiting: list[Path] = []
        """Files that are still being written and are read when they rest."""

    def ask(self, machines: tuple[str, ...]) -> None:
        """Look for these machines from the next look on."""
        self._options = {text: one._replace(asked=machines) for text, one in self._options.items()}
        self._looker.options = self._looker.options._replace(asked=machines)
        for held in self._all():
            held.options = held.options._replace(asked=machines)

    def look(self) -> int:
        """Look at all files once; returns how many spans were read.

        Raises sqlite3.Error where the state cannot be written.
        """
        with self._state.together():
            return self._look()

    def _look(self) -> int:
        began, about = self._now(), self._state.about()
        found = self._paths.now()
        self._names, self._ids, self.left_out = found, None, found.left_out
        self._last = float(about.get(_LOOKED, "inf" if self._from_now else "0"))
        if about.get(_PAST) == _ALL:
            self._last = 0.0
        self.troubles, self.waiting, self.is_unsure = dict(found.errors), [], False
        self._let_go({**found.files, **found.beside})
        done = 0
        for is_beside, files in ((True, found.beside), (False, found.files)):
            # A store that was renamed is read before another one at its old name.
            names = sorted(unique(files.items()), key=self._is_known)
            for path, mark in names:
                if self._looker.is_stopping:
                    return done
                try:
                    done += self._one(path, mark, is_beside=is_beside)
                except OSError as error:
                    why = f"cannot be read: {error.strerror or error}; check that it may be read"
                    self.troubles[str(path)] = why
                    self._forget(path)
        for held in list(self._gone):
            done += self._last_look(held)
        self._write(_WRITE_SECONDS)
        self._tell_missing(QUIET_SECONDS)
        if not about.get("begun"):
            self._state.note({"begun": "1", _PAST: "" if self._from_now else _ALL})
        is_left = bool(self.waiting) or any(Path(path) in found.rotated for path in self.troubles)
        if _LOOKED not in about or (done and not is_left):
            # Everything that had been rotated before is known now.
            self._state.note({_LOOKED: str(began)})
        self._from_now = False
        if done or self._compared != self._open.keys():
            self._compared = set(self._open)
            self._note_others()
        self.troubles |= self._others
        self.troubles |= {str(path): one.trouble for path, one in self._open.items() if one.trouble}
        self._state.set_troubles(self.troubles, self._now())
        return done

    def end(self) -> None:
        """Nothing more will be looked at: contents that were not found again are told at once."""
        self.write()
        self._tell_missing(0)
        self.close()

    def write(self) -> None:
        """Give the state at once what waits to be written."""
        with self._state.together():
            self._write(0)

    def _write(self, seconds: float) -> None:
        now = self._now()
        for held in self._open.values():
            stand = held.stand
            if stand is not None and stand.kept is not None and abs(now - stand.since) >= seconds:
                self._looker.write(held)

    def close(self) -> None:
        """Close all files."""
        for held in self._all():
            held.handle.close()
        self._open.clear()
        self._gone.clear()

    def _all(self) -> Iterator[Held]:
        yield from self._open.values()
        yield from self._gone

    def _is_known(self, one: tuple[Path, Mark]) -> bool:
        """Whether a file had this name before."""
        return one[0] in self._open or one[0] in self._whole_read

    def _forget(self, path: Path) -> None:
        held = self._open.pop(path, None)
        if held is not None:
            self._looker.write(held)
            held.handle.close()

    def _let_go(self, names: dict[Path, Mark]) -> None:
        """Part from names that lead elsewhere now, and from contents that were truncated or written anew."""
        for path, held in list(self._open.items()):
            if held.looked is not None and names.get(path) == held.mark and not held.is_copy:
                continue
            mark = held.handle.mark()
            if path in names and names[path].is_file_of(mark):
                held.checked = mark
                self._check(held, mark)
                continue
            del self._open[path]
            self._looker.write(held)
            held.is_gone, held.since = True, self._now()
            self._gone.append(held)

    def _check(self, held: Held, mark: Mark) -> None:
        held.handle.forget()
        if held.generation is None or held.looked == (mark, self._looker.version):
            return
        if held.is_copy or not self._looker.goes_on(held, mark):
            self._looker.write(held)
            held.begin(None)
            held.looked, held.is_copy = None, False
        elif held.looked is not None and held.looked[0].size == mark.size and rewritten.are_equal(held.tail):
            # A log without a time in its lines was written anew, or only touched: nobody can see which.
            self._looker.write(held)
            self._tell_gap(held.generation, held.looked[0].mtime_ns / 1e9)

    def _one(self, path: Path, mark: Mark, *, is_beside: bool) -> int:
        held = self._open.get(path)
        if held is None:
            if self._ids is None:
                self._ids = {one.handle.mark().identity for one in self._open.values()}
            if mark.identity in self._ids:
                return 0
            options = self._options.get(self._names.text(path), self._looker.options)
            held = self._open[path] = Held(path, Handle(path), is_beside, self._now(), options)
            self._ids.add(held.handle.mark().identity)
        beside = whole.beside(path) if held.is_database else ()
        is_same = held.mark == mark and held.beside == beside
        if is_same and held.looked == (mark, self._looker.version) and not held.is_copy:
            return 0
        mark, held.checked = held.checked or held.handle.mark(), None
        if held.mark != mark or held.beside != beside:
            held.mark, held.beside, held.since = mark, beside, self._now()
        if not mark.size:
            return 0
        if held.generation is None:
            held.is_whole = whole.is_whole(path, held.handle)
            held.is_database = held.is_whole and whole.is_database(held.handle)
            held.beside = whole.beside(path) if held.is_database else ()
            held.is_past |= is_beside and self._is_past(path, mark)
        return self._look_whole(held, mark) if held.is_whole else self._look_lines(held, mark)

    def _look_lines(self, held: Held, mark: Mark) -> int:
        if held.generation is None or held.is_copy:
            held.begin(self._known(held, mark))
            if held.generation is None and not self._from_now and self._waits(held, mark):
                self.waiting.append(held.path)
                self.is_unsure = True
                return 0
            if held.generation is None and held.is_past:
                return self._look_past(held, mark)
            if held.generation is None and held.is_beside:
                # Not the past of a file that is followed; it is asked again when it changes.
                held.looked = (mark, self._looker.version)
                return 0
        if held.is_copy:
            return 0
        if held.generation is None and self._from_now:
            self._looker.begin_here(held, mark, self._now())
            held.looked = (mark, self._looker.version)
            return 0
        if held.generation is None:
            self._note_missing(str(held.path))
        return self._looker.look(held, mark, self._now())

    def _waits(self, held: Held, mark: Mark) -> bool:
        """Find in an unknown content that which was read last under its name: with zeros that were filled,
        without its oldest lines, or behind new ones. True where nothing of it is there, perhaps not yet."""
        old, now = self._state.last_at(str(held.path)), self._now()
        if old is None or old.is_ended or not old.fingerprint.place:
            return False
        users = [one for one in self._all() if one.generation is not None]
        users = [one for one in users if one.generation and one.generation.number == old.number]
        if any(not one.is_gone for one in users) or (not users and self._looker.was_filled(held, old)):
            return False
        self._looker.note_encoding(held)
        found, size = old.fingerprint, mark.size
        tail = users[0].tail if users else held.tail
        if rewritten.is_prepended(found, held.handle, size):
            held.repeats = rewritten.PREPENDED
            self._state.end(old.number)
        elif anew := rewritten.find(found, tail, held.handle, size):
            for one in users:
                self._drop(one)
            self._looker.shift(held, old, anew.place)
            if not anew.is_sure:
                self._tell_gap(old)
        elif not users and held.rests(now) < _WRITTEN_SECONDS:
            held.doubted = held.doubted or now
            if 0 <= now - held.doubted < QUIET_SECONDS:
                self._note_missing(str(held.path))
                return True
        if held.generation is None and not held.repeats and rewritten.repeats(tail, held.handle, size):
            held.repeats = rewritten.REPEATED
        if held.generation is None and not users:
            # Of the last lines only a hash is known, or they are not written yet: their time must do.
            known = self._state.looked(old.number, self._looker.version)
            held.last_of_old = (known.coverage.last if known and known.coverage else None) or ""
        held.doubted = 0.0
        return False

    def _is_past(self, path: Path, mark: Mark) -> bool:
        """Whether a followed log was rotated to this name. Where watching began with what came later, only a
        log that was written since the last look counts."""
        return path in self._names.rotated and mark.mtime_ns / 1e9 >= self._last - _CLOCK_SECONDS

    def _look_past(self, held: Held, mark: Mark) -> int:
        """Read a rotated log that nobody saw before, once it rests: it may be a copy that is being made."""
        if held.rests(self._now()) < QUIET_SECONDS:
            self.waiting.append(held.path)
            return 0
        done = self._looker.look(held, mark, self._now())
        self._looker.write(held)
        if held.looked is not None and held.generation is not None:
            self._state.end(held.generation.number)
        return done

    def _known(self, held: Held, mark: Mark) -> Generation | None:
        """The generation that the content of a file goes on with."""
        held.is_copy = False
        in_use = {one.generation.number: one for one in self._all() if one.generation is not None}
        in_use = {number: one for number, one in in_use.items() if one is not held}
        sizes = [size for size in self._state.heads() if size <= mark.size]
        heads = ((held.handle.digest(0, size), size) for size in sizes)
        for one in (one for head in heads for one in self._state.beginning(*head)):
            if one.fingerprint.place > mark.size or not one.fingerprint.holds(held.handle):
                continue
            other = in_use.get(one.number)
            if other is None or other.is_gone:
                if other is not None:
                    other.begin(None)
                return one
            if mark.size <= other.handle.mark().size:
                held.is_copy = True
                return one
        return None

    def _note_missing(self, path: str) -> None:
        """Another content begins under a name; the content before it may be lost."""
        old = self._state.last_at(path)
        if old is not None and not old.is_ended:
            self._missing.setdefault(old.number, self._now())

    def _tell_missing(self, seconds: float) -> None:
        """A content that was not renamed, copied or packed is lost behind its place: that is a gap."""
        if not self._missing:
            return
        in_use = {held.generation.number for held in self._all() if held.generation is not None}
        for number, since in list(self._missing.items()):
            one = self._state.generation(number)
            if number in in_use or one.is_ended or self._is_packed(one):
                del self._missing[number]
            elif self._now() - since >= seconds:
                del self._missing[number]
                self._tell_gap(one)
                self._state.end(number)

    def _is_packed(self, one: Generation) -> bool:
        """Whether a file that is read as a whole holds all that was read of a content."""
        for other in self._state.of_source(one.source):
            known = self._state.looked(other.number, self._looker.version)
            size = known.coverage.bytes if known is not None and known.coverage is not None else 0
            if other.is_whole and size >= one.fingerprint.place:
                return True
        return False

    def _tell_gap(self, one: Generation, since: float | None = None) -> None:
        """Lines of a content may be lost since its last one; where that has no time, from `since` on."""
        known = self._state.looked(one.number, self._looker.version)
        if known is None or known.coverage is None:
            return
        now = _moment(self._now())
        first = known.coverage.last or (now if since is None else _moment(since))
        self.gaps += 1
        self._state.add_gap(one.number, self._looker.version, (first, max(first, now)))

    def _last_look(self, held: Held) -> int:
        """Look at a file that has no name here any more, and let it go when it rests."""
        mark, now = held.handle.mark(), self._now()
        if held.mark != mark:
            held.mark, held.since = mark, now
        is_elsewhere = any(one.handle.mark().is_file_of(mark) for one in self._open.values())
        self._check(held, mark)
        if held.generation is None or held.is_whole or is_elsewhere:
            self._drop(held)
            return 0
        done = 0
        if held.looked != (mark, self._looker.version):
            done = self._looker.look(held, mark, now)
            self._looker.write(held)
        if now - held.since >= (QUIET_SECONDS if held.handle.is_deleted() else RESTING_SECONDS):
            if held.looked is not None and held.generation is not None:
                self._state.end(held.generation.number)
            self._drop(held)
        return done

    def _drop(self, held: Held) -> None:
        held.handle.close()
        self._gone.remove(held)

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

    def _was_here(self, path: Path, known: Looked) -> bool:
        """Whether a path led to a store before, and leads to no copy of it: its last record is not here."""
        is_known = self._state.whole(str(path), self._looker.version)[0]
        return bool(is_known) and not whole.has_last(str(path), "", known)

    def _look_whole(self, held: Held, mark: Mark) -> int:
        """Read a file as a whole once it rests; one that never rests, once a minute."""
        path, now, looker = held.path, self._now(), self._looker
        text = " ".join(map(str, (mark.size, mark.mtime_ns, *chain(*held.beside))))
        known_mark, held.unread = self._state.whole(str(path), looker.version)
        if known_mark == text:
            held.looked = (mark, looker.version)
            return 0
        if self._from_now:
            self._state.record_whole(str(path), looker.version, text, "", [], now)
            return 0
        is_due = held.rests(now) >= QUIET_SECONDS or (
            whole.is_growing(held.handle) and now - self._whole_read.setdefault(path, now) >= AGAIN_SECONDS
        )
        if not is_due:
            self.waiting.append(path)
            return 0
        self._state.flush()
        known = partial(self._last_read, path)
        engine, matcher = looker.engine, looker.matcher
        answers, said = whole.read_on(path, engine, matcher, held.options, known) or whole.read(
            path, engine, matcher, held.options, with_heads=self._state.has_short()
        )
        if looker.is_stopping:
            return 0
        is_other = any(one.joins or (one.adds and one.coverage.gaps) for one in answers)
        if known_mark and is_other and self._is_any_unread():
            # The records between may stand in a file that waits.
            self.waiting.append(path)
            return 0
        if looker.take_leases is not None:
            looker.take_leases(
                held.options.source_name, whole.leases(path, held.options.tz, looker.lease_length)
            )
        if held.is_beside and not held.is_past:
            known_logs = (one for one in answers if one.coverage.bytes)
            answers = [one for one in known_logs if self._state.of_source(one.coverage.source)]
        in_use = {one.generation.number for one in self._all() if one.generation is not None}
        self.gaps += sum(len(one.coverage.gaps) for one in answers)
        self._state.record_whole(str(path), looker.version, text, said, answers, now, in_use)
        if confused := self._confused(answers):
            said = "; ".join(filter(None, (said, confused)))
            self._state.say(str(path), looker.version, said)
        self._whole_read[path], held.unread = now, said
        held.looked = (mark, looker.version)
        return 1

    def _is_any_unread(self) -> bool:
        """Whether a file that is read as a whole waits and was never read."""
        waiting = (one for one in self._open.values() if one.is_whole and one.looked is None)
        return any(not self._state.whole(str(one.path), self._looker.version)[0] for one in waiting)

    def _confused(self, answers: Iterable[Answer]) -> str:
        """Which other file has the source id of a file that was read as a whole, and goes on otherwise; ""
        where none does."""
        for source, path in {(one.coverage.source, one.coverage.path) for one in answers}:
            for other in self._state.goes_on_otherwise(source, path, self._looker.version):
                if os.path.exists(other.partition("!/")[0]):  # noqa: PTH110 False also without rights
                    return copies.OTHERWISE.format(path=other)
        return ""

    def _note_others(self) -> None:
        """Note logs of lines that begin as another one and go on otherwise."""
        of_source: dict[str, list[Held]] = {}
        for held in self._open.values():
            if held.generation is not None and not held.is_whole and not held.is_copy:
                of_source.setdefault(held.generation.source, []).append(held)
        self._others = {}
        for same in of_source.values():
            kept: list[Held] = []
            for held in sorted(same, key=_place, reverse=True) if len(same) > 1 else ():
                if not any(_holds(one, held) for one in kept):
                    kept.append(held)
            if len(kept) > 1:
                self._state.note_others([one.generation.number for one in kept if one.generation is not None])
                first, second, *_ = (str(one.path) for one in kept)
                for path in (str(one.path) for one in kept):
                    other = second if path == first else first
                    self._others[path] = copies.OTHERWISE.format(path=other)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _place(held: Held) -> int:
    return held.generation.fingerprint.place if held.generation is not None else 0


def _holds(longer: Held, shorter: Held) -> bool:
    """Whether the last bytes that were read of a file stand at their place in a longer one; True where they
    cannot be read now."""
    end = _place(shorter)
    begin = max(0, end - HEAD_BYTES)
    try:
        there, here = (one.handle.read(begin, end - begin) for one in (longer, shorter))
    except OSError:
        return True
    return there == here or min(len(there), len(here)) < end - begin
