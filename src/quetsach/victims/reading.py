"""A file of victims' reports becomes reports and leftovers, one for each line; nothing is lost silently.

The name of a file tells Shadowserver's type (`YYYY-MM-DD-<type>-<id>.csv`, report-filename.md of its
report_schema); the content tells n6 and sheets.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from quetsach.errors import QuetsachError
from quetsach.text.canonical import parse_port
from quetsach.text.delimited import Row
from quetsach.text.escape import escape
from quetsach.text.json_limits import TooManyError, few
from quetsach.text.machine_address import machine_address
from quetsach.text.vietnamese import nfc
from quetsach.victims import lines, moments, types
from quetsach.victims.headings import header_of
from quetsach.victims.report import N6, SEVERITIES, SHADOWSERVER, SHEET, Leftover, Meaning, Report
from quetsach.victims.sheet import SheetError, sheets
from quetsach.victims.types import Type

_FILE_NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})-([a-z0-9_]+)(?:-.*)?\.csv", re.ASCII | re.IGNORECASE)
LONGEST = {"family": 100, "host": 255, "protocol": 16, "kind": 80}
MOST_JSON = 64 << 20
"""Bytes of an n6 answer in one piece; larger ones come as one event a line."""
MOST_WORKBOOK = 64 << 20
_HEAD = 1 << 16
_OVER = frozenset(("delisted", "expired", "replaced"))
"""States of n6's events on lists: the publisher no longer says it."""


class ReportFileError(QuetsachError):
    """The file as a whole is no victims' report; `code` is a code of `words.REFUSED`."""

    code = "victims"

    def __init__(self, code: str, name: str, value: str = "") -> None:
        super().__init__(f"{name}: {code} {value}".rstrip())
        self.code, self.name, self.value = code, name, value


@dataclass
class ReportFile:
    """A file that is being read. `kind` is what all its lines are (None where each line tells its own);
    `lines` grows while `rows` is read: lines with something in them, headings left out."""

    name: str
    publisher: str
    kind: Type | None
    is_known: bool
    entries: Iterator[Report | Leftover] = field(repr=False)
    lines: int = 0

    def rows(self) -> Iterator[Report | Leftover]:
        """Yield a report or a leftover for each line."""
        for one in self.entries:
            self.lines += 1
            yield one


@dataclass(frozen=True)
class Told:
    """What a person says about a file: Shadowserver's `kind` where the name does not tell it, the `day` of a
    sheet without times, and the `zone` of its times. `until`: a line of a later time is left over."""

    kind: str = ""
    day: date | None = None
    zone: tzinfo = UTC
    until: datetime = field(default_factory=moments.latest)


def kind_of_name(name: str) -> tuple[str, str]:
    """The day and the type that a file's name tells; ("", "") for another name.

    >>> kind_of_name("2026-03-01-event4_sinkhole-ubnd-asn.csv")
    ('2026-03-01', 'event4_sinkhole')
    """
    found = _FILE_NAME.fullmatch(PurePosixPath(name.replace("\\", "/")).name)
    return (found[1], found[2].casefold()) if found else ("", "")


def opened(name: str, stream: BinaryIO, told: Told | None = None) -> ReportFile:
    """The file, ready to be read. `stream` can be read from its beginning again.

    Raises:
        ReportFileError: it is no report of victims.
        types.TypesError: the table of types cannot be read.
    """
    told = told or Told()
    head = stream.read(_HEAD)
    stream.seek(0)
    if not head.strip():
        raise ReportFileError("empty", name)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _workbook(name, stream, told)
    if head.startswith(b"\x1f\x8b"):
        raise ReportFileError("packed", name)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return ReportFile(name, N6, None, True, _n6(name, stream, told.until))
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        stream = io.BytesIO(_decoded(name, stream))
    elif b"\0" in head:
        raise ReportFileError("not_text", name)
    return _table(name, stream, told)


def _decoded(name: str, stream: BinaryIO) -> bytes:
    data = stream.read(MOST_JSON + 1)
    if len(data) > MOST_JSON:
        raise ReportFileError("large", name, str(MOST_JSON >> 20))
    try:
        return data.decode("utf-16").encode()
    except UnicodeDecodeError as error:
        raise ReportFileError("encoding", name) from error


# --- Shadowserver ---


def _table(name: str, stream: BinaryIO, told: Told) -> ReportFile:
    """A delimited text: a report of Shadowserver, or an office's table."""
    kind = told.kind or kind_of_name(name)[1]
    first = stream.read(_HEAD).decode("utf-8-sig", "replace").splitlines()
    stream.seek(0)
    delimiter = max(",;\t", key=lambda one: "\n".join(first[:5]).count(one))
    grid = [cells for _n, cells, _wrong in lines.rows(io.BytesIO("\n".join(first[:40]).encode()), delimiter)]
    names = [cell.strip().lstrip("# ").casefold() for cell in grid[0]] if grid else []
    is_shadowserver = "timestamp" in names and bool(kind or _signs(names))
    if not is_shadowserver and not told.kind:
        return _office_table(name, stream, delimiter, grid, told)
    if not kind:
        raise ReportFileError("no_kind", name)
    if "timestamp" not in names:
        raise ReportFileError("no_timestamp", name, kind)
    known = types.types().get(kind)
    a_type = known or Type(kind, "", Meaning.NONE, "unknown")
    entries = _shadowserver(name, stream, delimiter, names, a_type, told.until)
    return ReportFile(name, SHADOWSERVER, a_type, known is not None, entries)


