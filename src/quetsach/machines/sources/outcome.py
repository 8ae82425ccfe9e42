"""What one file told: claims, bindings, and what could not be read, with its place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import NamedTuple

from quetsach.errors import QuetsachError
from quetsach.machines.evidence import Binding, Claim
from quetsach.machines.leases.leaseformat import Event
from quetsach.text.escape import escape

SECOND = 1_000_000
FOREVER = 253_402_300_799 * SECOND
"""The end of a span without an end: the last second of the year 9999."""
MOST_LEFT = 1_000
"""Leftovers of a file that are kept; all are counted."""
_MOST_SHOWN = 200


class MachinesError(QuetsachError):
    """A file cannot be read as a whole. `code` says why, `value` holds the figure or name concerned."""

    code = "machines"

    def __init__(self, code: str, value: object = "") -> None:
        super().__init__(f"{code}: {value}")
        self.code, self.value = code, str(value)


class Asked(NamedTuple):
    """How to read. `source` names the source; `scope` is its unit. `at` is the time of a snapshot in
    microseconds, `zone` that of times without one. `length` is the length of leases whose file names only
    their end."""

    source: str
    at: int
    zone: tzinfo
    scope: str = ""
    length: int | None = None


class Leftover(NamedTuple):
    """A line, or a row of a table, that told nothing: `code` says why, `text` is what stands there."""

    line: int
    code: str
    text: str


@dataclass
class Outcome:
    """What one file told. `kinds` counts what was recognised by its name; `leases` are told apart, as all
    files of a source are one table of leases; `notes` are codes with a detail that concern the whole file."""

    kinds: Counter[str] = field(default_factory=Counter)
    claims: list[Claim] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    leases: list[Event] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    left: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)

    def leave(self, line: int, code: str, text: str | bytes) -> None:
        """Note a line that told nothing."""
        self.left += 1
        if len(self.leftovers) < MOST_LEFT:
            shown = _bytes(text) if isinstance(text, str) else text
            self.leftovers.append(Leftover(line, code, escape(shown.strip(), _MOST_SHOWN)))


def _bytes(text: str) -> bytes:
    """The bytes of a text; half a letter, as JSON can spell it, becomes a question mark."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
