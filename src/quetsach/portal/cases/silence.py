"""The hours that the page of a case tells: picture, list of gaps and proof name the same time and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.machines.proof.judgement import Count, Hours, Rung
from quetsach.portal.cases import looks, presence
from quetsach.portal.cases.missing import span_of
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.presence import Presence
from quetsach.portal.cases.queries import Story
from quetsach.portal.cases.rules import RETIRE, Act, State


def picture(case: Case, story: Story, hours: Hours | None, now: datetime) -> Presence | None:
    """The hours of the machine at the place that counts; of all places that saw it where none counts. Without
    `hours` those since the handling."""
    if case.claimed_at is None:
        return None
    zone = timezone.get_current_timezone()
    if hours is None:
        until = case.verified_at or now
        return presence.draw(story.facts.days_at_its_places, case.claimed_at, until, zone)
    there = [
        day
        for day in story.facts.days
        if looks.place(day.coverage.scan.node_id, day.coverage.name) == hours.place
    ]
    return presence.draw(there, hours.first, hours.end, zone, hours.missed)


def hours_told(case: Case, story: Story) -> Hours | None:
    """The time that picture and gaps are about: since the handling, or that of the proof as it was written
    down. None where no place counts."""
    found = story.hours
    if found is None or case.state != State.VERIFIED_CLEAN:
        return found
    told = _written(story, State.VERIFIED_CLEAN)
    if case.confirmed_by_id is not None or told is None:
        return found
    spans = ((max(a, told.first), min(b, told.end)) for a, b in found.missed)
    return told._replace(place=found.place, missed=tuple(span for span in spans if span[0] < span[1]))


def proof(case: Case, story: Story, names: Mapping[str, str]) -> str:
    """The quiet time by which the case is proven clean; of a case that was looked at again the longest so
    far, which may be shorter than the time of the gaps and is no proof. Empty without a log, or if a person
    or a check said so."""
    if case.state not in (State.RECHECKED, State.VERIFIED_CLEAN) or case.confirmed_by_id is not None:
        return ""
    event = _reached(story, case.state)
    told = _written(story, case.state)
    if event is None or told is None:
        return ""
    name, is_weak = str(event.data.get("place", "")), bool(event.data.get("is_weak"))
    if case.state == State.VERIFIED_CLEAN and story.hours is not None:
        name = names.get(story.hours.place, name)
    judgement = story.judgement
    # A second look goes on with each log; logs that do not suffice any more take nothing back.
    if judgement and judgement.silence and judgement.rung is not Rung.CLAIMED:
        told, is_weak = judgement.silence, judgement.is_weak
        name = names.get(told.place, name)
    text = in_words(case, told, name)
    if text and is_weak:
        weak = _("For a part of the hours the number of log lines is not known: a weaker proof.")
        text = f"{text} {weak}"
    return text


def in_words(case: Case, hours: Hours, place: str) -> str:
    """The time, the place, and the numbers; empty where nobody knows when the machine is expected."""
    count = hours.numbers
    if not count.expected:
        return ""
    text = ngettext(
        "%(span)s, at %(place)s: the machine was expected in %(expected)d hour, and in %(covered)d of them "
        "the place was up.",
        "%(span)s, at %(place)s: the machine was expected in %(expected)d hours, and in %(covered)d of them "
        "the place was up.",
        count.expected,
    ) % {
        "span": span_of(hours.first, hours.end),
        "place": place,
        "expected": count.expected,
        "covered": count.covered,
    }
    if case.done == RETIRE:
        return f"{text} {_('It is out of use: it must not be seen, and no place saw it.')}"
    seen = ngettext(
        "The machine was seen there on %(n)d calendar day; a day of which only a part counts is one too.",
        "The machine was seen there on %(n)d calendar days; a day of which only a part counts is one too.",
        count.seen_days,
    )
    return f"{text} {seen % {'n': count.seen_days}}"


def _reached(story: Story, state: str) -> CaseEvent | None:
    """The event by which the case came to its state."""
    reached = [
        event
        for event in story.events
        if event.to_state == state != event.from_state and event.act != Act.UNDO
    ]
    return reached[-1] if reached else None


def _written(story: Story, state: str) -> Hours | None:
    """The quiet time as it was written down when the case came to its state."""
    event = _reached(story, state)
    data = event.data if event else {}
    quiet = timedelta(hours=int(data.get("quiet_hours", 0)))
    first, until = parse_datetime(data.get("since") or ""), parse_datetime(data.get("until") or "")
    if first is None and until is not None:
        # An event of an older version: its last hour may not be over when the log ends.
        whole = until.replace(minute=0, second=0, microsecond=0)
        first = (whole if whole == until else whole + timedelta(hours=1)) - quiet
    if first is None or not data.get("expected"):
        return None
    count = Count(int(data["expected"]), int(data.get("covered", 0)), 0, int(data.get("seen_days", 0)))
    return Hours("", first, first + quiet, count)
