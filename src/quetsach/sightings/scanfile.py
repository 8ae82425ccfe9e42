"""Reads and checks documents of a scan (`quetsach.sightings.sighting`), or cuts them into smaller documents.

Reading streams: at most one line is held.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any, BinaryIO, NamedTuple

from quetsach.bypass import providers
from quetsach.errors import ScanError
from quetsach.indicators.indicator import Kind
from quetsach.sightings import asked, hours, runs
from quetsach.sightings.sighting import (
    ACTIONS,
    FIELDS,
    READ,
    SHORT_BYTES,
    UNATTRIBUTED_LINES,
    Bypass,
    Coverage,
    End,
    Record,
    Scan,
    Sighting,
    dump,
)
from quetsach.text.json_limits import TooManyError, few

CHUNK_BYTES = 8 << 20
"""The largest document a portal takes in one request."""
LINE_BYTES = 64 << 20
"""A longer line is refused unread; coverage with a year of devices is far shorter."""
_MOST_GROUPS, _MOST_ITEMS = 500_000, 4_000_000
"""The maximum of lists and objects, and of values, in one line: ten thousand devices in a year need less."""


class Reject(NamedTuple):
    """A record that was left out: line number from 1, a stable English code, the reason in English."""

    line: int
    code: str
    reason: str


class ScanFileError(ScanError):
    """A scan document that must not be used: `line` from 1, and a stable `code`.

    Codes: `not_scan` (no scan record first), `schema` (made by another version), `garbage` (a line is no
    record), `malformed` (a record breaks docs/contract.md 4), `incomplete` (no `end`, or records missing),
    `too_large`.
    """

    def __init__(self, line: int, code: str, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.code = code
        self.reason = reason


def read(stream: BinaryIO, on_reject: Callable[[Reject], None] | None = None) -> Iterator[tuple[int, Record]]:
    """Yield (line number, record) of one document; unknown fields are ignored.

    A sighting, bypass or coverage record that breaks the wire format goes to `on_reject` and is left out;
    without `on_reject` it raises an error. A coverage record that contradicts itself or the scan record
    raises one in any case. The `End` record comes last, and only if the document is complete:
    records yielded before an exception must not be kept.

    Raises:
        ScanFileError: the document is not whole, not a scan, or of another schema.
    """
    for number, _, record in _read(stream, on_reject):
        if not isinstance(record, Reject):
            yield number, record


def _read(
    stream: BinaryIO, on_reject: Callable[[Reject], None] | None
) -> Iterator[tuple[int, bytes, Record | Reject]]:
    number = sightings = sources = bypasses = schema = 0
    ended = False
    about: frozenset[str] = frozenset()
    while line := stream.readline(LINE_BYTES + 1):
        number += 1
        if len(line) > LINE_BYTES:
            raise ScanFileError(number, "too_large", f"longer than {LINE_BYTES} bytes")
        if ended:
            raise ScanFileError(number, "garbage", "something follows the end record")
        fields = _object(number, line)
        kind = fields.get("type")
        if number == 1:
            head = _scan(fields)
            about = frozenset(head.asked)
            yield number, line, head
            schema = fields["schema"]
            continue
        record: Record | Reject
        try:
            match kind:
                case "sighting":
                    if sources or bypasses:
                        raise _Malformed("a sighting follows other records")
                    sightings += 1
                    record = _sighting(fields if schema > 1 else _of_schema_1(fields))
                case "bypass":
                    if sources:
                        raise _Malformed("a bypass follows the coverage")
                    bypasses += 1
                    record = _dated(Bypass(**_checked(fields, _BYPASS)))
                case "coverage":
                    sources += 1
                    checked = _checked({**_LATER, **fields}, _COVERAGE)
                    checked["gaps"] = tuple(map(tuple, checked["gaps"]))
                    checked["was"] = tuple(checked["was"])
                    record = Coverage(**checked, unattributed=_unattributed(fields))
                    if wrong := _contradiction(record, about):
                        raise ScanFileError(number, "malformed", wrong)
                case "end":
                    record = End(**_checked({"bypasses": 0, **fields}, _END))
                    if record[:2] != (sightings, sources) or record.bypasses != bypasses:
                        raise ScanFileError(
                            number,
                            "incomplete",
                            f"the end record counts {record.sightings} sightings, {record.sources} sources "
                            f"and {record.bypasses} bypasses, the file holds {sightings}, {sources} and "
                            f"{bypasses}",
                        )
                    ended = True
                case _:
                    raise ScanFileError(number, "garbage", "no record of a known type")
        except _Malformed as problem:
            reject = Reject(number, "malformed", str(problem))
            if on_reject is None:
                raise ScanFileError(number, reject.code, reject.reason) from None
            on_reject(reject)
            record = reject
        yield number, line, record
    if number == 0:
        raise ScanFileError(1, "not_scan", "the file is empty")
    if not ended:
        raise ScanFileError(
            number, "incomplete", "the file stops before its end record: the scan did not finish"
        )


type _Rule = tuple[Callable[[Any], bool], str]


class _Malformed(Exception):
    pass


def _object(number: int, line: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(few(line, groups=_MOST_GROUPS, items=_MOST_ITEMS).decode())
    except TooManyError:
        raise ScanFileError(number, "too_large", "more values than a record has") from None
    except (ValueError, RecursionError):
        if number == 1:
            raise ScanFileError(1, "not_scan", "not a scan result of quetsach") from None
        code = "garbage" if line.endswith(b"\n") else "incomplete"
        raise ScanFileError(number, code, "not a JSON record in UTF-8") from None
    if not isinstance(fields, dict):
        raise ScanFileError(number, "not_scan" if number == 1 else "garbage", "not a JSON object")
    return fields


def _scan(fields: dict[str, Any]) -> Scan:
    if fields.get("type") != "scan":
        raise ScanFileError(1, "not_scan", "the first record is not a scan record")
    schema = fields.get("schema")
    if type(schema) is not int or schema not in READ:
        known = " or ".join(map(str, READ))
        raise ScanFileError(1, "schema", f"schema {schema!r} is not {known}, which are read here")
    chosen = fields.get("set")
    inputs, about = fields.get("inputs", []), fields.get("asked", [])
    try:
        checked = _checked(fields, _SCAN)
        named = _checked(chosen if isinstance(chosen, dict) else {}, _SET)
        if not _is_texts(inputs):
            raise _Malformed("inputs is not a list of texts")
        if not asked.is_asked(about):
            raise _Malformed(f"asked is not a sorted list of at most {asked.MOST} identifiers")
    except _Malformed as problem:
        raise ScanFileError(1, "malformed", str(problem)) from None
    return Scan(
        **checked,
        set_id=named["id"],
        set_count=named["count"],
        inputs=tuple(inputs),
        asked=tuple(about),
    )


def _of_schema_1(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a sighting with what schema 1 lacks: it tells no machine apart, and has one run."""
    ends = [fields.get(end) for end in ("first_seen", "last_seen")]
    # Times that are none are refused later, and so is the count.
    times = [runs.micros(end) for end in ends if isinstance(end, str) and _is_time(end)]
    return {**fields, "who": "", "runs": [[*times, fields.get("count")]] if len(times) == 2 else []}


