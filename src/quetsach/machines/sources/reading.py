"""Reads files of one source: each is recognised by its content, and all leases become one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from quetsach.errors import SourceError
from quetsach.files import opening
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
    """One file: what it told, or why it could not be read. `columns` are those of a register. `data` is the
    content of a file that lies on no disk."""

    path: Path
    outcome: Outcome = field(default_factory=Outcome)
    error: Exception | None = None
    columns: register.Columns | None = None
    data: bytes | None = field(default=None, repr=False)

    def source(self, *, any_encoding: bool = False) -> Source:
        """The file, to be read once from its beginning."""
        stream = None if self.data is None else BytesIO(self.data)
        return Source(self.path, stream, any_encoding=any_encoding)

    def raw(self, most: int = -1) -> bytes:
        """The first `most` bytes as they are stored, or all."""
        if self.data is not None:
            return self.data if most < 0 else self.data[:most]
        with opening.read(self.path) as file:
            return file.read(most)

    def sheets(self) -> list[table.Sheet]:
        """The file as a table: the first rows of a text, all of a workbook; none where it is no table."""
        try:
            start = _start(self)
            return table.sheets(_whole(self) if table.is_workbook(start) else start)
        except (MachinesError, SourceError, OSError):
            return []


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
    found = [Reading(path) for path in with_past(paths)]
    for one in found:
        _try(one, asked(one.path), columns)
    return together(found, asked)


def read_held(
    files: Sequence[tuple[str, bytes]], asked: Asked, columns: Mapping[str, str] | None = None
) -> Evidence:
    """The same for files that were sent here, each with its name: all are of one source."""
    found = [Reading(Path(name), data=data) for name, data in files]
    for one in found:
        _try(one, asked, columns)
    return together(found, lambda _path: asked)


def _try(reading: Reading, asked: Asked, columns: Mapping[str, str] | None) -> None:
    try:
        _one(reading, asked, columns)
        _leave_unusable(reading.outcome)
    except (MachinesError, SourceError) as error:
        reading.error = error
    except OSError as error:
        reading.error = SourceError(f"{reading.path}: cannot be read: {error.strerror}")


def _leave_unusable(outcome: Outcome) -> None:
    """Bindings that no document holds: one odd row of a table must not cost the others."""
    sound = []
    for one in outcome.bindings:
        if code := document.unusable(one.address, one.begin, one.end, is_fixed=one.kind == "fixed"):
            outcome.leave(0, code, one.address)
        else:
            sound.append(one)
    outcome.bindings[:] = sound


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
    outcome = reading.outcome
    start = _start(reading)
    if document.is_document(start):
        _document(reading, asked)
    elif checks.is_check(start):
        checks.read(_whole(reading), asked, outcome)
    elif table.is_workbook(start):
        _register(reading, asked, columns)
    else:
        first = head(reading.path, reading.source())
        kind = kind_of(first)
        if kind is not None and not kind.mark:
            _leases(reading, kind, asked)
        elif not _table(reading, start, asked, columns):
            _log(reading, asked)
            if not outcome.kinds and logs.is_undated(first):
                raise MachinesError("undated")
            if not outcome.kinds and columns is not None:
                raise MachinesError("map_other", ", ".join(columns)[:200])
    if not outcome.kinds and not outcome.left:
        raise MachinesError("unknown")


def _start(reading: Reading) -> bytes:
    """The first bytes, unpacked if the file is gzip or zstd, in their own encoding. Raises SourceError."""
    raw = reading.raw(1 << 16)
    if table.is_workbook(raw):
        return raw  # to the opener of logs it is an archive
    source = reading.source(any_encoding=True)
    start = next(iter(source.chunks()), b"")[: 1 << 16]
    if not start and source.errors:
        raise SourceError(source.errors[0])
    return start


def _whole(reading: Reading) -> bytes:
    data = bytearray()
    if table.is_workbook(_start(reading)):
        data += reading.raw(MOST_TEXT + 1)
        if len(data) > MOST_TEXT:
            raise MachinesError("too_large", MOST_TEXT >> 20)
        return bytes(data)
    source = reading.source(any_encoding=True)
    for block in source.chunks():
        data += block
        if len(data) > MOST_TEXT:
            raise MachinesError("too_large", MOST_TEXT >> 20)
    if source.errors:
        raise SourceError(source.errors[0])
    return bytes(data)


def _lines(reading: Reading) -> Iterator[bytes]:
    """The lines in UTF-8. Raises SourceError at the end where some could not be read."""
    source = reading.source()
    yield from lines_of(source)
    if source.errors:
        raise SourceError(source.errors[0])


def _document(reading: Reading, asked: Asked) -> None:
    outcome = reading.outcome
    outcome.kinds["evidence"] = 0
    for said in document.read(_lines(reading), asked.scope):
        outcome.kinds["evidence"] += 1
        if isinstance(said, Claim):
            outcome.claims.append(said)
        else:
            outcome.bindings.append(said)


def _leases(reading: Reading, kind: LeaseFormat, asked: Asked) -> None:
    outcome = reading.outcome
    numbers = _Numbers(_lines(reading), outcome)
    outcome.kinds[kind.name] = 0  # also a file that tells of no lease was recognised
    for event in kind.events(numbers, File(asked.at, asked.zone, asked.length, numbers.leave)):
        if code := leasetable.unusable(event):
            numbers.leave(code, event.address.encode())
            continue
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
        whole, notes = table.decoded(_whole(reading))
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
    sheets = table.sheets(_whole(reading))
    reading.columns = register.read(sheets, asked, reading.outcome, columns)


def _log(reading: Reading, asked: Asked) -> None:
    """Lines of logs about leases and translations, among lines about other things."""
    outcome = reading.outcome
    marked = [kind for kind in reversed(formats()) if kind.mark]
    numbers = _Numbers(_lines(reading), outcome)
    file = File(asked.at, asked.zone, asked.length, numbers.leave)
    taking = translations.Translations(asked, outcome)
    for line in numbers:
        if any(mark in line for mark in translations.MARKS) and taking.take(numbers.number, line):
            continue
        for kind in marked:
            if kind.mark in line:
                before = outcome.left
                events = list(kind.events([line], file))
                for event in events:
                    if code := leasetable.unusable(event):
                        numbers.leave(code, line)
                    else:
                        outcome.leases.append(event)
                outcome.kinds[kind.name] += len(events)
                if events or outcome.left > before:
                    break
    taking.finish()
    outcome.kinds = +outcome.kinds
