"""Decoders that a variant names for a field: `decode = { field = "name" }` (docs/log-formats.md 3).

A decoder gets one value and gives one, or None for "no value".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_LABELS = re.compile(rb"((?:\(\d{1,2}\)[^()\s]+)*)\(0\)")
_LENGTH = re.compile(rb"\(\d{1,2}\)")


def _labels(value: bytes) -> bytes | None:
    """`(3)www(7)example(3)org(0)` as `www.example.org`; the root has no value, what is no such name stays."""
    found = _LABELS.fullmatch(value)
    return b".".join(_LENGTH.split(found[1])[1:]) or None if found else value


DECODERS: Mapping[str, Callable[[bytes], bytes | None]] = {"labels": _labels}
