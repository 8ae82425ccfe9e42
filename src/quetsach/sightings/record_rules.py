"""The rules of the wire format for the fields of each record (docs/contract.md 4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any

from quetsach.bypass import providers
from quetsach.indicators.indicator import Kind
from quetsach.sightings import asked, hours, runs
from quetsach.sightings.sighting import ACTIONS, FIELDS, SHORT_BYTES, Bypass, Sighting

type Rule = tuple[Callable[[Any], bool], str]


class MalformedError(Exception):
    """A record breaks the wire format; the text says how."""


def checked(fields: dict[str, Any], rules: dict[str, Rule]) -> dict[str, Any]:
    """The fields that the rules name. Raises MalformedError with the first field that breaks its rule."""
    found = {}
    for name, (holds, what) in rules.items():
        if name not in fields:
            raise MalformedError(f"{name} is missing")
        value = found[name] = fields[name]
        if not holds(value):
            raise MalformedError(f"{name} is not {what}")
    return found


_HASH = re.compile(r"[0-9a-f]{64}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"[\d-]{10}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z", re.ASCII)
# PostgreSQL stores neither NUL nor half a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@lru_cache(maxsize=1024)
def _is_hash(text: str) -> bool:
    return _HASH.fullmatch(text) is not None


def _is_text(value: Any, limit: int = 4096) -> bool:
    if not isinstance(value, str) or len(value) > limit:
        return False
    return "\0" not in value if value.isascii() else _UNSTORABLE.search(value) is None


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_count(value: Any, least: int = 0) -> bool:
    return type(value) is int and least <= value < 1 << 63


def _or_none(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or holds(value)


def _is_day(value: Any) -> bool:
    return isinstance(value, str) and _is_date(value)


@lru_cache(maxsize=1024)
def _is_date(text: str) -> bool:
    """Remembered, because many rows share a day."""
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_time(value: Any) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None and _is_day(value[:10])


def _is_runs(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= runs.MOST and all(map(_is_run, value))


def _is_run(run: Any) -> bool:
    return isinstance(run, list) and len(run) == 3 and all(map(_is_count, run)) and run[2] > 0


def _is_identity(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value)) and all(map(_is_text, value.values()))


def _is_devices(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_day(day) and is_texts(seen) for day, seen in value.items())


def _is_alive(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= asked.MOST
        and all(asked.identifier(one) == one and hours.is_masks(seen) for one, seen in value.items())
        and all(_is_day(day) for day in {day for seen in value.values() for day in seen})
    )


def _is_hours(value: Any) -> bool:
    return hours.is_lines(value) and all(map(_is_day, value))


def _is_gaps(value: Any) -> bool:
    def is_gap(gap: Any) -> bool:
        return isinstance(gap, list) and len(gap) == 2 and all(map(is_time, gap)) and gap[0] <= gap[1]

    return isinstance(value, list) and all(map(is_gap, value))


def _one_of(words: Iterable[str]) -> tuple[Callable[[Any], bool], str]:
    known = frozenset(words)
    return (lambda value: isinstance(value, str) and value in known), "a known word"


_text: Rule = (_is_text, "a text of at most 4096 characters that can be stored")
_name: Rule = (lambda value: _is_text(value) and value != "", _text[1])
_some_name = (_or_none(_name[0]), "null or " + _text[1])
_amount: Rule = (_is_count, "a whole number from 0")
_source: Rule = (lambda value: isinstance(value, str) and _is_hash(value), "a SHA-256 in lower-case hex")
_some_time = (_or_none(is_time), "null or a UTC time with six decimals and Z")
SCAN = {"tool": _text, "source_name": _text, "tz": _text}
SET = {"id": _source, "count": _amount}
END = {"sightings": _amount, "sources": _amount, "errors": _amount, "bypasses": _amount}
SIGHTING: dict[str, Rule] = {
    "source": _source,
    "indicator": _name,
    "kind": _one_of(Kind),
    "family": _text,
    "matched": _text,
    "field": _one_of(FIELDS),
    "device": _some_name,
    "identity": (_is_identity, "a map of texts"),
    "who": _text,
    "day": (_or_none(_is_day), "null or a date"),
    "first_seen": _some_time,
    "last_seen": _some_time,
    "count": (lambda value: _is_count(value, 1), "a whole number from 1"),
    "runs": (_is_runs, "a list of at most 144 runs, each [first, last, count]"),
    "action": _one_of(ACTIONS),
    "logformat": _text,
    "evidence": _text,
}
COVERAGE: dict[str, Rule] = {
    "source": (lambda value: value == "" or _source[0](value), _source[1]),
    "path": _text,
    "name": _text,
    "bytes": _amount,
    "lines": _amount,
    "not_understood": _amount,
    "long_lines": _amount,
    "inbound": _amount,
    "first": _some_time,
    "last": _some_time,
    "time": _one_of(("ok", "assumed_year", "suspect", "none")),
    "zone": _text,
    "devices": (_is_devices, "a map from date to a list of texts"),
    "errors": (is_texts, "a list of texts"),
    "gaps": (_is_gaps, "a list of pairs of times in order"),
    "was": (lambda ids: is_texts(ids) and len(ids) < SHORT_BYTES and all(map(_is_hash, ids)), "ids"),
    "hours": (_or_none(_is_hours), f"24 counts for each of at most {hours.MOST_DAYS} dates"),
    "order": (_or_none(_one_of(hours.ORDERS)[0]), "a known word"),
    "alive": (_or_none(_is_alive), "a map from identifiers to a mask of 24 bits for each date"),
}
LATER: dict[str, Any] = {"gaps": [], "was": [], "hours": None, "order": None, "alive": None}
"""What older scanners do not tell of a source."""
BYPASS: dict[str, Rule] = {
    "source": _source,
    "provider": _name,
    "kind": _one_of(providers.KINDS),
    **{name: rule for name, rule in SIGHTING.items() if name in Bypass._fields[3:]},
}
_VALUES = itemgetter(*Sighting._fields)
_KINDS, _FIELDS, _ACTIONS = frozenset(Kind), frozenset(FIELDS), frozenset(ACTIONS)


def sighting(fields: dict[str, Any]) -> Sighting:
    """The sighting of a record; its times and runs are not compared yet.

    Raises:
        MalformedError: a field breaks its rule.
    """
    if (plain := _plain_sighting(fields)) is not None:
        return plain
    return Sighting(**checked(fields, SIGHTING))


def _plain_sighting(fields: dict[str, Any]) -> Sighting | None:
    """The sighting where one look at all texts together shows that no rule is broken, as of nearly all rows;
    else None, and each rule is asked."""
    try:
        row = Sighting._make(_VALUES(fields))
        (source, indicator, kind, family, matched, field, device, identity, who, day, first, last, count,
         spans, action, logformat, evidence) = row  # fmt: skip
        named = () if device is None else (device,)
        texts = "".join(
            (source, indicator, kind, family, matched, field, *named, *identity, *identity.values(), who,
             action, logformat, evidence)
        )  # fmt: skip
    except (AttributeError, KeyError, TypeError):
        return None
    is_plain = (
        _is_text(texts)
        and indicator != ""
        and device != ""
        and _is_hash(source)
        and kind in _KINDS
        and field in _FIELDS
        and action in _ACTIONS
        and _is_count(count, 1)
        and (day is None or _is_day(day))
        and (first is None or is_time(first))
        and (last is None or last == first or is_time(last))
        and _is_runs(spans)
    )
    return row if is_plain else None
