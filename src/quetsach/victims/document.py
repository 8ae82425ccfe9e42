"""Victims' reports as JSON Lines: the form that the command writes and a portal takes (docs/contract.md 8).

A document is one header, the reports, the leftovers that are told one by one, and an end that counts both.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

from quetsach.errors import PortalError
from quetsach.text.json_limits import TooManyError, few
from quetsach.text.json_values import parsed, writer
from quetsach.text.machine_address import machine_address
from quetsach.text.unseen import has_unseen
from quetsach.victims.moments import EARLIEST, LATEST, latest
from quetsach.victims.reading import LONGEST
from quetsach.victims.report import N6, SEVERITIES, SHADOWSERVER, SHEET, Leftover, Meaning, Report
from quetsach.victims.words import LEFT

SCHEMA = 1
CHUNK_BYTES = 8 << 20
"""The largest document a portal takes in one request."""
FUTURE = "future"
"""The reason of a rejected report whose form is kept: a code of `words.LEFT`."""
_LINE = 1 << 16
_DIGEST = re.compile("[0-9a-f]{64}")
_MEANINGS = {one.value: one for one in Meaning if one is not Meaning.NONE}
_PUBLISHERS = frozenset((SHADOWSERVER, N6, SHEET))
_encode = writer(ensure_ascii=False, separators=(",", ":"))


class DocumentError(PortalError):
    """The document as a whole cannot be taken: `code` is `not_victims`, `schema`, `garbage` or `incomplete`;
    `line` counts from 1."""

    def __init__(self, code: str, line: int) -> None:
        super().__init__(f"line {line}: {code}")
        self.code, self.line = code, line


@dataclass(frozen=True, slots=True)
class Head:
    """The file that a document is about: its name, SHA-256, publisher and type ("" where lines differ)."""

    file: str
    digest: str
    publisher: str
    kind: str
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole file: its lines with something in them, and by reason those that became no report."""

    lines: int
    left: dict[str, int]


def head_line(head: Head) -> bytes:
    """The first line."""
    return _dump(
        {"type": "victims", "schema": SCHEMA, "tool": head.tool, "file": head.file, "digest": head.digest,
         "publisher": head.publisher, "kind": head.kind}
    )  # fmt: skip


def row_line(one: Report | Leftover) -> bytes:
    """The line of a report or a leftover; what is empty is left out."""
    if isinstance(one, Leftover):
        return _dump({"type": "leftover", "line": one.line, "code": one.code, "value": one.value})
    first = _spelled(one.first)
    told: dict[str, Any] = {
        "type": "report", "address": one.address, "first": first,
        "last": first if one.last is one.first else _spelled(one.last),
        "meaning": one.meaning.value, "publisher": one.publisher, "kind": one.kind,
    }  # fmt: skip
    if one.family:
        told["family"] = one.family
    if one.port:
        told["port"] = one.port
    if one.protocol:
        told["protocol"] = one.protocol
    if one.severity:
        told["severity"] = one.severity
    if one.host:
        told["host"] = one.host
    if one.is_day:
        told["is_day"] = True
    if one.events != 1:
        told["events"] = one.events
    return _dump(told)


def end_line(reports: int, leftovers: int, whole: Whole | None) -> bytes:
    """The last line: the reports and leftovers above; in the file's last document also the `whole`."""
    told = {} if whole is None else {"whole": {"lines": whole.lines, "left": whole.left}}
    return _dump({"type": "end", "reports": reports, "leftovers": leftovers, **told})


def _dump(record: dict[str, Any]) -> bytes:
    return _encode(record).encode("utf-8", "replace") + b"\n"


def _spelled(moment: datetime) -> str:
    text = moment.isoformat()
    if not text.endswith("+00:00"):
        text = moment.astimezone(UTC).isoformat()
    return text[:-6] + "Z"


def chunks(head: Head, rows: Iterable[Report | Leftover], most_left: int = 1_000) -> Iterator[bytes]:
    """Cut the rows of a file into complete documents that a portal takes. Of leftovers the first `most_left`
    are told one by one."""
    first = head_line(head)
    room = CHUNK_BYTES - len(first) - 200
    held: list[bytes] = []
    size = reports = leftovers = told = lines = 0
    left: dict[str, int] = {}
    for one in rows:
        lines += 1
        if isinstance(one, Leftover):
            left[one.code] = left.get(one.code, 0) + 1
            if told == most_left:
                continue
            told += 1
        line = row_line(one)
        if size + len(line) > room:
            yield b"".join((first, *held, end_line(reports, leftovers, None)))
            held.clear()
            size = reports = leftovers = 0
        held.append(line)
        size += len(line)
        if isinstance(one, Leftover):
            leftovers += 1
        else:
            reports += 1
    yield b"".join((first, *held, end_line(reports, leftovers, Whole(lines, left))))


