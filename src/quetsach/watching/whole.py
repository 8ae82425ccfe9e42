"""Files that are read as a whole: archives, packets, databases and packed logs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from math import inf
from pathlib import Path
from typing import NamedTuple

from quetsach.errors import SourceError
from quetsach.files import inputs, openers, opening
from quetsach.files.decompress import codec_of
from quetsach.files.openers import jsonlines, pihole
from quetsach.files.openers.opened import Disk
from quetsach.files.source import Source, is_capture
from quetsach.machines.leases import naming
from quetsach.machines.leases.leaseformat import Event
from quetsach.scanning import reading
from quetsach.scanning.engine import Before, Engine, Judged, Matcher, ScanOptions, SourceResult
from quetsach.scanning.executor import Unit
from quetsach.sightings.adding import with_line, without_line
from quetsach.watching import hidden
from quetsach.watching.content import HEAD_BYTES, Handle
from quetsach.watching.counting import Counted
from quetsach.watching.generation import Answer, Looked
from quetsach.watching.hidden import Unread

_AROUND = 64
_SECONDS = len("2026-09-21T00:00:00")
_GROWING = ("evtx", "eventxml", "pihole", "adguard", "tinyproxy")
"""Kinds that a program goes on writing: they may never rest."""


def is_whole(path: Path, handle: Handle) -> bool:
    """Whether spans of a file cannot be read by themselves; decided by its first bytes, as a scan does."""
    start = handle.read(0, HEAD_BYTES)
    if is_capture(start) or codec_of(start) is not None:
        return True
    if openers.is_result(start):
        return True
    found = inputs.discover([str(path)])
    return not found.logs or found.logs[0].is_container or _holds_leases_only(path)


def _holds_leases_only(path: Path) -> bool:
    """Whether a scan takes the file for leases and no log."""
    head = naming.head(path)
    kind = naming.kind_of(head)
    return kind is not None and not kind.is_log and (not kind.mark or kind.recognises(head))


def is_database(handle: Handle) -> bool:
    """Whether a file is a database, beside which other files may lie that belong to it."""
    return handle.read(0, len(pihole.MAGIC)) == pihole.MAGIC


def beside(path: Path) -> tuple[tuple[int, int], ...]:
    """Size and time of each file beside a database that may hold what was written last."""
    found = []
    for one in pihole.beside(path):
        with suppress(OSError):
            about = one.stat()
            found.append((about.st_size, about.st_mtime_ns))
    return tuple(found)


def is_growing(handle: Handle) -> bool:
    """Whether a file that is read as a whole is written to for as long as it is used."""
    start = handle.read(0, HEAD_BYTES)
    if is_capture(start) or codec_of(start) is not None:
        return False
    kind = next((kind for kind in openers.KINDS if kind.begins(start)), None)
    return kind is None or kind.module in _GROWING


def read(
    path: Path, engine: Engine, matcher: Matcher, options: ScanOptions, *, with_heads: bool
) -> tuple[list[Answer], str]:
    """The answers of all logs in a file, and what of it could not be read; "" where nothing."""
    found = inputs.discover([str(path)])
    if _holds_leases_only(path):
        return [], ""
    answers = [Answer([], [], reading.failed(None, options, reason, shown)) for shown, reason in found.errors]
    heads = _heads(path, found.logs) if with_heads else {}
    for log in found.logs:
        at = reading.Reading(engine)
        for outcome in reading.read(Unit(log), matcher, options, at):
            if isinstance(outcome, SourceResult):
                answer = answer_of(outcome)
                kinds = {row.logformat for row in answer.rows()}
                answer = answer._replace(format=kinds.pop() if len(kinds) == 1 else "")
                answers.append(answer._replace(head=heads.get(answer.coverage.path, b"")))
    return [_with_size(one, path) for one in answers], _unread(answers)


def _with_size(answer: Answer, path: Path) -> Answer:
    """The answer with what a smaller copy must tell, where nothing of a damaged store could be read."""
    errors, seen = [error for error in answer.coverage.errors if hidden.is_damage(error)], answer.coverage
    if seen.bytes or seen.path != str(path) or not errors:
        return answer
    try:
        with opening.read(path, is_raw=True) as file:
            return answer._replace(damage=(Unread(hidden.used(file), errors[0]).kept(),))
    except (OSError, SourceError):
        # It is gone again; the next look tells.
        return answer


def read_on(
    path: Path,
    engine: Engine,
    matcher: Matcher,
    options: ScanOptions,
    known: Callable[[str, Callable[[Looked], bool]], tuple[Looked, str] | None],
    nothing: Looked | None = None,
) -> tuple[list[Answer], str] | None:
    """What a store shows that was not looked at, by the source id as `known` tells it with the log format:
    records with a higher number or a later time than the last. A store that was restored from a copy gives
    numbers of before to new records. None of a file that is read as a whole. `known` may ask whether the
    store goes on with what was read under another name. `nothing` is a look at the same path before, which
    could read nothing.

    A store is read once more from its beginning where it holds smaller numbers than at the last look, where
    its largest number fell, where records that were read before stand behind its last one, or where something
    behind damage was read and the damage is gone: a copy was put in its place. So is one with queries without
    a name: new queries do not tell whether those are there.
    Damage stays an error until an undamaged copy reaches the end of the last look.
    """
    with _opened(path) as opened:
        if opened is None:
            return None
        store, first, again, source, used = opened
        before, log_format = known(source, partial(_goes_on, store, first)) or (None, "")
        was, unread = before, Unread.of(nothing) or Unread.of(before)
        if before is not None and (mine := Unread.of(before)):
            before = mine.without(before)
        reader = _Reader(path, engine, matcher, options, store, again, source)
        is_earlier = before is not None and 0 < first < before.first
        is_cut = before is not None and 0 < store.last < before.record
        is_back = before is not None and not is_cut and _is_back(store, first, before)
        told = reader.read(None if is_earlier or is_cut or is_back else before, log_format)
        errors = before.coverage.errors if before is not None and before.coverage is not None else []
        damage = before.damage if before is not None else ()
        is_lost = not store.stops and _lacks(told, errors, damage)
        if told.adds and (is_lost or any(pihole.NAMELESS in error for error in errors)):
            renewed = reader.read(None, log_format)
            is_short = before is not None and renewed.record < before.record
            if not (is_lost and is_short and told.coverage.lines):
                # New records of an older copy add to those that are known.
                told = renewed
            is_lost = not store.stops and _lacks(told, errors, damage)
        is_part = before is not None and is_earlier and told.record + 1 == before.first
        is_part = is_part and before is not None and _is_older(told, before)
        if before is not None and is_part:
            # Only the records right before those that are known, such as an older part that was restored.
            told = _in_front(before, reader.read(None, log_format, has_name=False))
        elif before is not None and is_earlier and not is_cut and told.record < before.record:
            # Records may be missing between both: where they come, the smallest number tells.
            first = before.first
    begin, told = told.first, told._replace(first=first, joins=before is not None and not told.adds)
    reached = told.record
    if before is not None and is_lost and told.record < before.record:
        told = _with_damage_of(before, told)
    if before is not None:
        # New queries of a restored copy go on at its own last number.
        record = told.record if is_cut and not is_part else max(before.record, told.record)
        told = told._replace(record=record, moment=max(before.moment, told.moment))
    if store.stops:
        told = hidden.told(before, told, store.last, begin)
    is_smaller = unread is not None and used < unread.size
    ends = before.coverage.last if before is not None and before.coverage is not None else None
    goes_on = bool(
        is_smaller and store.stops and nothing is None and told.adds and told.coverage.lines and ends
    )
    if unread is not None and unread.error and is_smaller and not goes_on:
        told = unread.told(told)
    elif was is not None and is_smaller and reached <= was.record and not store.stops:
        # Its last event is known, but something stood behind that.
        told = _with_damage_of(was, told)
    elif told.damage and not store.stops:
        size = max(used, unread.size if unread is not None and reached < told.record else 0)
        told = told._replace(damage=(*told.damage, Unread(size, "").kept()))
    if was is not None:
        errors, damage = was.coverage.errors if was.coverage is not None else [], was.damage
    said = _unread([told])
    is_news = not told.adds or told.coverage.lines or told.coverage.errors != errors or told.damage != damage
    if pihole.CHANGED in said or not is_news:
        return [], said
    if before is not None and before.coverage is not None:
        begins, ends = before.coverage.last, told.coverage.first
        if not told.adds:
            begins = before.coverage.first
        # The store deleted records that nobody read, or could read.
        is_gap = first > before.record + 1 if told.adds else is_lost and 0 < before.first < first
        if (is_gap or goes_on) and begins and ends:
            gap = sorted((begins, ends))
            told = told._replace(coverage=told.coverage._replace(gaps=[gap]))
    return [told], said


def has_last(path: str, source: str, before: Looked) -> bool:
    """Whether a path leads to a store with a source id, "" for any, that holds the last record that was read
    of it."""
    try:
        with _opened(Path(path)) as opened:
            if opened is None or source not in ("", opened.source) or opened.first > before.record:
                return False
            return _goes_on(opened.store, opened.first, before)
    except Exception:  # the file is gone, or hostile bytes make a library raise anything
        return False


class _Open(NamedTuple):
    """A store whose file is open. `first` is its smallest number; `again` opens it once more; `used` are its
    bytes in use."""

    store: _Store
    first: int
    again: Callable[[], openers.Opened]
    source: str
    used: int


@contextmanager
def _opened(path: Path) -> Iterator[_Open | None]:
    """The store at a path; None where it is no store with a name. Raises OSError."""
    with opening.read(path, is_raw=True) as file:
        start = file.read(HEAD_BYTES)
        kind = next((kind.module for kind in openers.KINDS if kind.begins(start)), "")
        meter, mtime = openers.Meter(), path.stat().st_mtime

        def again() -> openers.Opened:
            file.seek(0)
            return openers.Opened("", openers.Start(Disk(file, meter)), mtime=mtime, path=path)

        found = None
        # Hostile bytes can make a library raise anything; the reading as a whole reports the reason.
        with suppress(Exception):
            store = _STORES[kind](again) if kind in _STORES else None
            if store is not None and store.name:
                source = hashlib.sha256(store.name[:HEAD_BYTES]).hexdigest()
                found = _Open(store, store.first(), again, source, hidden.used(file))
        yield found


def _goes_on(store: _Store, first: int, before: Looked) -> bool:
    """Whether a store holds the last record that was read of another, at its time, or only later ones.

    The latest time may be that of a record a little before the last.
    """
    if first > before.record:
        return True
    latest, is_there = 0.0, False
    for number, moment, _line in store.numbered((before.record - _AROUND, inf)):
        if number > before.record:
            break
        latest, is_there = max(latest, moment), is_there or number == before.record
    return is_there and latest == before.moment


def _is_back(store: _Store, first: int, before: Looked) -> bool:
    """Whether records stand behind the last one of a store that were there before it: an older copy was read
    meanwhile, and those behind its last number were read already."""
    if not 0 < before.record < store.last:
        return False
    try:
        later = store.numbered((before.record, inf))
        moment = next((moment for number, moment, _line in later if number > before.record), inf)
        return moment <= before.moment and not _goes_on(store, first, before)
    except Exception:  # hostile bytes make a library raise anything; the reading reports the reason
        return False


def _is_older(told: Answer, before: Looked) -> bool:
    """Whether records are older than all that are known, by whole seconds. A store that lost its oldest
    records still counts them."""
    known = before.coverage.first if before.coverage is not None else None
    return not known or (told.coverage.last or "")[:_SECONDS] <= known[:_SECONDS]


def _in_front(before: Looked, told: Answer) -> Answer:
    """The answer of records before those that are known, as one that adds to them: the line that names the
    store counts in the first hour of all."""
    seen, first = told.coverage, before.coverage.first if before.coverage is not None else None
    if seen.first is not None and first is not None:
        seen = seen._replace(hours=without_line(with_line(seen.hours or {}, seen.first), first))
    text = before.text + told.text
    return told._replace(adds=True, text=text, counted=before.counted, coverage=seen)


def _lacks(told: Answer, errors: Iterable[str], damage: Iterable[str]) -> bool:
    """Whether something that could not be read at the last look is not told any more. An error names few of
    the places in `damage`."""
    return not ({*damage} <= {*told.damage} and {*errors} <= {*told.coverage.errors})


def _with_damage_of(before: Looked, told: Answer) -> Answer:
    """The answer with the damage of the last look, too: nothing that was read since stood there."""
    damage = tuple(dict.fromkeys((*before.damage, *told.damage)))
    known = before.coverage.errors if before.coverage is not None else []
    errors = list(dict.fromkeys((*known, *told.coverage.errors)))
    return told._replace(damage=damage, coverage=told.coverage._replace(errors=errors))


class _Store(NamedTuple):
    """A store of records that is read by place. `name` is the line that names it, no bytes where it has none;
    `last` the number of its last record, 0 where its lines tell, and `first` gives the smallest number.
    `format` is its log format; where that is "", its first lines in `head` tell. `numbered` gives the name
    with the number 0, and the records behind a number and a time. A reading that `stops` at damage reads
    nothing behind it, and the next one goes on there."""

    name: bytes
    stops: bool
    last: int
    first: Callable[[], int]
    format: str
    head: bytes
    numbered: Callable[[tuple[int, float] | None], Iterable[tuple[int, float, bytes]]]


class _Reader(NamedTuple):
    """What reads a store with a matcher; `again` opens its file once more, `source` is its source id."""

    path: Path
    engine: Engine
    matcher: Matcher
    options: ScanOptions
    store: _Store
    again: Callable[[], openers.Opened]
    source: str

    def read(self, before: Looked | None, log_format: str, *, has_name: bool = True) -> Answer:
        """The records behind those of the last look, all where there was none, with the line that names the
        store if `has_name`; `log_format` is theirs. `first` of the answer is the number of the first one."""
        store, options = self.store, self.options
        known = before if before is not None and before.record > 0 else None
        behind, text = ((known.record, known.moment), known.text) if known is not None else (None, 0)
        shell = self.again()
        lines = _Lines(store.numbered(behind), has_name=has_name and known is None)
        stream = jsonlines.opened(shell, lines).stream
        judged = Judged(options.format or store.format, "", True)
        if not judged.format:
            head = self.matcher.judging(options).add(store.head)
            is_known = known is not None and bool(log_format)
            judged = Judged(log_format, "", True) if is_known else head._replace(is_settled=True)
        options = options._replace(format=judged.format if store.format else options.format)
        counted = known.counted.behind if known is not None else b""
        at = Before(text, judged, b"", self.source, shell.mtime, counted)
        found, _header, counted = self.matcher.scan_span(
            str(self.path), options, self.engine.progress(), stream, at
        )
        record, moment = behind or (0, 0.0)
        return answer_of(found, judged.format)._replace(
            text=text + lines.size,
            record=max(lines.last, record if found.coverage.errors else store.last),
            moment=max(lines.moment, moment),
            counted=Counted(counted),
            damage=lines.damage,
            adds=known is not None,
            first=lines.begin,
        )


def _database(again: Callable[[], openers.Opened]) -> _Store:
    name, first, last = pihole.latest(again())
    return _Store(
        name, True, last, lambda: first, "pihole.ftl", b"", lambda behind: pihole.numbered(again(), behind)
    )


def _event_log(again: Callable[[], openers.Opened]) -> _Store:
    from quetsach.files.openers import evtx

    name, head = evtx.begin_of(again().stream)
    begin = (0, 0.0, name)

    def first() -> int:
        return evtx.smallest(again().stream)

    return _Store(
        name, False, 0, first, "", head, lambda behind: chain([begin], evtx.numbered(again().stream, behind))
    )


_STORES = {"pihole": _database, "evtx": _event_log}


class _Lines:
    """Lines with numbers and times: `begin` is the first number, `last` and `moment` are the latest, `size`
    are the bytes so far. `damage` are the places that could not be read, where a store tells them all."""

    def __init__(self, numbered: Iterable[tuple[int, float, bytes]], *, has_name: bool) -> None:
        self._numbered, self._has_name = numbered, has_name
        self.begin = self.last = self.size = 0
        self.moment = 0.0
        self.damage: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[bytes]:
        try:
            for number, moment, line in self._numbered:
                if number or self._has_name:
                    self.begin = self.begin or number
                    self.last, self.moment = max(self.last, number), max(self.moment, moment)
                    self.size += len(line)
                    yield line
        except SourceError as error:
            self.damage = tuple(getattr(error, "places", ()))
            raise
        except Exception as error:  # hostile bytes can make a library raise anything
            raise SourceError(f"damaged ({type(error).__name__}: {error})") from error


def _unread(answers: Iterable[Answer]) -> str:
    """What could not be read of a file, in the words of its logs; "" where nothing."""
    return "; ".join(dict.fromkeys(error for one in answers for error in one.coverage.errors))


def leases(path: Path, tz: str, length: int | None) -> list[Event]:
    """The leases that a scan finds in a file that it is given as a log; none where it cannot be read."""
    try:
        return list(naming.gather(inputs.discover([str(path)]), [], tz, length).events())
    except SourceError:
        # The reading of the file reports the reason.
        return []


def _heads(path: Path, logs: list[inputs.Input]) -> dict[str, bytes]:
    """The first bytes of each log, by the path that its coverage shows."""
    if not any(log.is_container for log in logs):
        source = Source(path, any_encoding=True)
        next(source.chunks(), b"")
        return {str(path): source.head}
    found: dict[str, bytes] = {}
    try:
        for opened in openers.read(path, openers.Meter()):
            if isinstance(opened, openers.Opened):
                shown = f"{path}!/{opened.member}" if opened.member else str(path)
                found[shown] = openers.unpacked_start(opened.stream)
    except (SourceError, OSError):
        # The reading of the file reports the reason.
        return found
    return found


def answer_of(result: SourceResult, log_format: str = "") -> Answer:
    """The rows of a result in memory: a span shows few."""
    return Answer(list(result.sightings), list(result.bypasses), result.coverage, format=log_format)
