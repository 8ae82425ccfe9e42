"""The figures of a campaign at a moment, against a naive second computation on random histories."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from statistics import median_high, median_low

import pytest

from quetsach.machines.counting import decline
from quetsach.machines.counting.computers import computers_of
from quetsach.machines.counting.figures import COUNTS, Standing, figures_at
from quetsach.machines.counting.histories import (
    Act,
    CaseHistory,
    Histories,
    Kind,
    MachineHistory,
    Move,
    Rung,
    UnitHistory,
)
from quetsach.machines.counting.reasons import REASONS, reasons

VIETNAM = timezone(timedelta(hours=7))
BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def at(day: float) -> datetime:
    return BEGIN + timedelta(days=day)


def steps(dice: random.Random, opened: float) -> tuple[list[Move], Rung]:
    """A history that follows its own states, as the portal writes it down."""
    moves, rung, day = [], Rung.OPEN, opened
    for _ in range(dice.randrange(9)):
        day += dice.choice((0.5, 2, 6))
        match rung:
            case Rung.OPEN:
                act, after = dice.choice(
                    ((Act.CLAIM, Rung.CLAIMED), (Act.TRY, Rung.OPEN), (Act.TRY, Rung.OPEN),
                     (Act.REACHED, Rung.OPEN), (Act.OTHER, Rung.FALSE))
                )  # fmt: skip
            case Rung.CLAIMED | Rung.RECHECKED:
                act, after = dice.choice(
                    ((Act.RELAPSE, Rung.OPEN), (Act.OTHER, Rung.RECHECKED), (Act.OTHER, Rung.VERIFIED))
                )
            case Rung.VERIFIED:
                act, after = Act.RELAPSE, Rung.OPEN
            case _:
                act, after = Act.OTHER, Rung.OPEN
        seen = at(day - dice.choice((0, 1, 5))) if act is Act.RELAPSE and dice.random() < 0.7 else None
        moves.append(Move(at(day), act, rung, after, seen))
        rung = after
    return moves, rung


def world(dice: random.Random) -> Histories:
    """Nine units on three levels, machines with one or two families, several episodes, some cases joined."""
    units = [UnitHistory(0, None, at(0), at(1), takes_part=dice.random() < 0.9)]
    for n in range(1, 9):
        parent = dice.choice([0, 0, *range(1, min(n, 4))])
        told = at(dice.randrange(20)) if dice.random() < 0.8 else None
        acknowledged = (told or at(20)) + dice.choice((0.2, 3)) * DAY if dice.random() < 0.6 else None
        register = (dice.randrange(5), dice.randrange(5, 20)) if dice.random() < 0.6 else None
        stated = dice.randrange(25) if dice.random() < 0.6 else None
        units.append(
            UnitHistory(
                n, parent, told, acknowledged, register, stated, dice.randrange(30),
                takes_part=dice.random() < 0.9,
            )
        )  # fmt: skip
    machines, cases = [], []
    for n in range(dice.randrange(14)):
        days = frozenset((at(dice.randrange(30))).date() for _ in range(3))
        machines.append(MachineHistory(n, dice.randrange(9), dice.choice(list(Kind)), days))
        for family in dice.sample(["a", "b"], dice.choice((1, 1, 2))):
            for episode in range(1, dice.choice((2, 2, 3))):
                opened = dice.randrange(25) + 0.25
                moves, rung = steps(dice, opened)
                first = at(opened - dice.choice((0, 2, 9))) if dice.random() < 0.8 else None
                id_ = (n, family, episode)
                cases.append(CaseHistory(id_, n, family, episode, at(opened), rung, tuple(moves), first))
    roots = [case for case in cases if case.episode == 1]
    for index, case in enumerate(cases):
        others = [one for one in roots if one.id != case.id and one.family == case.family]
        if others and case.episode == 1 and dice.random() < 0.15:
            target = dice.choice(others)
            step = Move(at(dice.randrange(30)), Act.MERGED, case.rung, case.rung)
            cases[index] = CaseHistory(
                case.id, case.machine, case.family, 1, case.opened, case.rung, (*case.moves, step),
                case.first_seen, target.id,
            )  # fmt: skip
            roots = [one for one in roots if one.id != case.id]
    return Histories(tuple(units), tuple(machines), tuple(cases))


class Naive:
    """The same figures by asking every question of every machine anew."""

    def __init__(self, known: Histories, now: datetime) -> None:
        self.known, self.now = known, now
        self.cases = {case.id: case for case in known.cases}

    def below(self, unit):
        """The unit and all under it."""
        found = {unit}
        while more := {u.id for u in self.known.units if u.parent in found} - found:
            found |= more
        return found

    def began(self, case):
        return case.opened if case.first_seen is None or case.first_seen > case.opened else case.first_seen

    def replay(self, case):
        state = Rung.OPEN
        for move in case.moves:
            holds = move.at <= self.now or (move.seen is not None and move.seen <= self.now)
            if holds and move.act != Act.MERGED and move.after != Rung.FALSE:
                state = move.after
        return state

    def way(self, case):
        """The cases that it became, one after the other; None where it goes in a circle."""
        found = []
        while case.into is not None:
            if case.id in found:
                return None
            found.append(case.id)
            case = self.cases[case.into]
        return [*found[1:], case.id]

    def rung(self, case):
        if case.rung == Rung.FALSE:
            return Rung.FALSE
        states = [self.replay(case)] if case.opened <= self.now else []
        for other in self.known.cases:
            way = self.way(other) if other.into is not None else None
            if not way or way[-1] != case.id or other.rung == Rung.FALSE or other.opened > self.now:
                continue
            steps_ = [other, *(self.cases[one] for one in way[:-1])]
            if all(m.at > self.now for one in steps_ for m in one.moves if m.act == Act.MERGED):
                states.append(self.replay(other))
        return min(states, default=Rung.OPEN)

    def live(self, machine):
        mine = [
            c for c in self.known.cases
            if c.machine == machine.id and c.into is None and self.began(c) <= self.now
        ]  # fmt: skip
        last = []
        for family in {c.family for c in mine}:
            its = sorted((c for c in mine if c.family == family), key=lambda c: c.episode)
            real = [c for c in its if c.rung != Rung.FALSE]
            last.append((real or its)[-1])
        return mine, last

    def count(self, units):
        found = dict.fromkeys(COUNTS, 0)
        hours = {"claimed": [], "rechecked": [], "verified": [], "acknowledged": []}
        active = {}
        for unit in self.known.units:
            if unit.id not in units:
                continue
            told = unit.told is not None and unit.told <= self.now
            said = unit.acknowledged is not None and unit.acknowledged <= self.now
            if unit.takes_part:
                found["units"] += 1
                found["told"] += told or said
                found["acknowledged"] += said
                if told:
                    hours["acknowledged"].append(
                        (unit.acknowledged - unit.told) / timedelta(hours=1) if said else None
                    )
            found["checked"] += unit.checked
        for machine in self.known.machines:
            mine, last = self.live(machine)
            if machine.unit not in units or not last:
                continue
            states = [self.rung(case) for case in last]
            if all(state == Rung.FALSE for state in states):
                found["false"] += 1
                continue
            worst = min(state for state in states)
            found["infected"] += machine.kind in (Kind.KNOWN, Kind.ADDRESS)
            found["located"] += machine.kind == Kind.KNOWN
            found["shared"] += machine.kind == Kind.SHARED
            found["unlocated"] += machine.kind == Kind.UNLOCATED
            found["claimed"] += worst in (Rung.CLAIMED, Rung.RECHECKED, Rung.VERIFIED)
            found["rechecked"] += worst in (Rung.RECHECKED, Rung.VERIFIED)
            found["verified"] += worst == Rung.VERIFIED
            real = [case for case in mine if case.rung != Rung.FALSE]
            found["relapsed"] += any(
                m.act == Act.RELAPSE and min(m.at, m.seen or m.at) <= self.now for c in real for m in c.moves
            )
            found["reinfected"] += any(
                a.family == b.family and a.episode < b.episode for a in real for b in real
            )
            found["unreachable"] += any(self.lost(case) for case in last if self.rung(case) == Rung.OPEN)
            for day in machine.days:
                if day <= self.now.astimezone(VIETNAM).date():
                    active[day] = active.get(day, 0) + 1
            unit = next(u for u in self.known.units if u.id == machine.unit)
            for case in last:
                start = case.opened if unit.told is None or unit.told < case.opened else unit.told
                if self.rung(case) == Rung.FALSE or start > self.now:
                    continue
                for name, is_end in (
                    ("claimed", lambda m: m.act == Act.CLAIM),
                    ("rechecked", lambda m: m.after in (Rung.RECHECKED, Rung.VERIFIED)),
                    ("verified", lambda m: m.after == Rung.VERIFIED),
                ):
                    ends = [m.at for m in case.moves if is_end(m) and m.at <= self.now]
                    gap = max((min(ends) - start) / timedelta(hours=1), 0) if ends else None
                    hours[name].append(gap)
        return found, hours, active

    def lost(self, case):
        told = "".join(
            {Act.TRY: "t", Act.REACHED: "r", Act.CLAIM: "r"}.get(m.act, "")
            for m in case.moves
            if min(m.at, m.seen or m.at) <= self.now
        )
        return "ttt" in told[told.rfind("r") + 1 :]


def middle(hours):
    """The lower median, with those that never came at the end."""
    value = median_low([float("inf") if one is None else one for one in hours]) if hours else float("inf")
    assert value <= median_high([float("inf") if one is None else one for one in hours] or [value])
    return None if value == float("inf") else value


@pytest.mark.parametrize("seed", range(60))
def test_the_figures_are_those_of_a_naive_count(seed):
    dice = random.Random(seed)
    known = world(dice)
    for day in (-3, 0, 4, 11, 19.5, 26, 90):
        counted = figures_at(known, at(day), zone=VIETNAM)
        naive = Naive(known, at(day))
        for unit in known.units:
            for figures, units in (
                (counted.own[unit.id], {unit.id}),
                (counted.whole[unit.id], naive.below(unit.id)),
            ):
                numbers, hours, active = naive.count(units)
                assert figures.counts() == numbers, (day, unit.id)
                assert dict(figures.active) == active
                for name, clock in figures.clocks.items():
                    assert clock.median() == pytest.approx(middle(hours[name])), (day, name)


@pytest.mark.parametrize("seed", range(20))
def test_a_unit_with_all_below_is_the_sum_of_its_parts(seed):
    known = world(random.Random(seed))
    counted = figures_at(known, at(20), zone=VIETNAM)
    for unit in known.units:
        parts = [counted.own[unit.id], *(counted.whole[u.id] for u in known.units if u.parent == unit.id)]
        for name in (*COUNTS, "seen"):
            assert getattr(counted.whole[unit.id], name) == sum(getattr(one, name) for one in parts)
        below = naive_units(known, unit.id)
        found = counted.whole[unit.id].computers
        assert (found.units, found.unknown, found.unlisted) == (
            len(below),
            sum(one.register is None and one.stated is None for one in below),
            sum(one.register is None for one in below),
        )
        bounds = [bounds_of(one) for one in below if one.register or one.stated is not None]
        assert found.known == (tuple(map(sum, zip(*bounds, strict=True))) if bounds else None)
        numbers = [(set(range(low, high + 1)), one.checked) for (low, high), one in bounded(below)]
        if numbers:  # whichever number within the bounds is true, so many are left
            left = [[max(number - checked, 0) for number in some] for some, checked in numbers]
            assert found.unchecked == (sum(map(min, left)), sum(map(max, left)))
    top = counted.whole[0]
    assert top.seen + top.false == len(counted.machines)
    assert top.seen >= top.claimed >= top.rechecked >= top.verified and top.infected >= top.located


def naive_units(known, unit):
    below = Naive(known, at(0)).below(unit)
    return [one for one in known.units if one.id in below]


def bounds_of(unit):
    if unit.register is None:
        return unit.stated, unit.stated
    return unit.register[0], max([unit.register[1], *([] if unit.stated is None else [unit.stated])])


def bounded(units):
    return [(bounds_of(one), one) for one in units if one.register or one.stated is not None]


def test_knowing_nothing_wins_no_place():
    places = {
        "register, half checked": computers_of((10, 10), None, 5),
        "register, a fifth checked": computers_of((10, 10), None, 2),
        "register of one machine, ten said": computers_of((1, 1), 10, 1),
        "no register, all of three said": computers_of(None, 3, 3),
        "nothing known": computers_of(None, None, 40),
    }
    half = places["register, half checked"]
    places["half of the units with a register"] = half + places["no register, all of three said"]
    all_of_it = computers_of((10, 10), None, 10)
    places["half with a register, the others unknown"] = all_of_it + places["nothing known"]
    assert [(one.counted, one.is_part) for one in (half, all_of_it + places["nothing known"])] == [
        (1, False), (1, True),
    ]  # fmt: skip
    assert sorted(places, key=lambda name: places[name].rank) == [
        "register, half checked",
        "register, a fifth checked",
        "register of one machine, ten said",
        "half of the units with a register",
        "half with a register, the others unknown",
        "no register, all of three said",
        "nothing known",
    ]


def test_a_register_of_fewer_machines_hides_no_computer_that_the_unit_said():
    found = computers_of((5, 6), 60, 5)
    assert (found.known, found.unchecked, found.checked) == ((5, 60), (0, 55), 5)
    assert computers_of((5, 6), 2, 1).unchecked == (4, 5), "a machine of the register is there"
    assert computers_of((0, 0), None, 3).known is None, "an empty register knows nothing"


def case(id_, machine, moves=(), *, opened=1.0, first=None, rung=None, into=None, episode=1):
    states = moves[-1].after if moves else Rung.OPEN
    return CaseHistory(
        id_, machine, "", episode, at(opened), states if rung is None else rung, tuple(moves),
        at(first) if first is not None else None, into,
    )  # fmt: skip


def step(day, act, before, after, seen=None):
    return Move(at(day), act, before, after, at(seen) if seen is not None else None)


def whole(cases, day, machines=("A", "B")):
    known = Histories(
        (UnitHistory("u", None, at(0)),), tuple(MachineHistory(m, "u") for m in machines), cases
    )
    return figures_at(known, at(day), zone=VIETNAM).whole["u"]


CLAIMED = step(5, Act.CLAIM, Rung.OPEN, Rung.CLAIMED)
PROVEN = step(20, Act.OTHER, Rung.CLAIMED, Rung.VERIFIED)


def test_time_that_goes_on_changes_nothing_about_a_moment_of_before():
    before = whole((case(1, "A", [CLAIMED]),), 10)
    later = whole((case(1, "A", [CLAIMED, PROVEN]), case(2, "B", opened=12)), 10)
    assert before == later and (before.infected, before.claimed, before.verified) == (1, 1, 0)


def test_a_late_log_changes_the_moment_of_its_signs():
    late = case(2, "B", opened=40, first=8)
    assert whole((case(1, "A", [CLAIMED]), late), 10).infected == 2
    back = step(40, Act.RELAPSE, Rung.CLAIMED, Rung.OPEN, seen=7)
    found = whole((case(1, "A", [CLAIMED, back]),), 10)
    assert (found.claimed, found.relapsed) == (0, 1)


def test_a_recalled_list_and_a_machine_that_was_another_one_change_every_moment():
    recalled = step(40, Act.OTHER, Rung.CLAIMED, Rung.FALSE)
    found = whole((case(1, "A", [CLAIMED, recalled]),), 10)
    assert (found.infected, found.claimed, found.false) == (0, 0, 1)
    gone = case(2, "B", [step(40, Act.MERGED, Rung.OPEN, Rung.OPEN)], into=1)
    found = whole((case(1, "A", [CLAIMED]), gone), 10)
    assert (found.infected, found.claimed) == (1, 0), "the least proven of both counts"


def test_a_machine_whose_second_infection_was_none_is_clean_as_before():
    first = case(1, "A", [CLAIMED, PROVEN])
    second = case(2, "A", opened=25, episode=2)
    found = whole((first, second), 30)
    assert (found.infected, found.verified, found.reinfected) == (1, 0, 1)
    gone = step(40, Act.OTHER, Rung.OPEN, Rung.FALSE)
    found = whole((first, case(2, "A", [gone], opened=25, episode=2)), 30)
    assert (found.infected, found.verified, found.reinfected, found.false) == (1, 1, 0, 0)


def test_a_median_counts_those_that_have_not_come_as_the_latest():
    soon = case(1, "A", [CLAIMED])
    found = whole((soon, case(2, "B")), 10).clocks["claimed"]
    assert found.median() == 96.0 and found.all == 2
    never = whole((soon, case(2, "B"), case(3, "C")), 10, machines=("A", "B", "C")).clocks["claimed"]
    assert never.median() is None


def test_the_handling_goes_along_with_a_machine_that_got_another_name():
    """Handled on day 5 and proven on day 20 under an address; a file names the machine on day 40."""
    joined = step(40, Act.MERGED, Rung.VERIFIED, Rung.VERIFIED)
    former = case(1, "A", [CLAIMED, PROVEN, joined], opened=1, into=2)
    taken = step(40, Act.TAKEN_IN, Rung.OPEN, Rung.VERIFIED)
    for day in (30, 50):
        clocks = whole((former, case(2, "B", [taken], opened=1)), day).clocks
        assert (clocks["claimed"].median(), clocks["verified"].median()) == (4 * 24, 19 * 24)
    refused = step(40, Act.TAKEN_IN, Rung.OPEN, Rung.OPEN)
    clocks = whole((former, case(2, "B", [refused], opened=1)), 50).clocks
    assert clocks["claimed"].median() is None, "the other machine was not handled, and it is the same one"
    earlier = case(3, "A", [step(0.5, Act.CLAIM, Rung.OPEN, Rung.CLAIMED)], opened=0, into=2)
    clocks = whole((earlier, former, case(2, "B", [taken], opened=1)), 50).clocks
    assert clocks["claimed"].median() == 4 * 24, "what was before its opening is an earlier episode"


# --- natural decline: published examples ---


@pytest.mark.parametrize(
    ("count", "all_", "low", "high"),
    # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3 (Wilson).
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_of_shares_are_those_that_newcombe_published(count, all_, low, high):
    found = decline.wilson(count, all_)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    # R. G. Newcombe, Statistics in Medicine 17 (1998), 873-890, table II, method 10.
    [
        ((70, 56), (80, 48), 0.0524, 0.3339),
        ((10, 9), (10, 3), 0.1705, 0.8090),
        ((7, 6), (7, 2), 0.0582, 0.8062),
        ((56, 5), (29, 0), -0.0381, 0.1926),
        ((10, 0), (20, 0), -0.1611, 0.2775),
        ((10, 10), (20, 0), 0.6791, 1.0),
    ],
)
def test_intervals_of_differences_are_those_that_newcombe_published(one, other, low, high):
    found = decline.difference(decline.Group(*one), decline.Group(*other))
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


def test_a_machine_that_nobody_could_follow_is_not_silent():
    day = BEGIN.date()
    followed = decline.Spell(day, day + 2 * DAY, day + 40 * DAY)
    unseen = decline.Spell(day, day + 2 * DAY, day + 15 * DAY)
    talking = decline.Spell(day, day + 39 * DAY, day + 40 * DAY)
    assert decline.silent_within([followed, unseen, talking]) == decline.Group(2, 1)
    curve = decline.remaining([followed, unseen, talking], 60)
    assert curve[0] == 1.0 and curve[3] == pytest.approx(1 / 3) and curve[10] == 0.5 and curve[50] is None


def test_the_band_of_natural_decline_is_that_of_the_studies():
    assert decline.natural_band(0) == (1.0, 1.0)
    assert decline.natural_band(14) == pytest.approx((0.26, 0.42))
    assert decline.natural_band(60) == decline.natural_band(14)


OPEN = Standing(Rung.OPEN, Kind.KNOWN)
DONE = Standing(Rung.CLAIMED, Kind.KNOWN)
NO_SIGN = Standing(Rung.FALSE, Kind.KNOWN)
ADDRESS = Standing(Rung.OPEN, Kind.ADDRESS)


@pytest.mark.parametrize(
    ("before", "now", "known", "why"),
    [
        ({"A": OPEN, "B": OPEN}, {"A": OPEN}, {"leads": {"B": "A"}}, {"merged": 1}),
        ({"A": DONE, "B": OPEN}, {"A": OPEN}, {"leads": {"B": "A"}}, {"merged": 1}),
        ({"A": OPEN, "B": OPEN}, {"C": OPEN}, {"leads": {"A": "C", "B": "C"}},
         {"merged": 1, "renamed": 1}),
        ({"A": ADDRESS}, {"C": OPEN}, {"leads": {"A": "C"}}, {"named": 1}),
        ({"C": OPEN}, {"A": ADDRESS}, {"leads": {"C": "A"}, "there": {"A"}}, {"renamed": 1}),
        ({"C": OPEN}, {"D": OPEN}, {"leads": {"C": "B", "B": "D"}}, {"renamed": 1}),
        ({"A": ADDRESS}, {"C": DONE}, {"leads": {"A": "C"}}, {"further": 1}),
        ({"A": OPEN}, {"A": ADDRESS}, {}, {"renamed": 1}),
        ({"A": OPEN}, {}, {"leads": {"A": "C"}, "elsewhere": {"C"}}, {"left": 1}),
        ({"A": OPEN}, {"A": OPEN, "B": OPEN}, {"parted": {"B"}}, {"split": 1}),
        ({"A": OPEN}, {"A": OPEN, "B": OPEN}, {}, {"late": 1}),
        ({}, {"B": OPEN}, {"there": {"B"}}, {"came": 1}),
        ({"A": OPEN, "B": OPEN}, {}, {"elsewhere": {"B"}}, {"gone": 1, "left": 1}),
        ({"A": OPEN, "B": DONE}, dict.fromkeys("AB", NO_SIGN), {"recalled": {"B"}},
         {"false": 1, "recalled": 1}),
        ({"A": DONE._replace(is_relapsed=True), "B": OPEN}, {"A": DONE, "B": NO_SIGN},
         {"retracted": {"A", "B"}}, {"retracted": 2}),
        ({"A": OPEN._replace(is_relapsed=True)}, {"A": DONE}, {"recalled": {"A"}}, {"recalled": 1}),
        ({"A": NO_SIGN}, {"A": OPEN}, {}, {"true": 1}),
        ({"A": NO_SIGN, "B": NO_SIGN}, {"A": OPEN, "B": DONE}, {"returned": {"B"}},
         {"true": 1, "returned": 1}),
        ({"A": DONE}, {"A": OPEN}, {}, {"back": 1}),
        ({"A": DONE}, {"A": DONE._replace(is_relapsed=True)}, {}, {"back": 1}),
        ({"A": OPEN}, {"A": DONE}, {}, {"further": 1}),
        ({"A": ADDRESS}, {"A": OPEN}, {}, {"named": 1}),
        ({"A": OPEN}, {"A": OPEN}, {"rehomed": {"A"}}, {"moved": 1}),
        ({"A": OPEN}, {"A": OPEN}, {}, {}),
    ],
)  # fmt: skip
def test_every_machine_that_changed_has_one_reason(before, now, known, why):
    assert reasons(before, now, **{"leads": {}, **known}) == why
    assert set(why) <= set(REASONS)