def _signs(names: Sequence[str]) -> bool:
    """Whether columns are those of a report whose file was given another name."""
    return any(f"{head}naics" in names for head in ("", "src_", "dst_", "http_referer_"))


def _shadowserver(
    name: str, stream: BinaryIO, delimiter: str, names: list[str], kind: Type, until: datetime
) -> Iterator[Report | Leftover]:
    rows = lines.rows(stream, delimiter, width=len(names))
    next(rows, None)
    code = "unknown_kind" if kind.why == "unknown" else "kind"
    place = {one: at for at, one in enumerate(names)}
    where = place.get(kind.address)
    if kind.meaning is Meaning.NONE or where is None:
        if kind.meaning is not Meaning.NONE:
            code = "no_column"
        for number, _cells, wrong in rows:
            yield Leftover(name, number, wrong or code, kind.address if code == "no_column" else kind.name)
        return
    at_time = place["timestamp"]
    families = [place[one] for one in ("infection", "family", "tag") if one in place]
    severity, protocol = place.get("severity"), place.get("protocol")
    host = place.get("machine_name")
    port_name = {"src_ip": "src_port", "ip": "port"}.get(kind.address, "")
    port = place.get(port_name)
    meaning, label = kind.meaning, kind.name
    keeps_family = meaning.is_case
    for number, cells, wrong in rows:
        if wrong:
            yield Leftover(name, number, wrong)
            continue
        found = machine_address(cells[where])
        if found is None:
            yield Leftover(name, number, "address", shown(cells[where]))
            continue
        moment = moments.of_publisher(cells[at_time])
        if moment is None or moment > until:
            yield Leftover(name, number, "future" if moment else "time", shown(cells[at_time]))
            continue
        family = ""
        if keeps_family:
            for one in families:
                if cells[one]:
                    family = _text(cells[one], "family")
                    break
        yield Report(
            found, moment, moment, meaning, SHADOWSERVER, label, family,
            None if port is None else _port(cells[port]),
            "" if protocol is None else _text(cells[protocol], "protocol").casefold(),
            "" if severity is None else _severity(cells[severity]),
            "" if host is None or not cells[host] else _text(cells[host], "host"),
        )  # fmt: skip


def _port(text: str) -> int | None:
    """A port; 0 is none."""
    return parse_port(text) or None


def _text(text: str, what: str) -> str:
    text = text.strip()
    if text.isascii() and text.isprintable():
        return text[: LONGEST[what]]
    return nfc(shown(text))[: LONGEST[what]]


def shown(text: str) -> str:
    """A stranger's cell, safe to show and to keep."""
    return escape(text.strip()[:200].encode("utf-8", "surrogatepass"), 200)


def _severity(text: str) -> str:
    text = text.strip().casefold()
    return text if text in SEVERITIES else ""


# --- n6 ---


def _n6(name: str, stream: BinaryIO, until: datetime) -> Iterator[Report | Leftover]:
    """Events of n6: one object a line, or one list."""
    known = types.categories()
    for number, event in _events(name, stream):
        if isinstance(event, Leftover):
            yield event
        elif not isinstance(event, Mapping) or "category" not in event:
            yield Leftover(name, number, "no_event")
        else:
            yield from _event(name, number, event, known, until)


def _events(name: str, stream: BinaryIO) -> Iterator[tuple[int, Any]]:
    first = stream.read(_HEAD)
    stream.seek(0)
    if first.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        data = stream.read(MOST_JSON + 1)
        if len(data) > MOST_JSON:
            raise ReportFileError("large", name, str(MOST_JSON >> 20))
        try:
            events = json.loads(few(data, groups=1_000_000, items=10_000_000))
        except (TooManyError, ValueError, RecursionError) as error:
            raise ReportFileError("not_json", name, str(error)[:100]) from None
        yield from enumerate(events if isinstance(events, list) else [], 1)
        return
    number = 0
    while line := stream.readline(lines.LONGEST):
        number += 1
        if len(line) == lines.LONGEST and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = stream.readline(lines.LONGEST)
            yield number, Leftover(name, number, "too_long")
        elif text := line.strip():
            try:
                yield number, json.loads(few(text.removeprefix(codecs.BOM_UTF8), groups=2_000, items=20_000))
            except (TooManyError, ValueError, RecursionError):
                yield number, Leftover(name, number, "not_json")


