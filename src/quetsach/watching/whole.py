"""Files that are read as a whole: archives, packets, databases and packed logs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path

from quetsach.errors import SourceError
from quetsach.files import inputs, openers, opening
from quetsach.files.decompress import codec_of
from quetsach.files.source import Source, is_capture
from quetsach.machines.leases import naming
from quetsach.machines.leases.leaseformat import Event
from quetsach.scanning import reading
from quetsach.scanning.engine import Before, Engine, Judged, Matcher, ScanOptions, SourceResult
from quetsach.scanning.executor import Unit
from quetsach.watching.content import HEAD_BYTES, Handle
from quetsach.watching.generation import Answer, Looked

_DATABASE = "pihole"
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
    said = [reason for _, reason in found.errors]
    answers = []
    heads = _heads(path, found.logs) if with_heads else {}
    for log in found.logs:
        at = reading.Reading(engine)
        for outcome in reading.read(Unit(log), matcher, options, at):
            if isinstance(outcome, SourceResult):
                answer = answer_of(outcome)
                kinds = {row.logformat for row in answer.rows()}
                answer = answer._replace(format=kinds.pop() if len(kinds) == 1 else "")
                answers.append(answer._replace(head=heads.get(answer.coverage.path, b"")))
    return answers, _unread(answers, said)


def read_on(
    path: Path,
    engine: Engine,
    matcher: Matcher,
    options: ScanOptions,
    known: Callable[[str], Looked | None],
) -> tuple[list[Answer], str] | None:
    """What a database of Pi-hole shows that was not looked at, by the source id as `known` tells it: queries
    with a higher number or a later time than the last. A database that was restored from a copy gives numbers
    of before to new queries. None of a file that is read as a whole."""
    with opening.read(path) as file:
        start = file.read(HEAD_BYTES)
    if next((kind.module for kind in openers.KINDS if kind.begins(start)), "") != _DATABASE:
        return None
    from quetsach.files.openers import jsonlines, pihole

    database = openers.Opened("", openers.Start(BytesIO()), mtime=path.stat().st_mtime, path=path)
    try:
        name, last = pihole.latest(database)
    except SourceError:
        # The reading as a whole reports the reason.
        return None
    if not name:
        return None
    source = hashlib.sha256(name[:HEAD_BYTES]).hexdigest()
    before = known(source)
    adds = before is not None and before.record > 0
    behind, text = ((before.record, before.moment), before.text) if before is not None and adds else (None, 0)
    lines = _Lines(pihole.numbered(database, behind), has_name=not adds)
    stream = jsonlines.opened(database, lines).stream
    judged = Judged(options.format or "pihole.ftl", "", True)
    options = options._replace(format=judged.format)
    at = Before(text, judged, b"", source, database.mtime)
    found = matcher.scan_span(str(path), options, engine.progress(), stream, at).result
    answer = answer_of(found, judged.format)
    if adds and not lines.size:
        return [], ""
    moment = max(lines.moment, behind[1] if behind else 0.0)
    told = answer._replace(text=text + lines.size, record=max(lines.last, last), moment=moment, adds=adds)
    return [told], _unread([told])


class _Lines:
    """Lines with numbers and times: `last` and `moment` are the latest, `size` are the bytes so far."""

    def __init__(self, numbered: Iterable[tuple[int, float, bytes]], *, has_name: bool) -> None:
        self._numbered, self._has_name = numbered, has_name
        self.last = self.size = 0
        self.moment = 0.0

    def __iter__(self) -> Iterator[bytes]:
        for number, moment, line in self._numbered:
            if number or self._has_name:
                self.last, self.moment = max(self.last, number), max(self.moment, moment)
                self.size += len(line)
                yield line


def _unread(answers: list[Answer], said: Iterable[str] = ()) -> str:
    """What could not be read of a file, in the words of its logs; "" where nothing."""
    return "; ".join(dict.fromkeys([*said, *(error for one in answers for error in one.coverage.errors)]))


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
