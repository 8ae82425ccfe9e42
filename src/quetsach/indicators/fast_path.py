"""The fast path for long lists: canonical lines go to a draft at once, and only the others to a reader."""

from __future__ import annotations

import re
from typing import Any

from quetsach.indicators.draft import Draft
from quetsach.indicators.forms_in import table
from quetsach.indicators.indicator import Scope
from quetsach.indicators.lists.item import KINDS
from quetsach.indicators.lists.listing import Listing

_OPEN_QUOTE = re.compile(r'^[^"\n]*+(?:"[^"\n]*+"[^"\n]*+)*+"[^"\n]*+$', re.MULTILINE)
"""A line that ends within quotes; its row goes on in the next line, which is no row of its own."""
_HEXADECIMAL = re.compile(r"\.0x[0-9a-f]*(?![\w.-])", re.IGNORECASE)
"""The end of an address in hexadecimal parts, which the native engine takes for a name; readers refuse it."""
_JUDGED = {"port", "until", "detect"}


def draft_canonical_lines(listing: Listing, form: str, scope: Scope, draft: Draft) -> None:
    """Move the canonical lines of a listing to the draft, by the listing's form.

    These lines are left empty, so that the form's reader finds all others under their numbers.
    """
    shape = _shape(listing, form)
    if shape is None or _HEXADECIMAL.search(listing.even_text):
        return
    text = listing.even_text
    left = [""] * (text.count("\n") + 1)
    for number, line in draft.read(text, scope, **shape):
        left[number - 1] = line
    # The first lines show the layout of a table; the listing must read them before they are emptied.
    assert listing.head is not None and listing.comments is not None
    listing.lines = left


def _shape(listing: Listing, form: str) -> dict[str, Any] | None:
    if form == "plain":
        return {}
    if form == "hosts":
        return {"hosts": True}
    if form != "csv" or ('"' in listing.text and _OPEN_QUOTE.search(listing.even_text)):
        return None
    layout = table.layout_of(listing)
    if layout is None or "indicator" not in layout.places or layout.places.keys() & _JUDGED:
        return None
    return {
        "delimiter": layout.delimiter,
        "header": layout.header,
        "value": layout.places["indicator"],
        "kind": layout.places.get("type"),
        "family": layout.places.get("family"),
        "kinds": list(KINDS),
    }
