"""A call that a machine repeats: only ids, ports and sizes differ each time."""

from __future__ import annotations

from random import Random
from typing import override

from demo.loggen.plan import Event


class _Numbers(Random):
    """Chooses by its own seed; the bits of numbers come from another source."""

    def __init__(self, seed: str, numbers: Random) -> None:
        super().__init__(seed)
        self._numbers = numbers

    @override
    def getrandbits(self, k: int, /) -> int:
        return self._numbers.getrandbits(k)


class Call(_Numbers):
    """The random choices of an event of this call.

    `Random` takes choices from the bits of `getrandbits` in a class that defines it, and from `random` where
    a subclass defines only `random`.
    """

    def __init__(self, event: Event, numbers: Random) -> None:
        super().__init__(f"{event.call} {event.item.canonical} {event.client.address}", numbers)

    @override
    def random(self) -> float:
        return super().random()
