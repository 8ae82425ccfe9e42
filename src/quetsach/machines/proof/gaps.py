"""The gaps that stand between a machine and its proof, each with its cure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Lack(StrEnum):
    """The kinds of gaps."""

    NO_LOG = "no_log"
    """No log of these hours was looked at."""
    DOWN = "down"
    """The log has less than a tenth of its usual lines."""
    LOST = "lost"
    UNREAD = "unread"
    """A file could not be read to its end."""
    NO_MACHINE = "no_machine"
    """Lines name a listed address and no machine."""
    NO_TIME = "no_time"
    """The log, or a sign in it, has no time that can be trusted."""
    OTHER_LIST = "other_list"
    """The log was looked at with a list that lacks an indicator of the case."""
    EXPIRED = "expired"
    """An indicator of the case was looked for no longer."""
    OTHER_PLACE = "other_place"
    """The logs are of places that did not see the signs, or told them only after the claim."""
    OUTSIDE = "outside"
    """A place of another unit saw the signs too, and its silence is not shown."""
    MOVED = "moved"
    """A place of another unit saw signs there; afterwards the machine's own unit gave them to another one."""
    AROUND = "around"
    """The machine went around the places that watch."""
    NOT_ASKED = "not_asked"
    """Scans were not asked whether the machine was there."""
    NOT_SEEN = "not_seen"
    """The machine was seen on too few days: it may have been off, or elsewhere."""
    NO_HOURS = "no_hours"
    """No source tells in which hours the machine worked before the claim."""
    FEW_HOURS = "few_hours"
    """The machine works too few hours for silence to say something."""
    TOO_SHORT = "too_short"
    SHARED = "shared"
    """Many machines stand behind the address."""
    SPLIT = "split"
    """The claim was made on a machine that this one is no longer a part of."""


class Closing(StrEnum):
    """What closes a gap."""

    SCAN = "scan"
    """Scan the log of the place of this time."""
    SCAN_AGAIN = "scan_again"
    """Scan it again, whole and with times that can be read."""
    SCAN_LIST = "scan_list"
    """Scan it again with a list that names all indicators of the case."""
    SCAN_ASKED = "scan_asked"
    """Scan the log of the place of this time with `--asked`."""
    SCAN_OUTSIDE = "scan_outside"
    """The unit whose place it is scans its log of this time."""
    STOP_AROUND = "stop_around"
    """Switch off the way around; the quiet days count from then on."""
    WAIT = "wait"
    TRANSLATIONS = "translations"
    """The log of the translation tells the machines behind the address."""
    CHECK = "check"
    """Check the machine itself."""
    CLAIM = "claim"
    """Handle this machine too, and say so."""


CLOSES = {
    Lack.NO_LOG: Closing.SCAN,
    Lack.DOWN: Closing.SCAN,
    Lack.LOST: Closing.WAIT,
    Lack.UNREAD: Closing.SCAN_AGAIN,
    Lack.NO_MACHINE: Closing.SCAN_AGAIN,
    Lack.NO_TIME: Closing.SCAN_AGAIN,
    Lack.OTHER_LIST: Closing.SCAN_LIST,
    Lack.EXPIRED: Closing.SCAN_LIST,
    Lack.OTHER_PLACE: Closing.SCAN,
    Lack.OUTSIDE: Closing.SCAN_OUTSIDE,
    Lack.MOVED: Closing.SCAN_OUTSIDE,
    Lack.AROUND: Closing.STOP_AROUND,
    Lack.NOT_ASKED: Closing.SCAN_ASKED,
    Lack.NOT_SEEN: Closing.WAIT,
    Lack.NO_HOURS: Closing.SCAN_ASKED,
    Lack.FEW_HOURS: Closing.CHECK,
    Lack.TOO_SHORT: Closing.WAIT,
    Lack.SHARED: Closing.TRANSLATIONS,
    Lack.SPLIT: Closing.CLAIM,
}


class Gap(NamedTuple):
    """What is missing at a place, from when to when (`first`, `end`), and how many expected hours it is."""

    lack: Lack
    first: datetime
    end: datetime
    place: str = ""
    hours: int = 0

    @property
    def closing(self) -> Closing:
        """What would close it."""
        return CLOSES[self.lack]
