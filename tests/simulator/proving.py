"""What the programs say of machines in a simulated outbreak, beside the truth. A fault is planted by other
settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from quetsach.machines.proof.facts import Around, Claim, Expiry, Hit, Machine, Place
from quetsach.machines.proof.hours import Span
from quetsach.machines.proof.judgement import Judgement, Rung
from quetsach.machines.proof.judging import judge
from quetsach.machines.proof.nameless import Malware, Nameless, is_repeated
from quetsach.machines.proof.places import LogDay, PlaceLog
from tests.simulator import outbreak
from tests.simulator.outbreak import DAY, Computer, Office, World

EPOCH = datetime(2026, 3, 1, 17, tzinfo=UTC)
"""The first midnight in Vietnam: Monday, 2 March 2026."""
AHEAD = 7
JUDGED = range(15, 22)
"""Days after the claim."""


@dataclass(frozen=True)
class Faults:
    """Switches of planted faults."""

    ignores_expiry: bool = False
    ignores_around: bool = False
    counts_outage: bool = False
    keeps_claim: bool = False
    ignores_recall: bool = False
    lives_by_one_log: bool = False
    joins_gaps: bool = False
    takes_arrival: bool = False
    ignores_nameless: bool = False
    blames_everybody: bool = False
    trusts_any_asker: bool = False


@dataclass
class Verdict:
    """The outcome. `clean_ill`: verified while infected; `unhandled`: a claim stands that nobody made for
    the machine; `around`: verified although it goes around; `seen` truly clean machines that their place can
    see, `verified` of them; `false`: cases that stand against clean machines; `months` of clean machines."""

    clean_ill: list[int] = field(default_factory=list)
    unhandled: list[int] = field(default_factory=list)
    around: list[int] = field(default_factory=list)
    seen: int = 0
    verified: int = 0
    false: int = 0
    months: float = 0.0
    judgements: dict[int, Judgement] = field(default_factory=dict)

    @property
    def share(self) -> float:
        return self.verified / max(1, self.seen)

    def faults(self) -> list[str]:
        found = [
            f"{len(some)} {name}"
            for name, some in (
                ("clean while infected", self.clean_ill),
                ("claimed by nobody", self.unhandled),
                ("clean while going around", self.around),
            )
            if some
        ]
        if self.share < 0.8:
            found.append(f"only {self.verified} of {self.seen} clean machines verified")
        if self.false > self.months / 100:
            found.append(f"{self.false} false cases in {self.months:.0f} clean months")
        return found


MOMENTS = [EPOCH + timedelta(hours=n) for n in range((outbreak.DAYS + 2) * DAY)]
PLACES = [(at.date(), at.hour) for at in MOMENTS]
"""UTC day and hour of each hour."""


def moment(hour: int) -> datetime:
    return EPOCH + timedelta(hours=hour) if hour < 0 else MOMENTS[hour]


def prove(world: World, faults: Faults | None = None, judged: Iterable[int] = JUDGED) -> Verdict:
    """Every claim judged on these days after it, and the cases that stand at the end."""
    faults, verdict = faults or Faults(), Verdict()
    logs: dict[tuple[int, int], tuple[PlaceLog, PlaceLog | None]] = {}
    for computer in world.computers:
        if not computer.family:
            verdict.months += outbreak.DAYS * DAY / outbreak.MONTH
            verdict.false += any(
                sign.indicator.recalled is None or faults.ignores_recall for sign in computer.signs
            )
            continue
        assert computer.claimed is not None
        own = [sign for sign in computer.signs if sign.indicator.family == computer.family]
        if not any(sign.arrived <= computer.claimed and sign.hour <= computer.claimed for sign in own):
            continue  # nobody knew of it
        rungs = set()
        for days in judged:
            now = computer.claimed + days * DAY
            at = computer.office, now // DAY
            if at not in logs:
                logs[at] = _logs(world, world.offices[computer.office], now, faults)
            found = _judge(world, computer, now, *logs[at], faults)
            verdict.judgements[computer.number] = found
            rungs.add(found.rung)
            if found.rung is Rung.OPEN:
                break
        _weigh(world, computer, rungs, verdict)
    return verdict


def _weigh(world: World, computer: Computer, rungs: set[Rung], verdict: Verdict) -> None:
    """One machine beside the truth."""
    if computer.clone is not None:
        if rungs != {Rung.OPEN}:
            verdict.unhandled.append(computer.number)
        return
    if not computer.is_cleaned:
        if Rung.VERIFIED in rungs:
            verdict.clean_ill.append(computer.number)
        return
    if computer.goes_around:
        if Rung.VERIFIED in rungs:
            verdict.around.append(computer.number)
        return
    # An expired indicator is in no log, and a sign without a machine may be anybody's: its place cannot see
    # the machine.
    office = world.offices[computer.office]
    is_seen = not office.is_in_trouble and computer.family not in world.expiries
    is_seen &= not any(
        (line.is_answer or line.is_relayed)
        and line.indicator.family == computer.family
        and line.hour > (computer.claimed or 0)
        for line in office.nameless
    )
    if is_seen and not computer.is_part_time:
        verdict.seen += 1
        verdict.verified += Rung.VERIFIED in rungs
    verdict.false += Rung.OPEN in rungs


def _logs(world: World, office: Office, now: int, faults: Faults) -> tuple[PlaceLog, PlaceLog | None]:
    """The logs that had come by now: the place that sees signs, and the antivirus."""
    here = [day for day in range(outbreak.DAYS) if office.arrived[day] <= now and day * DAY < now]
    lines: dict[date, list[int]] = {}
    for day in here:
        for hour in range(day * DAY, (day + 1) * DAY):
            count = office.lines[hour] if hour < now else 0
            if count:
                utc_day, at = PLACES[hour]
                lines.setdefault(utc_day, [0] * 24)[at] = count
    if faults.joins_gaps:
        _join(lines)
    days = [_day("dns", _listing(world.expiries, day), day, counts) for day, counts in sorted(lines.items())]
    if faults.counts_outage:
        days = [one._replace(lines=(), first=_midnight(one.day), last=_evening(one.day)) for one in days]
    agent = None
    if office.has_agent:
        some = [date.fromordinal(moment(day * DAY).date().toordinal()) for day in here]
        agent = PlaceLog([_day("agent", "none", day, [1] * 24) for day in sorted(set(some))])
    return PlaceLog(days, _nameless(world, office, now, faults)), agent


def _nameless(world: World, office: Office, now: int, faults: Faults) -> list[Nameless]:
    """The lines that name no machine, but for those that repeat a question of a machine with a name."""
    if faults.ignores_nameless:
        return []
    asked: dict[str, list[Span]] = {}
    for computer in world.computers:
        if computer.office == office.number:
            for sign in computer.signs:
                if sign.arrived <= now:
                    asked.setdefault(sign.indicator.name, []).append((moment(sign.hour), moment(sign.hour)))
    if faults.trusts_any_asker:
        for line in office.nameless:
            if line.is_relayed and line.arrived <= now:
                asked.setdefault(line.indicator.name, []).append((moment(line.hour), moment(line.hour)))
    found = []
    for line in office.nameless:
        recalled = line.indicator.recalled
        if line.arrived > now or (recalled is not None and recalled <= now):
            continue
        at = moment(line.hour) + timedelta(seconds=2)
        if not line.is_answer and is_repeated([(at, at)], asked.get(line.indicator.name, ())):
            continue
        family = "" if faults.blames_everybody else line.indicator.family
        found.append(Nameless(line.indicator.name, family, ((at, at),)))
    return found


def _join(lines: dict[date, list[int]]) -> None:
    """A pause of up to ten hours is filled with the lines of the hour before it."""
    hours = [(day, hour) for day in sorted(lines) for hour in range(24)]
    last = None
    for n, (day, hour) in enumerate(hours):
        if lines[day][hour]:
            if last is not None and 1 < n - last <= 11:
                before = lines[hours[last][0]][hours[last][1]]
                for at in range(last + 1, n):
                    lines[hours[at][0]][hours[at][1]] = max(before, 1000)
            last = n


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _evening(day: date) -> datetime:
    return _midnight(day) + timedelta(days=1, microseconds=-1)


def _day(source: str, listing: str, day: date, lines: list[int]) -> LogDay:
    begin = _midnight(day)
    hours = [hour for hour, count in enumerate(lines) if count]
    last = begin + timedelta(hours=hours[-1] + 1, microseconds=-1)
    return LogDay(source, listing, day, lines, begin + timedelta(hours=hours[0]), last)


def _listing(expiries: dict[str, int], day: date) -> str:
    """The list of the day, by the families that are no longer on it."""
    return " ".join(sorted(name for name, at in expiries.items() if moment(at).date() <= day)) or "all"


def _judge(
    world: World, computer: Computer, now: int, log: PlaceLog, agent: PlaceLog | None, faults: Faults
) -> Judgement:
    office = world.offices[computer.office]
    claimed = computer.claimed
    assert claimed is not None
    own = [sign for sign in computer.signs if sign.indicator.family == computer.family]
    hits = [
        Hit(
            "dns",
            moment(sign.arrived if faults.takes_arrival else sign.hour) + timedelta(minutes=20),
            moment(sign.arrived),
            ((moment(sign.hour), moment(sign.hour)),),
            is_recalled=not faults.ignores_recall
            and sign.indicator.recalled is not None
            and sign.indicator.recalled <= now,
        )
        for sign in own
        if sign.arrived <= now
    ]
    there = [hour for hour in computer.hours if office.arrived[hour // DAY] <= now and hour < now]
    seen = _masks(hour for hour in there if office.lines[hour] and hour not in office.down)
    if faults.lives_by_one_log:
        # Expected are the hours since the claim in which the log itself shows the machine.
        after = [hour for hour in there if hour > claimed and office.lines[hour]]
        places = [_place("dns", log, computer, _masks(after), faults, world)]
        places.append(Place("echo", PlaceLog([]), frozenset(), _masks(after)))
        hits = [hit._replace(times=()) for hit in hits]
        hits[0] = hits[0]._replace(times=tuple((moment(h), moment(h)) for h in _echo(after, claimed)))
    else:
        places = [_place("dns", log, computer, seen, faults, world)]
        if agent is not None:
            places.append(Place("agent", agent, frozenset(), _masks(there)))
    expiries = [] if faults.ignores_expiry else _expiries(world, computer)
    machine = f"machine-{computer.number}"
    on = machine if computer.clone is None or faults.keeps_claim else f"machine-{computer.clone.number}"
    return judge(
        Claim(moment(claimed), machine=on), hits, places, now=moment(now),
        around=[] if faults.ignores_around else _around(computer, now), expiries=expiries,
        machine=Machine(frozenset({machine}), ahead=AHEAD),
        malware=Malware(computer.family, frozenset(sign.indicator.name for sign in own)),
    )  # fmt: skip


def _echo(after: list[int], claimed: int) -> list[int]:
    """The hours of the week since the claim, moved before it."""
    return sorted({claimed - 168 + (hour - claimed) % 168 for hour in after})


def _place(
    key: str, log: PlaceLog, computer: Computer, alive: dict[date, int], faults: Faults, world: World
) -> Place:
    listings = log.listings
    if not faults.ignores_expiry:
        listings = frozenset(one for one in listings if computer.family not in one.split())
    return Place(key, log, listings, alive, frozenset(alive))


def _expiries(world: World, computer: Computer) -> list[Expiry]:
    at = world.expiries.get(computer.family)
    return [] if at is None else [Expiry(computer.family, moment(at))]


def _around(computer: Computer, now: int) -> list[Around]:
    """The rows about ways around. Some machines are told without a time."""
    if not computer.is_around_told:
        return [Around(None, None, moment(hour + 1)) for hour in computer.around if hour < now][-1:]
    return [Around(moment(hour), moment(hour), moment(hour + DAY)) for hour in computer.around if hour < now]


def _masks(hours: Iterable[int]) -> dict[date, int]:
    found: dict[date, int] = {}
    for hour in hours:
        day, at = PLACES[hour]
        found[day] = found.get(day, 0) | 1 << at
    return found


def with_fault(name: str) -> Faults:
    """The settings with one fault."""
    return replace(Faults(), **{name: True})
