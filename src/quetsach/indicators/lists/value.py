"""What a reader finds in a list, before it is known to be an indicator."""

from __future__ import annotations

from typing import NamedTuple

from quetsach.indicators.indicator import Scope


class Value(NamedTuple):
    """One value as its list spells it.

    `line` counts from 1: lines of a text, rows of a sheet, records of a JSON document. `kind` is the list's
    own word for it, `scope` what the list's form says of this name, `warning` a key of WARNINGS.
    """

    line: int
    text: str
    kind: str = ""
    family: str = ""
    warning: str = ""
    scope: Scope | None = None


class Note(NamedTuple):
    """Something that is no indicator, and why: `code` is a key of REJECTS or WARNINGS. Line 0: the list."""

    line: int
    text: str
    code: str
