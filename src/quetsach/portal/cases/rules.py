"""The rules of a case: its possible moves, its possible notes, and the effects of new evidence. Pure: no
database, no clock.

These tables are the only ones; docs/case-rules.md shows them. When silence proves a machine clean is judged
in `quetsach.machines.proof`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from quetsach.machines.counting.histories import TRIES as TRIES
from quetsach.machines.proof.judging import GUARD, RECHECK

MOST_DAYS_ASIDE = 59
"""Days from today to the last on which a case may be put aside."""
PATIENCE = timedelta(hours=48)
"""This long after the claim without any usable log, the page says that it cannot tell."""
USABLE_TIMES = {"ok", "assumed_year"}


class State(StrEnum):
    NEW = "new"
    ASSIGNED = "assigned"
    CLEANING = "cleaning"
    CLAIMED_CLEAN = "claimed_clean"
    RECHECKED = "rechecked"
    VERIFIED_CLEAN = "verified_clean"
    FALSE_POSITIVE = "false_positive"


class Act(StrEnum):
    """The moves of a case: the first six, `NOT_OURS` and `UNDO` are people's, `WITHDRAW` follows from the
    list, `RETRACT` from a file of reports, `RETURN` from both, the others from logs."""

    ASSIGN = "assign"
    START = "start"
    CLAIM = "claim"
    CONFIRM = "confirm"
    DISMISS = "dismiss"
    REOPEN = "reopen"
    RECHECK = "recheck"
    VERIFY = "verify"
    RELAPSE = "relapse"
    EVIDENCE = "evidence"
    WITHDRAW = "withdraw"
    RETRACT = "retract"
    """The file was taken back whose reports alone the case rested on."""
    RETURN = "return"
    NOT_OURS = "not_ours"
    UNDO = "undo"
    """A person took back an act of the own: the case is in the state before it."""
    SEEN_AGAIN = "seen_again"
    """A log saw a machine that was said to be out of use."""


class Note(StrEnum):
    """What is written down about a case without moving it, but for `STOPS`. `OVERDUE` is the portal's, the
    others are people's."""

    SEEN = "seen"
    LOCATE = "locate"
    MISTAKEN = "mistaken"
    """The machine that was found is another one. The right one must be found anew."""
    TRY = "try"
    ISOLATE = "isolate"
    LIFT = "lift"
    ASIDE = "aside"
    TAKE_UP = "take_up"
    PROPOSE = "propose"
    REFUSE = "refuse"
    END = "end"
    """A false alarm was taken back that does not keep the case closed."""
    OVERDUE = "overdue"


RETIRE, REPLACE = "retire", "replace"
NEEDS_ASSET = (REPLACE, RETIRE)
"""Kinds of handling after which the old machine is gone. They need its asset number, or the new machine."""
FILE_BACK = "file_back"
"""The act of the event that a file of reports was taken back and the case stays: it has other signs, or
somebody has worked on it (`KEPT`)."""
TABLE_BACK = "table_back"
"""The act of the event that a file about machines, such as leases or a register, was taken back."""
UNSAID = "unsaid"
"""The act of the event that a person took back what was said on a case that leads to this one."""
KEPT = "kept"
"""In the data of `FILE_BACK`: nothing else says that the signs came back."""
CHECK = "check"
"""The act of the event that notes a check of the machine with signs; it moves nothing by itself."""

BACK = (Act.RELAPSE, Act.SEEN_AGAIN)
"""A sign after the handling, and a sign of a machine that was said to be out of use."""
OPEN = (State.NEW, State.ASSIGNED, State.CLEANING)
"""A person must act."""
_WAITING = (State.CLAIMED_CLEAN, State.RECHECKED)
TRANSITIONS: dict[tuple[State, Act], State] = {
    # The machine goes from one unit to another, and its case with it. The new unit works on nothing yet.
    **{(s, Act.ASSIGN): s for s in (*_WAITING, State.VERIFIED_CLEAN)},
    **{(s, Act.ASSIGN): State.ASSIGNED for s in OPEN},
    **{(s, Act.NOT_OURS): State.NEW for s in OPEN},
    **{(s, Act.START): State.CLEANING for s in (State.NEW, State.ASSIGNED)},
    **{(s, Act.CLAIM): State.CLAIMED_CLEAN for s in OPEN},
    **{(s, Act.CONFIRM): State.VERIFIED_CLEAN for s in _WAITING},
    **{
        (s, act): State.FALSE_POSITIVE
        for s in (*OPEN, *_WAITING)
        for act in (Act.DISMISS, Act.WITHDRAW, Act.RETRACT)
    },
    # Nobody has said that somebody works on it.
    **{(s, Act.REOPEN): State.ASSIGNED for s in (*_WAITING, State.VERIFIED_CLEAN, State.FALSE_POSITIVE)},
    (State.FALSE_POSITIVE, Act.EVIDENCE): State.ASSIGNED,
    (State.CLAIMED_CLEAN, Act.RECHECK): State.RECHECKED,
    **{(s, Act.VERIFY): State.VERIFIED_CLEAN for s in _WAITING},
    **{
        (s, act): State.ASSIGNED  # nobody has said yet that somebody works on it again
        for s in (*_WAITING, State.VERIFIED_CLEAN)
        for act in BACK
    },
}
RANK = {
    State.NEW: 0,
    State.ASSIGNED: 1,
    State.CLEANING: 2,
    State.CLAIMED_CLEAN: 3,
    State.RECHECKED: 4,
    State.VERIFIED_CLEAN: 5,
    State.FALSE_POSITIVE: 6,
}
"""The order of a list: cases that need an act come first."""
NOTES: dict[Note, tuple[State, ...]] = {
    **dict.fromkeys((Note.SEEN, Note.LOCATE, Note.MISTAKEN, Note.TRY, Note.ASIDE, Note.TAKE_UP), OPEN),
    **dict.fromkeys((Note.ISOLATE, Note.PROPOSE, Note.OVERDUE), (*OPEN, *_WAITING)),
    **dict.fromkeys((Note.LIFT, Note.REFUSE, Note.END), tuple(State)),
}
"""The states in which something may be noted."""

