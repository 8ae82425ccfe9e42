"""The result of every shape, the values of named fields; and the test whether a format recognises its
lines."""

from __future__ import annotations

from collections.abc import Callable

from quetsach.logs.logformat import Recognise

Values = Callable[[str], tuple[bytes, ...]]
"""The values of a field by its name; empty where the line has none."""


def recognised(rule: Recognise, exists: Callable[[str], bool], path: bytes | None) -> bool:
    """Whether the fields that exist make a line of the format (docs/log-formats.md 2)."""
    if path is not None and path not in rule.path:
        return False
    if not all(map(exists, rule.all)):
        return False
    return path is not None or not rule.any or any(map(exists, rule.any))
