"""Why an act was refused or failed, as stable codes."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from quetsach.errors import QuetsachError


class ActError(QuetsachError):
    """A plan, an act or an undo is not possible; `reason` is one of `REASONS`, `detail` says where."""

    code = "act"

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{detail}: {REASONS[reason]}" if detail else REASONS[reason])
        self.reason = reason
        self.detail = detail


REASONS: Mapping[str, str] = {
    "no_plan": "this is no plan of Quét Sạch; make one with quetsach check plan",
    "tampered": "the plan was changed after it was made; make a new one",
    "wrong_hash": "the code given is not the plan's; read the plan and give the code at its end",
    "wrong_word": "the word was not typed; nothing was changed",
    "expired": "the plan is too old; check again and make a new one",
    "clock": "the clock of this machine is wrong; set date and time, then go on",
    "other_machine": "the plan was made for another machine; make one here",
    "changed": "is not as it was when the plan was made; check again and make a new plan",
    "changed_since": "was changed by something else since; it was left as it is now",
    "protected": "belongs to the system and is never touched",
    "hard_links": "has several names on the disk and is left where it is",
    "linked": "lies behind a link, which is not followed",
    "not_a_file": "is no ordinary file",
    "too_large": "is larger than can be kept",
    "not_empty": "still holds something and was left",
    "missing": "is not there",
    "no_permission": "may not be changed; start as administrator",
    "locked": "is in use by another program; restart the machine and apply again at once",
    "read_only": "lies on a disk that cannot be written to",
    "disk_full": "the disk is full; free some room, then go on",
    "respawns": "starts again by itself after it was stopped",
    "not_stopped": "could not be stopped",
    "not_done": "was not changed although the system said so",
    "not_restored": "was not restored as it was",
    "not_here": "cannot be changed on this kind of machine",
    "deaf_firewall": "the firewall is switched off or heeds only policy rules; switch it on, or block this"
    " address at the router",
    "unclean": "the Windows on this disk was not shut down wholly; start it, hold Shift while you click"
    " Shut down, then go on",
    "signed_out": "belongs to a person who is not signed in; let them sign in, then make a new plan",
    "failed": "the system refused",
    "busy": "another clean-up is at work on this machine",
    "unsafe_store": "the folder of kept files may be written to by others; nothing in it is believed",
    "damaged_journal": "the journal was damaged or changed; have the IT officer look at it",
    "damaged_copy": "the kept copy is damaged; it was not put back",
    "unfinished": "an earlier clean-up was not finished; undo it first",
    "nothing": "there is nothing to undo",
}
"""English texts of the reasons, for the catalogues."""

_BY_NUMBER = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EACCES: "no_permission",
    errno.EPERM: "no_permission",
    errno.EROFS: "read_only",
    errno.EBUSY: "locked",
    errno.ETXTBSY: "locked",
    errno.ENOENT: "missing",
    errno.ELOOP: "linked",
    errno.ENOTDIR: "linked",
    errno.ENOTEMPTY: "not_empty",
    errno.EFBIG: "disk_full",
}
_BY_WINDOWS = {
    5: "no_permission", 2: "missing", 3: "missing", 19: "read_only", 32: "locked", 33: "locked",
    39: "disk_full", 112: "disk_full", 145: "not_empty",
}  # fmt: skip
"""ERROR_* of winerror.h."""


def of(error: OSError, detail: str) -> ActError:
    """The error of the operating system as a reason of `REASONS`."""
    number = getattr(error, "winerror", None)
    reason = _BY_WINDOWS.get(number) if number else _BY_NUMBER.get(error.errno or 0)
    return ActError(reason or "failed", detail)
