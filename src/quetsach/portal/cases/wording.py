"""Puts a case into words and places: verdict, chip, timeline, and rows of evidence for one page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from quetsach.machines.identity.forwarders import FORWARDER
from quetsach.portal.cases import lane, missing, presence, proving, silence
from quetsach.portal.cases.clocks import Clock
from quetsach.portal.cases.doubting import doubts_of
from quetsach.portal.cases.episode_actions import FOLLOWED, MOVED_BY, RESUMED
from quetsach.portal.cases.escalating.wording import STEPS
from quetsach.portal.cases.gaps.spans import joined
from quetsach.portal.cases.joining import AT_ONCE, IS_BACK, MERGE, MERGED, is_handed_on, is_told_by
from quetsach.portal.cases.looks import Facts
from quetsach.portal.cases.machine_words import UNTOLD
from quetsach.portal.cases.missing import Missing
from quetsach.portal.cases.models import Case, CaseEvent, last_day_before
from quetsach.portal.cases.outside import PART
from quetsach.portal.cases.presence import AtPlace, Presence
from quetsach.portal.cases.queries import Story
from quetsach.portal.cases.rules import (
    BY_UNIT,
    CHECK,
    FILE_BACK,
    KEPT,
    RANGE,
    RANGE_BY,
    RETIRE,
    TABLE_BACK,
    USABLE_TIMES,
    Act,
    Note,
    State,
)
from quetsach.portal.cases.timeline import Signs, Timeline, draw
from quetsach.portal.cases.transfer_actions import BY_SIGN
from quetsach.portal.cases.victims.words import sign_called
from quetsach.portal.cases.words import ACTS, DONE, RESUMED_BY, chip_of, verdict
from quetsach.portal.sightings.models import Bypass, Sighting
from quetsach.portal.sightings.spans import Span, cut_spans, join_spans, unbroken
from quetsach.text.canonical import address

EVIDENCE = 12
"""Rows shown at first; a link shows the rest."""
MOVES = (PART, MERGED, MERGE)
"""Acts of the portal: machines become one, or several. One judgement makes them in this order."""
ALL_EVIDENCE = 500
"""Rows shown on request: those with most log lines, on a page that still opens on a phone."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the history."""

    event: CaseEvent
    title: str | Promise
    done: str | Promise
    more: str = ""
    """Times and terms that the event tells besides."""
    machine: str = ""
    """The name of a machine that turned out to be this one, where it happened there."""
    times: int = 1
    first: datetime | None = None
    """How often it happened, and when first, where files that came and went repeated it."""
    is_anew: bool = False
    """The machine has the same address: whether that is one machine was judged anew."""
    by_table: str = ""
    """Whose table moved signs of another unit's log, and when it was handed in."""


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
        history=_history(case, story),
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


def _more(event: CaseEvent) -> str:
    """Times and terms of a note, in words."""
    data = event.data
    for key, text in ((("tried_at"), _("Tried on %(at)s.")), ("since", _("Since %(at)s.")),
                      ("seen", _("Seen on %(at)s."))):  # fmt: skip
        if event.act in NOTED and (at := _moment(data.get(key))):
            return text % {"at": f"{timezone.localtime(at):%d/%m/%Y %H:%M}"} + " "
    if event.act == Note.ASIDE and (end := _moment(data.get("until"))):
        return _("Until the end of %(day)s.") % {"day": f"{last_day_before(end):%d/%m/%Y}"} + " "
    if event.act in (RESUMED, FOLLOWED):
        return _("episode %(n)s") % {"n": data["episode"]} + " "
    if event.act == Act.EVIDENCE and (sign := data.get("indicator")):
        told = _("Sign: %(sign)s.") % {"sign": sign_called(sign)} + " "
        return told + (_("Reported in %(file)s.") % {"file": data["file"]} + " " if "victims" in data else "")
    if "victims" in data:
        is_back = event.act in (Act.RETRACT, Act.UNDO, FILE_BACK)
        text = _("%(file)s was taken back.") if is_back else _("Reported in %(file)s.")
        return text % {"file": data["file"]} + " "
    if BY_UNIT in data:
        return _("Said by %(unit)s.") % {"unit": data[BY_UNIT]} + " "
    if RANGE in data:
        text = _("By the range %(range)s.")
        if data.get(RANGE_BY):
            text = _("By the range %(range)s, which %(who)s entered.")
        return text % {"range": data[RANGE], "who": data.get(RANGE_BY)} + " "
    if event.act == TABLE_BACK:
        return _("%(file)s was taken back.") % {"file": data["file"]} + " "
    if event.act == Note.OVERDUE and data.get("clock") in set(Clock):
        return str(STEPS[Clock(data["clock"])])
    return ""


