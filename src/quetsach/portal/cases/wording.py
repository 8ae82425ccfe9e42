"""Puts a case into words and places: verdict, chip, timeline, and rows of evidence for one page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from quetsach.portal.cases import lane, missing, presence, proving, silence
from quetsach.portal.cases.doubting import doubts_of
from quetsach.portal.cases.gaps.spans import joined
from quetsach.portal.cases.history import Told, history_of
from quetsach.portal.cases.looks import Facts
from quetsach.portal.cases.missing import Missing
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.presence import AtPlace, Presence
from quetsach.portal.cases.queries import Story
from quetsach.portal.cases.rules import (
    CHECK,
    FILE_BACK,
    KEPT,
    RETIRE,
    USABLE_TIMES,
    Act,
    State,
)
from quetsach.portal.cases.timeline import Signs, Timeline, draw
from quetsach.portal.cases.victims.words import sign_called
from quetsach.portal.cases.words import chip_of, verdict
from quetsach.portal.sightings.models import Bypass, Sighting
from quetsach.portal.sightings.spans import Span, cut_spans, join_spans, unbroken

EVIDENCE = 12
"""Rows shown at first; a link shows the rest."""
ALL_EVIDENCE = 500
"""Rows shown on request: those with most log lines, on a page that still opens on a phone."""


@dataclass(frozen=True, slots=True)
class Tale:
    shape: str
    word: str | Promise
    verdict: str
    next_step: str
    timeline: Timeline | None
    history: list[Told]
    evidence: list[Sighting]
    more_evidence: int
    looked: list[tuple[date, date]]
    """The local days with logs."""
    lost: list[Span]
    lines_read: int
    errors: int
    doubts: list[tuple[str, str | Promise]]
    presence: Presence | None
    places: list[AtPlace]
    ways: list[Way]
    missing: list[Missing]
    more_missing: int
    proof: str
    """What the proof rests on; without a proof the longest quiet time so far."""
    doubt: str
    """Why the rules and logs of today would not give the proof; empty where they would."""
    hours: str
    """The time that gaps and picture are about, with its numbers."""
    is_checked: bool
    """A check looked at the machine itself."""
    is_retracted: bool
    """The case was closed because a file of reports was taken back."""
    past: str
    """What was said of an open case before and holds no longer; else empty."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way of the machine around the places that watch. `is_name`: it asked names there, instead of
    sending all that it does."""

    provider: str
    kind: str
    is_name: bool
    first: datetime | None
    last: datetime | None
    days: int


def tell(case: Case, story: Story, now: datetime, most: int = EVIDENCE) -> Tale:
    """The words of the page about the case, with at most `most` rows of evidence."""
    quiet_days = case.device.campaign.quiet_days
    state = State(case.state)
    judgement = story.judgement
    days = judgement.quiet.days if judgement else _quiet_days(case, story)
    shape, label = chip_of(case, quiet_days, now)
    read, unread = _spans(story, now)
    names, hours = proving.names_of_places(story.facts), silence.hours_told(case, story)
    gaps, more = missing.of_judgement(judgement, names)
    lost = join_spans((gap for c in story.facts.at_its_places for gap in c.lost), timedelta())
    # Of a single place the hours that the proof misses are none with a log, here as in the list of gaps.
    missed = hours.missed if hours is not None and len(story.facts.places) == 1 else ()
    latest_first = story.facts.sightings[::-1]
    looked = cut_spans(unbroken(read, unread, lost), missed)
    return Tale(
        shape=shape,
        word=label,
        verdict=_("Its signs are those of the machine %(machine)s now.")
        % {"machine": case.merged_into.device.key}
        if case.merged_into is not None
        else verdict(
            state, judgement.lack if judgement else None, days, quiet_days,
            case.confirmed_by_id is not None, case.relapses > 0, _rests_on_a_check(state, story),
            case.false_alarm_of.version if case.false_alarm_of is not None else None,
            is_reported=bool(story.facts.reported) and not story.facts.sightings,
            is_retracted=_is_retracted(story),
            out_of_use=_out_of_use(case, story),
            back_since=case.back_since, is_seen_again=case.is_seen_again, is_back_gone=case.is_back_gone,
        ),
        next_step=_next_step(story, now, bool(gaps)),
        timeline=draw(
            hits=list(_hits(story, now)),
            marks=lane.marks(case, story.events, story.former, [one.case for one in story.before]),
            looked=looked,
            plan_until=judgement.earliest if judgement else None,
            now=now,
            zone=timezone.get_current_timezone(),
        ),
        history=history_of(case, story),
        evidence=sorted(latest_first, key=lambda s: -s.count)[:most],
        more_evidence=max(0, len(story.facts.sightings) - most),
        looked=_days(looked),
        lost=lost,
        lines_read=sum(_each_once(story).values()),
        errors=sum(len(c.errors) for c in story.facts.at_its_places),
        doubts=[] if story.facts.reported else doubts_of(story.facts.sightings),
        presence=silence.picture(case, story, hours, now),
        places=_places(case, story),
        ways=_ways(story),
        missing=gaps,
        more_missing=more,
        proof=silence.proof(case, story, names),
        doubt=_doubt(story),
        hours=silence.in_words(case, hours, names.get(hours.place, "")) if hours else "",
        is_checked=any(one.act == CHECK or "check" in one.data for one in story.events),
        is_retracted=_is_retracted(story),
        past=_past(story) if case.is_open else "",
    )  # fmt: skip


def _out_of_use(case: Case, story: Story) -> str | None:
    """The asset number of a machine that was said to be out of use, empty if unknown; None of others."""
    if case.done != RETIRE:
        return None
    claims = [event for event in story.events if event.act == Act.CLAIM]
    return str(claims[-1].data.get("asset", "")) if claims else ""


def _places(case: Case, story: Story) -> list[AtPlace]:
    """What the places that saw the signs know of the machine since its cleaning."""
    if case.claimed_at is None:
        return []
    found = []
    for node, name in sorted(story.facts.places, key=lambda one: (one[1], one[0])):
        days = [
            day for day in story.facts.days if (day.coverage.scan.node_id, day.coverage.name) == (node, name)
        ]
        recorded = [day.day for day in days if day.is_seen]
        found.append(presence.at_place(name, days, recorded, case.claimed_at))
    return found


def _ways(story: Story) -> list[Way]:
    """The ways around, the latest first."""
    by_way: dict[tuple[str, str], list[Bypass]] = defaultdict(list)
    for one in story.facts.bypasses:
        by_way[one.provider, one.kind].append(one)
    ways = [
        Way(
            provider, rows[0].get_kind_display(), kind in ("doh", "dot", "doq", "dns"),
            min((one.first_seen for one in rows if one.first_seen), default=None),
            max((one.last_seen for one in rows if one.last_seen), default=None),
            len({one.day for one in rows if one.day}),
        )
        for (provider, kind), rows in by_way.items()
    ]  # fmt: skip
    return sorted(
        ways, key=lambda way: (way.last is None, -way.last.timestamp() if way.last else 0, way.provider)
    )


def _doubt(story: Story) -> str:
    if story.doubt is None:
        return ""
    lack = story.doubt.lack
    return str(missing.LACKS[lack]) if lack else _("A sign came after the handling.")


def _is_retracted(story: Story) -> bool:
    """Whether the case was closed because a file of reports was taken back."""
    closed = [
        one.act
        for one in story.events
        if one.to_state == State.FALSE_POSITIVE != one.from_state and one.act != Act.UNDO
    ]
    return closed[-1:] == [Act.RETRACT]


def _past(story: Story) -> str:
    """That the case was a false alarm, and that the file which opened it again was taken back."""
    said = [_was_false(story)]
    acts = [one for one in story.events if one.act in (FILE_BACK, Act.CLAIM, Act.RELAPSE, Act.EVIDENCE)]
    if acts and KEPT in acts[-1].data:
        said.append(
            _(
                "Only %(file)s said that, and it was taken back. The case stays open, because somebody has "
                "worked on it."
            )
            % {"file": acts[-1].data["file"]}
        )
    return " ".join(filter(None, said))


def _was_false(story: Story) -> str:
    """That two people had called a case a false alarm, where other signs opened it again."""
    moved = [one for one in story.events if State.FALSE_POSITIVE in (one.from_state, one.to_state)]
    moved = [one for one in moved if one.from_state != one.to_state]
    handled = [one for one in story.events if one.act == Act.CLAIM]
    if not moved or moved[-1].act != Act.EVIDENCE or (handled and handled[-1].at > moved[-1].at):
        return ""
    closings = [one for one in moved if one.act == Act.DISMISS and "false_alarm" in one.data]
    if not closings:
        return ""
    said, day = closings[-1], "%d/%m/%Y"
    return _(
        "On %(day)s two people agreed that it was a false alarm (%(first)s, %(second)s). Other signs opened "
        "it again on %(back)s: %(sign)s."
    ) % {
        "day": f"{timezone.localtime(said.at):{day}}",
        "first": said.data.get("said_by", ""),
        "second": said.by.get_full_name() if said.by else "",
        "back": f"{timezone.localtime(moved[-1].at):{day}}",
        "sign": sign_called(str(moved[-1].data.get("indicator", ""))),
    }


def _rests_on_a_check(state: State, story: Story) -> bool:
    """Whether a check of the machine, not a log, led to the case's state."""
    if state in (State.NEW, State.ASSIGNED):
        is_checked = any(event.act == CHECK for event in story.events)
        return is_checked and not (story.facts.sightings or story.facts.reported)
    reached = [
        event
        for event in story.events
        if event.to_state == state and event.from_state != state and event.act != Act.UNDO
    ]
    return bool(reached) and "check" in reached[-1].data


