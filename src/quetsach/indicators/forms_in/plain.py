"""Plain lists: one value a line, perhaps with a note behind it; firewalls' external block lists have this
form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from quetsach.errors import IndicatorError
from quetsach.indicators.forms_in.whose import may_be_victims, may_be_victims_without_heads
from quetsach.indicators.lists.comment import is_comment, without_comment
from quetsach.indicators.lists.item import hash_in, is_value
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.value import Note, Value

_RANGE = re.compile(r"[0-9A-Fa-f.:]+\s+[-\u2010-\u2015\u2212]\s+[0-9A-Fa-f.:]+")

_MOST_WORDS = 1_000
"""Words of a line that are looked at one by one; the text behind them is one note."""
_TABBED = re.compile(r"[^\t]+\t")
_QUOTED = re.compile(r"""(["'])(.+)\1""")


def read(listing: Listing) -> Iterator[Value | Note]:
    """All values of a plain list.

    Raises IndicatorError for a table with tabs or spaces that may hold infected machines.
    """
    doubt = _headed(listing.head)
    if not doubt and listing.most(_TABBED):
        doubt = may_be_victims_without_heads(_tabbed(listing.head), 0)
    if doubt:
        raise IndicatorError(f"{listing.source}: {doubt}")
    return lines(listing.lines)


def _headed(head: Sequence[str]) -> str:
    """The doubt about a table whose columns white space divides, by its headings: `ip port malware`."""
    if head and any(delimiter in head[0] for delimiter in ",;|"):
        return ""
    names, *rows = [line.split(maxsplit=_MOST_WORDS) for line in head] or [[]]
    places = [at for at, name in enumerate(names) if name.lower() in ("ip", "host", "address")]
    return may_be_victims(names, places[0], rows) if places and len(names) > 1 else ""


def _tabbed(head: Sequence[str]) -> list[list[str]]:
    return [line.split("\t") for line in head if "\t" in line]


def lines(texts: Sequence[str], start: int = 1) -> Iterator[Value]:
    """One value a line, then white space and a note."""
    for number, line in enumerate(texts, start):
        # The fast path took nearly all lines of a long list before.
        if not line:
            continue
        text = line.strip()
        if not text or is_comment(line):
            continue
        if " " not in text and "\t" not in text:
            quoted = _QUOTED.fullmatch(text)
            yield Value(number, quoted[2] if quoted else text, warning="unquoted" if quoted else "")
            continue
        text = without_comment(text)
        if _RANGE.fullmatch(text):
            yield Value(number, re.sub(r"\s", "", text))
            continue
        value, *note = text.split(maxsplit=_MOST_WORDS)
        if hash_in(value):
            # Lines of `sha256sum`, or a hash with its family behind it.
            yield Value(number, value, family=" ".join(note).lstrip("*"))
            continue
        second = any(is_value(word) for word in note)
        yield Value(number, value, warning="second-value" if second else "")
