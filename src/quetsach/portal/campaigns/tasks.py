"""What a unit has to do next, gathered from every app that knows something about it.

Higher apps append a provider in their AppConfig.ready; campaigns never imports them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from django.utils.functional import Promise

from quetsach.portal.campaigns.seat import Seat


class Rank(IntEnum):
    """Places in the list; a provider may use any number between them."""

    URGENT = 5
    ACKNOWLEDGE = 10
    PASS_ON = 20
    DEPLOY = 30
    PEOPLE = 40
    MACHINES = 50
    REPORT = 60
    REVIEW = 70
    CHASE = 80


@dataclass(frozen=True)
class Task:
    """One thing to do: `title` is an order, `text` a sentence or two, `action` the word on the button."""

    rank: int
    title: str | Promise
    text: str | Promise
    url: str
    action: str | Promise
    shape: str = ""
    word: str | Promise = ""


PROVIDERS: list[Callable[[Seat], list[Task]]] = []


def tasks_of(seat: Seat) -> list[Task]:
    """All open tasks of the seat's node that this person may do, the first to do first."""
    return sorted((task for provide in PROVIDERS for task in provide(seat)), key=lambda task: task.rank)
