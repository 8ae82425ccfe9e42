"""Reads and checks documents of a scan (`quetsach.sightings.sighting`).

Reading streams: at most one line is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

from quetsach.errors import ScanError
from quetsach.sightings import asked, hours, record_rules, runs
from quetsach.sightings.record_rules import MalformedError, checked, is_texts, is_time
from quetsach.sightings.sighting import (
    READ,
    UNATTRIBUTED_LINES,
    Bypass,
    Coverage,
    End,
    Record,
    Scan,
    Sighting,
)
from quetsach.text.json_limits import TooManyError, few
from quetsach.text.json_values import parsed

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


def read_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes, Record]]:
    """Yield (line number, line, record) of one document.

    Raises:
        ScanFileError: as `read` without `on_reject`.
    """
    for number, line, record in _read(stream, None):
        if not isinstance(record, Reject):
            yield number, line, record


def _read(
    stream: BinaryIO, on_reject: Callable[[Reject], None] | None
) -> Iterator[tuple[int, bytes, Record | Reject]]:
    number = sightings = sources = bypasses = errors = schema = 0
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
                        raise MalformedError("a sighting follows other records")
                    sightings += 1
                    record = _dated(record_rules.sighting(fields if schema > 1 else _of_schema_1(fields)))
                case "bypass":
                    if sources:
                        raise MalformedError("a bypass follows the coverage")
                    bypasses += 1
                    record = _dated(Bypass(**checked(fields, record_rules.BYPASS)))
                case "coverage":
                    sources += 1
                    errors += len(fields["errors"]) if isinstance(fields.get("errors"), list) else 0
                    seen = checked({**record_rules.LATER, **fields}, record_rules.COVERAGE)
                    seen["gaps"] = tuple(map(tuple, seen["gaps"]))
                    seen["was"] = tuple(seen["was"])
                    record = Coverage(**seen, unattributed=_unattributed(fields))
                    if wrong := _contradiction(record, about):
                        raise ScanFileError(number, "malformed", wrong)
                case "end":
                    record = End(**checked({"bypasses": 0, **fields}, record_rules.END))
                    held = End(sightings, sources, errors, bypasses)
                    if record != held:
                        raise ScanFileError(
                            number, "incomplete", f"the end record tells {record}, the file holds {held}"
                        )
                    ended = True
                case _:
                    raise ScanFileError(number, "garbage", "no record of a known type")
        except MalformedError as problem:
            reject = Reject(number, "malformed", str(problem))
            if on_reject is None or kind == "end":
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


def _object(number: int, line: bytes) -> dict[str, Any]:
    try:
        fields = parsed(few(line, groups=_MOST_GROUPS, items=_MOST_ITEMS).decode())
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
    left_out = fields.get("left_out", [])
    try:
        told = checked(fields, record_rules.SCAN)
        named = checked(chosen if isinstance(chosen, dict) else {}, record_rules.SET)
        if not is_texts(inputs):
            raise MalformedError("inputs is not a list of texts")
        if not asked.is_asked(about):
            raise MalformedError(f"asked is not a sorted list of at most {asked.MOST} identifiers")
        if not isinstance(left_out, list) or not all(is_texts(one) and len(one) == 2 for one in left_out):
            raise MalformedError("left_out is not a list of pairs of texts")
    except MalformedError as problem:
        raise ScanFileError(1, "malformed", str(problem)) from None
    return Scan(
        **told,
        set_id=named["id"],
        set_count=named["count"],
        inputs=tuple(inputs),
        asked=tuple(about),
        left_out=tuple((path, why) for path, why in left_out),
    )


def _of_schema_1(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a sighting with what schema 1 lacks: it tells no machine apart, and has one run."""
    ends = [fields.get(end) for end in ("first_seen", "last_seen")]
    # Times that are none are refused later, and so is the count.
    times = [runs.micros(end) for end in ends if isinstance(end, str) and is_time(end)]
    return {**fields, "who": "", "runs": [[*times, fields.get("count")]] if len(times) == 2 else []}


def _dated[R: Sighting | Bypass](row: R) -> R:
    """The row, if its day, times and runs fit each other."""
    first, last, day = row.first_seen, row.last_seen, row.day
    if (first is None, last is None) != (day is None, day is None):
        raise MalformedError("day, first_seen and last_seen are given together or not at all")
    if first and last and not (first[:10] == last[:10] == day and first <= last):
        raise MalformedError("first_seen and last_seen are not in order within the day")
    ends = None
    if first and last:
        begin = runs.micros(first)
        ends = begin, begin if last == first else runs.micros(last)
    if wrong := runs.problem(row.runs, row.count, ends):
        raise MalformedError(wrong)
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
    if not is_texts(lines) or len(lines) > UNATTRIBUTED_LINES:
        raise MalformedError(f"unattributed is not a list of at most {UNATTRIBUTED_LINES} texts")
    return tuple(lines)