ACKNOWLEDGES = {
    Act.START,
    Act.CLAIM,
    Note.SEEN,
    Note.LOCATE,
    Note.TRY,
    Note.ASIDE,
    Note.ISOLATE,
    Note.PROPOSE,
}
"""By these a person of the unit shows to know of the case."""
LOCATES = {Act.START, Act.CLAIM, Note.LOCATE}
"""By these the machine is found."""
REACHES = {Act.START, Act.CLAIM, Note.LOCATE, Act.ASSIGN, Act.NOT_OURS}
"""After these the tries to reach a machine are over."""
RESTARTS = {
    Act.ASSIGN,
    Act.NOT_OURS,
    Act.RELAPSE,
    Act.SEEN_AGAIN,
    Act.EVIDENCE,
    Act.REOPEN,
}
"""By these the clocks of the unit begin anew; by `REOPEN` only as `reopening_restarts` says. By `RETURN` they
go on: the time in which the case was closed does not count."""
FORGETS = RESTARTS - {Act.REOPEN}
"""After these the unit must acknowledge anew: not a person of the unit, but something else moved the case."""
STOPS = {Note.MISTAKEN}
"""After these nobody works on the machine any more: the work was on another one, and `CLEANING` is over."""
FROM = "from_unit"
"""In the data of an event: the unit of the machine before a person gave it away, and the unit that got it."""
BY_UNIT = "by_unit"
"""In the data of an event: the unit above for which the person spoke, where it is not the unit itself."""
RANGE, RANGE_BY = "range", "range_by"
"""In the data of `ASSIGN`: the range that gave the machine to the unit, and who entered it; empty where it
came with the tree of units."""
STAYS_FOUND = "stays_found"
"""In the data of `ASSIGN`: the machine that a person named goes along to the other unit."""
MOVES_AWAY = {Act.ASSIGN, Act.NOT_OURS}
"""After these the machine must be found anew: another unit looks for it."""


def reopening_restarts(before: State, *, by_superior: bool, by_list: bool) -> bool:
    """Whether the clocks begin anew as the case is opened again. What the unit itself had said and takes back
    moves no clock: it could else claim and reopen for ever, and its superior would never be told. `by_list`:
    a list that was withdrawn had closed it."""
    return by_superior or by_list or before is State.VERIFIED_CLEAN


def returned(before: str) -> State:
    """The state of a case that a withdrawn list, or a file that was taken back, had closed and that is opened
    again: the state in which it was then."""
    return State(before) if before in (*OPEN, *_WAITING) else State.ASSIGNED


def allows(state: State, act: Act) -> bool:
    """Whether the move is possible in that state."""
    return (state, act) in TRANSITIONS


class Arrival(StrEnum):
    """The effect of a new row of evidence on the current case of its machine and family."""

    KEEP = "keep"
    RELAPSE = "relapse"
    EVIDENCE = "evidence"
    EPISODE = "episode"


def arrive(
    state: State,
    claimed_at: datetime | None,
    quiet_until: datetime | None,
    seen: datetime | None,
    is_new: bool,
) -> Arrival:
    """The effect of a row; `seen` is its latest event time, None when its clock cannot be trusted. `is_new`:
    the case has no evidence of that indicator, or of that place, or the false alarm ended with its list.

    Signs before the claim are history, however late their log arrives. So is a sign within the hour after
    it (`GUARD`). A later sign is a relapse; a sign after the proven or confirmed quiet time is a new episode.
    """
    if state is State.FALSE_POSITIVE:
        return Arrival.EVIDENCE if is_new else Arrival.KEEP
    if state in OPEN or seen is None:
        return Arrival.KEEP
    if state is State.VERIFIED_CLEAN and quiet_until is not None and seen > quiet_until:
        return Arrival.EPISODE
    if claimed_at is not None and seen > claimed_at + GUARD:
        return Arrival.RELAPSE
    return Arrival.KEEP


def judge_check(claimed_at: datetime, finished: datetime, quiet_days: int) -> State:
    """The state that a complete check of the machine itself proves, if it showed no sign at `finished`.

    A check sees more than any log of one moment, but only that moment: the same waits apply as to silence.
    """
    waited = finished - claimed_at
    if waited >= timedelta(days=quiet_days):
        return State.VERIFIED_CLEAN
    return State.RECHECKED if waited >= RECHECK else State.CLAIMED_CLEAN


class Word(StrEnum):
    """The five words that officers see, and the two additional ones."""

    UNCHECKED = "unchecked"
    SIGNS = "signs"
    BUSY = "busy"
    CLEAN = "clean"
    UNSURE = "unsure"
    DISMISSED = "dismissed"


def word(state: State, claimed_at: datetime | None, quiet_days: int, now: datetime) -> Word:
    """The officer's word for a case. Waiting too long without proof is "cannot tell", never "clean"."""
    if state in (State.NEW, State.ASSIGNED):
        return Word.SIGNS
    if state is State.VERIFIED_CLEAN:
        return Word.CLEAN
    if state is State.FALSE_POSITIVE:
        return Word.DISMISSED
    if claimed_at is not None:
        overdue = timedelta(days=quiet_days) + PATIENCE
        if state is State.CLAIMED_CLEAN and now - claimed_at > PATIENCE:
            return Word.UNSURE
        if state is State.RECHECKED and now - claimed_at > overdue:
            return Word.UNSURE
    return Word.BUSY
