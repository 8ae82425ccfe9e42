"""Judges by logs a machine that was claimed clean. Pure: no database, no clock.

Liveness read from the log that is silent would be circular: in an outage the machine is not active. So the
hours in which the machine is expected come from the time before the claim, and from other places. Silence
proves something in those of them in which the place was up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property

from quetsach.machines.proof import given_away
from quetsach.machines.proof.facts import Around, Claim, Expiry, Hit, Machine, Place
from quetsach.machines.proof.gaps import Gap, Lack
from quetsach.machines.proof.hours import Span, hour_of, in_a_row, moment_of, moved, runs, span, weekly
from quetsach.machines.proof.judgement import Count, Hours, Judgement, Rung
from quetsach.machines.proof.nameless import Malware
from quetsach.machines.proof.out_of_use import seen_since
from quetsach.machines.proof.places import BASELINE

GUARD = timedelta(hours=1)
"""A sign so soon after the claim may still be of the time before it."""
RECHECK = timedelta(hours=24)
"""The quiet time of a second look."""
PAUSE = 24
"""Hours. A second look goes over a pause in which nothing was expected of the machine, if it is no longer."""
QUIET_DAYS = 14
SEEN_DAYS = 7
"""Of fourteen quiet days the machine must be seen on so many."""
LEAST_HOURS = 20
"""Of fourteen quiet days the machine must be expected in so many hours."""
COVERED = (9, 10)
"""The part of the expected hours in which the place must have been up."""
LONG = 10
"""So many expected hours in a row without a look part the silence in two: those of a morning and the evening
before stand in a row, where the machine is expected in no hour of the night."""
STOPPED = 24
"""A machine that was expected in so many covered hours since it went around does so no longer."""
UNSEEN = {Lack.LOST, Lack.UNREAD, Lack.NO_MACHINE, Lack.NAMELESS, Lack.UNLOCATED}
"""There were lines in these hours, and nobody could look at them: they part the silence, however short. In an
outage a machine has nobody to speak with."""
ANY = Malware()
_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 24
_BEFORE = BASELINE * _DAY


_RUNGS = list(Rung)


def judge(
    claim: Claim,
    hits: Iterable[Hit],
    places: Iterable[Place],
    *,
    now: datetime,
    quiet_days: int = QUIET_DAYS,
    around: Iterable[Around] = (),
    expiries: Iterable[Expiry] = (),
    machine: Machine | None = None,
    malware: Malware = ANY,
    for_page: bool = True,
) -> Judgement:
    """The judgement. `places` are all that tell something of the machine: its silence must be at one that saw
    the signs and said so before the claim, or at one of another unit. `malware` is that of the case. Without
    `for_page` a judgement that is no proof has no `hours`: only pages tell them."""
    machine = machine or Machine()
    hits = [hit for hit in hits if not hit.is_recalled]
    around, places = list(around), list(places)
    if claim.machine and machine.keys and claim.machine not in machine.keys:
        return Judgement(Rung.OPEN, gaps=(Gap(Lack.SPLIT, claim.at, now),))
    guard = claim.at + GUARD
    if any(hit.last is not None and hit.last > guard and not hit.is_moved for hit in hits):
        return Judgement(Rung.OPEN)
    if machine.is_retired and (back_at := seen_since(guard, places, machine)) is not None:
        return Judgement(Rung.OPEN, back_at=back_at)
    watch = _Watch(
        claim, hits, places, around, list(expiries), machine, malware, now, quiet_days, for_page=for_page
    )
    found = [watch.at(place) for place in watch.counting]
    best = max(found, key=_order, default=None) or _without_place(watch, places)
    if best.rung is Rung.VERIFIED and watch.outside:
        there = max((one for one in found if one.place in watch.outside), key=_order, default=None)
        best = there if there and there.rung is Rung.VERIFIED else _only_inside(watch, best, there)
    held = _held_back(best, hits, around, machine, claim.at, now)
    if best.rung is Rung.VERIFIED and held.rung is not Rung.VERIFIED:
        held = replace(held, gaps=(*held.gaps, *watch.spared(best)))
    return held


def _only_inside(watch: _Watch, best: Judgement, there: Judgement | None) -> Judgement:
    """The unit's own place is silent. Another unit's place saw the signs too. A unit chooses the logs that it
    shows, so its own place is not enough."""
    gap = Gap(Lack.OUTSIDE, watch.claim.at + GUARD, watch.now, min(watch.outside))
    gaps: tuple[Gap, ...] = (gap, *watch.spared(best))
    earliest = None
    if there is not None:
        gap = gap._replace(place=there.place)
        gaps, earliest = (gap, *there.gaps), there.earliest
        best = replace(best, hours=there.hours)  # the page tells those that the gaps are about
    return replace(best, rung=Rung.RECHECKED, gaps=gaps, earliest=earliest)


def _held_back(
    best: Judgement,
    hits: Sequence[Hit],
    around: Sequence[Around],
    machine: Machine,
    claimed: datetime,
    now: datetime,
) -> Judgement:
    """The judgement after what forbids a proof at any place."""
    gaps = []
    if machine.is_shared:
        gaps.append(Gap(Lack.SHARED, claimed, now))
    if any(hit.last is None and hit.told > claimed for hit in hits):
        gaps.append(Gap(Lack.NO_TIME, claimed, now))
    if any(one.last is None and one.told > claimed for one in around):
        gaps.append(Gap(Lack.AROUND, claimed, now))
    if not gaps:
        return best
    rung = Rung.RECHECKED if best.rung is Rung.VERIFIED else best.rung
    return replace(best, rung=rung, earliest=None, gaps=(*gaps, *best.gaps))


def _order(one: Judgement) -> tuple[int, int, timedelta, str]:
    return _RUNGS.index(one.rung), one.count.covered, one.quiet, one.place


def _without_place(watch: _Watch, places: Iterable[Place]) -> Judgement:
    """No place that counts has a log from after the claim."""
    gaps = []
    if any(_is_looked_at(place, watch.claim.at) for place in places):
        gaps.append(Gap(Lack.OTHER_PLACE, watch.claim.at + GUARD, watch.now))
    gaps += [Gap(Lack.NO_LOG, watch.claim.at + GUARD, watch.now, key) for key in sorted(watch.mays)]
    earliest = watch.claim.at + GUARD + watch.needed
    return Judgement(Rung.CLAIMED, gaps=tuple(gaps), earliest=earliest)


def _is_looked_at(place: Place, claimed: datetime) -> bool:
    return any(day.last > claimed for day in place.log.days)


class _Watch:
    """The claim with all that holds for every place. Hours are counted from four weeks before the claim."""

    def __init__(
        self,
        claim: Claim,
        hits: Sequence[Hit],
        places: Sequence[Place],
        around: Sequence[Around],
        expiries: Sequence[Expiry],
        machine: Machine,
        malware: Malware,
        now: datetime,
        quiet_days: int,
        *,
        for_page: bool,
    ) -> None:
        self.for_page = for_page
        self.claim, self.machine, self.malware, self.now = claim, machine, malware, now
        self.needed = timedelta(days=quiet_days)
        self.long = quiet_days * _DAY
        self.seen_days = -(-quiet_days * SEEN_DAYS // QUIET_DAYS)
        self.least_hours = -(-quiet_days * LEAST_HOURS // QUIET_DAYS)
        self.hour = hour_of(claim.at)
        self.origin = self.hour - _BEFORE
        self.start = -int(-(claim.at + GUARD).timestamp() // 3600) - self.origin
        self.end = max(self.start, hour_of(now) + 1 - self.origin)
        saw = [hit for hit in hits if hit.is_moved or hit.begins is None or hit.begins <= claim.at + GUARD]
        self.outside = {hit.place for hit in saw if hit.is_outside}
        said = claim.told or claim.at
        self.mays = self.outside | {hit.place for hit in saw if hit.told <= said}
        """The places whose silence may count."""
        self.counting = [
            place for place in places if place.key in self.mays and _is_looked_at(place, claim.at)
        ]
        self.alive = {place.key: self._masks(place.alive) for place in places}
        self.signs = self._hours(span for hit in hits for span in hit.times)
        after = span(self.start, self.end)
        self.around = after & self._hours(
            span for one in around for span in one.times or _span(one.first, one.last)
        )
        self.moved = given_away.by_place(hits, self.origin, after)
        self.broken = self.around | given_away.before_last(self.moved, self.start)
        """The hours that are no silence."""
        self.expired = min((hour_of(one.at) - self.origin for one in expiries), default=None)

    def _hours(self, times: Iterable[Span]) -> int:
        bits = 0
        for first, last in times:
            bits |= span(hour_of(first) - self.origin, hour_of(last) + 1 - self.origin)
        return bits

    def _masks(self, days: Mapping[date, int]) -> int:
        bits = 0
        for day, mask in days.items():
            bits |= moved(mask, self._midnight(day))
        return bits

    def _midnight(self, day: date) -> int:
        return (day.toordinal() - _EPOCH) * _DAY - self.origin

    def at(self, place: Place) -> Judgement:
        """The judgement by one place alone."""
        return _AtPlace(self, place).judgement()

    def spared(self, proven: Judgement) -> tuple[Gap, ...]:
        """The gaps that a proof at its place did without. Where something else forbids it, the page lists
        them beside that, because its picture shows them."""
        assert proven.hours is not None
        place = next(one for one in self.counting if one.key == proven.place)
        return _AtPlace(self, place).spared(proven.hours)


def _span(first: datetime | None, last: datetime | None) -> tuple[Span, ...]:
    return () if first is None or last is None else ((first, last),)


class _AtPlace:
    """The hours of one place, from the claim's guard to now."""

    def __init__(self, watch: _Watch, place: Place) -> None:
        self.watch, self.place = watch, place
        seen = place.log.covered(watch.hour, place.listings)
        by, after = seen.origin - watch.origin, span(watch.start, watch.end)
        # A sign that may be the machine's is one at any hour.
        nameless, unlocated = place.log.nameless.of(watch.malware), 0
        for signs in place.unlocated:
            unlocated |= signs.of(watch.malware)
        self.nameless = moved(nameless | unlocated, by) & after
        self.up = moved(seen.up, by) & after & ~self.nameless
        self.weak = moved(seen.weak, by) & self.up
        self.lacks = [(lack, moved(bits, by) & after) for lack, bits in seen.lacks]
        doubted = moved(unlocated & ~nameless, by) & after
        self.lacks[1:1] = [(Lack.UNLOCATED, doubted), (Lack.NAMELESS, self.nameless)]  # behind what is lost
        self.last = seen.last
        if watch.expired is not None:
            gone = span(max(watch.start, watch.expired), watch.end)
            self.lacks.insert(0, (Lack.EXPIRED, gone))
            self.up &= ~gone
        before = watch.signs
        others = 0
        for key, bits in watch.alive.items():
            before |= bits
            others |= bits if key != place.key else 0
        self.known_before = before & span(0, _BEFORE)
        over = span(watch.start, watch.end - 1)  # the hour under way is not over
        self.expected = (weekly(self.known_before, BASELINE // 7, watch.end) | others) & over
        missed = self.expected & ~self.up
        unseen = 0
        for lack, bits in self.lacks:
            unseen |= bits if lack in UNSEEN else 0
        unseen = missed & unseen | self.nameless
        self.parted = watch.broken | in_a_row(missed, self.expected & self.up, LONG) | unseen
        self.end = self.up.bit_length()

    def judgement(self) -> Judgement:
        """Verified by the first window that is long enough, else as far as the quiet time reaches."""
        watch = self.watch
        for first, end in self._windows():
            if self.parted & span(first, end):
                continue
            count = self._count(first, end)
            if self._is_proof(count):
                until = self._until(first, end)
                quiet = timedelta(hours=end - first)
                hours = self._hours(first, end, count)
                return Judgement(
                    Rung.VERIFIED, self.place.key, until, None, quiet, (), self._is_weak(count), hours, hours
                )
        first, end = self._longest()
        quiet = timedelta(hours=end - first)
        rung = Rung.RECHECKED if quiet >= min(RECHECK, watch.needed) else Rung.CLAIMED
        begin = self._begin()
        gaps, told = self._gaps(begin, self._count(begin, watch.end))
        waits = all(gap.lack in _WAITS for gap in gaps)
        earliest = moment_of(watch.origin + begin) + watch.needed if waits or not self.end else None
        silence = self._hours(first, end, self._count(first, end))
        since: Hours | None = None
        if watch.for_page:
            since = self._hours(watch.start, told, self._count(watch.start, told))
        return Judgement(
            rung, self.place.key, self._until(first, end) if quiet else None, earliest, quiet, gaps,
            self._is_weak(silence.numbers), since, silence,
        )  # fmt: skip

    def spared(self, hours: Hours) -> tuple[Gap, ...]:
        """The expected hours of a proof in which nobody looked, as gaps that are over."""
        missed, _tail, _told = self._missed()
        inside = (gap for gap in missed if hours.first <= gap.first and gap.end <= hours.end)
        return tuple(gap._replace(is_over=True) for gap in inside)

    def _hours(self, first: int, end: int, count: Count) -> Hours:
        origin = self.watch.origin
        missed = runs(self.expected & ~self.up & span(first, end))
        spans = tuple((moment_of(origin + a), moment_of(origin + b)) for a, b in missed)
        over = min(moment_of(origin + end), self.watch.now)
        return Hours(self.place.key, moment_of(origin + first), over, count, spans)

    def _windows(self) -> Iterable[tuple[int, int]]:
        """The times that may be a proof, from the claim on and from each later local midnight: up to the last
        covered hour, and the quiet days alone."""
        for first in self._starts():
            if first + self.watch.long <= self.end:
                yield first, self.end
                yield first, first + self.watch.long

    def _starts(self) -> list[int]:
        start = self.watch.start
        midnight = start + (-(self.watch.origin + start + self.watch.machine.ahead) % _DAY)
        return [start, *range(midnight, max(self.end, midnight), _DAY)]

    def _count(self, first: int, end: int) -> Count:
        window = span(first, end)
        expected = self.expected & window
        covered = expected & self.up
        return Count(
            expected.bit_count(), covered.bit_count(), (covered & self.weak).bit_count(),
            self._seen_days(first, end),
        )  # fmt: skip

    def _seen_days(self, first: int, end: int) -> int:
        """The local days of the window on which the place saw the machine in an hour that it covers."""
        alive = self.watch.alive[self.place.key] & self.up & span(first, end)
        for day in self.place.seen_on:
            # The claim's own day is left out: the machine may have been seen only before it.
            at = self.watch._midnight(day)
            if at >= first and self.up & span(at, at + _DAY) & span(first, end):
                noon = at + _DAY // 2
                alive |= 1 << noon if noon < end else 0
        shift = (self.watch.origin + self.watch.machine.ahead) % _DAY
        alive, days = moved(alive, shift), 0
        while alive:
            skip = ((alive & -alive).bit_length() - 1) // _DAY
            alive >>= (skip + 1) * _DAY
            days += 1
        return days

    def _is_proof(self, count: Count) -> bool:
        """Whether the numbers of a window that nothing parts are enough."""
        part, whole = COVERED
        return (
            count.expected >= self.watch.least_hours
            and count.covered * whole >= count.expected * part
            and (self.watch.machine.is_retired or count.seen_days >= self.watch.seen_days)
        )

    def _until(self, first: int, end: int) -> datetime:
        """The end of the last covered hour of the window, or of the log where it ends within that hour."""
        over = moment_of(self.watch.origin + (self.up & span(first, end)).bit_length())
        return min(over, self.last, self.watch.now) if self.last else over

    def _is_weak(self, count: Count) -> bool:
        return count.weak * COVERED[1] > count.covered

    def _longest(self) -> tuple[int, int]:
        """The longest quiet time of a second look: covered hours, over pauses in which nothing was missed."""
        broken = self.watch.broken | self.expected & ~self.up
        for lack, bits in self.lacks:
            if lack is not Lack.DOWN:
                broken |= bits & ~self.up
        best = at = (self.watch.start, self.watch.start)
        for first, end in runs(self.up & ~self.watch.broken):
            is_near = first - at[1] <= PAUSE and not broken & span(at[1], first)
            at = (at[0] if is_near and at[0] < at[1] else first, end)
            best = max(best, at, key=lambda one: one[1] - one[0])
        return best

    def _begin(self) -> int:
        """The beginning of the quiet days that are still under way."""
        part, whole = COVERED
        parted = self.parted.bit_length()
        for first in self._starts():
            rest = span(first, self.end)
            if first >= self.end or self.parted & rest:
                continue
            expected = self.expected & rest
            if (expected & self.up).bit_count() * whole >= expected.bit_count() * part:
                return first
        return max(self.watch.start, min(parted, self.end))

    def _gaps(self, begin: int, count: Count) -> tuple[tuple[Gap, ...], int]:
        """The gaps, and the hour up to which they tell all that is missing. First come those that no further
        day of logs closes by itself."""
        watch, key = self.watch, self.place.key
        since, origin = watch.claim.at + GUARD, watch.origin
        gaps = []
        if not self.expected:
            gaps.append(Gap(Lack.NO_HOURS, watch.claim.at - timedelta(days=BASELINE), watch.claim.at, key))
        elif self._per_fortnight < watch.least_hours:
            gaps.append(Gap(Lack.FEW_HOURS, since, watch.now, key, self._per_fortnight))
        gaps += self._arounds()
        gaps += given_away.gaps(watch.moved, origin)
        missed, tail, told = self._missed()
        missed = self._without_spare(missed, begin)
        is_early = watch.end - watch.start < watch.long
        if not is_early:
            gaps += missed
        is_unseen = count.seen_days < watch.seen_days and not watch.machine.is_retired
        if is_unseen and self.end - begin >= watch.long:
            asked = sum(watch._midnight(day) + _DAY > begin for day in self.place.asked)
            lack = Lack.NOT_SEEN if asked >= watch.seen_days else Lack.NOT_ASKED
            gaps.append(Gap(lack, moment_of(origin + begin), watch.now, key))
        if not self.end:
            return (*gaps, *(missed if is_early else ()), *tail), told
        if self.end - begin < watch.long:
            end = min(watch.now, moment_of(origin + told))
            gaps.append(Gap(Lack.TOO_SHORT, moment_of(origin + begin), end, key))
        return (*gaps, *(missed if is_early else ()), *tail), told

    @cached_property
    def _per_fortnight(self) -> int:
        """The expected hours of as many days as must be quiet, by the weeks before the claim and after."""
        since = max(1, self.watch.end - self.watch.start)
        return max(
            self.expected.bit_count() * self.watch.long // since,
            weekly(self.known_before, BASELINE // 7, self.watch.long).bit_count(),
        )

    def _arounds(self) -> list[Gap]:
        """The times in which the machine goes around; they are one as long as it does not stop."""
        found: list[Gap] = []
        origin = self.watch.origin
        looked, last = self.expected & self.up, -1
        for first, end in runs(self.watch.around):
            gap = Gap(Lack.AROUND, moment_of(origin + first), moment_of(origin + end), "", end - first)
            if found and (looked & span(last, first)).bit_count() < STOPPED:
                before = found.pop()
                gap = gap._replace(first=before.first, hours=before.hours + gap.hours)
            has_stopped = (looked & span(end, self.end)).bit_count() >= STOPPED
            found.append(gap._replace(is_over=has_stopped))
            last = end
        return found

    def _without_spare(self, missed: list[Gap], begin: int) -> list[Gap]:
        """The gaps. Those are marked as over that a proof does without: short ones, if all of them together
        are no more than the part of the expected hours that may be missing."""
        part, whole = COVERED
        short = [gap for gap in missed if gap.lack not in UNSEEN and gap.hours < LONG]

        def are_few(since: int) -> bool:
            hours = sum(gap.hours for gap in short if hour_of(gap.first) >= self.watch.origin + since)
            expected = (self.expected & span(since, self.end)).bit_count()
            return hours * whole <= max(expected, self._per_fortnight) * (whole - part)

        if not self.expected or not (are_few(self.watch.start) and are_few(begin)):
            return missed
        return [gap._replace(is_over=True) if gap in short else gap for gap in missed]

    def _missed(self) -> tuple[list[Gap], list[Gap], int]:
        """Expected hours that nobody looked at, or all hours where nothing is known of the machine's own;
        apart from them the time since the log ends; and the hour up to which this tells all. Of one reason
        those are one gap that no other expected hour lies between."""
        origin, place = self.watch.origin, self.place.key
        wanted = (self.expected or span(self.watch.start, self.watch.end)) | self.nameless
        found: list[Gap] = []
        tail: list[Gap] = []
        left = wanted & ~self.up
        for lack, bits in (*self.lacks, (Lack.NO_LOG, left)):
            here = left & bits
            left &= ~bits
            joined: list[tuple[int, int, int]] = []
            for first, end in runs(here):
                if joined and not wanted & ~here & span(joined[-1][1], first):
                    before = joined.pop()
                    joined.append((before[0], end, before[2] + end - first))
                else:
                    joined.append((first, end, end - first))
            for first, end, hours in joined:
                gap = Gap(lack, moment_of(origin + first), moment_of(origin + end), place, hours)
                (tail if lack is Lack.NO_LOG and first >= self.end else found).append(gap)
        told = self.watch.end
        if self.end and sum(gap.hours for gap in tail) < LONG:
            tail = []  # the log of today, or of a weekend, is not old
            told = max(self.end, *(hour_of(gap.end) - origin for gap in found), 0)
        return sorted(found, key=lambda gap: gap.first), tail, told


_WAITS = {
    Lack.TOO_SHORT, Lack.NO_LOG, Lack.LOST, Lack.DOWN, Lack.AROUND,
    Lack.MOVED, Lack.NOT_SEEN, Lack.UNREAD, Lack.NAMELESS, Lack.UNLOCATED,
}  # fmt: skip
