"""Files that are read as a whole: archives, packets, databases, packed logs, and text in UTF-16."""

from __future__ import annotations

from pathlib import Path

from quetsach.errors import SourceError
from quetsach.files import inputs, openers
from quetsach.files.decompress import codec_of
from quetsach.files.source import Source, is_capture, utf16_of
from quetsach.machines.leases import naming
from quetsach.machines.leases.leaseformat import Event
from quetsach.scanning import reading
from quetsach.scanning.engine import Engine, Matcher, ScanOptions, SourceResult
from quetsach.scanning.executor import Unit
from quetsach.watching.content import HEAD_BYTES, Handle
from quetsach.watching.generation import Answer

LEASES = "lease"
_GROWING = ("evtx", "eventxml", "pihole", "adguard", "tinyproxy")
"""Kinds that a program goes on writing: they may never rest."""


def is_whole(path: Path, handle: Handle) -> bool:
    """Whether spans of a file cannot be read by themselves; decided by its first bytes, as a scan does."""
    start = handle.read(0, HEAD_BYTES)
    if utf16_of(start) is not None or is_capture(start) or codec_of(start) is not None:
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
    """The answers of all logs in a file, and why it is none; "" where it is one."""
    found = inputs.discover([str(path)])
    if _holds_leases_only(path):
        return [], LEASES
    said = [reason for _, reason in found.errors] + [one.why for one in found.skipped]
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
    return answers, "; ".join(dict.fromkeys(said))


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


def answer_of(result: SourceResult) -> Answer:
    """The rows of a result in memory: a span shows few."""
    return Answer(list(result.sightings), list(result.bypasses), result.coverage)