def _sighting(fields: dict[str, Any]) -> Sighting:
    return _dated(Sighting(**_checked(fields, _SIGHTING)))


def _dated[R: Sighting | Bypass](row: R) -> R:
    """The row, if its day, times and runs fit each other."""
    first, last, day = row.first_seen, row.last_seen, row.day
    if (first is None, last is None) != (day is None, day is None):
        raise _Malformed("day, first_seen and last_seen are given together or not at all")
    if first and last and not (first[:10] == last[:10] == day and first <= last):
        raise _Malformed("first_seen and last_seen are not in order within the day")
    ends = (runs.micros(first), runs.micros(last)) if first and last else None
    if wrong := runs.problem(row.runs, row.count, ends):
        raise _Malformed(wrong)
    return row


def _contradiction(seen: Coverage, about: frozenset[str]) -> str:
    """Why no scanner can have seen this; empty where one can. The whole document falls with it: the silence
    of a machine must not rest on a program that contradicts itself."""
    if (seen.first is None) != (seen.last is None):
        return "first and last are given together or not at all"
    if seen.first is not None and seen.last is not None and seen.first > seen.last:
        return "first is later than last"
    if not (seen.lines and seen.bytes) and any(map(any, (seen.hours or {}).values())):
        return "hours have lines, and the log has none"
    if seen.alive and not seen.alive.keys() <= about:
        return "alive names a machine that the scan was not asked about"
    return _beyond(seen)


def _beyond(seen: Coverage) -> str:
    """Why lines lie outside of the first and the last time. Where the year is a guess, or times are suspect,
    the ends and the hours are worked out each for itself; but a log of one moment has one day."""
    lines = {day for day, counts in (seen.hours or {}).items() if any(counts)}
    if seen.first == seen.last and len(lines) > 1:
        return "hours have lines on several days, and first and last are one moment"
    if seen.time in ("ok", "none") and (wrong := hours.outside(seen.first, seen.last, seen.hours or {})):
        return f"hours have lines at {wrong}, and first and last do not reach it"
    return ""


