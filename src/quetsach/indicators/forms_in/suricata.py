"""Data files of Suricata: string datasets (base64, one a line) and IP reputation (address,category,score)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from quetsach.indicators.indicator import Scope
from quetsach.indicators.lists.item import is_value
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.value import Note, Value
from quetsach.text.canonical import address

_IPREP = re.compile(r"\s*([0-9A-Fa-f:.]+)(?:/[0-9]{1,3})?\s*,\s*([0-9]{1,2})\s*,\s*([0-9]{1,3})\s*\Z")


def _decoded(line: str) -> str | None:
    """A dataset's string; a reputation may follow after a comma."""
    try:
        raw = base64.b64decode(line.partition(",")[0].strip(), validate=True)
        return raw.decode("utf-8").strip()
    except (binascii.Error, ValueError):
        return None


def _bare(text: str) -> str:
    return text.removeprefix(".")


def is_dataset(listing: Listing) -> bool:
    """Whether most lines are base64 of a name, address or URL."""
    texts = [_decoded(line) for line in listing.head]
    good = sum(text is not None and is_value(_bare(text)) for text in texts)
    return bool(texts) and 2 * good > len(texts)


def dataset(listing: Listing) -> Iterator[Value | Note]:
    """Strings match whole; a name with a dot before it (`match subdomain`) also matches all names below
    it."""
    for number, line in enumerate(listing.lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        text = _decoded(line)
        if text is None:
            yield Note(number, line, "mangled")
        else:
            scope = Scope.WITH_SUBDOMAINS if text.startswith(".") else Scope.EXACT
            yield Value(number, _bare(text), scope=scope)


def is_iprep(listing: Listing) -> bool:
    """Whether most lines are an address or network, a category and a score."""
    return listing.most(_IPREP) and address(listing.head[0].split(",")[0].split("/")[0].strip()) is not None


def iprep(listing: Listing) -> Iterator[Value | Note]:
    """Addresses and networks; a score of 0 means that nothing is known against the address."""
    for number, line in enumerate(listing.lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _IPREP.match(line)
        if found is None:
            yield Note(number, line, "mangled")
        elif int(found[3]) == 0:
            yield Note(number, line, "not-for-detection")
        else:
            yield Value(number, line.split(",")[0].strip())
