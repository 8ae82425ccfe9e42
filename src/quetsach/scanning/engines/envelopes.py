"""Records that hold a whole line: JSON objects of log shippers and searches, and rows of a table.

The names come from the manuals of their makers: Elastic Common Schema (event.original, log.original),
Elastic's search hits (_source), Splunk's export and its HTTP Event Collector (result, _raw, event), Wazuh
(full_log), GELF 1.1 (full_message, short_message), rsyslog (rawmsg), NXLog (raw_event, Message), Azure
Monitor's table Syslog (SyslogMessage), CloudWatch Logs (@message, logEvents), Google Cloud Logging
(textPayload, jsonPayload), OpenTelemetry and Vector (body, message), Docker (log), journald (MESSAGE), Loki
(line).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from quetsach.files import colours
from quetsach.scanning.engines.shapes import encode

_ORIGINAL_IN = ("event", "log")
_MESSAGE_KEYS = (
    "event.original",
    "log.original",
    "full_log",
    "_raw",
    "full_message",
    "rawmsg",
    "raw_event",
    "@message",
    "SyslogMessage",
    "textPayload",
    "log",
    "message",
    "MESSAGE",
    "Message",
    "msg",
    "short_message",
    "body",
    "line",
    "event",
)
"""Where a line stands as a whole, before the keys where a shorter text may stand."""
_INNER_KEYS = ("_source", "result", "event", "jsonPayload", "body", "records", "logEvents")
_TIME_KEYS = (
    "time",
    "@timestamp",
    "timestamp",
    "_SOURCE_REALTIME_TIMESTAMP",
    "__REALTIME_TIMESTAMP",
    "date",
    "ts",
    "_time",
    "timereported",
    "TimeGenerated",
    "EventTime",
    "EventReceivedTime",
)
_HOST_KEYS = ("_HOSTNAME", "hostname", "host", "Hostname", "HostName")
_APP_KEYS = (
    "SYSLOG_IDENTIFIER",
    "program",
    "appname",
    "app",
    "tag",
    "programname",
    "app-name",
    "ident",
    "ProcessName",
)
_DEPTH = 2
_LEAST_CELL = 24
_MOST_CELLS = 1000
_SEPARATORS = (b",", b";")
_DATE = re.compile(rb"\d{4}-\d\d-\d\d")
_CLOCK = re.compile(rb"\d\d:\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A line inside a record, or an object that is the line itself; the inner object's time is the first."""

    text: bytes
    is_object: bool
    times: tuple[bytes, ...]
    host: bytes | None
    app: bytes | None


def read(record: dict[str, Any]) -> Envelope | None:
    """The line inside the record, at most two objects deep; else the first object inside it."""
    around = [record]
    message = _message(record)
    for key in _INNER_KEYS if message is None else ():
        if (inner := _inner(record, key)) is None:
            continue
        deeper = [(i, _message(i)) for i in [inner, *_all_inner(inner)]]
        place = next((n for n, (_, m) in enumerate(deeper) if m is not None), None)
        if place is not None:
            message = deeper[place][1]
            around = [*([deeper[place][0]] if place else []), inner, record]
            break
    if message is not None:
        return _envelope(message.rstrip(b"\r\n"), False, around)
    for key in _INNER_KEYS:
        if (inner := _inner(record, key)) is not None:
            text = encode(json.dumps(inner, ensure_ascii=False, separators=(",", ":")))
            return _envelope(text, True, around)
    return None


def _envelope(text: bytes, is_object: bool, around: list[dict[str, Any]]) -> Envelope:
    def all_of(keys: tuple[str, ...]) -> Iterator[bytes]:
        for record in around:
            values = (record.get(key) for key in keys)
            found = next((encode(v) for v in values if isinstance(v, str) and v), None)
            if found is not None:
                yield found

    times = tuple(all_of(_TIME_KEYS))
    text = colours.removed(text)
    return Envelope(text, is_object, times, next(all_of(_HOST_KEYS), None), next(all_of(_APP_KEYS), None))


def _message(record: dict[str, Any]) -> bytes | None:
    inside = (record.get(key) for key in _ORIGINAL_IN)
    originals = (_text(v.get("original")) for v in inside if isinstance(v, dict))
    texts = (_text(record.get(key)) for key in _MESSAGE_KEYS)
    return next((t for t in originals if t), None) or next((t for t in texts if t), None)


def _all_inner(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [inner for key in _INNER_KEYS if (inner := _inner(record, key)) is not None]


def _inner(record: dict[str, Any], key: str) -> dict[str, Any] | None:
    """The object under the key; a list of one object is that object."""
    value = record.get(key)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) and value else None


def _text(value: Any) -> bytes:
    """A message: a string, or the bytes that journald writes one by one where they are not UTF-8."""
    if isinstance(value, str):
        return encode(value)
    if isinstance(value, list) and all(isinstance(v, str) and v.isascii() and v.isdigit() for v in value):
        numbers = [int(v) for v in value if len(v) <= 3]
        if len(numbers) == len(value) and all(n < 256 for n in numbers):
            return bytes(numbers)
    return b""


def row(line: bytes) -> tuple[bytes, list[bytes]] | None:
    """The cell of a row (RFC 4180, also with semicolons) that may hold a line, and the cells beside it.

    It is the longest, has two spaces or an object at its beginning or behind a space. A date and the clock
    behind it are one cell.
    """
    for separator in _SEPARATORS:
        cells = _cells(line, separator)
        if cells is None:
            continue
        text = max(cells, key=len)
        is_object = text.startswith(b"{") or b" {" in text
        if len(text) < _LEAST_CELL or not (text.count(b" ") >= 2 or is_object):
            continue
        at = cells.index(text)
        return text, list(_with_clocks(cells[:at] + cells[at + 1 :]))
    return None


def _with_clocks(cells: list[bytes]) -> Iterator[bytes]:
    for cell, behind in zip(cells, [*cells[1:], b""], strict=True):
        yield cell + b" " + behind if _DATE.fullmatch(cell) and _CLOCK.fullmatch(behind) else cell


def _cells(line: bytes, separator: bytes) -> list[bytes] | None:
    """At least two cells of the row; None where a quote stands elsewhere than round a cell."""
    if separator not in line:
        return None
    cells: list[bytes] = []
    at = 0
    while len(cells) < _MOST_CELLS:
        if line.startswith(b'"', at):
            end = at + 1
            while (end := line.find(b'"', end)) >= 0 and line.startswith(b'""', end):
                end += 2
            if end < 0:
                return None
            cells.append(line[at + 1 : end].replace(b'""', b'"'))
            end += 1
        else:
            end = line.find(separator, at)
            end = len(line) if end < 0 else end
            cells.append(line[at:end])
            if b'"' in cells[-1]:
                return None
        if end == len(line):
            return cells if len(cells) > 1 else None
        if not line.startswith(separator, end):
            return None
        at = end + 1
    return None
