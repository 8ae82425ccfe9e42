"""STIX 2.1 bundles and the envelopes of TAXII 2.1: the patterns of their indicators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quetsach.indicators.forms_in import stix_pattern
from quetsach.indicators.forms_in.expiry import has_passed
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.value import Note, Value


def _objects(document: Any) -> list[Mapping[str, Any]]:
    """The objects of a bundle, an envelope or a bare list, or a single object."""
    if isinstance(document, dict) and isinstance(document.get("objects"), list):
        document = document["objects"]
    found = document if isinstance(document, list) else [document]
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("type"), str)]


def recognise(listing: Listing) -> bool:
    """Whether it is a bundle, or holds objects of STIX."""
    document = listing.json
    is_bundle = isinstance(document, dict) and document.get("type") == "bundle"
    return is_bundle or any(
        str(one.get("id", "")).startswith(f"{one['type']}--") for one in _objects(document)
    )


def read(listing: Listing) -> Iterator[Value | Note]:
    """The values of every indicator in force, numbered by its place among the objects."""
    objects = _objects(listing.json)
    families = _families(objects)
    for number, one in enumerate(objects, 1):
        if one["type"] != "indicator":
            continue
        pattern = str(one.get("pattern", ""))
        if one.get("revoked") is True:
            yield Note(number, pattern, "revoked")
        elif has_passed(str(one.get("valid_until", "")), listing.now):
            yield Note(number, pattern, "expired")
        elif one.get("pattern_type", "stix") != "stix":
            yield Note(number, pattern, "pattern")
        else:
            try:
                texts = stix_pattern.values(pattern)
            except stix_pattern.PatternError:
                yield Note(number, pattern, "pattern")
                continue
            family = families.get(str(one.get("id")), "")
            yield from (Value(number, text, family=family) for text in texts)


def _families(objects: list[Mapping[str, Any]]) -> dict[str, str]:
    """The malware that each indicator indicates, by the indicator's id."""
    names = {str(o.get("id")): str(o.get("name", "")) for o in objects if o["type"] == "malware"}
    found: dict[str, str] = {}
    for one in objects:
        if one["type"] == "relationship" and one.get("relationship_type") == "indicates":
            name = names.get(str(one.get("target_ref")))
            if name:
                found.setdefault(str(one.get("source_ref")), name)
    return found
