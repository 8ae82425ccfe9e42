"""The rules of a case: its possible moves, and when silence proves a machine clean. Pure: no database, no
clock.

Silence counts only with a look: a source read without an error, with the campaign's list, from a place that
had seen the machine's signs, over an unbroken time after the cleaning, in which the machine was alive. A time
whose lines are lost breaks it, however short. A time in which the machine went around all places does the
same. A source that was read in part spoils no other source.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from quetsach.portal.sightings.spans import Span, unbroken

RECHECK = timedelta(hours=24)
"""The quiet time that the state between claimed and verified needs."""
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
    """The moves of a case: the first six, `NOT_OURS` and `UNDO` are people's, `WITHDRAW` and `RETURN` follow
    from the list, the others from logs."""

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
    RETURN = "return"
    NOT_OURS = "not_ours"
    UNDO = "undo"
    """A person took back an act of the own: the case is in the state before it."""


CHECK = "check"
"""The act of the event that notes a check of the machine with signs; it moves nothing by itself."""

_OPEN = (State.NEW, State.ASSIGNED, State.CLEANING)
_WAITING = (State.CLAIMED_CLEAN, State.RECHECKED)
TRANSITIONS: dict[tuple[State, Act], State] = {
    (State.NEW, Act.ASSIGN): State.ASSIGNED,
    **{(s, Act.NOT_OURS): State.NEW for s in _OPEN},
    **{(s, Act.START): State.CLEANING for s in (State.NEW, State.ASSIGNED)},
    **{(s, Act.CLAIM): State.CLAIMED_CLEAN for s in _OPEN},
    **{(s, Act.CONFIRM): State.VERIFIED_CLEAN for s in _WAITING},
    **{(s, act): State.FALSE_POSITIVE for s in (*_OPEN, *_WAITING) for act in (Act.DISMISS, Act.WITHDRAW)},
    **{(s, Act.REOPEN): State.CLEANING for s in (*_WAITING, State.VERIFIED_CLEAN)},
    (State.FALSE_POSITIVE, Act.REOPEN): State.ASSIGNED,
    (State.FALSE_POSITIVE, Act.EVIDENCE): State.ASSIGNED,
    (State.CLAIMED_CLEAN, Act.RECHECK): State.RECHECKED,
    **{(s, Act.VERIFY): State.VERIFIED_CLEAN for s in _WAITING},
    **{(s, Act.RELAPSE): State.CLEANING for s in (*_WAITING, State.VERIFIED_CLEAN)},
}


def returned(before: str) -> State:
    """The state of a case that a withdrawn list had closed and that is opened again: the state in which it
    was then."""
    return State(before) if before in (*_OPEN, *_WAITING) else State.ASSIGNED


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
    is_new_indicator: bool,
) -> Arrival:
    """The effect of a row; `seen` is its latest event time, None when its clock cannot be trusted.

    Signs before the claim are history, however late their log arrives. A sign after the claim is a relapse; a
    sign after the proven or confirmed quiet time is a new episode.
    """
    if state is State.FALSE_POSITIVE:
        return Arrival.EVIDENCE if is_new_indicator else Arrival.KEEP
    if state in _OPEN or seen is None:
        return Arrival.KEEP
    if state is State.VERIFIED_CLEAN and quiet_until is not None and seen > quiet_until:
        return Arrival.EPISODE
    if claimed_at is not None and seen > claimed_at:
        return Arrival.RELAPSE
    return Arrival.KEEP


@dataclass(frozen=True, slots=True)
class Look:
    """One source, as it was looked at with one list. `alive`: the UTC dates on which the source shows the
    machine at all; None if no scan recorded this, or was asked about the machine. `not_understood` lines name
    a listed address and no machine: each may be this machine's. `lists_all`: its list names every indicator
    of the case. `lost`: times whose lines are lost."""

    source_name: str
    first: datetime | None
    last: datetime | None
    errors: int = 0
    not_understood: int = 0
    time: str = "ok"
    alive: frozenset[date] | None = None
    lists_all: bool = True
    lost: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A row of evidence: its source, its latest event time if known, and when the portal received it."""

    source_name: str
    last: datetime | None
    received: datetime


@dataclass(frozen=True, slots=True)
class Around:
    """The machine went around the place that watches: its time if known, and when the portal was told."""

    first: datetime | None
    last: datetime | None
    told: datetime


class Reason(StrEnum):
    """The basis of a judgement, or the obstacle to a better one."""

    QUIET = "quiet"
    NO_LOGS = "no_logs"
    ERRORS = "errors"
    NO_MACHINE = "no_machine"
    OTHER_PLACE = "other_place"
    OTHER_LIST = "other_list"
    NO_DEVICES = "no_devices"
    NOT_ALIVE = "not_alive"
    TOO_SHORT = "too_short"
    UNTIMED = "untimed"
    AROUND = "around"
    HIT = "hit"


@dataclass(frozen=True, slots=True)
class Judgement:
    """`state`: the state that logs prove now; `until`: the end of the quiet time; `earliest`: when it could
    be verified if logs go on without a gap; `quiet`: the longest unbroken time without a sign."""

    state: State
    reason: Reason
    until: datetime | None = None
    earliest: datetime | None = None
    quiet: timedelta = timedelta()


