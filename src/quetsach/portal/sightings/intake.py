"""The portal's checks of a scan document beyond the wire format: sizes and plausible values. Pure.

quetsach.sightings.sighting checks the wire format itself; here are the limits of stored values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from json.encoder import encode_basestring
from operator import attrgetter, gt
from typing import Any

from quetsach.machines import keys
from quetsach.portal.kit.client_ip import parse_address
from quetsach.sightings import believable
from quetsach.sightings.sighting import Bypass, Coverage, Scan, Sighting

MOST_LINES = 10**12
"""Log lines in one row, source or hour. A sum of nine million rows fits 63 bits."""
MOST_BYTES = 10**13
"""Bytes of one source."""
MOST_OF_SOURCE = {
    "bytes": MOST_BYTES,
    **dict.fromkeys(("lines", "not_understood", "long_lines", "inbound"), MOST_LINES),
}
LONGEST = {
    "indicator": 2048,
    "provider": 200,
    "matched": 2048,
    "family": 100,
    "device": 255,
    "who": 4096,
    "logformat": 60,
    "evidence": 2000,
}
"""Characters. Evidence: as `text.escape` cuts it; a device is a name (255, RFC 1035) or an address."""
_LIMITED: dict[type[Sighting | Bypass], tuple[str, ...]] = {
    kind: tuple(name for name in LONGEST if name in kind._fields) for kind in (Sighting, Bypass)
}
_TEXTS = {kind: attrgetter(*names) for kind, names in _LIMITED.items()}
_MOST = {kind: [LONGEST[name] for name in names] for kind, names in _LIMITED.items()}
EARLIEST, LATEST = "1970-01-01", "2100-01-01"
"""A clock outside these dates is broken. A merely suspect time is kept."""
IDENTITY_KEYS, IDENTITY_CHARACTERS = 12, 4096


def refusal(sighting: Sighting | Bypass) -> tuple[str, str] | None:
    """(code, reason in English) if the row cannot be stored, else None."""
    kind = type(sighting)
    lengths = [len(one or "") for one in _TEXTS[kind](sighting)]
    if any(map(gt, lengths, _MOST[kind])):
        name = next(one for one, n in zip(_LIMITED[kind], lengths, strict=True) if n > LONGEST[one])
        return "too_long", f"{name} is longer than {LONGEST[name]} characters"
    if sighting.day is not None and not EARLIEST <= sighting.day < LATEST:
        return "date", f"day is not between {EARLIEST} and {LATEST}"
    if sighting.count > MOST_LINES:
        return "count", f"count is above {MOST_LINES}"
    if sighting.device and (wrong := believable.device_problem(sighting.device)):
        return "machine", wrong
    if isinstance(sighting, Sighting) and _is_target(sighting):
        return "machine", "device is the listed address itself, and not of a machine that called it"
    if isinstance(sighting, Bypass) and (
        wrong := believable.provider_problem(sighting.provider, sighting.kind)
    ):
        return "provider", wrong
    identity = sighting.identity
    if wrong := believable.who_problem(sighting.who, identity):
        return "machine", wrong
    if len(identity) > IDENTITY_KEYS or sum(map(len, [*identity, *identity.values()])) > IDENTITY_CHARACTERS:
        return (
            "too_long",
            f"identity has more than {IDENTITY_KEYS} entries or {IDENTITY_CHARACTERS} characters",
        )
    return None


def _is_target(sighting: Sighting) -> bool:
    """Whether a row calls the listed address its machine, as a swapped client and server would."""
    device = sighting.device
    if not device or (device not in sighting.indicator and device not in sighting.matched):
        return False  # nearly all rows
    for one in {sighting.indicator, sighting.matched}:
        host, colon, _port = one.rpartition(":")
        is_endpoint = colon and (":" not in host or host.startswith("["))
        if device in (one, host.strip("[]") if is_endpoint else one):
            return True
    return False


def header_refusal(scan: Scan) -> tuple[str, str] | None:
    """(code, reason) if a whole document cannot be taken, else None."""
    if scan.set_count > MOST_LINES:
        return "malformed", f"set.count is above {MOST_LINES}"
    for name, longest in (("source_name", 200), ("tool", 100), ("tz", 60)):
        if len(getattr(scan, name)) > longest:
            return "too_long", f"{name} is longer than {longest} characters"
    return None


def coverage_refusal(coverage: Coverage) -> tuple[str, str] | None:
    """(code, reason) if a coverage record cannot be stored, else None."""
    for name, longest in (("name", 200), ("zone", 60)):
        if len(getattr(coverage, name)) > longest:
            return "too_long", f"{name} is longer than {longest} characters"
    for name, most in MOST_OF_SOURCE.items():
        if getattr(coverage, name) > most:
            return "count", f"{name} is above {most}"
    if any(max(lines) > MOST_LINES for lines in (coverage.hours or {}).values()):
        return "count", f"hours is above {MOST_LINES}"
    for moment in (coverage.first, coverage.last, *chain.from_iterable(coverage.gaps)):
        if moment is not None and not EARLIEST <= moment < LATEST:
            return "date", f"first, last or a gap is not between {EARLIEST} and {LATEST}"
    masks = (coverage.alive or {}).values()
    for day in chain(coverage.hours or (), coverage.devices, *masks):
        if not EARLIEST <= day < LATEST:
            return "date", f"a day is not between {EARLIEST} and {LATEST}"
    return None


def sighting_key(sighting: Sighting, who: str | None = None) -> str:
    """SHA-256 of the row's natural key, or of that of another `who`. Without `who` it is left out, as in
    documents of schema 1."""
    source, indicator, device, own, day = sighting.key()
    who = own if who is None else who
    return key_of((source, indicator, device, who, day) if who else (source, indicator, device, day))


def bypass_key(bypass: Bypass) -> str:
    """SHA-256 of the record's natural key."""
    return key_of(bypass.key())


