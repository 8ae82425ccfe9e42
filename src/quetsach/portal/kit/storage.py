"""The page for a disk or database that is full, gone or read-only: only a person can repair that. The page
needs neither database nor session."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.busy import stylesheet


class Fault(StrEnum):
    """The fault of the storage."""

    FULL = "full"
    GONE = "gone"
    READ_ONLY = "read_only"


TITLES: dict[Fault, str | Promise] = {
    Fault.FULL: _("The portal's disk is full"),
    Fault.GONE: _("The portal cannot reach its data"),
    Fault.READ_ONLY: _("The portal may not write its data"),
}
ADVICE: dict[Fault, str | Promise] = {
    Fault.FULL: _(
        "For the technician: make room on the disk of the data folder or of the database; nothing else is"
        " needed."
    ),
    Fault.GONE: _(
        "For the technician: the data folder, a file in it or the database is missing, damaged or "
        "closed to the portal. Look at the log, restore it (from the backup, if need be), then "
        "start the portal again."
    ),
    Fault.READ_ONLY: _(
        "For the technician: the disk or the data folder is read-only, or belongs to another account. Look at"
        " the log."
    ),
}
# The first eight bits of SQLite's result codes (sqlite.org/rescode.html).
_SQLITE = {
    13: Fault.FULL,
    8: Fault.READ_ONLY,
    3: Fault.GONE, 10: Fault.GONE, 11: Fault.GONE, 14: Fault.GONE, 23: Fault.GONE, 26: Fault.GONE,
}  # fmt: skip
# SQLSTATE (PostgreSQL's manual, appendix A): disk full, a read-only transaction, no such database or table,
# and resources that the system refused.
_POSTGRESQL = {
    "53100": Fault.FULL, "25006": Fault.READ_ONLY, "3D000": Fault.GONE, "42P01": Fault.GONE,
    "58000": Fault.GONE, "58030": Fault.GONE, "XX001": Fault.GONE, "XX002": Fault.GONE,
}  # fmt: skip
_SYSTEM = {
    errno.ENOSPC: Fault.FULL, errno.EDQUOT: Fault.FULL, errno.EROFS: Fault.READ_ONLY, errno.EIO: Fault.GONE,
}  # fmt: skip
_OF_OUR_FILES = {
    errno.EACCES: Fault.READ_ONLY, errno.EPERM: Fault.READ_ONLY, errno.ENOENT: Fault.GONE,
    errno.ENOTDIR: Fault.GONE,
}  # fmt: skip


def fault_of(error: BaseException | None) -> Fault | None:
    """The fault of the disk or database in this error; None for an error of another kind."""
    for one in _chain(error):
        found = _of_system(one) if isinstance(one, OSError) else _of_database(one)
        if found is not None:
            return found
    return None


def storage_page(request: HttpRequest, fault: Fault) -> HttpResponse:
    """503: the fault, that nothing was stored, and the technician's next step."""
    context = {
        "title": TITLES[fault],
        "advice": ADVICE[fault],
        "style": stylesheet(),
        "is_read": request.method in {"GET", "HEAD"},
    }
    response = HttpResponse(render_to_string("kit/storage.html", context), status=503)
    response.headers["Cache-Control"] = "no-store"
    return response


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _of_database(error: BaseException) -> Fault | None:
    if not isinstance(error, DatabaseError):
        return None
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        # SQLite makes an empty database if the file is gone, and then misses its tables.
        is_empty = code == 1 and str(cause).startswith("no such table")
        return Fault.GONE if is_empty else _SQLITE.get(code & 0xFF)
    return _POSTGRESQL.get(getattr(cause, "sqlstate", None) or "")


def _of_system(error: OSError) -> Fault | None:
    number = error.errno or 0
    if number in _SYSTEM:
        return _SYSTEM[number]
    names = [name for name in (error.filename, error.filename2) if isinstance(name, str)]
    ours = (Path(settings.DATA_DIR), Path(settings.MEDIA_ROOT))
    if any(Path(name).is_relative_to(folder) for name in names for folder in ours):
        # A single missing file is a fault of the portal, not of the disk.
        is_one = number == errno.ENOENT and all(folder.is_dir() for folder in ours)
        return None if is_one else _OF_OUR_FILES.get(number)
    return None
