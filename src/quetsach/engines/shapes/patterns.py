"""Whole lines against anchored expressions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from quetsach.engines.shapes.values import Values
from quetsach.logformat import LogFormat


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
            return self._values(found.groupdict())
        return None

    def _values(self, groups: Mapping[str, bytes | None]) -> Values:
        unset = self._unset

        def values(name: str) -> tuple[bytes, ...]:
            value = groups.get(name)
            return (value,) if value and value not in unset else ()

        return values
