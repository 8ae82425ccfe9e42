"""Tables: CSV, TSV and their dialects; the header's names show the columns, else they are guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from quetsach.errors import IndicatorError
from quetsach.indicators.forms_in.chosen import Chosen
from quetsach.indicators.forms_in.expiry import has_passed
from quetsach.indicators.forms_in.rows import (
    BETWEEN,
    DELIMITERS,
    MOST_COLUMNS,
    cells_of,
    has_value,
    is_listed,
    is_title,
    names_of,
    several,
)
from quetsach.indicators.forms_in.whose import may_be_victims, may_be_victims_without_heads, of_victims
from quetsach.indicators.lists.item import HASHES, KINDS
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.refang import refang
from quetsach.indicators.lists.value import Note, Value
from quetsach.text.canonical import address, endpoint
from quetsach.text.marks import normalize

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "indicator": (
        "indicator", "ioc_value", "ioc", "value", "giá trị", "chỉ dấu", "chỉ dấu độc hại", "url", "domain",
        "tên miền", "hostname", "host", "dst_ip", "dstip", "ip_address", "ip", "address", "địa chỉ",
        "địa chỉ ip", "máy chủ điều khiển", "đường dẫn", "dải mạng", "sha256_hash", "sha256",
        "sha1_hash", "sha1", "md5_hash", "md5", "hash", "mã băm",
    ),
    "type": ("type", "indicator_type", "ioc_type", "kind", "loại", "loại chỉ dấu"),
    "family": (
        "family", "malware_printable", "malware", "threat", "signature", "họ mã độc", "mã độc", "tên mã độc",
    ),
    "port": ("dst_port", "dstport", "port", "cổng"),
    "until": (
        "valid_until", "valid until", "expires", "expires_at", "expiration", "expiration_date",
        "expiration date", "expiry", "expiry date", "hết hạn", "ngày hết hạn", "thời gian hết hạn",
        "hiệu lực đến", "ngày hết hiệu lực",
    ),
    "detect": ("to_ids",),
}  # fmt: skip
"""Header names by column, the strongest first: abuse.ch, MISP exports, n6, office lists."""

_JOINED = re.compile(r"\s*(?:[/,;+|()]|\b(?:và|hoặc|and|or)\b)\s*")
_EVIL = re.compile(r"^malicious\s+|\s+độc hại$")
"""Words that offices add to a column's name: "Tên miền/ Địa chỉ IP độc hại", "Chỉ dấu (IOC)"."""
_HASHES = frozenset(
    name for name in COLUMNS["indicator"] if name.startswith(("sha", "md5", "hash", "mã băm"))
)
_LONGEST = 1 << 16
"""Characters of a line from which the layout is found: a longer line is not tried as a header, nor counted in
a guess. Its cells are read as a row all the same."""
_MOST_GUESSED = 256
"""Columns of a row among which the column of addresses is guessed: no list has it further to the right."""
HEADER_LINES = 10
"""Lines in which a header is looked for: an office's list has its title above the header."""
_OTHER_TYPES = frozenset(
    ("tệp", "file", "filename", "email", "e-mail", "mutex", "registry", "regkey", "yara", "cve", "ja3", "asn")
)
"""Words for types that are not searched: a file's name looks like a domain."""
_MOST_LINES = 50
"""Lines that one row may span: else every line with a quote that is never closed would cost a search to
the end of the file."""
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_PORTS = re.compile(
    r"[0-9]{1,5}(?:/(?:tcp|udp))?(?:[\s,;&]+(?:và\s+)?[0-9]{1,5}(?:/(?:tcp|udp))?){0,20}",
    re.ASCII | re.IGNORECASE,
)
"""A value of a column of ports: `443`, `80, 443`, `53/udp`."""
_UNSET = frozenset(("", "-", "None"))
_NO = frozenset(("0", "false", "no"))


class Row(NamedTuple):
    """One row: its number, its cells (None when its quotes do not pair, or it is too wide) and its text."""

    line: int
    cells: Sequence[str] | None
    text: str


