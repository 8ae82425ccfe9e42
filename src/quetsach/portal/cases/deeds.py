"""The deeds of people on the page of a case: each with its form, its right, and the message afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.accounts.models import User
from quetsach.portal.cases import actions, noting_actions, undoing_actions
from quetsach.portal.cases.episodes import MAY_RETURN
from quetsach.portal.cases.false_alarms.actions import propose
from quetsach.portal.cases.forms import (
    AsideForm,
    ClaimForm,
    FalseAlarmForm,
    IsolateForm,
    LocateForm,
    ReasonForm,
    StartForm,
    TryForm,
)
from quetsach.portal.cases.joining import NO_WORK
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.rules import NOTES, Act, Note, State, allows
from quetsach.portal.cases.several import is_unfound
from quetsach.portal.units.roles import Verb


def _always(_case: Case) -> bool:
    return True


@dataclass(frozen=True)
class Deed:
    """An act or a note: its form, the right that it needs, and the message afterwards. `fits`: a further
    condition on the case, besides the tables of `rules`."""

    act: Act | Note
    form: type[django_forms.Form]
    verb: Verb
    do: Callable[..., Any]
    said: str | Promise
    fits: Callable[[Case], bool] = _always

    def is_open(self, case: Case) -> bool:
        """Whether it can be done to the case as it is."""
        state = State(case.state)
        is_allowed = state in NOTES[self.act] if isinstance(self.act, Note) else allows(state, self.act)
        return is_allowed and self.fits(case)


UNDO = "hoan-tac"
"""Takes back what the same person did last; its condition is the last event (`can_undo`)."""
MISTAKEN = "nham-may"
"""Takes back which machine it is; possible where a person has said it."""
DEEDS = {
    "da-biet": Deed(
        Note.SEEN, StartForm, Verb.WORK_CASE, noting_actions.acknowledge,
        _("Recorded: the unit knows of it."), lambda case: case.acknowledged_at is None,
    ),
    "tim-thay": Deed(
        Note.LOCATE, LocateForm, Verb.WORK_CASE, noting_actions.locate, _("Recorded: the machine was found."),
    ),
    MISTAKEN: Deed(
        Note.MISTAKEN, ReasonForm, Verb.WORK_CASE, noting_actions.say_mistaken,
        _("Recorded: it is not known any more which machine it is. Find it anew."),
        lambda case: case.located_at is not None,
    ),
    "bat-dau": Deed(
        Act.START, StartForm, Verb.WORK_CASE, actions.start_cleaning, _("Recorded: cleaning has started."),
        lambda case: not is_unfound(case),
    ),
    "da-xu-ly": Deed(
        Act.CLAIM, ClaimForm, Verb.WORK_CASE, actions.claim_clean,
        _("Recorded as handled. New logs will show whether the signs have stopped."),
        lambda case: not is_unfound(case),
    ),
    "chua-gap": Deed(
        Note.TRY, TryForm, Verb.WORK_CASE, noting_actions.try_to_reach,
        _("Recorded, with its day. After three tries the superior unit sees it."),
    ),
    "co-lap": Deed(
        Note.ISOLATE, IsolateForm, Verb.WORK_CASE, noting_actions.isolate,
        _("Recorded: off the network. The machine must still be handled."),
        lambda case: case.device.isolated_at is None and not is_unfound(case),
    ),
    "noi-lai": Deed(
        Note.LIFT, ReasonForm, Verb.WORK_CASE, noting_actions.lift, _("Recorded: on the network again."),
        lambda case: case.device.isolated_at is not None,
    ),
    "de-sau": Deed(
        Note.ASIDE, AsideForm, Verb.WORK_CASE, noting_actions.put_aside,
        _("Put aside. It stays open and is counted, and its terms run."),
        lambda case: case.aside_until is None,
    ),
    "lay-lai-viec": Deed(
        Note.TAKE_UP, StartForm, Verb.WORK_CASE, noting_actions.take_up, _("It is on the work list again."),
        lambda case: case.aside_until is not None,
    ),
    "xac-nhan": Deed(
        Act.CONFIRM, ReasonForm, Verb.CONFIRM_CASE, actions.confirm_clean, _("Confirmed, with your name."),
    ),
    "bao-nham": Deed(
        Note.PROPOSE, FalseAlarmForm, Verb.WORK_CASE, propose,
        _("Recorded. The case stays open until a second person agrees that it is a false alarm."),
        lambda case: not getattr(case, "flag_proposed", False),
    ),
    "mo-lai": Deed(
        Act.REOPEN, ReasonForm, Verb.WORK_CASE, actions.reopen, _("The case is open again."),
    ),
    UNDO: Deed(
        Act.UNDO, StartForm, Verb.WORK_CASE, undoing_actions.take_back_last,
        _("Taken back: it is as it was before."),
    ),
}  # fmt: skip


def open_deeds(
    case: Case, events: list[CaseEvent], user: User, may: Callable[[Verb], bool], *, is_named: bool
) -> dict[str, Deed]:
    """The deeds that this person may do now, by their word in the address. `events` in their order.
    `is_named`: a person has said which machine it is."""
    if not getattr(case, MAY_RETURN, case.is_current):
        return {}
    found = {
        word: deed for word, deed in DEEDS.items() if word != UNDO and deed.is_open(case) and may(deed.verb)
    }
    if not is_named:
        found.pop(MISTAKEN, None)
    own = [one for one in events if one.case_id == case.pk and one.act not in NO_WORK]
    if own and undoing_actions.may_take_back(case, own[-1], user) and may(Verb.WORK_CASE):
        found[UNDO] = DEEDS[UNDO]
    return found
