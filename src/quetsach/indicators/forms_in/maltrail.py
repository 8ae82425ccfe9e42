"""Trail files of Maltrail: a name, address, endpoint, URL or regular expression a line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quetsach.indicators.lists.comment import without_comment
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.value import Note, Value

_COMMENT = re.compile(r"#\s*(?:Reference|Aliases):|# Copyright.*Maltrail", re.IGNORECASE)
_REGEX = re.compile(r"[\[\](){}*+^$|\\]")


def recognise(listing: Listing) -> bool:
    """Whether it has comments in Maltrail's style."""
    return any(_COMMENT.match(line) for line in listing.comments)


def read(listing: Listing) -> Iterator[Value | Note]:
    """One trail a line; names count with their subdomains."""
    for number, line in enumerate(listing.lines, 1):
        text = without_comment(line)
        if not text or text[0] == "#":
            continue
        is_regex = _REGEX.search(text) is not None and not text.startswith("[")
        if is_regex or re.match(r"\[(?![0-9A-Fa-f:.]+\])", text):
            yield Note(number, text, "pattern")
        else:
            yield Value(number, text)
