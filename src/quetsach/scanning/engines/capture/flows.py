"""The last flows between two ends, each with all that its next packet needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from quetsach.scanning.engines.capture.origin import End

TRIES = 8
"""Segments of a direction in which the start of a message is sought."""
NO_DAY = -(1 << 31)
Key = tuple[End, End, int]
"""Both ends in order, and the protocol."""


class State(Enum):
    """How one direction of a TCP stream is read now."""

    DONE = "nothing more is read"
    FRESH = "the next bytes may start a message"
    HEAD = "the start of a message is held"


@dataclass(slots=True)
class Side:
    """One direction: bytes of a body to pass over, the number of its held stream or 0, the sequence number of
    the next byte, and how many more segments are tried."""

    state: State
    skip: int = 0
    stream: int = 0
    next: int | None = None
    tries: int = TRIES

    @property
    def is_done(self) -> bool:
        return self.state is State.DONE

    def close(self) -> None:
        """Read nothing more of this direction."""
        self.state, self.skip, self.stream, self.tries = State.DONE, 0, 0, TRIES


@dataclass(slots=True)
class Flow:
    """A flow from its first packet on. `day` is the latest day seen, `first` the first sequence
    number of the initiator, `watch` the number of its sightings that wait for the outcome, or 0."""

    key: Key
    is_initiator_high: bool
    sides: tuple[Side, Side]
    day: int = NO_DAY
    first: int | None = None
    watch: int = 0
    has_reset: bool = False
    is_established: bool = False

    def end(self, is_high: bool) -> End:
        """The end that sorts last (`is_high`), or first."""
        return self.key[1] if is_high else self.key[0]

    @property
    def protocol(self) -> int:
        return self.key[2]


@dataclass(slots=True)
class Flows:
    """The flows with the latest packets. When the young flows reach the limit they become the old flows, and
    old flows without a packet since then are given up."""

    limit: int
    young: dict[Key, Flow] = field(default_factory=dict)
    old: dict[Key, Flow] = field(default_factory=dict)

    def turn(self) -> list[Flow]:
        """Make room where it is needed; the flows given up, in the order of their start."""
        if len(self.young) < self.limit:
            return []
        gone = list(self.old.values())
        self.old, self.young = self.young, {}
        return gone

    def revive(self, key: Key) -> Flow | None:
        """Move an old flow to the young flows."""
        flow = self.old.pop(key, None)
        if flow is not None:
            self.young[key] = flow
        return flow

    def drain(self) -> list[Flow]:
        """All flows that are left, in the order of their start."""
        return [*self.old.values(), *self.young.values()]
