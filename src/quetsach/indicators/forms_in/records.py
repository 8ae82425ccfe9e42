"""JSON with flat records or bare values: ThreatFox, Feodo Tracker, JSON Lines, Suricata with context."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from quetsach.errors import IndicatorError
from quetsach.indicators.forms_in.chosen import Chosen
from quetsach.indicators.forms_in.sides import key_of_victims
from quetsach.indicators.forms_in.table import (
    COLUMNS,
    Row,
    numbered,
    places_of,
    spares,
    values,
)
from quetsach.indicators.forms_in.whose import may_be_victims
from quetsach.indicators.lists.listing import Listing, parsed
from quetsach.indicators.lists.value import Note, Value

# The address of a record counts before the name that it once had.
_NO_LIST = "not a list of malicious addresses; read them with `quetsach victims`"
_ADDRESS_KEYS = ("ip_address", "dst_ip")
_ANSWER_KEYS = frozenset(
    (
        *("error", "errors", "error_code", "error_description", "message", "detail", "login", "login_url"),
        *("redirect", "redirect_url", "unauthorized", "exception"),
    )
)
"""What a server says in place of a list."""


def _flat(document: Any) -> Iterator[Any]:
    """Records in a list, in lists by id (ThreatFox), or below `data` (the answers of abuse.ch)."""
    if isinstance(document, list):
        yield from document
    elif isinstance(document, dict):
        if _place(document) is not None:
            yield document
            return
        for one in document.values():
            if isinstance(one, list):
                yield from one


def _keys_above(document: Any) -> list[str]:
    """The keys of the lists from which `_flat` takes records."""
    if not isinstance(document, dict) or _place(document) is not None:
        return []
    return [str(key) for key, value in document.items() if isinstance(value, list)]


def _lines(listing: Listing) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(listing.first_lines(), 1):
        if not line.strip():
            continue
        try:
            yield number, parsed(listing.source, line)
        except (ValueError, RecursionError):
            yield number, line


def _records(listing: Listing) -> Iterator[tuple[int, Any]]:
    return iter(enumerate(_flat(listing.json), 1)) if listing.is_json else _lines(listing)


def _place(record: Mapping[str, Any]) -> dict[str, int] | None:
    keys = [str(key) for key in record]
    places = places_of(keys, {})
    for key in _ADDRESS_KEYS:
        if key in keys and "ioc_value" not in keys:
            places["indicator"] = keys.index(key)
    if "indicator" not in places:
        return None
    # An object that holds records is no record itself: `"urls": [{"url": …`.
    value = list(record.values())[places["indicator"]]
    return None if isinstance(value, list | dict) else places


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_answer(document: Any) -> bool:
    """Whether it is one object that holds no records, with a key of a refusal."""
    if not isinstance(document, dict) or any(isinstance(one, list) and one for one in document.values()):
        return False
    return any(str(key).lower() in _ANSWER_KEYS for key in document)


def recognise(listing: Listing) -> bool:
    """Whether it is a JSON document, or its lines start with an object."""
    first = next((record for _number, record in _lines(listing)), None)
    return listing.is_json or isinstance(first, dict)


def read(listing: Listing) -> Iterator[Value | Note]:
    """One record after another, each by its own keys.

    Raises IndicatorError when the first record may describe an infected machine, or the document is what a
    server says in place of a list.
    """
    wanted = dict(listing.columns or {})
    if not wanted and listing.is_json and _is_answer(listing.json):
        raise IndicatorError(
            f"{listing.source}: is the answer of a server, not a list; its address may have changed or ask"
            " for a key"
        )
    is_first, chosen = not wanted, Chosen(listing.columns)
    above = _keys_above(listing.json) if listing.is_json else []
    if is_first and (key := key_of_victims(above)):
        raise IndicatorError(f"{listing.source}: '{key}' are infected machines, {_NO_LIST}")
    has_records = False
    for number, record in _records(listing):
        if isinstance(record, str) and listing.is_json:
            yield Value(number, record)
            continue
        if not isinstance(record, dict):
            yield Note(number, str(record), "mangled")
            continue
        keys = [str(key) for key in record]
        named = {c: k for c, k in wanted.items() if c in COLUMNS}
        places = places_of(keys, named) | numbered(wanted) if wanted else _place(record)
        has_records = True
        chosen.found(places or {}, len(keys))
        cells = [_cell(value) for value in record.values()]
        row = Row(number, cells, json.dumps(record, ensure_ascii=False))
        if not places or "indicator" not in places:
            yield Note(number, row.text, "no-value")
        else:
            at = places["indicator"]
            if is_first and (doubt := may_be_victims(keys, at, [cells], known=spares(keys, at))):
                raise IndicatorError(f"{listing.source}: {doubt}")
            is_first = False
            spare = [] if wanted else spares(keys, at)
            yield from values([row], places, listing.now, spare)
    if has_records:
        chosen.refuse(listing.source)