def scan_digest(scan: Scan, coverages: list[Coverage]) -> str:
    """SHA-256 of a scan's coverage and list: equal for the same scan, however it is sent again."""
    # Coverage without gaps keeps the digest that it had before there were any. What a document of an older
    # scanner lacks is no part of it: lines to be read, lines by hour, machines asked about.
    later = ("gaps", "unattributed", "hours", "order", "alive", "was")
    names = [name for name in Coverage._fields if name not in later]
    seen = sorted(
        _digest([*(getattr(one, name) for name in names), *([one.gaps] if one.gaps else [])])
        for one in coverages
    )
    return _digest([scan.set_id, scan.source_name, seen])


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _digest(value: Any) -> str:
    return hashlib.sha256(_encode(value).encode()).hexdigest()


def key_of(texts: Iterable[str]) -> str:
    """The stored key of a natural key: the same as `_digest`, in a third of its time."""
    return hashlib.sha256(f"[{','.join(map(encode_basestring, texts))}]".encode()).hexdigest()


def to_day(text: str | None) -> date | None:
    """A date of the wire format."""
    return None if text is None else date.fromisoformat(text)


def to_moment(text: str | None) -> datetime | None:
    """A time of the wire format: UTC, six decimals, Z."""
    return None if text is None else _moment(text)


def lost(gaps: Iterable[Iterable[str]]) -> list[tuple[datetime, datetime]]:
    """The gaps of a coverage record as times."""
    return [(_moment(first), _moment(last)) for first, last in gaps]


def spans_of(
    first: datetime | None, last: datetime | None, stretches: Iterable[Iterable[str]]
) -> list[tuple[datetime, datetime]]:
    """The times that a stored coverage record covers: its stretches, else the whole; none without a time."""
    if first is None or last is None:
        return []
    return lost(stretches) or [(first, last)]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def nat_address(identity: Mapping[str, str]) -> str | None:
    """The address that a translation gave the machine, without its port; None where there is none."""
    told = identity.get("nat")
    address = parse_address(told) if told else None
    return None if address is None else str(address)


def card_of(identity: Mapping[str, str]) -> str | None:
    """The hardware address that the line names, in canonical form; None where it names none."""
    named = identity.get("mac")
    told = keys.mac(named) if named else None
    return None if told is None else told.value


def columns(rows: Sequence[Sighting]) -> dict[str, Sequence[Any]]:
    """What rows say themselves: the values of all of them, by stored column."""
    told: dict[str, Sequence[Any]] = dict(zip(Sighting._fields, zip(*rows, strict=True), strict=True))
    return told | {
        "device": [one or "" for one in told["device"]],
        "who": [one or None for one in told["who"]],
        "nat": [nat_address(one) for one in told["identity"]],
        "card": [card_of(one) for one in told["identity"]],
        "day": [to_day(one) for one in told["day"]],
        "first_seen": [to_moment(one) for one in told["first_seen"]],
        "last_seen": [to_moment(one) for one in told["last_seen"]],
    }
