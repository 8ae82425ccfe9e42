"""The two moments of a report: its assessment is a text that somebody saved, its tables are figures of now.

A drafted sentence whose figures have changed since is named beside the text, on every page and paper. Words
of an officer's own cannot be compared; only their moment is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quetsach.annexes.form.definition import Form
from quetsach.annexes.form.entry import read_entry
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.assessment.drafting import Assessed, assessed, drafted
from quetsach.portal.reports.assessment.facts import Scope
from quetsach.portal.reports.assessment.sentences import SENTENCES, Said
from quetsach.portal.reports.models import Report, Revision
from quetsach.portal.reports.rollup.sums import Line


@dataclass(frozen=True)
class Saved:
    """The assessment as it was saved last, and when; both are blank for a report without one."""

    text: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Moved:
    """A drafted sentence of a text, and the same sentence of now; `now` is empty if it says nothing more."""

    before: str
    now: str = ""


@dataclass(frozen=True)
class Moments:
    """A saved assessment beside figures as of `as_of`: which of its sentences rest on other figures.

    `has_own_figures`: a line in an officer's own words holds a digit, and nobody can say of what moment.
    """

    saved: Saved
    as_of: datetime
    moved: tuple[Moved, ...]
    has_own_figures: bool

    @property
    def are_told(self) -> bool:
        """Whether a paper names both moments."""
        return self.saved.at is not None and (bool(self.moved) or self.has_own_figures)


def saved_assessment(report: Report | None, form: Form) -> Saved:
    """The text that the official report prints: a draft is newer than what was sent."""
    if report is None:
        return Saved()
    if report.state != Report.State.ACCEPTED:
        typed = read_entry(report.draft, form.keys).typed["narrative"]
        if typed.strip():
            return Saved(typed, report.draft_at)
    sent = report.accepted or report.current
    return Saved(sent.narrative, sent.at) if sent is not None and sent.narrative.strip() else Saved()


def moments(saved: Saved, now: Sequence[Said], as_of: datetime) -> Moments:
    """Compare a saved text with the sentences of now."""
    moved = moved_in(assessed(saved.text, now))
    own = [line for line in saved.text.splitlines() if not is_drafted(line)]
    return Moments(saved, as_of, moved, any(char.isdigit() for line in own for char in line))


def moved_in(seen: Assessed) -> tuple[Moved, ...]:
    """The sentences of a comparison that rest on figures of before."""
    changed = (Moved(change.before, change.now.text) for change in seen.changed)
    return (*changed, *map(Moved, seen.outdated))


def is_drafted(line: str) -> bool:
    """Whether a line is a drafted sentence, with any figures."""
    return any(sentence.is_said_by(line) for sentence in SENTENCES)


def moved_at_sending(text: str, node: CampaignNode, children: Iterable[Line]) -> list[list[str]]:
    """The sentences of a text that rest on older figures than a report that is being sent, as it stores them:
    pairs of the sentence and of the sentence of now. A text without a drafted sentence costs no query."""
    if not any(map(is_drafted, text.splitlines())):
        return []
    seen = assessed(text, drafted(Scope(node, tuple(children))))
    return [[one.before, one.now] for one in moved_in(seen)]


def moved_when_sent(revision: Revision) -> tuple[Moved, ...]:
    """The sentences of a sent report that rested on older figures than its table."""
    stored: list[Any] = revision.totals.get("moved", [])
    return tuple(Moved(before, now) for before, now in stored)
