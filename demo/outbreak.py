"""The invented outbreak: the infected machines of each unit, and the story of each machine.

There are four stories, so that every state of a case can be seen: cleaned and quiet since (proven by the
second scan), cleaned and infected again, never handled, and first seen late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from demo.calendar import DAYS_OF_LOGS, FIRST_PART
from demo.loggen import Infection


@dataclass(frozen=True)
class Tale:
    """One machine: its unit, its infection, and whether somebody cleans it after the first scan."""

    unit: str
    infection: Infection
    is_cleaned: bool


_TURNS = (
    (((0, FIRST_PART),), True),
    (((0, FIRST_PART),), True),
    (((0, DAYS_OF_LOGS),), False),
    (((0, FIRST_PART), (11, DAYS_OF_LOGS)), True),
    (((2, FIRST_PART - 1),), True),
    (((10, DAYS_OF_LOGS),), False),
    (((1, 5),), False),
)


def plan(clients: Mapping[str, Sequence[str]], families: Sequence[str], seed: int) -> list[Tale]:
    """About one machine in thirty, in turn over the stories; the same for the same seed."""
    rng = Random(f"tales {seed}")
    tales: list[Tale] = []
    for unit, machines in clients.items():
        for machine in rng.sample(list(machines), k=min(len(machines), rng.choice((0, 0, 1, 1, 2)))):
            active, cleaned = _TURNS[len(tales) % len(_TURNS)]
            infection = Infection(machine, families[len(tales) % len(families)], active, per_day=9)
            tales.append(Tale(unit, infection, cleaned))
    return tales


def machines_of(networks: Mapping[str, str], staff: Mapping[str, int]) -> dict[str, list[str]]:
    """Addresses for each unit's computers, from its /24: one computer for three people, at least two."""
    return {
        unit: [f"{cidr.rsplit('.', 1)[0]}.{20 + n}" for n in range(min(200, max(2, staff[unit] // 3)))]
        for unit, cidr in networks.items()
    }