def _unattributed(fields: dict[str, Any]) -> tuple[str, ...]:
    """The lines that no machine could be tied to; documents of older scanners lack the field."""
    lines = fields.get("unattributed", [])
    if not _is_texts(lines) or len(lines) > UNATTRIBUTED_LINES:
        raise _Malformed(f"unattributed is not a list of at most {UNATTRIBUTED_LINES} texts")
    return tuple(lines)


def _checked(fields: dict[str, Any], rules: dict[str, _Rule]) -> dict[str, Any]:
    checked = {}
    for name, (holds, what) in rules.items():
        if name not in fields:
            raise _Malformed(f"{name} is missing")
        value = checked[name] = fields[name]
        if not holds(value):
            raise _Malformed(f"{name} is not {what}")
    return checked


_HASH = re.compile(r"[0-9a-f]{64}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"[\d-]{10}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z", re.ASCII)
# PostgreSQL stores neither NUL nor half a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@lru_cache(maxsize=1024)
def _is_hash(text: str) -> bool:
    return _HASH.fullmatch(text) is not None


def _is_text(value: Any, limit: int = 4096) -> bool:
    if not isinstance(value, str) or len(value) > limit:
        return False
    return "\0" not in value if value.isascii() else _UNSTORABLE.search(value) is None


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_count(value: Any, least: int = 0) -> bool:
    return type(value) is int and least <= value < 1 << 63


def _or_none(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or holds(value)


def _is_day(value: Any) -> bool:
    return isinstance(value, str) and _is_date(value)


@lru_cache(maxsize=1024)
def _is_date(text: str) -> bool:
    """Remembered, because many rows share a day."""
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None and _is_day(value[:10])


def _is_runs(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= runs.MOST and all(map(_is_run, value))


def _is_run(run: Any) -> bool:
    return isinstance(run, list) and len(run) == 3 and all(map(_is_count, run)) and run[2] > 0


def _is_identity(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value)) and all(map(_is_text, value.values()))


def _is_devices(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_day(day) and _is_texts(seen) for day, seen in value.items())


def _is_alive(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= asked.MOST
        and all(asked.identifier(one) == one and hours.is_masks(seen) for one, seen in value.items())
        and all(_is_day(day) for day in {day for seen in value.values() for day in seen})
    )


def _is_hours(value: Any) -> bool:
    return hours.is_lines(value) and all(map(_is_day, value))


def _is_gaps(value: Any) -> bool:
    def is_gap(gap: Any) -> bool:
        return isinstance(gap, list) and len(gap) == 2 and all(map(_is_time, gap)) and gap[0] <= gap[1]

    return isinstance(value, list) and all(map(is_gap, value))


def _one_of(words: Iterable[str]) -> tuple[Callable[[Any], bool], str]:
    known = frozenset(words)
    return (lambda value: isinstance(value, str) and value in known), "a known word"


_text: _Rule = (_is_text, "a text of at most 4096 characters that can be stored")
_name: _Rule = (lambda value: _is_text(value) and value != "", _text[1])
_some_name = (_or_none(_name[0]), "null or " + _text[1])
_amount: _Rule = (_is_count, "a whole number from 0")
_source: _Rule = (lambda value: isinstance(value, str) and _is_hash(value), "a SHA-256 in lower-case hex")
_some_time = (_or_none(_is_time), "null or a UTC time with six decimals and Z")
_SCAN = {"tool": _text, "source_name": _text, "tz": _text}
_SET = {"id": _source, "count": _amount}
_END = {"sightings": _amount, "sources": _amount, "errors": _amount, "bypasses": _amount}
_SIGHTING: dict[str, _Rule] = {
    "source": _source,
    "indicator": _name,
    "kind": _one_of(Kind),
    "family": _text,
    "matched": _text,
    "field": _one_of(FIELDS),
    "device": _some_name,
    "identity": (_is_identity, "a map of texts"),
    "who": _text,
    "day": (_or_none(_is_day), "null or a date"),
    "first_seen": _some_time,
    "last_seen": _some_time,
    "count": (lambda value: _is_count(value, 1), "a whole number from 1"),
    "runs": (_is_runs, "a list of at most 144 runs, each [first, last, count]"),
    "action": _one_of(ACTIONS),
    "logformat": _text,
    "evidence": _text,
}
_COVERAGE: dict[str, _Rule] = {
    "source": (lambda value: value == "" or _source[0](value), _source[1]),
    "path": _text,
    "name": _text,
    "bytes": _amount,
    "lines": _amount,
    "not_understood": _amount,
    "long_lines": _amount,
    "inbound": _amount,
    "first": _some_time,
    "last": _some_time,
    "time": _one_of(("ok", "assumed_year", "suspect", "none")),
    "zone": _text,
    "devices": (_is_devices, "a map from date to a list of texts"),
    "errors": (_is_texts, "a list of texts"),
    "gaps": (_is_gaps, "a list of pairs of times in order"),
    "was": (lambda ids: _is_texts(ids) and len(ids) < SHORT_BYTES and all(map(_is_hash, ids)), "ids"),
    "hours": (_or_none(_is_hours), f"24 counts for each of at most {hours.MOST_DAYS} dates"),
    "order": (_or_none(_one_of(hours.ORDERS)[0]), "a known word"),
    "alive": (_or_none(_is_alive), "a map from identifiers to a mask of 24 bits for each date"),
}
_LATER: dict[str, Any] = {"gaps": [], "was": [], "hours": None, "order": None, "alive": None}
"""What older scanners do not tell of a source."""
_BYPASS: dict[str, _Rule] = {
    "source": _source,
    "provider": _name,
    "kind": _one_of(providers.KINDS),
    **{name: rule for name, rule in _SIGHTING.items() if name in Bypass._fields[3:]},
}


class Chunk(NamedTuple):
    """A complete document cut out of a larger one. Line 2 of it was line `first_line` of the whole."""

    data: bytes
    first_line: int
    is_last: bool

    def original_line(self, line: int) -> int:
        """The line of the whole document that line `line` of this chunk was."""
        return 1 if line <= 1 else self.first_line + line - 2


def split(stream: BinaryIO, max_bytes: int = CHUNK_BYTES) -> Iterator[Chunk]:
    """Cut a document into complete documents of at most `max_bytes`; only the last holds the coverage.

    Records keep their bytes, so fields of a newer version survive. Rows that differ only in `who` and day
    stay together where they fit, so that a reader can compare all that one document says of a machine.

    Raises:
        ScanFileError: as `read`, and `too_large` when the coverage alone does not fit.
    """
    head = b""
    rows: list[bytes] = []
    coverage: list[bytes] = []
    size = room = around = 0
    """`around` of the rows held are ways around; they stand behind the sightings."""
    first_line = 2
    machine: tuple[str | None, ...] | None = None
    before = 0
    """The present row's source, indicator (or provider and kind) and device, and the lines held before its
    first row."""
    for number, line, record in _read(stream, None):
        match record:
            case Scan():
                head = line
                room = max_bytes - len(head) - len(dump(End(1 << 62, 1 << 62, 1 << 62, 1 << 62)))
            case Sighting() | Bypass():
                if machine != (found := _of_one_machine(record)):
                    machine, before = found, len(rows)
                if size + len(line) > room and rows:
                    cut = before or len(rows)
                    left = max(0, around - (len(rows) - cut))
                    yield _chunk(head, rows[:cut], [], End(cut - left, 0, 0, left), first_line)
                    around -= left
                    rows, first_line, before = rows[cut:], first_line + cut, 0
                    size = sum(map(len, rows))
                rows.append(line)
                around += isinstance(record, Bypass)
                size += len(line)
            case Coverage():
                if size + len(line) > room and rows:
                    end = End(len(rows) - around, 0, 0, around)
                    yield _chunk(head, rows, [], end, first_line)
                    rows, around = [], 0
                    size, first_line = sum(map(len, coverage)), number - len(coverage)
                coverage.append(line)
                size += len(line)
            case End():
                end = End(len(rows) - around, record.sources, record.errors, around)
                yield _chunk(head, rows, coverage, end, first_line, is_last=True)
        if size > room:
            raise ScanFileError(
                number, "too_large", f"does not fit a document of {max_bytes} bytes: scan fewer files at once"
            )


def _of_one_machine(row: Sighting | Bypass) -> tuple[str | None, ...]:
    if isinstance(row, Sighting):
        return (row.source, row.indicator, row.device)
    return (row.source, row.provider, row.kind, row.device)


def _chunk(
    head: bytes,
    rows: list[bytes],
    coverage: list[bytes],
    end: End,
    first_line: int,
    *,
    is_last: bool = False,
) -> Chunk:
    return Chunk(b"".join((head, *rows, *coverage, dump(end))), first_line, is_last)
