"""Tables known by their header: the exports of URLhaus, ThreatFox and Feodo Tracker (abuse.ch)."""

from __future__ import annotations

from collections.abc import Callable

from quetsach.indicators.forms_in.rows import names_of
from quetsach.indicators.forms_in.table import layout_of
from quetsach.indicators.lists.listing import Listing

HEADERS = {
    "urlhaus": frozenset(("url", "url_status", "urlhaus_link")),
    "threatfox": frozenset(("ioc_value", "ioc_type", "fk_malware")),
    "feodo": frozenset(("dst_ip", "dst_port", "malware")),
}
"""Columns that only this export combines; its other columns vary from year to year."""


def has(name: str) -> Callable[[Listing], bool]:
    """A test for the columns of one export."""

    def recognise(listing: Listing) -> bool:
        layout = None if listing.columns else layout_of(listing)
        return layout is not None and HEADERS[name] <= set(names_of(layout.names))

    return recognise
