"""One line of a victims' report, and one line that could not be used."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Meaning(StrEnum):
    """What a type of report says of the address in it.

    INFECTION and COMPROMISE open a case. EXPOSED (a service that should not be open, or is weak) and ATTACK
    (the address does harm to others: scans, guesses passwords, floods, hands out malware) are risks, listed
    apart. NONE says nothing of a machine of the office; each such type has its reason.
    """

    INFECTION = "infection"
    COMPROMISE = "compromise"
    EXPOSED = "exposed"
    ATTACK = "attack"
    NONE = "none"

    @property
    def is_case(self) -> bool:
        """Whether such a line opens a case."""
        return self in (Meaning.INFECTION, Meaning.COMPROMISE)

    @property
    def is_risk(self) -> bool:
        """Whether such a line is a risk, listed apart."""
        return self in (Meaning.EXPOSED, Meaning.ATTACK)


SHADOWSERVER, N6, SHEET = "shadowserver", "n6", "sheet"
"""Publishers: the Shadowserver Foundation; n6 of CERT Polska; a table that an office sent."""
SEVERITIES = ("info", "low", "medium", "high", "critical")
"""Shadowserver's levels (report_schema, severity.md), the least first."""


class Report(NamedTuple):
    """An address that the publisher saw. `first` and `last` are UTC; `is_day` says that only the day is
    known, so that both are the ends of a local day. `kind` is the publisher's type or category. `port` is
    the machine's own port, None if it is not told. `events` is their number, at least 1."""

    address: str
    first: datetime
    last: datetime
    meaning: Meaning
    publisher: str
    kind: str
    family: str = ""
    port: int | None = None
    protocol: str = ""
    severity: str = ""
    host: str = ""
    events: int = 1
    is_day: bool = False


class Leftover(NamedTuple):
    """A line that became no report: `line` counts from 1 (0: the file as a whole), `code` says why
    (`words.LEFT`), `value` is what stood there."""

    file: str
    line: int
    code: str
    value: str = ""
