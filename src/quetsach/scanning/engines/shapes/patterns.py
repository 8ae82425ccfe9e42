"""Whole lines against anchored expressions."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from quetsach.logs.logformat import LogFormat
from quetsach.scanning.engines.shapes.values import Values


class PatternReader:
    """Matches whole lines against anchored expressions, the first that fits."""

    def __init__(self, log_format: LogFormat, patterns: tuple[re.Pattern[bytes], ...]) -> None:
        self._unset = log_format.unset
        self._patterns = patterns

    def read(self, line: bytes) -> Values | None:
        for pattern in self._patterns:
            found = pattern.fullmatch(line)
            if found is None:
                continue
            return _groups(found.groupdict(), self._unset)
        return None


def _groups(groups: Mapping[str, bytes | None], unset: Container[bytes]) -> Values:
    def values(name: str) -> tuple[bytes, ...]:
        value = groups.get(name)
        return (value,) if value and value not in unset else ()

    return values


def with_head(groups: Mapping[str, bytes | None], body: Values, unset: Container[bytes]) -> Values:
    """The groups of the text before the body, then the body's own fields."""
    head = _groups(groups, unset)
    return lambda name: head(name) or body(name)