def _quiet_days(case: Case, story: Story) -> int:
    """The whole days of silence that the latest proof by logs rests on, as it was written down then."""
    for event in reversed(story.events):
        if "quiet_hours" in event.data:
            return int(event.data["quiet_hours"]) // 24
    if case.claimed_at and case.quiet_until:
        return max(0, (case.quiet_until - case.claimed_at).days)
    return 0


def _each_once(story: Story) -> dict[tuple[UUID, str, str], int]:
    """The lines of each log of its places. A log that was scanned again, with a newer list, is one log."""
    return {(c.scan.node_id, c.name, c.source or str(c.pk)): c.lines for c in story.facts.at_its_places}


def _spans(story: Story, now: datetime) -> tuple[list[Span], list[Span]]:
    """The times of logs of the places that saw the machine: of those read to the end, and of the others."""
    read: list[Span] = []
    unread: list[Span] = []
    for coverage in story.facts.at_its_places:
        if coverage.time in USABLE_TIMES:
            spans = [(first, min(last, now)) for first, last in coverage.spans if first < now]
            (unread if coverage.errors else read).extend(spans)
    return read, unread


def _hits(story: Story, now: datetime) -> Iterator[Signs]:
    """When each row of evidence has its log lines, with the time covered by its own log; those of earlier
    episodes too. Then the reports of others, a sign each."""
    for facts in (story.facts, *story.before):
        for one in _of_facts(facts):
            yield one._replace(is_before=facts is not story.facts)
    # A report has no log that it came from: its day is drawn whole.
    for report in story.reports:
        first, last = report.first_seen, report.first_seen if report.is_day else report.last_seen
        if last <= now + timedelta(days=1):
            yield Signs(first, last, 1)