@dataclass
class Document:
    """A document while it is read: `head` is set before the first row, `whole` after the last row of the
    file's last document. A report of a later time than `until` is rejected."""

    stream: BinaryIO
    on_reject: Callable[[int, str], None]
    head: Head | None = None
    whole: Whole | None = None
    until: datetime = field(default_factory=latest)

    def rows(self) -> Iterator[Report | Leftover]:
        """Yield the rows that keep the form; the others go to `on_reject` with their line and field, or with
        `FUTURE`.

        Raises:
            DocumentError: rows yielded before must not be kept.
        """
        reports = leftovers = number = 0
        ended = False
        while line := self.stream.readline(_LINE):
            number += 1
            record = _object(line, number)
            if ended:
                raise DocumentError("garbage", number)
            kind = record.get("type")
            one: Report | Leftover | str
            if number == 1:
                self.head = _head(record)
                continue
            assert self.head is not None
            if kind == "report":
                reports += 1
                one = _report(record)
                if isinstance(one, Report) and (one.first if one.is_day else one.last) > self.until:
                    one = FUTURE
            elif kind == "leftover":
                leftovers += 1
                one = _leftover(record, self.head.file)
            elif kind == "end":
                ended = True
                if (record.get("reports"), record.get("leftovers")) != (reports, leftovers):
                    raise DocumentError("incomplete", number)
                self.whole = _whole(record.get("whole"))
                continue
            else:
                raise DocumentError("garbage", number)
            if isinstance(one, str):
                self.on_reject(number, one)
            else:
                yield one
        if not number:
            raise DocumentError("not_victims", 1)
        if not ended:
            raise DocumentError("incomplete", number)


def _object(line: bytes, number: int) -> dict[str, Any]:
    try:
        told = few(line, groups=200, items=2_000).removeprefix(codecs.BOM_UTF8)
        record = parsed(told.decode("utf-8", "surrogatepass"))
    except (TooManyError, ValueError, RecursionError):
        raise DocumentError("garbage" if number > 1 else "not_victims", number) from None
    if not isinstance(record, dict):
        raise DocumentError("garbage" if number > 1 else "not_victims", number)
    return record


def _head(record: dict[str, Any]) -> Head:
    if record.get("type") != "victims":
        raise DocumentError("not_victims", 1)
    if record.get("schema") != SCHEMA:
        raise DocumentError("schema", 1)
    head = Head(*(record.get(key, "") for key in ("file", "digest", "publisher", "kind", "tool")))
    texts = (head.file, head.digest, head.publisher, head.kind, head.tool)
    if (
        not all(isinstance(one, str) and len(one) <= 300 and _is_kept(one) for one in texts)
        or not _DIGEST.fullmatch(head.digest)
        or head.publisher not in _PUBLISHERS
    ):
        raise DocumentError("not_victims", 1)
    return head


def _whole(record: Any) -> Whole | None:
    if not isinstance(record, dict) or not isinstance(record.get("left"), dict):
        return None
    numbers = [record.get("lines"), *record["left"].values()]
    if not all(type(one) is int and 0 <= one < 2**31 for one in numbers):
        return None
    return Whole(record["lines"], {code: n for code, n in record["left"].items() if code in LEFT})


def _is_kept(text: str) -> bool:
    return text.isprintable() or not any(char < " " or "\ud800" <= char <= "\udfff" for char in text)


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str) or not text.endswith("Z"):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if EARLIEST <= found < LATEST else None


def _report(record: dict[str, Any]) -> Report | str:
    """The report of a record, or the name of the field that breaks the form."""
    get = record.get
    text = get("address")
    if not isinstance(text, str) or machine_address(text) != text:
        return "address"
    begin, end = get("first"), get("last")
    first = _moment(begin)
    last = first if end == begin else _moment(end)
    if first is None or last is None or last < first:
        return "first"
    told = get("meaning")
    meaning = _MEANINGS.get(told) if isinstance(told, str) else None
    if meaning is None:
        return "meaning"
    publisher = get("publisher")
    if not isinstance(publisher, str) or publisher not in _PUBLISHERS:
        return "publisher"
    for name, most in LONGEST.items():
        value = get(name, "")
        if value != "" and (not isinstance(value, str) or len(value) > most or has_unseen(value)):
            return name
    port = get("port")
    if port is not None and (type(port) is not int or not 0 <= port <= 65535):
        return "port"
    severity = get("severity", "")
    if severity != "" and severity not in SEVERITIES:
        return "severity"
    events = get("events", 1)
    if type(events) is not int or not 0 < events < 10**9:
        return "events"
    return Report(
        text, first, last, meaning, publisher, get("kind", ""), get("family", ""), port or None,
        get("protocol", ""), severity, get("host", ""), events, get("is_day") is True,
    )  # fmt: skip


def _leftover(record: dict[str, Any], file: str) -> Leftover | str:
    line, code, value = (record.get(key) for key in ("line", "code", "value"))
    if type(line) is not int or not 0 <= line < 10**12:
        return "line"
    if (
        not isinstance(code, str)
        or code not in LEFT
        or not isinstance(value, str)
        or len(value) > 300
        or not _is_kept(value)
    ):
        return "code"
    return Leftover(file, line, code, value)
