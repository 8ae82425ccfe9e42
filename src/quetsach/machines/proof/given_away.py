"""Signs of another unit's log that the machine's own unit gave to another machine afterwards.

No silence of the machine begins before the last of them. Hours are bits, counted from an origin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from quetsach.machines.proof.facts import Hit
from quetsach.machines.proof.gaps import Gap, Lack
from quetsach.machines.proof.hours import hour_of, moment_of, runs, span


def by_place(hits: Iterable[Hit], origin: int, within: int) -> dict[str, int]:
    """The hours of such signs, by place."""
    found: dict[str, int] = {}
    for hit in hits:
        if hit.is_moved and hit.last is not None:
            hour = hour_of(hit.last) - origin
            found[hit.place] = found.get(hit.place, 0) | within & span(hour, hour + 1)
    return found


def before_last(moved: Mapping[str, int], start: int) -> int:
    """All hours from `start` to the last such sign."""
    return span(start, max([start, *(bits.bit_length() for bits in moved.values())]))


def gaps(moved: Mapping[str, int], origin: int) -> list[Gap]:
    """The gaps that they leave."""
    return [
        Gap(Lack.MOVED, moment_of(origin + first), moment_of(origin + end), place)
        for place, bits in sorted(moved.items())
        for first, end in runs(bits)
    ]
