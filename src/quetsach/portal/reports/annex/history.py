"""The history of one report: its revisions with their changes and events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from quetsach.portal.accounts.models import User
from quetsach.portal.reports.annex.page import Difference, as_typed, compare
from quetsach.portal.reports.annexforms.versions import load_form
from quetsach.portal.reports.models import Report, ReportEvent, Revision, SignedCopy


@dataclass(frozen=True)
class Chapter:
    """One revision, its differences from the revision before, and its events in order."""

    revision: Revision
    changes: list[Difference]
    events: list[ReportEvent]
    is_late: bool
    is_counted: bool
    copies: list[SignedCopy]
    """The signed PDFs; the file in force comes first."""
    file: str
    """The address of the file that the revision was read from, if the reader may see it; else empty."""


FILES: list[Callable[[Report, User], Mapping[UUID, str]]] = []
"""Apps that keep files append a function that gives the files' addresses, by the revision's key."""


def histories(report: Report, user: User, lang: str) -> list[Chapter]:
    """The revisions of a report, the newest first."""
    files = {pk: url for kept in FILES for pk, url in kept(report, user).items()}
    revisions = list(report.revisions.select_related("author").order_by("number"))
    events = list(report.events.select_related("actor"))
    copies = list(SignedCopy.rows.filter(signing__revision__report=report).select_related("by", "signing"))
    chapters = []
    before: Revision | None = None
    for revision in revisions:
        form = load_form(revision.form)
        chapters.append(
            Chapter(
                revision=revision,
                changes=compare(form, as_typed(before), as_typed(revision), lang) if before else [],
                events=[event for event in events if event.revision_id == revision.pk],
                is_late=revision.is_late,
                is_counted=report.accepted_id == revision.pk,
                copies=[copy for copy in copies if copy.signing.revision_id == revision.pk],
                file=files.get(revision.pk, ""),
            )
        )
        before = revision
    return chapters[::-1]
