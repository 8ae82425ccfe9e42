"""Lines of a list become values with a kind and a family: plain lists, hosts files, CSV and TSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from quetsach.canonical import address
from quetsach.feeds.item import parse
from quetsach.feeds.refang import refang
from quetsach.feeds.remark import Reject
from quetsach.indicator import Scope

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "indicator": (
        "indicator", "ioc_value", "ioc", "value", "url", "domain", "hostname", "host", "dst_ip", "ip_address",
        "ip", "address", "chỉ dấu", "chỉ dấu độc hại", "tên miền", "địa chỉ", "địa chỉ ip",
    ),
    "type": ("type", "indicator_type", "ioc_type", "kind", "loại", "loại chỉ dấu"),
    "family": ("family", "malware_printable", "malware", "threat", "họ mã độc", "mã độc", "tên mã độc"),
    "port": ("dst_port", "port", "cổng"),
}  # fmt: skip
"""Header names by what they hold, the strongest first: abuse.ch, Zeek intel, MISP exports, office lists."""

DELIMITERS = (",", ";", "\t", "|")
SNIFFED_LINES = 50
_COMMENT = re.compile(r"\s*(?:[#;!]|//|\[(?![0-9A-Fa-f:.]+\]))")
_INLINE_COMMENT = re.compile(r"\s#.*\Z", re.DOTALL)
_LOCAL_NAMES = frozenset(
    (
        "localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback",
        "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts",
    )
)  # fmt: skip


class Value(NamedTuple):
    """One value as it stands in a list; `problem` is a reject's code, `warning` a warning's."""

    line: int
    text: str
    kind: str = ""
    family: str = ""
    problem: str = ""
    warning: str = ""


def is_comment(line: str) -> bool:
    """A line that begins with `#`, `;`, `!`, `//` or `[`, but for an IPv6 address in brackets."""
    return _COMMENT.match(line) is not None


def _is_value(text: str) -> bool:
    try:
        parse(text, Scope.WITH_SUBDOMAINS)
    except Reject:
        return False
    return True


def is_hosts(lines: Sequence[str]) -> bool:
    """Whether most lines are an address and names after it."""
    data = [line.split() for line in lines[:SNIFFED_LINES] if line.strip() and not is_comment(line)]
    hosts = [
        d for d in data if len(d) > 1 and address(d[0]) and address(d[1]) is None and not d[1].startswith("#")
    ]
    return bool(data) and len(hosts) * 2 > len(data)


def hosts(lines: Sequence[str]) -> Iterator[Value]:
    """`address name name…` (hosts(5)); the machine's own names are skipped."""
    for number, line in enumerate(lines, 1):
        if not line.strip() or is_comment(line):
            continue
        words = _INLINE_COMMENT.sub("", line).split()
        if len(words) < 2 or address(words[0]) is None:
            yield from plain([line], number)
            continue
        for word in words[1:]:
            if word.lower() not in _LOCAL_NAMES and word != words[0]:
                yield Value(number, word)


def plain(lines: Sequence[str], start: int = 1) -> Iterator[Value]:
    """One value a line, then white space and a note."""
    for number, line in enumerate(lines, start):
        text = line.strip()
        if not text or is_comment(line):
            continue
        if " " not in text and "\t" not in text:
            yield Value(number, text)
            continue
        text = _INLINE_COMMENT.sub("", text).strip()
        if re.fullmatch(r"[0-9A-Fa-f.:]+\s+-\s+[0-9A-Fa-f.:]+", text):
            yield Value(number, re.sub(r"\s", "", text))
            continue
        value, *note = text.split()
        second = any(_is_value(word) for word in note)
        yield Value(number, value, warning="second-value" if second else "")


class Layout(NamedTuple):
    """Where the columns of a table stand; `header` is the number of its header line, 0 without one."""

    delimiter: str
    header: int
    places: Mapping[str, int]
    guessed: bool = False


def _cells(line: str, delimiter: str) -> list[str] | None:
    """The cells of one line (RFC 4180 within a line); None when its quotes do not match up."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True))
    except (csv.Error, StopIteration):
        return None


def _named(cells: Sequence[str], wanted: Mapping[str, str]) -> dict[str, int]:
    names = [c.strip().strip('"').lower() for c in cells]
    places: dict[str, int] = {}
    for column, known in COLUMNS.items():
        choice = wanted.get(column)
        for name in (choice.lower(),) if choice else known:
            if name in names:
                places[column] = names.index(name)
                break
    return places


def sniff(lines: Sequence[str], columns: Mapping[str, str] | None) -> Layout | None:
    """How a table is laid out, or None for a list that is no table.

    `columns` names (or numbers from 1) the columns of indicator, type and family.
    """
    wanted = dict(columns or {})
    numbered = {k: int(v) - 1 for k, v in wanted.items() if v.isdigit()}
    data = [(n, line) for n, line in enumerate(lines[: 4 * SNIFFED_LINES], 1) if line.strip()]
    rows = [(n, line) for n, line in data if not is_comment(line)][:SNIFFED_LINES]
    for delimiter in DELIMITERS:
        for number, line in [*((n, line) for n, line in data if is_comment(line)), *rows[:1]]:
            text = line.removeprefix("#fields\t") if line.startswith("#fields\t") else line.lstrip("# ")
            cells = _cells(text, delimiter)
            if cells is None or (len(cells) < 2 and number != (rows[0][0] if rows else 0)):
                continue
            places = _named(cells, wanted)
            if "indicator" in places and (len(cells) > 1 or not is_comment(line)):
                return Layout(delimiter, number, {**places, **numbered})
    if numbered or not rows:
        return Layout(_commonest(rows), 0, numbered) if numbered else None
    return _guess(rows)


def _commonest(rows: Sequence[tuple[int, str]]) -> str:
    return max(DELIMITERS, key=lambda d: sum(d in line for _, line in rows))


def _guess(rows: Sequence[tuple[int, str]]) -> Layout | None:
    """A table without a header: the column in which most rows hold a value."""
    for delimiter in (",", ";", "|"):
        split = [c for _, line in rows if (c := _cells(line, delimiter)) is not None and len(c) > 1]
        if len(split) * 2 <= len(rows):
            continue
        width = max(map(len, split))
        scores = [sum(len(c) > i and _is_value(refang(c[i].strip())) for c in split) for i in range(width)]
        best = scores.index(max(scores))
        if scores[best] * 2 > len(split):
            return Layout(delimiter, 0, {"indicator": best}, guessed=True)
    return None


def table(lines: Sequence[str], layout: Layout) -> Iterator[Value]:
    """The rows of a table by its layout."""
    delimiter, header = layout.delimiter, layout.header
    at, kind_at = layout.places["indicator"], layout.places.get("type", -1)
    family_at, port_at = layout.places.get("family", -1), layout.places.get("port", -1)
    for number, line in enumerate(lines, 1):
        if number == header or not line or line.isspace():
            continue
        if line[0] == "#":
            continue
        cells = _cells(line, delimiter)
        if cells is None:
            yield Value(number, line, problem="quotes")
            continue
        text = cells[at].strip() if at < len(cells) else ""
        kind = cells[kind_at].strip().lower() if 0 <= kind_at < len(cells) else ""
        family = cells[family_at].strip() if 0 <= family_at < len(cells) else ""
        if not text:
            yield Value(number, line, problem="no-value")
            continue
        if 0 <= port_at < len(cells) and (port := cells[port_at].strip()).isdigit() and address(text):
            text = f"[{text}]:{port}" if ":" in text else f"{text}:{port}"
        yield Value(number, text, kind, "" if family in ("-", "None") else family)
