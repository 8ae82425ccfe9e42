"""Words of the screen for states and acts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from quetsach.machines.proof.gaps import Lack
from quetsach.portal.cases.missing import LACKS
from quetsach.portal.cases.rules import FILE_BACK, OPEN, TABLE_BACK, UNSAID, Act, Note, State, Word, word

if TYPE_CHECKING:
    from quetsach.portal.cases.models import Case

WORDS: dict[Word, tuple[str, str | Promise]] = {
    Word.UNCHECKED: ("none", gettext_lazy("Not checked")),
    Word.SIGNS: ("bad", gettext_lazy("Signs found")),
    Word.BUSY: ("busy", gettext_lazy("Being handled")),
    Word.CLEAN: ("ok", gettext_lazy("Clean")),
    Word.UNSURE: ("unsure", gettext_lazy("Cannot tell yet")),
    Word.DISMISSED: ("none", gettext_lazy("False alarm")),
}
"""Shape and word of the chip."""
JOINED: tuple[str, str | Promise] = ("none", gettext_lazy("Joined"))
"""Those of a case that leads to another one."""


def chip_of(case: Case, quiet_days: int, now: datetime) -> tuple[str, str | Promise]:
    """Shape and word of the chip of a case, the same on all pages."""
    if case.merged_into_id is not None:
        return JOINED
    return WORDS[word(State(case.state), case.claimed_at, quiet_days, now)]


ACTS: dict[str, str | Promise] = {
    "open": gettext_lazy("Case opened"),
    Act.ASSIGN: gettext_lazy("Passed to a unit"),
    Act.START: gettext_lazy("Cleaning started"),
    Act.CLAIM: gettext_lazy("Reported as handled"),
    Act.CONFIRM: gettext_lazy("Confirmed clean by a person in charge"),
    Act.DISMISS: gettext_lazy("Marked as a false alarm"),
    Act.REOPEN: gettext_lazy("Opened again"),
    Act.RECHECK: gettext_lazy("Checked again: no sign"),
    Act.VERIFY: gettext_lazy("Proven clean"),
    Act.RELAPSE: gettext_lazy("Sign seen again after handling"),
    Act.EVIDENCE: gettext_lazy("Other signs: no false alarm any more"),
    Act.WITHDRAW: gettext_lazy("Closed as a false alarm: the list was withdrawn"),
    Act.RETRACT: gettext_lazy("Closed as a false alarm: the report was taken back"),
    Act.RETURN: gettext_lazy("Opened again: its address is on the list again"),
    Act.NOT_OURS: gettext_lazy("Not a machine of the unit: passed up"),
    Act.UNDO: gettext_lazy("Taken back: the case is as it was before"),
    Act.SEEN_AGAIN: gettext_lazy("Said to be out of use, and seen again"),
    Note.SEEN: gettext_lazy("The unit knows of it"),
    Note.LOCATE: gettext_lazy("The machine was found"),
    Note.MISTAKEN: gettext_lazy("The machine that was found was another one"),
    Note.TRY: gettext_lazy("Tried to reach it, in vain"),
    Note.ISOLATE: gettext_lazy("Taken off the network"),
    Note.LIFT: gettext_lazy("On the network again"),
    Note.ASIDE: gettext_lazy("Put aside"),
    Note.TAKE_UP: gettext_lazy("On the work list again"),
    Note.PROPOSE: gettext_lazy("Said to be a false alarm; a second person must agree"),
    Note.REFUSE: gettext_lazy("Not agreed: no false alarm"),
    Note.END: gettext_lazy("The false alarm was taken back; the case was open already"),
    Note.OVERDUE: gettext_lazy("Overdue: the superior unit was told"),
    FILE_BACK: gettext_lazy("A file of reports was taken back; the case stays"),
    TABLE_BACK: gettext_lazy("A file about machines was taken back"),
    UNSAID: gettext_lazy("What was recorded of the same machine under its earlier name was taken back"),
    "check": gettext_lazy("The machine was checked: signs found"),
    "merge": gettext_lazy("Another machine turned out to be this one"),
    "merged": gettext_lazy("Turned out to be another machine"),
    "resumed": gettext_lazy("Counts again: what came later was no sign of it"),
    "followed": gettext_lazy("A later case of the machine counts again"),
    "part": gettext_lazy("Turned out to be two machines: each has its own signs"),
}

RESUMED_BY: dict[str, str | Promise] = {
    Act.WITHDRAW: gettext_lazy("Counts again: the list that told what came later was withdrawn"),
    Act.RETRACT: gettext_lazy("Counts again: the report that told what came later was taken back"),
    Act.DISMISS: gettext_lazy("Counts again: what came later was a false alarm"),
}
"""Why an earlier episode counts again, by the act that closed the later one."""

DONE: dict[str, str | Promise] = {
    "scan": gettext_lazy("Scanned and cleaned with a tool"),
    "manual": gettext_lazy("Removed by hand"),
    "app": gettext_lazy("Removed an application"),
    "reinstall": gettext_lazy("Reinstalled the machine"),
    "replace": gettext_lazy("Replaced the machine"),
    "settings": gettext_lazy("Reset the device or its password"),
    "phone": gettext_lazy("Cleaned or reset the phone"),
    "retire": gettext_lazy("Took the machine out of use"),
}
"""The kinds of cleaning."""


def verdict(
    state: State,
    lack: Lack | None,
    days: int,
    quiet_days: int,
    is_confirmed: bool,
    is_relapse: bool,
    is_checked: bool = False,
    withdrawn: int | None = None,
    *,
    is_reported: bool = False,
    is_retracted: bool = False,
    out_of_use: str | None = None,
    back_since: datetime | None = None,
    is_seen_again: bool = False,
    is_back_gone: bool = False,
) -> str:
    """One plain sentence on the machine. `days`: whole days without a sign in logs without a gap.
    `is_checked`: the state rests on a check of the machine itself, not on logs. `withdrawn`: the version of
    the list with which the case was closed. `is_reported`: only reports of others know the machine.
    `is_retracted`: it rested on a file of reports that was taken back.
    `out_of_use`: the asset number of a machine that was said to be out of use, empty if unknown.
    `back_since`: when signs came after the handling, if nobody has handled it since and it is known;
    `is_seen_again`: no sign came, but a machine out of use was seen; `is_back_gone`: only a file told the
    sign, and it was taken back."""
    if state is State.VERIFIED_CLEAN:
        if is_confirmed:
            return _("Clean, confirmed by a person in charge; logs have not shown it.")
        if is_checked:
            return _("Clean: a full check of the machine after the quiet time found no sign.")
        quiet = max(days, quiet_days)
        if out_of_use is not None:
            text = ngettext(
                "%(gone)s, and not seen since: in %(n)d whole day of newer logs it does not appear.",
                "%(gone)s, and not seen since: in %(n)d whole days of newer logs it does not appear.",
                quiet,
            )
            return text % {"n": quiet, "gone": _gone(out_of_use)}
        text = ngettext(
            "Clean: in %(n)d whole day the logs of its working hours show no sign.",
            "Clean: in %(n)d whole days the logs of its working hours show no sign.",
            quiet,
        )
        return text % {"n": quiet}
    if state is State.FALSE_POSITIVE and withdrawn is not None:
        return _("A false alarm of version %(n)d of the list, which was withdrawn.") % {"n": withdrawn}
    if state is State.FALSE_POSITIVE and is_retracted:
        return _("A false alarm: only a report said so, and that was taken back.")
    if state is State.FALSE_POSITIVE:
        return _("A false alarm: the signs have another reason.")
    if (is_relapse and state in OPEN) or back_since is not None:
        return _back(state, back_since, is_seen_again=is_seen_again, is_gone=is_back_gone)
    if state is State.CLEANING:
        return _("Someone is working on the machine. Record what was done when it is finished.")
    if state in (State.NEW, State.ASSIGNED):
        if is_checked:
            return _("A check of the machine found signs of malware. It has not been handled yet.")
        if is_reported:
            return _("Others report that the machine is infected. It has not been handled yet.")
        return _("The machine contacted malicious addresses. It has not been handled yet.")
    if is_checked and state is State.RECHECKED:
        return _("Handled; a check at least a day later found no sign. Not enough yet to call it clean.")
    missing = str(LACKS[lack]) if lack else ""
    if is_reported:
        missing = _("No log has seen its signs, so no log can show that they have stopped.")
    if state is State.RECHECKED:
        text = ngettext(
            "Handled; %(n)d whole day of newer logs shows no sign. Not enough yet to call it clean.",
            "Handled; %(n)d whole days of newer logs show no sign. Not enough yet to call it clean.",
            days,
        )
        sentence = text % {"n": days}
    else:
        sentence = _("Reported as handled. Nothing shows yet whether the signs have stopped.")
    if out_of_use is not None:
        sentence = f"{_gone(out_of_use)}. {sentence}"
    return f"{sentence} {missing}".strip()


def _back(state: State, since: datetime | None, *, is_seen_again: bool, is_gone: bool) -> str:
    text = _("It was handled, but the signs came back.")
    if since is not None:
        at = {"at": f"{timezone.localtime(since):%H:%M %d/%m/%Y}"}
        text = _("Signs again since %(at)s, although it was handled.") % at
        if is_seen_again:
            told = _(
                "Seen again at %(at)s, although it was said to be out of use. Find it and handle it, or take "
                "it out of use."
            )
            return told % at
        if is_gone:
            told = _(
                "Signs since %(at)s were reported, and the report was taken back. If nothing else was found "
                "on the machine, record its handling again."
            )
            return told % at
    if state is State.CLEANING:
        todo = _("Somebody works on it again. Record what was done when it is finished.")
    else:
        todo = _(
            "Handle it again: do every step below, and look for other malware too. If signs come back after "
            "that, reinstall it."
        )
    return f"{text} {todo}"


def _gone(asset: str) -> str:
    return _("Out of use (%(asset)s)") % {"asset": asset} if asset else _("Out of use")
