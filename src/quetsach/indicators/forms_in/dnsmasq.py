"""Settings of dnsmasq that block names: `address=/name/0.0.0.0`, `server=/name/`, `local=/name/`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.sinkhole import is_nowhere, is_safe_search, warning_page
from quetsach.indicators.lists.value import Note, Value
from quetsach.text.canonical import address

_DIRECTIVE = re.compile(
    r"\s*(?:(?:address|server|local|bogus-nxdomain|ipset|nftset)\s*=\s*/?|(?:cname|host-record)\s*=)",
    re.IGNORECASE,
)
_NAMES = re.compile(r"\s*(address|server|local)\s*=\s*/(.*)/([^/]*)\Z", re.IGNORECASE)


def recognise(listing: Listing) -> bool:
    """Whether most lines are directives of dnsmasq."""
    return listing.most(_DIRECTIVE)


def read(listing: Listing) -> Iterator[Value | Note]:
    """The names of each blocking directive; their subdomains count with them (dnsmasq(8)).

    A name with an address is listed where the address leads nowhere, or is the same for all names.
    """
    found_first = filter(None, map(_NAMES.match, listing.head))
    page = warning_page(address(found[3]) for found in found_first if found[1].lower() == "address")
    if page:
        yield Note(0, page, "warning-page")
    for number, line in enumerate(listing.lines, 1):
        text = line.partition(" #")[0].strip()
        if not text or text[0] in "#;":
            continue
        found = _NAMES.match(text)
        # A named server only says where to ask for the name; that blocks nothing.
        if found is None or (found[1].lower() in ("server", "local") and found[3]):
            yield Note(number, text, "directive")
            continue
        addr = address(found[3])
        if addr is not None and addr != page and not is_nowhere(addr):
            yield Note(number, text, "rewrite" if is_safe_search(addr) else "own-name")
            continue
        for name in found[2].split("/"):
            # A leading dot means nothing here; in other lists it means subdomains only.
            bare = name.removeprefix("*").removeprefix(".") if name.startswith((".", "*.")) else name
            yield Note(number, text, "pattern") if name in ("", "#", "*") else Value(number, bare)
