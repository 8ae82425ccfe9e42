"""Reports about infected machines, which people mistake for lists: their addresses are victims."""

from __future__ import annotations

from collections.abc import Iterator

from quetsach.errors import IndicatorError
from quetsach.files import openers
from quetsach.indicators.forms_in.table import cells_of
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.value import Note, Value

_SHADOWSERVER = (
    {"timestamp", "src_ip", "infection"},
    {"timestamp", "ip", "cc_ip"},
    {"timestamp", "src_ip", "src_asn"},
)
_N6 = {"category", "source", "restriction", "confidence"}
_RESULT = {"device", "indicator", "matched", "logformat"}


def recognise(listing: Listing) -> bool:
    """Shadowserver by its header, n6 by the keys of its events, a scan's result by its own header.

    A person who chooses the columns of a result means its indicators, so it is read as a table.
    """
    if _is_packed(listing):
        return not listing.columns and _is_result(listing)
    return _is_shadowserver(listing) or _is_n6(listing) or (not listing.columns and _is_result(listing))


def _is_packed(listing: Listing) -> bool:
    return isinstance(listing.data, bytes) and listing.data.startswith(b"PK")


def _is_result(listing: Listing) -> bool:
    if _is_packed(listing):
        return listing.package.is_result
    first = listing.head[0] if listing.head else ""
    # A result as it was written, or a table that was saved again.
    return (
        openers.is_result(first.encode("utf-8", "surrogatepass"))
        or set(cells_of(first, ",") or ()) >= _RESULT
    )


def _is_shadowserver(listing: Listing) -> bool:
    cells = {c.strip().lower() for c in cells_of(listing.head[0], ",") or ()} if listing.head else set()
    return any(names <= cells for names in _SHADOWSERVER)


def _is_n6(listing: Listing) -> bool:
    document = listing.json
    first = document[0] if isinstance(document, list) and document else document
    if isinstance(first, dict):
        return set(first) >= _N6
    return bool(listing.head) and set(cells_of(listing.head[0], ",") or ()) >= _N6


def read(listing: Listing) -> Iterator[Value | Note]:
    """Never read. Raises IndicatorError."""
    if _is_result(listing):
        raise IndicatorError(
            f"{listing.source}: is the result of a scan, not a list of malicious addresses; name the list"
            " itself"
        )
    who = "Shadowserver" if _is_shadowserver(listing) else "n6"
    raise IndicatorError(
        f"{listing.source}: is a report of {who} about infected machines, not a list of malicious addresses;"
        " look its machines up instead"
    )
