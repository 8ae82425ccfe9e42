"""Reports about infected machines, which people mistake for lists: their addresses are victims."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from quetsach.errors import IndicatorError
from quetsach.files import openers
from quetsach.indicators.forms_in.reports import Report, refusal, report_in, report_of
from quetsach.indicators.forms_in.rows import DELIMITERS, cells_of
from quetsach.indicators.forms_in.table import HEADER_LINES
from quetsach.indicators.lists.listing import Listing, parsed
from quetsach.indicators.lists.value import Note, Value

_RESULT = {"device", "indicator", "matched", "logformat"}


def recognise(listing: Listing) -> bool:
    """Reports by their header or the keys of their first record, a scan's result by its own header.

    A person who chooses the columns of a result means its indicators, so it is read as a table. The sheets of
    a workbook are looked at where they are read.
    """
    if not _is_packed(listing) and _report(listing) is not None:
        return True
    return not listing.columns and _is_result(listing)


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


def _report(listing: Listing) -> Report | None:
    if listing.is_json:
        return report_in(listing.json)
    heads = listing.head[:HEADER_LINES]
    if heads and heads[0].lstrip().startswith("{"):
        try:
            return report_in(parsed(listing.source, heads[0]))
        except (ValueError, RecursionError):
            return None
    # A title may stand above the header, and Shadowserver marks its header with `#` in some programs.
    lines = (*heads, *(line.lstrip("# ") for line in islice(listing.comments, HEADER_LINES)))
    rows = (cells_of(line, delimiter) for line in lines for delimiter in DELIMITERS if delimiter in line)
    return next((found for row in rows if row and (found := report_of(row)) is not None), None)


def read(listing: Listing) -> Iterator[Value | Note]:
    """Never read. Raises IndicatorError."""
    report = None if _is_packed(listing) else _report(listing)
    if report is None:
        raise IndicatorError(
            f"{listing.source}: is the result of a scan, not a list of malicious addresses; name the list"
            " itself"
        )
    raise IndicatorError(f"{listing.source}: {refusal(report)}")