class Layout(NamedTuple):
    """The places of a table's columns, from 0, by the keys of `COLUMNS`.

    `header` is the number of the header line, 0 without a header; `names` holds the header's cells as they
    are written, () without a header. `guessed` means that the values showed the column of indicators.
    """

    delimiter: str
    header: int
    places: Mapping[str, int]
    names: tuple[str, ...] = ()
    guessed: bool = False


def spares(cells: Sequence[str], place: int) -> list[int]:
    """Further columns of addresses, by a header's cells, for rows with nothing in the first such column.

    Columns of hashes are left out: they name the same file again.
    """
    known = frozenset(COLUMNS["indicator"]) - _HASHES
    names = [_plain(name) for name in names_of(cells)]
    return [at for at, name in enumerate(names) if at != place and name in known and name != names[place]]


def places_of(cells: Sequence[str], wanted: Mapping[str, str]) -> dict[str, int]:
    """The places of columns by a header's cells; `wanted` gives the headings of columns with other names."""
    names = names_of(cells)
    places: dict[str, int] = {}
    for column, known in COLUMNS.items():
        choice = wanted.get(column)
        if choice and not choice.isdecimal():
            known = tuple(names_of([choice]))
        elif column == "indicator":
            names = [_plain(name) for name in names]
        for name in known:
            if name in names:
                places[column] = names.index(name)
                break
    return places


@lru_cache(1024)
def _plain(name: str) -> str:
    """The strongest known name in a heading that combines such names; the heading itself if it says more."""
    known = COLUMNS["indicator"]
    parts = [_EVIL.sub("", part) for part in _JOINED.split(name) if part]
    parts = [part if part in known else part.removesuffix("s") for part in parts]
    return min(parts, key=known.index) if parts and all(part in known for part in parts) else name


def without_free_type(
    places: dict[str, int], header: Sequence[str], rows: Sequence[Sequence[str]]
) -> dict[str, int]:
    """The places without the type column, where that column holds words other than types.

    Offices use "Loại" for the type of an indicator, but also for malware: Trojan, Phishing.
    """
    at = places.get("type", -1)
    if at < 0 or names_of(header)[at] != "loại":
        return places
    words = {part for row in rows if at < len(row) for part in BETWEEN.split(names_of([row[at]])[0])}
    known = KINDS | HASHES | _OTHER_TYPES
    if any(name in known for row in rows if at < len(row) for name in names_of([row[at]])) or words & known:
        return places
    return {column: place for column, place in places.items() if column != "type"}


def numbered(columns: Mapping[str, str] | None) -> dict[str, int]:
    """Columns chosen by numbers from 1, as places from 0."""
    return {k: int(v) - 1 for k, v in (columns or {}).items() if v.isascii() and v.isdecimal() and int(v)}


def layout_of(listing: Listing) -> Layout | None:
    """The layout of a table, or None for a list that is no table. A header may stand in a comment."""
    wanted, numbers = dict(listing.columns or {}), numbered(listing.columns)
    first = listing.head[:1]
    # Only `#`: rows of Maltrail can start with other comment marks, such as `//////atom.xml,url,agenttesla`.
    commented = [line for line in listing.comments if line.lstrip().startswith("#")]
    for delimiter in DELIMITERS:
        for line in (*commented, *listing.head[:HEADER_LINES]):
            if len(line) > _LONGEST:
                continue
            cells = cells_of(line.lstrip("# "), delimiter)
            if cells is None or (len(cells) < 2 and line not in first):
                continue
            places = places_of(cells, wanted)
            if (
                "indicator" in places
                and not is_title(cells)
                and (wanted or not _is_row(cells, places["indicator"], listing, delimiter))
            ):
                number = next(at for at, one in enumerate(listing.first_lines(), 1) if one == line)
                rows = [cells_of(one, delimiter) or () for one in listing.head if one != line]
                places = without_free_type(places, cells, rows)
                return Layout(delimiter, number, {**places, **numbers}, tuple(cells))
            if not wanted and line in listing.head and has_value(cells):
                break  # a header comes before the rows
    if numbers and listing.head:
        commonest = max(DELIMITERS, key=lambda d: sum(d in line for line in listing.head))
        return Layout(commonest, 0, numbers)
    return _guess(listing.head)


