"""Whether two inputs with one source id are copies of one log, by the hours of their lines and by their rows.

The first bytes make the id (docs/contract.md 4). Two systems that were cloned begin with the same bytes and
go on otherwise, and an older copy of a store holds records that the store has deleted since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import groupby

from quetsach.sightings.sighting import Bypass, Coverage, Sighting

_UNEXACT = 16
"""So many lines more or less in an hour may come from sampling times."""
OTHERWISE = (
    "begins as {path} does and goes on otherwise: both were read and count as one source, so of one machine"
    " and day the larger number stands. Where one system is a clone of the other, let it begin a new log or"
    " database; where both begin with zeros, because copytruncate meets a program that does not append, let"
    " it append"
)


def is_copy(shorter: Coverage, longer: Coverage) -> bool:
    """Whether each hour of the shorter log has no more lines than that of the longer.

    True also where the hours of one are not known exactly.
    """
    if not (_is_exact(shorter) and _is_exact(longer)):
        return True
    lines, more = _hours(shorter), _hours(longer)
    return not differ(shorter, longer) and all(count <= more.get(hour, 0) for hour, count in lines.items())


def differ(one: Coverage, other: Coverage) -> bool:
    """Whether an hour that lies within both logs has other lines in one than in the other.

    False where the hours of one are not known exactly.
    """
    if not (_is_exact(one) and _is_exact(other)):
        return False
    begin, end = max(one.first or "", other.first or ""), min(one.last or "", other.last or "")
    counts, others = _hours(one), _hours(other)
    return any(
        abs(counts.get(hour, 0) - others.get(hour, 0)) > _UNEXACT
        for hour in counts.keys() | others.keys()
        if begin[:13] < hour < end[:13]
    )


def lacks[Row: (Sighting, Bypass)](
    longer: Iterable[Row], shorter: Iterable[Row], *, has_years: bool = True, is_named: bool = False
) -> bool:
    """Whether the shorter log has a row that the longer one does not have with as many lines.

    Both come sorted by key. Without `has_years` the years of days do not count: they come from the times of
    the files. Where leases named the machines of one of them, `is_named`, only the address tells machines
    apart.
    """

    def machine(row: Row) -> tuple[str, ...]:
        return row.key()[1:-2]

    def rest(rows: Iterable[Row]) -> Counter[tuple[str, str]]:
        found: Counter[tuple[str, str]] = Counter()
        for row in rows:
            *_, who, day = row.key()
            found["" if is_named else who, day if has_years else day[4:]] += row.count
        return found

    there = groupby(longer, machine)
    at = next(there, None)
    for key, rows in groupby(shorter, machine):
        while at is not None and at[0] < key:
            at = next(there, None)
        if at is None or at[0] != key or not rest(rows) <= rest(at[1]):
            return True
    return False


def hides(longer: Coverage, shorter: Coverage) -> bool:
    """Whether the shorter log has lines that name an indicator and no machine, which the longer lacks."""
    shown, more = set(shorter.unattributed), set(longer.unattributed)
    return shorter.not_understood > longer.not_understood or (bool(more) and not shown <= more)


def distinct(seen: Iterable[Coverage], is_other: Callable[[Coverage, Coverage], bool]) -> list[Coverage]:
    """Those of one source that are no copies of a longer log, the longest first. Logs that go on otherwise
    get an error that names the other. `is_other(longer, shorter)` tells whether bytes or rows show
    that the shorter log is none."""
    found: list[Coverage] = []
    for one in sorted(seen, key=lambda one: -one.bytes):
        others = [longer for longer in found if is_other(longer, one)]
        if not any(is_copy(one, longer) and longer not in others for longer in found):
            for longer in found:
                if longer in others or differ(one, longer):
                    tell(one, longer)
            found.append(one)
    return found


def tell(one: Coverage, other: Coverage) -> None:
    """Give both an error that names the other."""
    one.errors.append(OTHERWISE.format(path=other.path))
    other.errors.append(OTHERWISE.format(path=one.path))


def untell(one: Coverage, others: Iterable[Coverage]) -> None:
    """Take the error that names a log away from others: it turned out to be a copy."""
    told = OTHERWISE.format(path=one.path)
    for other in others:
        other.errors[:] = [error for error in other.errors if error != told]


def unread(copy: Coverage, longer: Coverage) -> list[str]:
    """What could not be read of a copy. Nobody knows whether the longer log has it."""
    end = OTHERWISE.partition("{path}")[2]
    return [error for error in copy.errors if error not in longer.errors and not error.endswith(end)]


def _is_exact(seen: Coverage) -> bool:
    return seen.time == "ok" and seen.order == "kept" and bool(seen.hours) and seen.first is not None


def _hours(seen: Coverage) -> dict[str, int]:
    """The lines of each hour that has any, by its beginning, such as `2026-11-30T07`."""
    return {
        f"{day}T{hour:02}": count
        for day, hours in (seen.hours or {}).items()
        for hour, count in enumerate(hours)
        if count
    }
