"""Intelligence files of Zeek: tabs, `-` for nothing, a `#fields` line; names match exactly."""

from __future__ import annotations

from collections.abc import Iterator

from quetsach.indicators.indicator import Scope
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.value import Note, Value

_KINDS = {
    "Intel::ADDR": "ip",
    "Intel::SUBNET": "subnet",
    "Intel::DOMAIN": "domain",
    "Intel::URL": "url",
    "Intel::FILE_HASH": "hash",
}


def recognise(listing: Listing) -> bool:
    """Whether a `#fields` line names the indicator and its type."""
    return any({"indicator", "indicator_type"} <= set(_fields(line)) for line in listing.comments)


def _fields(line: str) -> list[str]:
    return line.split("\t")[1:] if line.startswith("#fields\t") else []


def read(listing: Listing) -> Iterator[Value | Note]:
    """One item a line. A row that Zeek itself could not read becomes a note; the others still count."""
    fields: list[str] = []
    for number, line in enumerate(listing.lines, 1):
        if not line.strip() or line.startswith("#"):
            fields = _fields(line) or fields
            continue
        cells = dict(zip(fields, line.split("\t"), strict=False))
        text, kind = cells.get("indicator", "").strip(), cells.get("indicator_type", "").strip()
        if text in ("", "-"):
            yield Note(number, line, "no-value")
        elif not kind:
            yield Note(number, line, "mangled")
        elif kind not in _KINDS:
            yield Note(number, text, "unknown-type")
        else:
            bare = text[1:-1] if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'" else text
            # In a URL, Zeek takes a leading dot or `*` literally, and no name starts with a dot.
            scope = Scope.EXACT if kind == "Intel::DOMAIN" else None
            yield Value(number, bare, _KINDS[kind], warning="" if bare == text else "unquoted", scope=scope)