def _is_row(cells: Sequence[str], place: int, listing: Listing, delimiter: str) -> bool:
    """Whether the supposed header is the first row of a table without a header: `evil.example,domain`."""
    rows = (cells_of(line, delimiter) or () for line in listing.head)
    return has_value(cells) and not any(has_value(row[place : place + 1]) for row in rows)


def _guess(head: Sequence[str]) -> Layout | None:
    for delimiter in (",", ";", "|", "\t"):
        split = _split(head, delimiter)
        if len(split) * 2 <= len(head):
            continue
        best = fullest(split)
        # In a plain list a note may follow a tab.
        if best is not None and (best or delimiter != "\t"):
            return Layout(delimiter, 0, {"indicator": best}, guessed=True)
    return None


def _split(head: Sequence[str], delimiter: str) -> list[list[str]]:
    short = (line for line in head if len(line) <= _LONGEST)
    rows = (c for line in short if (c := cells_of(line, delimiter)) is not None and len(c) > 1)
    return [row[:_MOST_GUESSED] for row in rows]


def full(split: Sequence[Sequence[str]]) -> list[int]:
    """The columns that hold a value in more than half of the rows."""
    width, victims = max(map(len, split), default=0), of_victims(split)
    return [
        i
        for i in range(width)
        if i not in victims
        and 2 * sum(len(row) > i and is_listed(row[i].strip()) for row in split) > len(split)
    ]


def fullest(split: Sequence[Sequence[str]]) -> int | None:
    """The column with values in the largest number of rows; None if that is not more than half of the rows.

    If the column holds two or more values, the rows above its first value do not count in that half: in an
    office's list they are the head of a letter. A column of infected machines is never chosen.
    """
    width = max(map(len, split), default=0)
    victims = of_victims(split)
    columns = [[len(c) > i and is_listed(c[i].strip()) for c in split] for i in range(width)]
    scores = [0 if i in victims else sum(column) for i, column in enumerate(columns)]
    best = scores.index(max(scores)) if scores else 0
    if not scores or not scores[best]:
        return None
    above = columns[best].index(True) if scores[best] > 1 else 0
    return best if scores[best] * 2 > len(split) - above else None


def recognise(listing: Listing) -> bool:
    """Whether the list is a table by its layout, or by the reader's choice of columns."""
    layout = layout_of(listing)
    return bool(listing.columns) or (layout is not None and "indicator" in layout.places)


def read(listing: Listing) -> Iterator[Value | Note]:
    """The values of a table's rows, and notes on its columns and on rows left out, as `values` gives them.

    Raises:
        IndicatorError: no column of indicators, or no chosen column, is found; or, if none was chosen, its
            heading leaves open whether it holds infected machines.
    """
    layout = layout_of(listing)
    number = numbered(listing.columns).get("indicator", -1)
    rows = (cells_of(line, layout.delimiter) for line in listing.head) if layout is not None else ()
    # A column chosen by its number lies to the right of every row.
    width = max((len(row) for row in rows if row is not None), default=number + 1)
    if layout is None or "indicator" not in layout.places or number >= width:
        column = (listing.columns or {}).get("indicator", "indicator")
        raise IndicatorError(f"{listing.source}: has no column '{column}'; look at its header line")
    Chosen(listing.columns).found(layout.places, width).refuse(listing.source)
    place = layout.places["indicator"]
    refuse_victims(listing)
    spare: list[int] = []
    if layout.guessed:
        yield Note(0, f"column {place + 1}", "columns-guessed")
        spare = [at for at in full(_split(listing.head, layout.delimiter)) if at != place]
    elif layout.names and not listing.columns:
        spare = spares(layout.names, place)
    if spare:
        titles = layout.names or [f"column {at + 1}" for at in range(max(spare) + 1)]
        yield Note(0, ", ".join(titles[at].strip() for at in spare), "other-columns")
    yield from values(_rows(listing.lines, layout), layout.places, listing.now, spare)


