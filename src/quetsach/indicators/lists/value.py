"""The output of a list's reader, before a value is known to be an indicator."""

from __future__ import annotations

from typing import NamedTuple

from quetsach.indicators.indicator import Scope


class Value(NamedTuple):
    """One value in its list's spelling.

    `line` counts from 1: lines of a text, rows of a sheet, records of a JSON document. `kind` is the list's
    own word for its type, `scope` the scope that its form gives this name, `warning` a key of WARNINGS.
    """

    line: int
    text: str
    kind: str = ""
    family: str = ""
    warning: str = ""
    scope: Scope | None = None


class Note(NamedTuple):
    """A text that is no indicator, and why: `code` is a key of REJECTS or WARNINGS. Line 0 means the list."""

    line: int
    text: str
    code: str
