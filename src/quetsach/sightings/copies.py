"""Whether two inputs with one source id are copies of one log, by the hours of their lines.

The first bytes make the id (docs/contract.md 4). Two systems that were cloned begin with the same bytes and
go on otherwise, and an older copy of a store holds records that the store has deleted since.
"""

from __future__ import annotations

from collections.abc import Iterable

from quetsach.sightings.sighting import Coverage

_UNEXACT = 16
"""So many lines more or less in an hour may come from sampling times."""
OTHERWISE = (
    "begins as {path} does and goes on otherwise: both were read and count as one source, so of one machine"
    " and day the larger number stands. Where one system is a clone of the other, let it begin a new log or"
    " database"
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


def distinct(seen: Iterable[Coverage]) -> list[Coverage]:
    """Those of one source that are no copies of a longer log, the longest first. Logs that go on otherwise
    get an error that names the other."""
    found: list[Coverage] = []
    for one in sorted(seen, key=lambda one: -one.bytes):
        if not any(is_copy(one, longer) for longer in found):
            for longer in found:
                if differ(one, longer):
                    tell(one, longer)
            found.append(one)
    return found


def tell(one: Coverage, other: Coverage) -> None:
    """Give both an error that names the other."""
    one.errors.append(OTHERWISE.format(path=other.path))
    other.errors.append(OTHERWISE.format(path=one.path))


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