NOTED = (*Note, Act.SEEN_AGAIN)
"""Acts whose times the history tells in a sentence."""


def _history(case: Case, story: Story) -> list[Told]:
    """The acts, the latest first. Machines that were joined and parted again and again, as files about them
    came and went, stand once for each machine, with the latest time. An address that is one machine, then one
    of several, then one again, is no other machine: the notes of both cases are one line."""
    found: dict[object, Told] = {}
    joins = [one for one in story.events if one.act in (MERGE, MERGED)]
    for e in sorted([*story.events, *story.former], key=lambda one: (one.at, one.pk)):
        told = Told(
            e, _title(case, e), DONE.get(e.data.get("done", ""), ""), _more(e),
            "" if e.case_id == case.pk else e.case.device.key, by_table=_by_table(e.data),
        )  # fmt: skip
        partner = e.data.get("to") or e.data.get("from")
        if e.act in MOVES and partner == case.device.key == e.case.device.key and address(partner):
            last = next(reversed(found.values()), None)
            # A judgement parts machines before it joins them: what goes back in that order is the next one.
            is_same = (
                last is not None
                and last.is_anew
                and e.at - last.event.at < AT_ONCE
                and MOVES.index(e.act) >= MOVES.index(last.event.act)
            )
            title = last.title if last and is_same and not _is_forwarder(e) else _anew(e)
            if is_same:
                found.popitem()
            found[e.pk] = replace(told, title=title, machine="", is_anew=True)
            continue
        if (e.act == PART and is_handed_on(e, joins)) or is_told_by(case, e):
            continue
        is_move = e.act in MOVES and partner
        key: object = (e.act, e.case_id, partner, told.title) if is_move else e.pk
        if (before := found.pop(key, None)) is not None:
            told = replace(told, times=before.times + 1, first=before.first or before.event.at)
        found[key] = told
    return list(reversed(found.values()))


def _is_of_name(case: Case, event: CaseEvent) -> bool:
    """Whether the event opened the case of a machine that was known under another name before: its case is
    older than this event, and the head of the page tells that day."""
    return event.act == "open" and event.case_id == case.pk and event.at - case.opened_at > AT_ONCE


def _is_forwarder(event: CaseEvent) -> bool:
    return bool(event.data.get("why") == FORWARDER)


def _anew(event: CaseEvent) -> str:
    if _is_forwarder(event):
        return _("A person said that the address asks for others")
    return _("Who stands behind the address was judged anew")


def _title(case: Case, event: CaseEvent) -> str | Promise:
    """The act; of one that was taken back also which it was."""
    if _is_of_name(case, event):
        day = f"{timezone.localtime(case.opened_at):%d/%m/%Y}"
        return _("Known under this name. The case is open since %(day)s, under another name") % {"day": day}
    if event.act == Act.RETURN and "sign" in event.data:
        return _("Opened again as it was: it was told again")
    if event.act == MERGE and event.data.get("why") == UNTOLD:
        return _("Its signs count here: nobody tells any more which machine had the address")
    if event.act == MERGED and event.data.get("why") == UNTOLD:
        return _("Its signs count elsewhere: nobody tells any more which machine had the address")
    if event.act == MERGE and event.data.get(IS_BACK):
        return _("Counts again: its signs are known to be of this machine again")
    if event.act == RESUMED and (why := RESUMED_BY.get(event.data.get(MOVED_BY, ""))):
        return why
    if event.act == Act.ASSIGN and BY_SIGN in event.data:
        return _("Passed to the unit that has it, as signs and tables of addresses show")
    taken = ACTS.get(event.data.get("act", "")) if event.act == Act.UNDO else None
    if taken is None:
        return ACTS.get(event.act, event.act)
    return _("Taken back: “%(act)s”; the case is as it was before") % {"act": taken}


def _by_table(data: dict[str, Any]) -> str:
    if "teller" not in data:
        return ""
    at = _moment(data.get("handed_in"))
    day = f"{timezone.localtime(at):%d/%m/%Y}" if at else _("an unknown day")
    return _("by the address table of %(unit)s, handed in on %(day)s, after the signs had been told") % {
        "unit": data["teller"], "day": day
    }  # fmt: skip


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


def _moment(text: Any) -> datetime | None:
    return parse_datetime(text) if isinstance(text, str) and text else None


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
