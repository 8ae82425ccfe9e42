"""Errors that stop an act on a report. Each message is for the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quetsach.errors import QuetsachError

if TYPE_CHECKING:
    from quetsach.annexes.form.rules import Problem
    from quetsach.portal.reports.models import Report


class ReportError(QuetsachError):
    """The act does not fit the state of the report or the campaign."""

    code = "report"


class LockedReport(ReportError):
    """The report is locked, and no grant unlocks it."""

    code = "report_locked"


class StaleReport(ReportError):
    """Someone changed the report since the page was opened. `report` is its present state."""

    code = "report_stale"

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


class BlockedReport(ReportError):
    """Rules stop the submission: `problems` must be solved or answered first."""

    code = "report_blocked"

    def __init__(self, message: str, problems: list[Problem]) -> None:
        super().__init__(message)
        self.problems = problems
