"""Plans infections before the first line is written: machine, malware, and days."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from demo.loggen.listed import Item
from demo.loggen.shapes import LOCAL, Shape
from demo.loggen.world import Client

_OFFICE_DAY = (2, 1, 1, 1, 1, 2, 4, 12, 20, 22, 21, 17, 9, 14, 20, 21, 18, 10, 6, 5, 5, 4, 3, 2)
"""Share of a day's traffic by local hour."""


@dataclass(frozen=True, slots=True)
class Infection:
    """One machine with one malware family.

    `active` holds half-open ranges of days from the start of the logs: `((0, 4), (8, 10))` goes
    quiet on the fifth day and comes back on the ninth. Each log that can show the family holds `per_day`
    events.
    """

    client: str
    family: str
    active: tuple[tuple[int, int], ...]
    per_day: int = 12


@dataclass(frozen=True, slots=True)
class Event:
    """A machine meets an indicator right after page number `page`.

    Events of a machine and an item with the same `call` have the same details; None gives unique details.
    """

    page: int
    item: Item
    client: Client
    call: int | None = None


def page_seconds(start: datetime, days: int, pages: int) -> array[int]:
    """The POSIX second of each page, in order, spread over the days like office work."""
    first = int(start.timestamp())
    hours = range(days * 24)
    weights = [_OFFICE_DAY[datetime.fromtimestamp(first + hour * 3600, LOCAL).hour] for hour in hours]
    seconds, total, done = array("q"), sum(weights), 0
    for hour, weight in zip(hours, weights, strict=True):
        upto = done + weight
        count = pages * upto // total - pages * done // total
        seconds.extend(first + hour * 3600 + i * 3600 // count for i in range(count))
        done = upto
    return seconds


def busiest_second(days: int, lines: float) -> float:
    """Lines in one second of the busiest hour, when `lines` are spread over the days."""
    return lines / days * max(_OFFICE_DAY) / sum(_OFFICE_DAY) / 3600


def infection_events(
    infections: Sequence[Infection],
    clients: Mapping[str, Client],
    items: Sequence[Item],
    shape: Shape,
    start: datetime,
    seconds: array[int],
    rng: Random,
    seed: int,
) -> list[Event]:
    """The events of given infections; a machine keeps to at most three indicators of its family."""
    events: list[Event] = []
    by_family: dict[str, list[Item]] = {}
    for item in items:
        if shape.can_show(item):
            by_family.setdefault(item.family, []).append(item)
    for infection in infections:
        family = by_family.get(infection.family, [])
        used = Random(f"{infection.client} {infection.family} {seed}").sample(family, min(3, len(family)))
        for first_day, end_day in infection.active if used else ():
            for day in range(first_day, end_day):
                midnight = int(start.timestamp()) + day * 86400
                low, high = bisect_left(seconds, midnight), bisect_left(seconds, midnight + 86400)
                for _ in range(infection.per_day if high > low else 0):
                    events.append(
                        Event(rng.randrange(low, high), rng.choice(used), clients[infection.client])
                    )
    return sorted(events, key=lambda event: event.page)


def spread_events(
    count: int,
    clients: Sequence[Client],
    items: Sequence[Item],
    shape: Shape,
    pages: int,
    rng: Random,
    repeat: int = 4,
    alike: float = 0,
) -> list[Event]:
    """`count` events at random times, about `repeat` for each of many (machine, indicator) pairs.

    `alike` is the share of events that repeat the details of the pair's event before.
    """
    by_kind: dict[str, list[Item]] = {}
    for item in items:
        if shape.can_show(item):
            by_kind.setdefault(item.kind, []).append(item)
    if not by_kind or not pages:
        return []
    # Rare kinds get as many turns as common kinds; names get three.
    turns = [kind for kind in sorted(by_kind) for _ in range(3 if kind == "domain" else 1)]
    pairs = []
    for number in range(max(1, count // repeat, min(count, 40))):
        kind = by_kind[turns[number % len(turns)]]
        pairs.append((kind[number // len(turns) % len(kind)], rng.choice(clients)))
    events = [Event(rng.randrange(pages), *pairs[i % len(pairs)]) for i in range(count)]
    events.sort(key=lambda event: event.page)
    return _with_calls(events, rng, alike) if alike else events


def _with_calls(events: Sequence[Event], rng: Random, alike: float) -> list[Event]:
    calls: dict[tuple[Item, Client], int] = {}
    numbered = []
    for number, event in enumerate(events):
        pair = event.item, event.client
        if pair not in calls or rng.random() >= alike:
            calls[pair] = number
        numbered.append(replace(event, call=calls[pair]))
    return numbered


def plan_infections(
    units: Mapping[str, Sequence[str]], families: Sequence[str], days: int, seed: int, share: float = 0.03
) -> list[Infection]:
    """A believable outbreak: `share` of each unit's machines (at least one), one family each.

    Most stay infected; a third are cleaned and go quiet for good; the last planned machine is cleaned and is
    infected again.
    """
    rng = Random(f"infections {seed}")
    infections: list[Infection] = []
    for addresses in units.values() if families else ():
        for client in rng.sample(list(addresses), min(len(addresses), max(1, round(len(addresses) * share)))):
            begin = rng.randrange(max(1, days // 3))
            cleaned = rng.randrange(max(begin + 1, days // 2), max(begin + 2, days))
            end = cleaned if rng.random() < 1 / 3 else days
            infections.append(
                Infection(client, rng.choice(families), ((begin, min(end, days)),), rng.randrange(6, 30))
            )
    if infections and days >= 4:
        last = infections[-1]
        infections[-1] = Infection(last.client, last.family, ((0, days // 2), (days - 1, days)), last.per_day)
    return infections