def judge(
    claimed_at: datetime,
    hits: Iterable[Hit],
    looks: Iterable[Look],
    quiet_days: int,
    around: Iterable[Around] = (),
) -> Judgement:
    """Judge by logs a machine that was claimed clean at `claimed_at`.

    A sign after the claim, at any place, ends the silence. A sign without a usable time that arrived after
    the claim proves neither, and keeps the case from being verified. The same holds where the machine went
    around the place that watches at an unknown time; a known time is a gap in the logs of all places.
    """
    hits, around = list(hits), list(around)
    if any(hit.last is not None and hit.last > claimed_at for hit in hits):
        return Judgement(State.CLEANING, Reason.HIT)
    needed = timedelta(days=quiet_days)
    places = {hit.source_name for hit in hits}
    after = [look for look in looks if look.last is not None and look.last > claimed_at]
    usable = _usable(after, places)
    if isinstance(usable, Reason):
        return Judgement(State.CLAIMED_CLEAN, usable, earliest=claimed_at + needed)
    ways = [(one.first, one.last) for one in around if one.first and one.last and one.last > claimed_at]
    best = _best(usable, after, claimed_at, needed, ways)
    if ways:
        without = _best(usable, after, claimed_at, needed, [])
        if _RUNGS.index(without.state) > _RUNGS.index(best.state):
            best = replace(best, reason=Reason.AROUND)
    if best.state is State.VERIFIED_CLEAN:
        if any(hit.last is None and hit.received > claimed_at for hit in hits):
            return Judgement(State.RECHECKED, Reason.UNTIMED, best.until, None, best.quiet)
        if any(one.last is None and one.told > claimed_at for one in around):
            return Judgement(State.RECHECKED, Reason.AROUND, best.until, None, best.quiet)
    return best


def _best(
    usable: list[Look], after: list[Look], claimed_at: datetime, needed: timedelta, ways: list[Span]
) -> Judgement:
    """The judgement by the place that shows most. `ways` are the times in which the machine went around."""
    best = Judgement(State.CLAIMED_CLEAN, Reason.TOO_SHORT, earliest=claimed_at + needed)
    for place in sorted({look.source_name for look in usable}):
        seen = [look for look in usable if look.source_name == place]
        here = [look for look in after if look.source_name == place]
        unread = _spans([look for look in here if look.errors or look.not_understood], claimed_at)
        lost = [gap for look in here for gap in look.lost if gap[1] > claimed_at]
        for start, end in unbroken(_spans(seen, claimed_at), unread, [*lost, *ways]):
            judgement = _judge_run(start, end, seen, claimed_at, needed)
            if (_RUNGS.index(judgement.state), judgement.quiet) >= (_RUNGS.index(best.state), best.quiet):
                best = judgement
    return best


_RUNGS = (State.CLAIMED_CLEAN, State.RECHECKED, State.VERIFIED_CLEAN)


def _usable(looks: list[Look], places: set[str]) -> list[Look] | Reason:
    """The looks that silence may rest on, or the first reason that there are none."""
    lack = Reason.NO_LOGS
    for reason, keeps in (
        (Reason.OTHER_PLACE, lambda look: look.source_name in places),
        (Reason.ERRORS, lambda look: not look.errors),
        (Reason.NO_MACHINE, lambda look: not look.not_understood),
        (Reason.UNTIMED, lambda look: look.time in USABLE_TIMES and look.first is not None),
        (Reason.OTHER_LIST, lambda look: look.lists_all),
    ):
        if not looks:
            return lack
        looks, lack = [look for look in looks if keeps(look)], reason
    return looks or lack


def _spans(looks: list[Look], claimed_at: datetime) -> list[Span]:
    return [(max(look.first, claimed_at), look.last) for look in looks if look.first and look.last]


def _judge_run(
    start: datetime, end: datetime, looks: list[Look], claimed_at: datetime, needed: timedelta
) -> Judgement:
    quiet = end - start
    if quiet < min(RECHECK, needed):
        return Judgement(State.CLAIMED_CLEAN, Reason.TOO_SHORT, end, start + needed, quiet)
    if quiet < needed:
        return Judgement(State.RECHECKED, Reason.TOO_SHORT, end, start + needed, quiet)
    alive = [look.alive for look in looks if look.alive is not None]
    if not alive:
        return Judgement(State.RECHECKED, Reason.NO_DEVICES, end, None, quiet)
    # The claim's own UTC date is left out: the machine may have been alive only before the claim.
    first_day = max(start.astimezone(UTC).date(), claimed_at.astimezone(UTC).date() + timedelta(days=1))
    last_day = end.astimezone(UTC).date()
    if not any(first_day <= day <= last_day for days in alive for day in days):
        return Judgement(State.RECHECKED, Reason.NOT_ALIVE, end, None, quiet)
    return Judgement(State.VERIFIED_CLEAN, Reason.QUIET, end, None, quiet)


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
