"""Reads files of one source: each is recognised by its content, and all leases become one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from quetsach.errors import SourceError
from quetsach.files.source import Source
from quetsach.machines.evidence import Binding, Claim
from quetsach.machines.leases import logs
from quetsach.machines.leases.leaseformat import File, LeaseFormat
from quetsach.machines.leases.naming import formats, head, kind_of, lines_of, with_past
from quetsach.machines.sources import checks, document, leasetable, neighbours, register, table, translations
from quetsach.machines.sources.outcome import Asked, MachinesError, Outcome

MOST_TEXT = 64 << 20
"""Bytes of a file that is read as a whole: a table of neighbours, a register, the result of a check."""


@dataclass
class Reading:
    """One file: what it told, or why it could not be read. `columns` are those of a register."""

    path: Path
    outcome: Outcome = field(default_factory=Outcome)
    error: Exception | None = None
    columns: register.Columns | None = None


@dataclass
class Evidence:
    """What all files told together, without duplicates."""

    files: list[Reading]
    claims: list[Claim]
    bindings: list[Binding]


def read(
    paths: Sequence[Path],
    asked: Callable[[Path], Asked],
    columns: Mapping[str, str] | None = None,
) -> Evidence:
    """Read files; `asked` says how to read each, `columns` what the headings of a register mean.

    Files of Kea that hold the past of a file are read beside it. No file stops the others: its error stands
    in its `Reading`.
    """
    found = []
    for path in with_past(paths):
        reading = Reading(path)
        try:
            _one(reading, asked(path), columns)
        except (MachinesError, SourceError) as error:
            reading.error = error
        except OSError as error:
            reading.error = SourceError(f"{path}: cannot be read: {error.strerror}")
        found.append(reading)
    return together(found, asked)


def together(files: list[Reading], asked: Callable[[Path], Asked]) -> Evidence:
    """The evidence of all files. Leases of one source are one table: one file may end another's lease."""
    claims = {claim: None for one in files for claim in one.outcome.claims}
    bindings = {binding: None for one in files for binding in one.outcome.bindings}
    sources: dict[tuple[str, str], list[Reading]] = {}
    for one in files:
        how = asked(one.path)
        sources.setdefault((how.source, how.scope), []).append(one)
    for readings in sources.values():
        events = (event for one in readings for event in one.outcome.leases)
        for said in leasetable.told(events, asked(readings[0].path)):
            if isinstance(said, Claim):
                claims[said] = None
            else:
                bindings[said] = None
    return Evidence(files, sorted(claims), sorted(bindings))


def _one(reading: Reading, asked: Asked, columns: Mapping[str, str] | None) -> None:
    path, outcome = reading.path, reading.outcome
    start = _start(path)
    if document.is_document(start):
        _document(path, asked, outcome)
    elif checks.is_check(start):
        checks.read(_whole(path), asked, outcome)
    elif table.is_workbook(start):
        _register(reading, asked, columns)
    else:
        first = head(path)
        kind = kind_of(first)
        if kind is not None and not kind.mark:
            _leases(path, kind, asked, outcome)
        elif not _table(reading, start, asked, columns):
            _log(path, asked, outcome)
            if not outcome.kinds and logs.is_undated(first):
                raise MachinesError("undated")
            if not outcome.kinds and columns is not None:
                raise MachinesError("map_other", ", ".join(columns)[:200])
    if not outcome.kinds and not outcome.left:
        raise MachinesError("unknown")


def _start(path: Path) -> bytes:
    """The first bytes, unpacked if the file is gzip or zstd, in their own encoding. Raises SourceError."""
    with path.open("rb") as file:
        raw = file.read(1 << 16)
    if table.is_workbook(raw):
        return raw  # to the opener of logs it is an archive
    source = Source(path, any_encoding=True)
    start = next(iter(source.chunks()), b"")[: 1 << 16]
    if not start and source.errors:
        raise SourceError(source.errors[0])
    return start


def _whole(path: Path) -> bytes:
    if table.is_workbook(_start(path)):
        if path.stat().st_size > MOST_TEXT:
            raise MachinesError("too_large", MOST_TEXT >> 20)
        return path.read_bytes()
    source = Source(path, any_encoding=True)
    data = bytearray()
    for block in source.chunks():
        data += block
        if len(data) > MOST_TEXT:
            raise MachinesError("too_large", MOST_TEXT >> 20)
    if source.errors:
        raise SourceError(source.errors[0])
    return bytes(data)


def _lines(path: Path) -> Iterator[bytes]:
    """The lines in UTF-8. Raises SourceError at the end where some could not be read."""
    source = Source(path)
    yield from lines_of(source)
    if source.errors:
        raise SourceError(source.errors[0])


def _document(path: Path, asked: Asked, outcome: Outcome) -> None:
    outcome.kinds["evidence"] = 0
    for said in document.read(_lines(path), asked.scope):
        outcome.kinds["evidence"] += 1
        if isinstance(said, Claim):
            outcome.claims.append(said)
        else:
            outcome.bindings.append(said)


def _leases(path: Path, kind: LeaseFormat, asked: Asked, outcome: Outcome) -> None:
    numbers = _Numbers(_lines(path), outcome)
    for event in kind.events(numbers, File(asked.at, asked.zone, asked.length, numbers.leave)):
        outcome.leases.append(event)
        outcome.kinds[kind.name] += 1


class _Numbers:
    """Lines, with the number of the present one for what it leaves."""

    def __init__(self, lines: Iterator[bytes], outcome: Outcome) -> None:
        self._lines, self._outcome, self.number = lines, outcome, 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.number += 1
            yield line

    def leave(self, code: str, line: bytes) -> None:
        self._outcome.leave(self.number, code, line)


def _table(reading: Reading, start: bytes, asked: Asked, columns: Mapping[str, str] | None) -> bool:
    """Whether the file is a table of neighbours or a register, and was read as such."""
    text, _notes = table.decoded(start[: start.rfind(b"\n") + 1] or start)
    kind = neighbours.kind_of(text)
    if kind is not None:
        whole, notes = table.decoded(_whole(reading.path))
        neighbours.read(whole, asked, reading.outcome)
        reading.outcome.notes += [note for note in notes if note[0] != "guessed"]
        reading.outcome.kinds[kind] += len(reading.outcome.bindings)
        return True
    try:
        is_register = any(register.columns_of(sheet.rows, columns) for sheet in table.sheets(start))
    except MachinesError:
        return False
    if is_register:
        _register(reading, asked, columns)
    return is_register


def _register(reading: Reading, asked: Asked, columns: Mapping[str, str] | None) -> None:
    sheets = table.sheets(_whole(reading.path))
    reading.columns = register.read(sheets, asked, reading.outcome, columns)


def _log(path: Path, asked: Asked, outcome: Outcome) -> None:
    """Lines of logs about leases and translations, among lines about other things."""
    marked = [kind for kind in reversed(formats()) if kind.mark]
    numbers = _Numbers(_lines(path), outcome)
    file = File(asked.at, asked.zone, asked.length, numbers.leave)
    taking = translations.Translations(asked, outcome)
    for line in numbers:
        if any(mark in line for mark in translations.MARKS) and taking.take(numbers.number, line):
            continue
        for kind in marked:
            if kind.mark in line:
                before = outcome.left
                events = list(kind.events([line], file))
                outcome.leases += events
                outcome.kinds[kind.name] += len(events)
                if events or outcome.left > before:
                    break
    taking.finish()
    outcome.kinds = +outcome.kinds
