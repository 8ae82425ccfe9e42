"""The history of one report: its revisions with their changes and events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from quetsach.portal.accounts.models import User
from quetsach.portal.reports.annex.page import Difference, as_typed, compare
from quetsach.portal.reports.annexforms.versions import load_form
from quetsach.portal.reports.models import Report, ReportEvent, Revision, SignedCopy


@dataclass(frozen=True)
class FigurePlace:
    """Where a figure stands in a file: the number of its row, the place in words, and the text there."""

    number: int
    where: str
    typed: str


@dataclass(frozen=True)
class SourceFile:
    """The kept file of a revision: its address, and the places of the figures where they are known."""

    address: str
    places: tuple[FigurePlace, ...] = ()


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
    file: SourceFile | None
    """The file that the revision was read from, if the reader may see it."""
    warned: list[dict[str, Any]]
    """The warnings as the revision stores them, in the reader's language."""


FILES: list[Callable[[Report, User], Mapping[UUID, SourceFile]]] = []
"""Apps that keep files append a function that gives the files, by the revision's key."""


def source_file(report: Report, revision: Revision, user: User) -> SourceFile | None:
    """The file that the revision was read from, if the person may see it."""
    return _files(report, user).get(revision.pk) if revision.source else None


def _files(report: Report, user: User) -> dict[UUID, SourceFile]:
    return {pk: file for kept in FILES for pk, file in kept(report, user).items()}


def warned(revision: Revision, lang: str) -> list[dict[str, Any]]:
    """The revision's warnings in this language; a correction that stands beside the file is left out here."""
    corrected = revision.source.get("changes", {})
    told = []
    for one in revision.warnings:
        change = None if one["row"] in corrected else one.get("change")
        told.append({**one, "text": one["text"][lang[:2]], "change": change})
    return told


def histories(report: Report, user: User, lang: str) -> list[Chapter]:
    """The revisions of a report, the newest first."""
    files = _files(report, user)
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
                file=files.get(revision.pk),
                warned=warned(revision, lang),
            )
        )
        before = revision
    return chapters[::-1]
