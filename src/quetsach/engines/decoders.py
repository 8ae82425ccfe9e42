"""Decoders that a variant names for a field: `decode = { field = "name" }` (docs/log-formats.md 3).

A decoder gets one value and gives any number of values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_LABELS = re.compile(rb"((?:\((?!00?\))\d{1,2}\)[^()\s]+)*)\(0\)")
_LENGTH = re.compile(rb"\(\d{1,2}\)")


def _labels(value: bytes) -> tuple[bytes, ...]:
    """`(3)www(7)example(3)org(0)` as `www.example.org`; the root has no value, what is no such name stays."""
    found = _LABELS.fullmatch(value)
    if found is None:
        return (value,)
    return (b".".join(_LENGTH.split(found[1])[1:]),) if found[1] else ()


def _records(value: bytes) -> tuple[bytes, ...]:
    """The data of resource records `NAME TTL CLASS TYPE DATA` parted by `;`, where it is one word."""
    records = (record.split() for record in value.split(b";"))
    return tuple(r[4] for r in records if len(r) == 5)


DECODERS: Mapping[str, Callable[[bytes], tuple[bytes, ...]]] = {"labels": _labels, "records": _records}
