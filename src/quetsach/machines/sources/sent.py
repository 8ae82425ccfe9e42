"""Files of one source that a stranger sent, read in a process of its own: what they tell, as a document.

The document (`document`) is what is kept; everything else serves the preview of it.
"""

from __future__ import annotations

import gzip
import json
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, cast
from zoneinfo import ZoneInfo

from quetsach.errors import SourceError
from quetsach.files import bounded_process, workbook
from quetsach.machines.evidence import Binding, Claim
from quetsach.machines.identity.devices import devices_of
from quetsach.machines.sources import document, reading
from quetsach.machines.sources.outcome import FOREVER, Asked, Leftover, MachinesError
from quetsach.text.escape import escape

MOST_BYTES = 16 << 20
"""Bytes of the files together. The rows of larger ones do not fit into the memory of the process."""
MOST_FILES = 40
MOST_LEFT = 200
MOST_ADDRESSES = 20_000
_SAMPLE = 5
_MOST_COUNTED = 60_000
_HEADINGS = 30
_MOST_HEADINGS = 200
_SECONDS = 50
_HEAD = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class SentFile:
    """What one file told. `error` is "" or why it could not be read, with the figure or name concerned.

    `headings` are those of a register, each with the key that it was read as ("" for none) and the first
    value below it; of a table that nobody recognised, all with "".
    """

    name: str
    kinds: dict[str, int]
    error: str
    about: str
    left: int
    reasons: dict[str, int]
    leftovers: list[Leftover]
    notes: list[tuple[str, str]]
    headings: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Sent:
    """What the files told together. `packed` is the document, compressed by gzip; `begin` and `end` are the
    first and last time at which a source says something, 0 for none; `machines` are the devices that the
    evidence makes by itself (None: too much to count in a preview); `undated` counts leases that begin only
    when their file was read. `addresses` are those that it tells of, each with the latest time from which on;
    at most MOST_ADDRESSES."""

    packed: bytes
    files: list[SentFile]
    claims: int
    bindings: int
    kinds: dict[str, int]
    machines: int | None
    begin: int
    end: int
    undated: int
    sample_claims: list[Claim]
    sample_bindings: list[Binding]
    addresses: list[tuple[str, int]]


def pack(files: Sequence[tuple[str, bytes]]) -> bytes:
    """Files with their names as one content."""
    head = json.dumps([[name, len(data)] for name, data in files]).encode()
    return b"".join((_HEAD.pack(len(head)), head, *(data for _name, data in files)))


def unpack(data: bytes) -> list[tuple[str, bytes]]:
    """The files of `pack`."""
    (length,) = _HEAD.unpack_from(data)
    at, found = _HEAD.size + length, []
    for name, size in json.loads(data[_HEAD.size : at]):
        found.append((str(name), data[at : at + size]))
        at += size
    return found


@bounded_process.bounded(
    seconds=_SECONDS,
    raises=(MachinesError,),
    refused=lambda _error: MachinesError("limits"),
    imports=workbook.READING,
)
def read(
    data: bytes, source: str, at: int, zone: str, length: int | None, columns: dict[str, str] | None
) -> Sent:
    """Read files that `pack` put together. `at`, `zone` and `length` are as in `outcome.Asked`, `columns` as
    in `reading.read`. Raises MachinesError if the files as a whole cannot be read."""
    asked = Asked(source, at, ZoneInfo(zone), "", length)
    found = reading.read_held(unpack(data), asked, columns)
    files = [_told(one) for one in found.files]
    out = BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed:
        document.write(cast(BinaryIO, packed), source, found.claims, found.bindings)
    few = len(found.claims) + len(found.bindings) <= _MOST_COUNTED
    rows: list[Claim | Binding] = [*found.claims, *found.bindings]
    begins = [one.begin for one in rows if one.begin]
    ends = [one.end for one in rows if one.end < FOREVER]
    return Sent(
        packed=out.getvalue(),
        files=files,
        claims=len(found.claims),
        bindings=len(found.bindings),
        kinds=dict(Counter(one.kind for one in found.bindings)),
        machines=len(devices_of(found.claims, found.bindings).all) if few else None,
        begin=min(begins, default=0),
        end=max(ends, default=0),
        undated=sum(event.is_read for one in found.files for event in one.outcome.leases),
        sample_claims=found.claims[:_SAMPLE],
        sample_bindings=found.bindings[:_SAMPLE],
        addresses=list(_latest(found.bindings).items())[:MOST_ADDRESSES],
    )


def _latest(bindings: Sequence[Binding]) -> dict[str, int]:
    latest: dict[str, int] = {}
    for one in bindings:
        latest[one.address] = max(one.begin, latest.get(one.address, 0))
    return latest


def _told(one: reading.Reading) -> SentFile:
    outcome, error = one.outcome, one.error
    code = error.code if isinstance(error, MachinesError) else "source" if error is not None else ""
    value = error.value if isinstance(error, MachinesError) else str(error or "")
    if isinstance(error, SourceError):
        value = value.removeprefix(f"{one.path}: ")
    return SentFile(
        str(one.path),
        dict(outcome.kinds),
        code,
        value[:300],
        outcome.left,
        dict(Counter(left.code for left in outcome.leftovers)),
        outcome.leftovers[:MOST_LEFT],
        outcome.notes[:50],
        _headings(one) if one.columns is not None or code in ("unknown", "map_other") else [],
    )


def _headings(one: reading.Reading) -> list[tuple[str, str, str]]:
    for sheet in one.sheets():
        rows = sheet.rows
        if one.columns is not None:
            if len(rows) < one.columns.row or rows[one.columns.row - 1] != one.columns.headings:
                continue
            number, told = one.columns.row, one.columns.mapping
        else:
            number = max(range(len(rows[:_HEADINGS])), key=lambda at: _filled(rows[at]), default=-1) + 1
            told = dict.fromkeys(rows[number - 1], "") if number else {}
        if len(told) > 1:
            return [
                (
                    escape(heading.encode(), 200),
                    told[heading],
                    _example(rows[number:], rows[number - 1], heading),
                )
                for heading in told
                if heading
            ][:_MOST_HEADINGS]
    return []


def _filled(row: list[str]) -> int:
    return sum(map(bool, row))


def _example(rows: list[list[str]], headings: list[str], heading: str) -> str:
    place = headings.index(heading)
    found = (row[place] for row in rows[:200] if place < len(row) and row[place])
    return escape(next(found, "").encode("utf-8", "surrogateescape"), 80)