def _of_facts(facts: Facts) -> Iterator[Signs]:
    logs: dict[tuple[UUID, str], Span] = {}
    for c in facts.at_its_places:
        if c.time in USABLE_TIMES and c.first and c.last:
            first, last = logs.get((c.scan.node_id, c.source), (c.first, c.last))
            logs[c.scan.node_id, c.source] = (min(first, c.first), max(last, c.last))
    for row in facts.sightings:
        log = logs.get((row.node_id, row.source))
        if row.day and row.runs:
            midnight = datetime.combine(row.day, time(), UTC)
            for begins, ends, lines in row.runs:
                first, last = (midnight + timedelta(microseconds=at) for at in (begins, ends))
                yield Signs(first, last, lines, log)
        elif row.first_seen and row.last_seen:
            yield Signs(row.first_seen, row.last_seen, row.count, log)


def _days(spans: Iterable[Span]) -> list[tuple[date, date]]:
    """The local days that spans of time touch, those that adjoin joined."""
    moment = timedelta(microseconds=1)
    return joined(
        (timezone.localdate(first), timezone.localdate(max(first, end - moment))) for first, end in spans
    )


def _next_step(story: Story, now: datetime, has_gaps: bool) -> str:
    """The next step, with a day if there is one. `has_gaps`: the page lists what is missing."""
    if not story.judgement:
        return ""
    if story.facts.reported and not story.facts.sightings:
        return _("Check the machine itself, or confirm it as the person in charge.")
    earliest = story.judgement.earliest
    if earliest is None and has_gaps:
        return _("What is missing, and what brings it, stands below.")
    if earliest is None or earliest < now:
        return _("Add the logs since the handling; then it can be decided.")
    return _("With logs without a gap from the same place it can be decided on %(day)s at the earliest.") % {
        "day": f"{timezone.localtime(earliest):%d/%m/%Y}"
    }
