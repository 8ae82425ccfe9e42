"""MISP: events and lists of attributes as JSON, as a feed's folder holds them (MISP core format)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quetsach.errors import IndicatorError
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.value import Note, Value

SEARCHED = frozenset(
    (
        "ip-src", "ip-dst", "ip-src|port", "ip-dst|port", "domain", "hostname", "hostname|port", "domain|ip",
        "url", "uri", "md5", "sha1", "sha256", "filename|md5", "filename|sha1", "filename|sha256",
    )
)  # fmt: skip
_HASHES = ("sha256", "sha1", "md5")
"""The strongest first: one hash finds the file, and each further kind costs time on every file of a disk."""
_FAMILY = re.compile(
    r"(?:misp-galaxy:(?:malpedia|botnet|ransomware|banker|rat|stealer|backdoor|tool|mitre-malware)"
    r'|malware_classification:malware-family|[\w-]*malware[\w-]*)="([^"]+)"'
)


def recognise(listing: Listing) -> bool:
    """Whether it is one event, several, a search result, or a feed's manifest (which needs its folder)."""
    return is_manifest(listing.json) or any(True for _ in _events(listing.json))


def is_manifest(document: Any) -> bool:
    """Whether a JSON document is a feed's `manifest.json`: events by their UUID."""
    return (
        isinstance(document, dict)
        and bool(document)
        and "Event" not in document
        and all(isinstance(v, dict) and "Orgc" in v and "timestamp" in v for v in document.values())
    )


def _events(document: Any) -> Iterator[Mapping[str, Any]]:
    """The parts of a document that carry attributes."""
    if isinstance(document, list):
        for one in document:
            yield from _events(one)
    elif isinstance(document, dict):
        for key in ("response", "Event"):
            if isinstance(document.get(key), dict | list):
                yield from _events(document[key])
                return
        if isinstance(document.get("Attribute"), list) or isinstance(document.get("Object"), list):
            yield document
        elif isinstance(document.get("Object"), dict):  # the result of a search for objects
            yield {"Object": [document["Object"]]}


def read(listing: Listing) -> Iterator[Value | Note]:
    """Every attribute, also of objects, numbered in the order of the document.

    Raises IndicatorError for a feed's manifest without the feed.
    """
    if is_manifest(listing.json):
        raise IndicatorError(
            f"{listing.source}: names the events of a MISP feed; give the feed's folder instead"
        )
    number = 0
    for event in _events(listing.json):
        event_family = _family(event)
        for attribute, is_weaker in _attributes(event):
            number += 1
            text, kind = str(attribute.get("value", "")), str(attribute.get("type", ""))
            if _is_set(attribute.get("deleted")):
                yield Note(number, text, "revoked")
            elif not _is_searched(attribute, event):
                yield Note(number, text, "not-for-detection")
            elif kind not in SEARCHED:
                yield Note(number, text, "unknown-type")
            elif is_weaker:
                yield Note(number, text, "same-file")
            else:
                yield Value(number, text, kind, _family(attribute) or event_family)


def _attributes(event: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Each attribute, and whether its object has a stronger hash of the same file."""
    yield from ((one, False) for one in _dicts(event.get("Attribute")))
    for holder in _dicts(event.get("Object")):
        attributes = _dicts(holder.get("Attribute"))
        if _is_set(holder.get("deleted")):
            attributes = [{**one, "deleted": True} for one in attributes]
        ranks = [_rank(one) if _is_searched(one, event) else len(_HASHES) for one in attributes]
        strongest = min(ranks, default=0) if holder.get("name") == "file" else len(_HASHES)
        for one, rank in zip(attributes, ranks, strict=True):
            yield one, strongest < rank < len(_HASHES)


def _is_searched(attribute: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    is_meant = _is_set(attribute.get("to_ids", event.get("to_ids")))
    return is_meant and not _is_set(attribute.get("deleted"))


def _rank(attribute: Mapping[str, Any]) -> int:
    """The place of a hash in `_HASHES`; the length of `_HASHES` for all other attributes."""
    kind = str(attribute.get("type", "")).removeprefix("filename|")
    return _HASHES.index(kind) if kind in _HASHES else len(_HASHES)


def _dicts(found: object) -> Sequence[Mapping[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _is_set(flag: object) -> bool:
    return flag is True or (not isinstance(flag, bool) and str(flag).lower() in ("1", "true"))


def _family(holder: Mapping[str, Any]) -> str:
    for tag in _dicts(holder.get("Tag")):
        if found := _FAMILY.fullmatch(str(tag.get("name", ""))):
            return found[1].partition(" - ")[0]
    return ""
