"""Finds the Decree's elements in the lines of a finished document, by their words and places."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from quetsach.documents.reading import Line, Reading
from quetsach.text.vietnamese import search_key

NUMBER = re.compile(r"^Số\s*:(?P<number>[^/]*)/(?P<symbol>.*)$", re.IGNORECASE)
DATE = re.compile(
    r"^(?P<place>.*?),?\s*ngày(?P<day>.*?)tháng(?P<month>.*?)năm(?P<year>.*)$", re.IGNORECASE | re.DOTALL
)
_NAMED = {
    "bao cao",
    "ke hoach",
    "thong bao",
    "quyet dinh",
    "to trinh",
    "huong dan",
    "chuong trinh",
    "cong dien",
}
_MARK = re.compile(r"^[-–—+•*]\s*")


@dataclass
class Elements:
    """The elements found; None or empty where the document has none."""

    country: Line | None = None
    motto: Line | None = None
    issuer: Line | None = None
    number: Line | None = None
    date: Line | None = None
    name: Line | None = None
    subject: list[Line] = field(default_factory=list)
    kinh_gui: Line | None = None
    addressees: list[Line] = field(default_factory=list)
    last_addressed: Line | None = None
    body: list[Line] = field(default_factory=list)
    recipients: Line | None = None
    cc: list[Line] = field(default_factory=list)
    authority: list[Line] = field(default_factory=list)
    signer: Line | None = None
    annex: Line | None = None
    cited: Line | None = None


def find(reading: Reading) -> Elements:
    """The elements of a letter or report. Lines after the signature belong to the annex."""
    lines = [
        line for line in reading.lines if not (line.text.isdecimal() and line.top < 20 and line.page > 1)
    ]
    got = Elements()
    keys = [search_key(line.text) for line in lines]
    got.country = _first(lines, keys, lambda key: "xa hoi chu nghia viet nam" in key)
    got.motto = _first(lines, keys, lambda key: key.startswith("doc lap") and "hanh phuc" in key)
    got.number = next((line for line in lines if NUMBER.match(line.text)), None)
    # DATE takes the third power of the length of a hostile line.
    got.date = next((line for line in lines if len(line.text) < 80 and DATE.match(line.text)), None)
    got.name = _first(lines, keys, lambda key: key in _NAMED)
    got.kinh_gui = _first(lines, keys, lambda key: key.startswith("kinh gui"))
    got.recipients = _first(lines, keys, lambda key: key.startswith("noi nhan"))
    got.issuer = _issuer(lines, got)
    after = lines.index(got.recipients) if got.recipients else len(lines)
    annexes = (
        line for line, key in zip(lines[after:], keys[after:], strict=True) if re.match(r"phu luc\b", key)
    )
    got.annex = next(annexes, None)
    if got.annex:
        rest = lines[lines.index(got.annex) :]
        got.cited = next((line for line in rest if search_key(line.text).startswith("(kem theo")), None)
    _subject(lines, got)
    _addressees(lines, got)
    _signature(lines, got, reading)
    _body(lines, got, after)
    return got


def _first(lines: Sequence[Line], keys: Sequence[str], suits: Callable[[str], bool]) -> Line | None:
    return next((line for line, key in zip(lines, keys, strict=True) if suits(key)), None)


def _issuer(lines: list[Line], got: Elements) -> Line | None:
    """The last line of the issuing body: above the number, beside the country's name."""
    if got.number is None:
        return None
    above = [
        line
        for line in lines[: lines.index(got.number)]
        if line not in (got.country, got.motto, got.date) and line.text.upper() == line.text
    ]
    if got.country is not None and got.country.cell is None and got.country.left:
        above = [line for line in above if line.right < got.country.left + 5]
    return above[-1] if above else None


def _subject(lines: list[Line], got: Elements) -> None:
    start = next((at for at, line in enumerate(lines) if re.match(r"v/v\b", line.text, re.IGNORECASE)), None)
    if start is None:
        return
    got.subject = [lines[start]]
    for line in lines[start + 1 :]:
        is_beside = line.left > lines[start].right + 5 and bool(line.right)
        if line is got.date or is_beside:
            continue
        if line is got.kinh_gui or line.cell != lines[start].cell or _is_far(got.subject[-1], line):
            break
        if line.cell is None and not line.right:
            break
        got.subject.append(line)


def _is_far(above: Line, line: Line) -> bool:
    return bool(line.right) and (line.page != above.page or line.top - above.top > 8)


def _addressees(lines: list[Line], got: Elements) -> None:
    if got.kinh_gui is None:
        return
    if got.kinh_gui.text.partition(":")[2].strip():
        got.addressees = [got.kinh_gui]
        return
    items: list[Line] = []
    for line in lines[lines.index(got.kinh_gui) + 1 :]:
        is_behind = bool(items) and line.left > items[0].left + 0.5
        is_beside = bool(items) and line.left < items[0].left - 2  # a dash of the body, further left
        if not is_behind and (is_beside or not _MARK.match(line.text)):
            break
        items.append(line)
    got.addressees = _items(items)
    got.last_addressed = items[-1] if items else got.kinh_gui


def _items(lines: Sequence[Line]) -> list[Line]:
    """Items of a list; items over several lines are joined."""
    items: list[Line] = []
    for line in lines:
        if items and not _MARK.match(line.text):
            items[-1] = replace(items[-1], text=f"{items[-1].text} {line.text}")
        else:
            items.append(line)
    return items


def _signature(lines: list[Line], got: Elements, reading: Reading) -> None:
    head = got.recipients
    if head is None:
        return
    rest = lines[lines.index(head) + 1 :]
    if reading.form == "pdf":
        bottom = got.annex.top if got.annex and got.annex.page == head.page else reading.page[1]
        level = [line for line in lines if line.page == head.page and head.top - 4 < line.top < bottom]
        signed = [line for line in level if line.left >= reading.page[0] / 2 - 10]
        got.cc = _items([line for line in level if line not in (*signed, head)])
    elif head.cell is None:
        got.cc = [line for line in rest if line.cell is None and _MARK.match(line.text)]
        signed = []
    else:
        table, _row, column = head.cell
        got.cc = [line for line in rest if line.cell == head.cell]
        signed = [line for line in rest if line.cell and line.cell[0] == table and line.cell[2] != column]
    worded = [line for line in signed if any(map(str.isalpha, line.text))]
    got.authority = [line for line in worded if line.text.upper() == line.text]
    names = [line for line in worded if line.text.upper() != line.text]
    got.signer = names[-1] if names else None


def _body(lines: list[Line], got: Elements, end: int) -> None:
    """Collect the lines from behind the addressees, or the subject, to the recipients."""
    last = got.last_addressed or got.kinh_gui or (got.subject[-1] if got.subject else got.number)
    start = lines.index(last) + 1 if last else 0
    signed = (*got.authority, got.signer, *got.subject, got.date)
    got.body = [line for line in lines[start:end] if line not in signed and line.cell is None]
