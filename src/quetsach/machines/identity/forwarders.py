"""Addresses that ask for others: resolvers, proxies and gateways, known by how they behave.

One machine asks for some hundred names in an hour. The resolver of an office asks for many different names in
each minute, all day; lines of a proxy name the machines behind it, with `forwarded_by`. The counts come from
logs; this module only judges them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

NAMES_A_MINUTE = 60
"""Different names in one minute. A browser opens a page with ten to forty names, and then rests."""
BUSY_MINUTES = 30
"""So many such minutes in a day are no single start of a machine."""
CLIENTS = 3
"""Machines that a log shows behind one address."""


class Minute(NamedTuple):
    """What one address asked in one minute: different names, and machines that lines name behind it (hardware
    addresses, clients in `forwarded_by`, user names)."""

    address: str
    scope: str
    minute: int
    names: int
    clients: frozenset[str] = frozenset()


class Forwarder(NamedTuple):
    """An address that asks for others. `why` is `many names` or `names machines behind it`."""

    address: str
    scope: str
    why: str
    busy_minutes: int
    most_names: int
    clients: int


def forwarders(minutes: Iterable[Minute]) -> list[Forwarder]:
    """The addresses that ask for others, by office; counts of one address and minute add up."""
    names: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    clients: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in minutes:
        names[one.scope, one.address][one.minute] += one.names
        clients[one.scope, one.address] |= one.clients
    found = []
    for (scope, address), by_minute in sorted(names.items()):
        behind = len(clients[scope, address])
        days: dict[int, int] = defaultdict(int)
        for minute, count in by_minute.items():
            days[minute // 1440] += count >= NAMES_A_MINUTE
        busy = max(days.values())
        if busy >= BUSY_MINUTES:
            why = "many names"
        elif behind >= CLIENTS:
            why = "names machines behind it"
        else:
            continue
        found.append(Forwarder(address, scope, why, busy, max(by_minute.values()), behind))
    return found


def addresses(found: Iterable[Forwarder]) -> frozenset[str]:
    """As `Locator` takes them: each with its office."""
    return frozenset(f"{one.scope} {one.address}" for one in found)
