"""What law asks for after an incident, and until when. Pure: no database.

Sources: Decree 331/2026/NĐ-CP, article 31.2.d (a serious incident: notice within 24 hours of its detection, a
report within 72 hours, then updates and a final report); Law 91/2025/QH15, article 23 (a breach of personal
data: notice within 72 hours, to another addressee).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """The papers about an incident."""

    NOTICE = "notice"
    REPORT = "report"
    UPDATE = "update"
    FINAL = "final"
    PERSONAL = "personal"


class Severity(StrEnum):
    """A person's decision. No legal definition of a serious incident is in force yet."""

    UNDECIDED = ""
    SERIOUS = "serious"
    LESSER = "lesser"


class Answer(StrEnum):
    """Whether personal data are affected, as a person says."""

    UNDECIDED = ""
    YES = "yes"
    NO = "no"


HOURS = {
    Kind.NOTICE: timedelta(hours=24),
    Kind.REPORT: timedelta(hours=72),
    Kind.PERSONAL: timedelta(hours=72),
}
"""From the detection; an update and the final report have no hour in the law."""
ONCE = frozenset({Kind.NOTICE, Kind.REPORT, Kind.FINAL, Kind.PERSONAL})
"""Papers that are sent once. An update tells later changes."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A paper with its hour. `is_sure`: a person decided that it is due; without a decision the clock runs as
    if it were. `sent_at` is None until the paper was sent."""

    kind: Kind
    due_at: datetime
    is_sure: bool
    sent_at: datetime | None

    def is_overdue(self, now: datetime) -> bool:
        """Whether the hour has passed and nothing was sent."""
        return self.sent_at is None and now > self.due_at

    @property
    def is_late(self) -> bool:
        """Whether it was sent after its hour."""
        return self.sent_at is not None and self.sent_at > self.due_at


def duties(
    detected: datetime, severity: str, personal_data: str, sent: Iterable[tuple[str, datetime]]
) -> list[Duty]:
    """The papers that are due, in the order of the law. `sent` are kinds and moments of the papers that were
    sent. Without a decision on the severity the higher level counts; personal data only when a person says
    so."""
    first: dict[str, datetime] = {}
    for kind, at in sent:
        first[kind] = min(at, first.get(kind, at))
    wanted: list[tuple[Kind, bool]] = []
    if severity != Severity.LESSER:
        is_sure = severity == Severity.SERIOUS
        wanted += [(Kind.NOTICE, is_sure), (Kind.REPORT, is_sure)]
    if personal_data == Answer.YES:
        wanted.append((Kind.PERSONAL, True))
    return [Duty(kind, detected + HOURS[kind], is_sure, first.get(kind)) for kind, is_sure in wanted]
