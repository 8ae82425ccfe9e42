"""Every form of list that is read: its name, its test, its reader, and the scope of its names.

The first form that recognises a list reads it; the more clearly a form is marked, the earlier it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from quetsach.errors import IndicatorError
from quetsach.indicators.forms_in import (
    adblock,
    dialects,
    dnsmasq,
    hosts,
    maltrail,
    misp,
    plain,
    records,
    rpz,
    spreadsheet,
    stix,
    suricata,
    suricata_rules,
    table,
    unbound,
    victims,
    zeek_intel,
)
from quetsach.indicators.indicator import Scope
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.text import check_text
from quetsach.indicators.lists.value import Note, Value


class Format(NamedTuple):
    """A form; `scope` is for names whose own spelling shows no scope."""

    name: str
    recognise: Callable[[Listing], bool]
    read: Callable[[Listing], Iterator[Value | Note]]
    scope: Scope = Scope.WITH_SUBDOMAINS


FORMATS = (
    Format("victims", victims.recognise, victims.read),
    Format("xlsx", spreadsheet.recognise, spreadsheet.read),
    Format("misp", misp.recognise, misp.read),
    Format("stix", stix.recognise, stix.read),
    Format("json", records.recognise, records.read),
    Format("zeek.intel", zeek_intel.recognise, zeek_intel.read),
    Format("urlhaus", dialects.has("urlhaus"), table.read),
    Format("threatfox", dialects.has("threatfox"), table.read),
    Format("feodo", dialects.has("feodo"), table.read),
    Format("suricata.rules", suricata_rules.recognise, suricata_rules.read),
    Format("maltrail", maltrail.recognise, maltrail.read),
    Format("rpz", rpz.recognise, rpz.read),
    Format("adblock", adblock.recognise, adblock.read),
    Format("dnsmasq", dnsmasq.recognise, dnsmasq.read),
    Format("unbound", unbound.recognise, unbound.read),
    Format("suricata.iprep", suricata.is_iprep, suricata.iprep),
    Format("suricata.dataset", suricata.is_dataset, suricata.dataset),
    Format("hosts", hosts.recognise, hosts.read, Scope.EXACT),
    Format("csv", table.recognise, table.read),
    Format("plain", lambda _listing: True, plain.read),
)
_NO_LISTS = (
    (
        re.compile(r"\s*<(?:!doctype html|html)\b", re.IGNORECASE),
        "is a web page, not a list; its address may have changed or ask for a key",
    ),
    (
        re.compile(r"\s*(?:\[\s*\{|\{\s*(?:\"[^\"]*\"\s*:\s*[\[{]|\n))"),
        "is JSON that cannot be read to its end; fetch it again",
    ),
)
"""The first characters of texts that would only be rejected line by line, and advice about them."""
_TABLES = frozenset(("xlsx", "victims", "json", "csv"))
NAMES = tuple(f.name for f in FORMATS if f.name != "victims")


def choose(listing: Listing, name: str | None = None) -> Format:
    """The form of a list, or the form named. Chosen columns make it a table.

    Raises IndicatorError for bytes that are no text, text that is too much for any, an unknown name, or a
    table that may hold infected machines, whatever form is named.
    """
    is_text = not spreadsheet.recognise(listing)
    if isinstance(listing.data, bytes) and is_text:
        check_text(listing.source, listing.data)
    if is_text:
        listing.check_lines()
    if name is not None:
        if victims.recognise(listing):
            return FORMATS[0]  # no name of a form makes a list of a report
        if is_text and not listing.is_json:
            table.refuse_victims(listing)
        for known in FORMATS:
            if known.name == name:
                return known
        raise IndicatorError(f"{name}: no form of list; there are {', '.join(NAMES)}")
    for beginning, what in _NO_LISTS:
        if is_text and beginning.match(listing.text[:200]) and not records.recognise(listing):
            raise IndicatorError(f"{listing.source}: {what}")
    tried = (f for f in FORMATS if not listing.columns or f.name in _TABLES)
    return next(f for f in tried if f.recognise(listing))
