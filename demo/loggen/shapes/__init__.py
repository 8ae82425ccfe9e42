"""The look of each kind of log: benign lines, lines of an infection, and lines that must not count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from random import Random
from typing import Protocol

from demo.loggen.listed import Item
from demo.loggen.world import Client, World

SECOND = "\x7f"
"""The place of a line's second; filled in when the line is placed in time."""
SERIAL = "\x80"
"""The place of eight characters that make connection ids differ from page to page."""
LOCAL = timezone(timedelta(hours=7))


@lru_cache(maxsize=16)
def local_minute(minute: int) -> datetime:
    """A minute since 1970 in Vietnam's time."""
    return datetime.fromtimestamp(minute * 60, LOCAL)


@dataclass(frozen=True, slots=True)
class Seen:
    """How one planted line must be reported. `device` is "" where the line names none, `action` "" where
    docs/contract.md 2 leaves it open."""

    line: str
    item: Item
    device: str
    field: str
    matched: str
    action: str


class Shape(Protocol):
    """One kind of log. `micro` is the line's microsecond within its second."""

    kind: str
    file_name: str
    kinds: frozenset[str]
    digits: int  # of the second's fraction
    lines_per_event: float  # of hits, on average

    def header(self, start: datetime, marked: bool) -> str:
        """The lines before the first record."""
        ...

    def stamp(self, second: int) -> str:
        """A POSIX second in this log's spelling."""
        ...

    def benign(self, world: World, rng: Random, micro: int) -> list[str]:
        """Lines without a hit."""
        ...

    def can_show(self, item: Item) -> bool:
        """Whether a hit on the item can stand in this log."""
        ...

    def hits(self, item: Item, client: Client, world: World, rng: Random, micro: int) -> Sequence[Seen | str]:
        """One event of an infected machine: lines to report, and other lines without a hit as plain text."""
        ...

    def traps(self, item: Item, world: World, rng: Random, micro: int) -> tuple[list[str], int]:
        """Lines that look like a hit on the item but are none; and how many of them are inbound."""
        ...
