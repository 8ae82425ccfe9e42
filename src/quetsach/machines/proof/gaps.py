"""The gaps that stand between a machine and its proof, each with its cure."""

from __future__ import annotations

from collections.abc import Iterable
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
    """Lines name a listed address, and no format reads them."""
    NAMELESS = "nameless"
    """Signs of the malware name no machine."""
    UNLOCATED = "unlocated"
    """Signs of the malware are of an address that may be the machine's."""
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
    OTHER_COPY = "other_copy"
    """Scan another copy of the log of this time, if there is one."""
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
    NAMED = "named"
    """A log of later time that names the machine on each line; the quiet days count from then on."""
    STOPPED = "stopped"
    """It is over; the quiet days count from then on."""
    NOTHING = "nothing"
    """The proof does without these hours."""


CLOSES = {
    Lack.NO_LOG: Closing.SCAN,
    Lack.DOWN: Closing.OTHER_COPY,
    Lack.LOST: Closing.OTHER_COPY,
    Lack.UNREAD: Closing.SCAN_AGAIN,
    Lack.NO_MACHINE: Closing.SCAN_AGAIN,
    Lack.NAMELESS: Closing.NAMED,
    Lack.UNLOCATED: Closing.NAMED,
    Lack.NO_TIME: Closing.SCAN_AGAIN,
    Lack.OTHER_LIST: Closing.SCAN_LIST,
    Lack.EXPIRED: Closing.SCAN_LIST,
    Lack.OTHER_PLACE: Closing.SCAN,
    Lack.OUTSIDE: Closing.SCAN_OUTSIDE,
    Lack.MOVED: Closing.WAIT,
    Lack.AROUND: Closing.STOP_AROUND,
    Lack.NOT_ASKED: Closing.SCAN_ASKED,
    Lack.NOT_SEEN: Closing.WAIT,
    Lack.NO_HOURS: Closing.SCAN_ASKED,
    Lack.FEW_HOURS: Closing.CHECK,
    Lack.TOO_SHORT: Closing.WAIT,
    Lack.SHARED: Closing.TRANSLATIONS,
    Lack.SPLIT: Closing.CLAIM,
}


NO_ACT = {Closing.OTHER_COPY, Closing.WAIT, Closing.NAMED, Closing.STOPPED, Closing.NOTHING}
"""Nobody can be told to do these: they are over, or come by themselves, or perhaps nobody has such a copy."""


_OF_LOGS = {
    Closing.SCAN,
    Closing.SCAN_AGAIN,
    Closing.OTHER_COPY,
    Closing.SCAN_LIST,
    Closing.SCAN_ASKED,
    Closing.SCAN_OUTSIDE,
}
"""What a log of the time of the gap closes."""


class Gap(NamedTuple):
    """What is missing at a place, from when to when (`first`, `end`), and how many expected hours it is.

    `is_over`: nothing has to be done about it. The machine goes around no longer, or the hours are so few
    that the proof does without them."""

    lack: Lack
    first: datetime
    end: datetime
    place: str = ""
    hours: int = 0
    is_over: bool = False

    @property
    def is_ahead(self) -> bool:
        """Its time has not begun, as right after a claim: no log of it can be there."""
        return self.first >= self.end and CLOSES[self.lack] in _OF_LOGS

    @property
    def closing(self) -> Closing:
        """What would close it."""
        if self.is_ahead:
            return Closing.WAIT
        if self.is_over:
            return Closing.STOPPED if self.lack is Lack.AROUND else Closing.NOTHING
        return CLOSES[self.lack]


def to_do(gaps: Iterable[Gap]) -> list[Gap]:
    """The gaps that somebody can be told to close. That logs came from other places is none of its own: the
    hours that are missing at the places that count are told beside it."""
    return [gap for gap in gaps if gap.closing not in NO_ACT and gap.lack is not Lack.OTHER_PLACE]
