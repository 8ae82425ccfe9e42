"""One content of a file, how far it was looked at, and what was found in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from quetsach.scanning.engine import Judged
from quetsach.sightings.sighting import Bypass, Coverage, Sighting
from quetsach.watching.content import Fingerprint
from quetsach.watching.counting import Counted
from quetsach.watching.holes import Hole


class Generation(NamedTuple):
    """One content, under whatever name: `path` is its first name, `shown` its present one.

    `base` is where the first look began, with its header; `was` are source ids that it had before it held
    4,096 bytes, each with the change that ended it. `is_ended`: it was read to its end, and its file was let
    go. `format` is the log format by which its lines are read. `last_lines` are the last of them, as
    `rewritten.last_lines` has them.
    """

    number: int
    is_whole: bool
    source: str
    was: tuple[tuple[str, int], ...]
    fingerprint: Fingerprint
    base: int
    base_header: bytes
    path: str
    shown: str
    is_ended: bool
    format: str
    last_lines: tuple[str, ...]


class Looked(NamedTuple):
    """How far a generation was looked at with one version of the list; `text` are the bytes of its text up to
    the place. Of a store `first` is the smallest number of a record that it held at the last look, 0 where
    that is not known; `record` is the largest number that was read, and `moment` the latest time of any
    record, in seconds since 1970 UTC. `counted` is about the hours of its lines, and
    `holes` are zeros among them. `damage` are the places of a store that could not be read."""

    place: int
    text: int
    first: int
    record: int
    moment: float
    is_settled: bool
    header: bytes
    coverage: Coverage | None
    rest: Coverage | None
    counted: Counted
    holes: tuple[Hole, ...]
    damage: tuple[str, ...]


@dataclass
class Stand:
    """How far a content was looked at with one version of the list.

    `text` are the bytes of text up to the place. `is_settled`: the next lines add to those before, also in
    another process. `counted` is about the hours of its lines, `holes` are zeros among them. `judged` is how
    this process read the lines up to the place; None where another one did, or where a half line was read
    with them. `rest` are the bytes of a last line without its end.
    `unwritten` is the coverage of the last spans up to the place. Nothing was found in them, and the state
    has not got them yet; `since` is when they began.
    Meanwhile `kept` are the first bytes of the content and those before the place.
    """

    version: int
    place: int
    text: int
    header: bytes
    is_settled: bool
    counted: Counted
    holes: tuple[Hole, ...]
    rest: int = 0
    judged: Judged | None = None
    unwritten: list[Coverage] = field(default_factory=list)
    since: float = 0.0
    kept: tuple[bytes, bytes] | None = None


class Answer(NamedTuple):
    """What a span showed, or a log in a file that is read as a whole. `head` are its first bytes, where asked
    for; `format` is the log format, "" where it was not asked for. Of a store `first`, `record` and `moment`
    are as `Looked` has them, and `text` are the bytes up to the record. With `adds` it shows only what is
    new; with `joins` it shows the store once more, which may lack records that were read before."""

    sightings: list[Sighting]
    bypasses: list[Bypass]
    coverage: Coverage
    head: bytes = b""
    format: str = ""
    text: int = 0
    record: int = 0
    moment: float = 0.0
    first: int = 0
    counted: Counted = Counted()
    damage: tuple[str, ...] = ()
    adds: bool = False
    joins: bool = False

    @property
    def numbers(self) -> tuple[int, float, int]:
        """As a state keeps them: the number of the last record, the latest time and the smallest number."""
        return self.record, self.moment, self.first

    def rows(self) -> Iterator[Sighting | Bypass]:
        """All rows."""
        yield from self.sightings
        yield from self.bypasses


class Read(NamedTuple):
    """The answer of a span and the id of its file. The rest counts up to the end of the span: the bytes of
    text, the header, the hours of all lines, and the zeros among them."""

    answer: Answer
    source: str
    text: int
    header: bytes
    counted: Counted
    holes: tuple[Hole, ...]


SELECT = (
    "SELECT number, is_whole, source, was, head, head_size, tail, place, base, base_header, path, shown,"
    " is_ended, format, last_lines FROM generation"
)


def generation_of(row: Any) -> Generation:
    """The generation of a row that `SELECT` gives."""
    number, is_whole, source, was, *rest = row
    *fingerprint, base, base_header, path, shown, is_ended, log_format, lines = rest
    was = tuple((old, change) for old, change in json.loads(was))
    found = Fingerprint(*fingerprint)
    about = (path, shown, bool(is_ended), log_format, tuple(json.loads(lines)))
    return Generation(number, bool(is_whole), source, was, found, base, base_header, *about)


def earlier_ids(generation: Generation | None, source: str, change: int) -> tuple[tuple[str, int], ...]:
    """The earlier ids of a generation that has the source id `source` from a change on."""
    if generation is None:
        return ()
    old = generation.source
    is_new = old not in ("", source) and old not in dict(generation.was)
    return (*generation.was, (old, change)) if is_new else generation.was
