"""Looks at files again and again: what is new since the last look goes through the scanner into the state."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from quetsach.scanning.engine import ScanOptions
from quetsach.sightings import copies
from quetsach.watching import rewritten, whole
from quetsach.watching.content import HEAD_BYTES, Handle, Mark
from quetsach.watching.generation import Generation
from quetsach.watching.held import QUIET_SECONDS, RESTING_SECONDS, Held
from quetsach.watching.looker import Looker
from quetsach.watching.lost import Lost
from quetsach.watching.names import Names, Paths, unique
from quetsach.watching.whole_files import WholeFiles

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
        self._lost = Lost(looker, now)
        self._wholes = WholeFiles(looker, self._lost, now)
        self._last = 0.0
        self.troubles: dict[str, str] = {}
        self._others: dict[str, str] = {}
        """Logs of lines that begin as another one and go on otherwise, and what to say of them."""
        self._compared: set[Path] = set()
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
        self._lost.tell(QUIET_SECONDS, self._in_use)
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
        self.troubles = {**self._doubled(), **self.troubles, **self._others}
        self.troubles |= {str(path): one.trouble for path, one in self._open.items() if one.trouble}
        self._state.set_troubles(self.troubles, self._now())
        return done

    def _doubled(self) -> dict[str, str]:
        """The logs whose lines count more than once, without those that are told under their present name."""
        known = self._state.doubled()
        if not known:
            return {}
        told = {one.generation.path for one in self._open.values() if one.generation and one.repeats}
        return {path: why for path, why in known.items() if path not in told}

    def end(self) -> None:
        """Nothing more will be looked at: contents that were not found again are told at once."""
        self.write()
        self._lost.tell(0, self._in_use)
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

    def _in_use(self) -> set[int]:
        """The generations of the files that are held open."""
        return {one.generation.number for one in self._all() if one.generation is not None}

    @property
    def gaps(self) -> int:
        """Gaps that this watcher has told."""
        return self._lost.gaps

    def _is_known(self, one: tuple[Path, Mark]) -> bool:
        """Whether a file had this name before."""
        return one[0] in self._open or self._wholes.has_read(one[0])

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
            self._lost.tell_gap(held.generation, held.looked[0].mtime_ns / 1e9)

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
        if held.is_whole:
            others = list(self._all())
            return self._wholes.look(held, mark, others, self.waiting, passes_over=self._from_now)
        return self._look_lines(held, mark)

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
            self._lost.note(str(held.path))
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
                self._lost.tell_gap(old)
        elif not users and held.rests(now) < _WRITTEN_SECONDS:
            held.doubted = held.doubted or now
            if 0 <= now - held.doubted < QUIET_SECONDS:
                self._lost.note(str(held.path))
                return True
        if held.generation is None and not held.repeats:
            is_so = rewritten.repeats(tail, old.last_lines, held.handle, size)
            held.repeats = rewritten.REPEATED if is_so else ""
        if held.generation is None and not users:
            # Of the last lines only a hash is known, or they are not written yet: their time must do.
            known = self._state.looked(old.number, self._looker.version)
            held.knows_lines = bool(tail or old.last_lines)
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
