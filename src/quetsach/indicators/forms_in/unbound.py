"""Settings of Unbound that block names: `local-zone` of a blocking type, and `local-data` (unbound.conf)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quetsach.indicators.indicator import Scope
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.sinkhole import is_nowhere, is_safe_search, warning_page
from quetsach.indicators.lists.value import Note, Value
from quetsach.text.canonical import address

_DIRECTIVE = re.compile(r"\s*(?:local-zone|local-data|server)\s*:", re.IGNORECASE)
_ZONE = re.compile(r"\s*local-zone:\s*[\"']?([^\s\"']+)[\"']?\s+[\"']?([a-z_]+)[\"']?", re.IGNORECASE)
_DATA = re.compile(
    r"""\s*local-data:\s*(?P<quote>["'])(?P<name>[^\s"']+)\s(?:(?:.*?\s)??(?:A{1,4}\s+(?P<target>[0-9A-Fa-f.:]+)|CNAME\s+(?P<alias>[^\s"']+))\s*|.*?)(?P=quote)""",
    re.IGNORECASE,
)
_BLOCKING = frozenset(
    (
        "deny", "refuse", "static", "redirect", "inform_deny", "inform_redirect", "always_refuse",
        "always_nxdomain", "always_nodata", "always_deny", "always_null",
    )
)  # fmt: skip


def recognise(listing: Listing) -> bool:
    """Whether most lines are local zones or local data."""
    return listing.most(_DIRECTIVE)


def read(listing: Listing) -> Iterator[Value | Note]:
    """Zones with their subdomains, data exactly.

    A name with an address is listed where the address leads nowhere, or is the same for all names.
    """
    page = warning_page(map(_target, listing.head))
    if page:
        yield Note(0, page, "warning-page")
    rewritten = _rewritten(listing)
    zones = set()
    for number, line in enumerate(listing.lines, 1):
        text = line.partition(" #")[0].strip()
        if not text or text[0] == "#" or text == "server:":
            continue
        if zone := _ZONE.match(text):
            if zone[1].lower().removesuffix(".") in rewritten:
                yield Note(number, text, "rewrite")
            elif zone[2].lower() in _BLOCKING:
                zones.add(zone[1])
                yield Value(number, zone[1])
            else:
                yield Note(number, text, "exception")
        elif data := _DATA.match(text):
            target = _target(text)
            if data["name"].lower().removesuffix(".") in rewritten:
                yield Note(number, text, "rewrite")
            elif data["name"] in zones or target is None or target == page or is_nowhere(target):
                yield Value(number, data["name"], scope=Scope.EXACT)
            else:
                yield Note(number, text, "own-name")
        else:
            yield Note(number, text, "directive")


def _rewritten(listing: Listing) -> frozenset[str]:
    """The names that lead to a safe search; a zone line for such a name may stand before its data."""
    if "CNAME" not in listing.text.upper() and not any(map(is_safe_search, map(_leads, listing.head))):
        return frozenset()
    found = ((data, _leads(line)) for line in listing.lines if (data := _DATA.match(line)))
    return frozenset(
        data["name"].lower().removesuffix(".") for data, target in found if is_safe_search(target)
    )


def _leads(line: str) -> str:
    data = _DATA.match(line)
    alias = (data["alias"] or "") if data else ""
    return alias.lower().removesuffix(".") or _target(line) or ""


def _target(line: str) -> str | None:
    """The address of one name."""
    data = _DATA.match(line)
    return address(data["target"]) if data and data["target"] else None
