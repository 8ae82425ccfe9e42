"""Filter lists of AdBlock Plus, AdGuard and Pi-hole: `||name^`; exceptions are no indicators."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from quetsach.indicators.forms_in import hosts
from quetsach.indicators.indicator import Scope
from quetsach.indicators.lists.comment import without_comment
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.value import Note, Value
from quetsach.text.canonical import address

_RULE = re.compile(r"\|\||@@|\|https?://", re.IGNORECASE)
_HEADER = re.compile(r"\[(?:ad.?block|adguard|ublock)", re.IGNORECASE)
_COSMETIC = re.compile(r"#@?[?$%]{0,2}@?#")
_ADDRESS = re.compile(
    r"\|\|((?:\*\.)?[^\^/$|*]*)(?:\^\|?)?\Z|\|\|([^\^$|*]*/[^\^$|*]*)[\^|]?\Z|\|(https?://[^\^|*]+)\|?\Z"
)
_ANYWHERE = frozenset(
    (
        "important",
        "all",
        "document",
        "doc",
        "popup",
        "third-party",
        "3p",
        "network",
        "subdocument",
        "match-case",
    )
)
"""Modifiers that leave a rule valid for every machine."""


def recognise(listing: Listing) -> bool:
    """Whether it has a header in brackets, or most lines are rules."""
    return any(map(_HEADER.match, islice(listing.first_lines(), 10))) or listing.most(_RULE)


def read(listing: Listing) -> Iterator[Value | Note]:
    """One rule a line; hosts lines and bare names are taken, too, as AdGuard Home and Pi-hole do.

    A hosts line covers only the name itself (AdGuard Home, Hosts Blocklists).
    """
    for number, line in enumerate(listing.lines, 1):
        text = line.strip()
        if not text or text[0] == "!" or _HEADER.match(text):
            continue
        if _COSMETIC.search(text):
            yield Note(number, text, "cosmetic")
        elif text[0] == "#":
            continue
        else:
            yield from _rule(number, text)


def _rule(number: int, text: str) -> Iterator[Value | Note]:
    if text.startswith("@@"):
        yield Note(number, text, "exception")
        return
    if len(text) > 1 and text[0] == text[-1] == "/":
        yield Note(number, text, "pattern")
        return
    body, _, modifiers = text.partition("$")
    if modifiers and not _ANYWHERE.issuperset(modifiers.lower().split(",")):
        yield Note(number, text, "modifier")
        return
    words = without_comment(body).split()
    addr = address(words[0]) if len(words) > 1 else None
    if addr is not None:
        for one in hosts.entry(number, text, addr, words, ""):
            yield one._replace(scope=Scope.EXACT) if isinstance(one, Value) else one
        return
    if body[:1] != "|":
        yield Note(number, text, "pattern") if "*" in body.removeprefix("*.") else Value(number, body)
        return
    found = _ADDRESS.match(body)
    if found is None:
        yield Note(number, text, "pattern")
    else:
        yield Value(number, found[1] or found[2] or found[3] or "")