def refuse_victims(listing: Listing) -> None:
    """Raises IndicatorError for a table that may hold infected machines, whose columns nobody chose."""
    layout = None if listing.columns else layout_of(listing)
    if layout is None or "indicator" not in layout.places:
        return
    place = layout.places["indicator"]
    first = [cells_of(line, layout.delimiter) or () for line in listing.head]
    if layout.names:
        lines = islice(listing.first_lines(), max(layout.header - 1, 0))
        above = [cells_of(line, layout.delimiter) or () for line in lines]
        below = [row for row in first if row not in above and tuple(row) != layout.names]
        doubt = may_be_victims(layout.names, place, below, above, spares(layout.names, place))
    else:
        doubt = may_be_victims_without_heads([row for row in first if len(row) > 1], place)
    if doubt:
        raise IndicatorError(f"{listing.source}: {doubt}")


def _rows(lines: Sequence[str], layout: Layout) -> Iterator[Row]:
    delimiter, header = layout.delimiter, layout.header
    end = 0
    for number, line in enumerate(lines, 1):
        if number <= end or number == header or not line or line[0] == "#" or line.isspace():
            continue
        if line == f"sep={delimiter}":
            continue
        # `cells_of` does the same; most rows spare the call.
        cells = (
            line.split(delimiter)
            if '"' not in line and len(line) <= MOST_COLUMNS
            else cells_of(line, delimiter)
        )
        if cells is None and line.count('"') % 2:
            end, cells = _over_lines(lines, number, delimiter)
        yield Row(number, cells, line)


def _over_lines(lines: Sequence[str], first: int, delimiter: str) -> tuple[int, list[str] | None]:
    """The last line of a row with line breaks in a quoted cell, and its cells; None where the quote never
    ends."""
    is_open = True
    for number in range(first + 1, min(first + _MOST_LINES, len(lines)) + 1):
        is_open ^= lines[number - 1].count('"') % 2 == 1
        if not is_open:
            cells = cells_of("\n".join(lines[first - 1 : number]), delimiter)
            return (first, None) if cells is None else (number, cells)
    return first, None


def values(
    rows: Iterable[Row], places: Mapping[str, int], now: datetime, spare: Sequence[int] = ()
) -> Iterator[Value | Note]:
    """The indicators in the rows of a table.

    A row gives a `Note` with the reason in place of a `Value` if it cannot be read, holds no indicator, has
    expired or is not meant for detection.

    For a row with nothing in the indicator's column, its first filled `spare` column counts.
    """
    at, kind_at, family_at = (places.get(name, -1) for name in ("indicator", "type", "family"))
    kinds: dict[str, str] = {}
    families: dict[str, str] = {}
    is_simple = not places.keys() & {"port", "until", "detect"}
    for number, cells, line in rows:
        if cells is None:
            # Without a quote, only too many cells make a row unreadable.
            yield Note(number, line, "quotes" if '"' in line else "mangled")
            continue
        width = len(cells)
        text = cells[at].strip() if at < width else ""
        if text in _UNSET and spare:
            text = next((cell for i in spare if i < width and (cell := cells[i].strip()) not in _UNSET), text)
        if not text:
            yield Note(number, line, "no-value")
            continue
        kind = family = ""
        # The same few words stand in all rows: each word is cleaned and stored once.
        if 0 <= kind_at < width:
            word = cells[kind_at]
            if word not in kinds:
                kinds[word] = normalize("NFC", word.strip().lower())
            kind = kinds[word]
        if 0 <= family_at < width:
            word = cells[family_at]
            if word not in families:
                families[word] = "" if word.strip() in _UNSET else word.strip()
            family = families[word]
        for one in several(text):
            code, found = ("", [one]) if is_simple else _judge(cells, places, one, now)
            for value in found:
                yield Note(number, value, code) if code else Value(number, value, kind, family)


def _judge(
    cells: Sequence[str], places: Mapping[str, int], text: str, now: datetime
) -> tuple[str, list[str]]:
    """Why a row is left out, or ""; and its value, with each port of the port column."""
    until, detect, port = (
        cells[at].strip() if 0 <= (at := places.get(name, -1)) < len(cells) else ""
        for name in ("until", "detect", "port")
    )
    if detect.lower() in _NO:
        return "not-for-detection", [text]
    if has_passed(until, now):
        return "expired", [text]
    whole = address(refang(text))
    if whole is not None and _PORTS.fullmatch(port):
        return "", [endpoint(whole, int(one)) for one in _PORT.findall(port)]
    return "", [text]