def _event(
    name: str, number: int, event: Mapping[str, Any], known: Mapping[str, Type], until: datetime
) -> Iterator[Report | Leftover]:
    category = str(event.get("category", ""))
    kind = known.get(category)
    if kind is None or kind.meaning is Meaning.NONE:
        code = "unknown_kind" if kind is None else "kind"
        yield Leftover(name, number, code, shown(category))
        return
    if str(event.get("status", "active")) in _OVER:
        yield Leftover(name, number, "status", str(event["status"]))
        return
    first = moments.of_publisher(str(event.get("time", "")))
    last = moments.of_publisher(str(event.get("until", ""))) if event.get("until") else first
    if first is None or last is None:
        yield Leftover(name, number, "time", shown(str(event.get("time", ""))))
        return
    if max(first, last) > until:
        yield Leftover(name, number, "future", max(first, last).isoformat())
        return
    places = event.get("address")
    listed = places if isinstance(places, list) else []
    told = [str(one.get("ip", "")) for one in listed if isinstance(one, Mapping)] or [
        str(event.get("ip", ""))
    ]
    count = event.get("count")
    for text in told:
        found = machine_address(text)
        if found is None:
            yield Leftover(name, number, "address", shown(text))
            continue
        yield Report(
            found, first, max(first, last), kind.meaning, N6, kind.name,
            _text(str(event.get("name") or ""), "family") if kind.meaning.is_case else "",
            _port(str(event.get("sport" if kind.meaning.is_case else "dport", ""))),
            _text(str(event.get("proto") or ""), "protocol").casefold(),
            "",
            "",
            count if isinstance(count, int) and not isinstance(count, bool) and 0 < count < 10**9 else 1,
        )  # fmt: skip


# --- an office's table ---


def _office_table(
    name: str, stream: BinaryIO, delimiter: str, grid: Sequence[Sequence[str]], told: Told
) -> ReportFile:
    header = header_of(grid)
    if header is None:
        raise ReportFileError("no_header", name)
    at, columns = header
    entries = _rows_of_office(name, "", columns, _from(stream, delimiter, at), told)
    return ReportFile(name, SHEET, Type("sheet", "", Meaning.INFECTION), True, entries)


def _from(stream: BinaryIO, delimiter: str, header: int) -> Iterator[Row]:
    """The rows below the headings, which are the row `header` from 0."""
    for at, row in enumerate(lines.rows(stream, delimiter)):
        if at > header:
            yield row


def _workbook(name: str, stream: BinaryIO, told: Told) -> ReportFile:
    data = stream.read(MOST_WORKBOOK + 1)
    if len(data) > MOST_WORKBOOK:
        raise ReportFileError("large", name, str(MOST_WORKBOOK >> 20))
    try:
        found = sheets(data)
    except SheetError as error:
        raise ReportFileError(error.code, name, error.value) from error
    if not found:
        raise ReportFileError("no_header", name)

    def entries() -> Iterator[Report | Leftover]:
        for sheet, header, columns, grid in found:
            rows = ((number, cells, "") for number, cells in enumerate(grid, header + 1) if any(cells))
            yield from _rows_of_office(name, sheet if len(found) > 1 else "", columns, rows, told)

    return ReportFile(name, SHEET, Type("sheet", "", Meaning.INFECTION), True, entries())


def _rows_of_office(
    name: str, sheet: str, columns: Mapping[str, int], rows: Iterator[Row], told: Told
) -> Iterator[Report | Leftover]:
    place = f"{name} [{shown(sheet)}]" if sheet else name
    day, _kind = kind_of_name(name)
    whole = told.day or (date.fromisoformat(day) if _is_day(day) else None)

    def cell(cells: Sequence[str], role: str) -> str:
        at = columns.get(role)
        return cells[at].strip() if at is not None and at < len(cells) else ""

    for number, cells, wrong in rows:
        if wrong:
            yield Leftover(place, number, wrong)
            continue
        if not any(map(str.strip, cells)):
            continue
        text = cell(cells, "address")
        host, _colon, behind = text.partition(":") if text.count(":") == 1 else (text, "", "")
        found = machine_address(host)
        if found is None:
            # The line of totals below a table, and the names of units between its rows, hold no address.
            yield Leftover(place, number, "address" if text else "no_address", shown(text))
            continue
        said = cell(cells, "time")
        seen = moments.of_sheet(said, told.zone) if said else None
        if seen is None and said:
            yield Leftover(place, number, "time", shown(said))
            continue
        if seen is None and whole is not None:
            seen = moments.of_day(whole, told.zone)
        if seen is None:
            yield Leftover(place, number, "no_time", found)
            continue
        first, last, is_day = seen
        if (first if is_day else last) > told.until:
            yield Leftover(place, number, "future", shown(said) or first.isoformat())
            continue
        yield Report(
            found, first, last, Meaning.INFECTION, SHEET, "sheet", _text(cell(cells, "family"), "family"),
            _port(cell(cells, "port") or behind), "", _severity(cell(cells, "severity")),
            _text(cell(cells, "host"), "host"), 1, is_day,
        )  # fmt: skip


def _is_day(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
