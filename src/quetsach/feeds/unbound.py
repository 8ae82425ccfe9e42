"""Settings of Unbound that block names: `local-zone` of a blocking type, and `local-data` (unbound.conf)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quetsach.feeds.listing import Listing
from quetsach.feeds.value import Note, Value
from quetsach.indicator import Scope

_DIRECTIVE = re.compile(r"\s*(?:local-zone|local-data|server)\s*:", re.IGNORECASE)
_ZONE = re.compile(r"\s*local-zone:\s*[\"']?([^\s\"']+)[\"']?\s+[\"']?([a-z_]+)[\"']?", re.IGNORECASE)
_DATA = re.compile(r"\s*local-data:\s*(?:\"([^\s\"]+)\s[^\"]*\"|'([^\s']+)\s[^']*')", re.IGNORECASE)
_BLOCKING = frozenset(
    (
        "deny", "refuse", "static", "redirect", "inform_deny", "inform_redirect", "always_refuse",
        "always_nxdomain", "always_nodata", "always_deny", "always_null",
    )
)  # fmt: skip


def recognise(listing: Listing) -> bool:
    """Most lines are local zones or local data."""
    return listing.most(_DIRECTIVE)


def read(listing: Listing) -> Iterator[Value | Note]:
    """Zones with their subdomains, data exactly."""
    for number, line in enumerate(listing.lines, 1):
        text = line.partition(" #")[0].strip()
        if not text or text[0] == "#" or text == "server:":
            continue
        if zone := _ZONE.match(text):
            yield Value(number, zone[1]) if zone[2].lower() in _BLOCKING else Note(number, text, "exception")
        elif data := _DATA.match(text):
            yield Value(number, data[1] or data[2], scope=Scope.EXACT)
        else:
            yield Note(number, text, "directive")
