"""Why a stranger's file was not read: one error class, and one short code a reason that never changes."""

from __future__ import annotations

from typing import Literal, get_args

from quetsach.errors import QuetsachError

type Reason = Literal["too_large", "too_long", "damaged", "unknown_kind", "busy", "crashed"]
"""In this order: it needs more memory, or its answer is too large; it needs more time; it is damaged; it is
of another kind than this reader takes; too many other files are being read; the reading process died."""
REASONS: tuple[str, ...] = get_args(Reason.__value__)


class NotReadError(QuetsachError):
    """A file was not read to its end. `reason` is one of REASONS; `why` is for a person who seeks the
    cause."""

    code = "not_read"

    def __init__(self, reason: Reason, why: str = "") -> None:
        super().__init__(
            f"the file could not be read within the limits ({reason}); save it anew or divide it"
        )
        self.reason, self.why = reason, why


class BusyError(NotReadError):
    """As many files as allowed are being read; the caller may try again in some seconds."""

    def __init__(self) -> None:
        super().__init__("busy")
        self.args = ("too many files are being read at once; try again in some seconds",)


class SpentError(NotReadError):
    """The request that brought this file used its time up with other files. Sent in a request of its own, the
    file would be read."""

    def __init__(self) -> None:
        super().__init__("too_long", "the request's time is used up")
        self.args = ("the time for one upload is used up; send the rest in smaller parts",)


_KINDS = {
    "no_workbook", "not_table", "old_excel", "locked_or_old", "xlsb", "binary", "other_kind", "kind",
    "web_page", "other_archive", "outlook", "heic", "old_word", "open_document", "no_reader",
    "other_workbook",
}  # fmt: skip
_SIZES = {
    "too_large", "too_big", "bomb", "too_many_rows", "too_many_columns", "too_many_cells", "too_wide",
    "too_many_files", "too_deep", "crowded_mail", "size",
}  # fmt: skip


def reason_of(error: BaseException) -> Reason:
    """The reason, one of REASONS, for any error that a reader of files raises."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, NotReadError):
            return found.reason
        found = found.__cause__
    told = str(getattr(error, "what", "") or getattr(error, "code", "") or error)
    return "unknown_kind" if told in _KINDS else "too_large" if told in _SIZES else "damaged"
