"""Addresses that ask for others: resolvers, proxies and gateways.

People name them. What logs show only asks a person: a machine whose malware makes up names looks like a
resolver, and nothing here decides for anybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from quetsach.machines.evidence import Decision, Sign
from quetsach.machines.identity.decisions import in_force
from quetsach.machines.identity.keys import is_private
from quetsach.machines.keys import same

FORWARDER, SINGLE = "forwarder", "single"
"""What a person says of an address: it asks for others, or one machine alone has it."""
CLIENTS = 3
"""Machines that lines name at one address in one hour. No lease goes on to the next machine so often."""
_HOUR = 3_600_000_000


class Forwarders:
    """What people said of addresses. The higher unit's word counts before the lower's, then the later one."""

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self._said: dict[str, list[tuple[str, Decision]]] = defaultdict(list)
        for one in in_force(decisions):
            if one.verdict in (FORWARDER, SINGLE):
                scope, _, address = one.left.value.rpartition(" ")
                self._said[address].append((scope, one))

    def asks_for_others(self, sign: Sign) -> bool:
        """Whether the address of a sign asked for others at that time."""
        for scope, one in self._said.get(sign.address, ()):
            if one.begin <= sign.first and (one.end is None or sign.first < one.end) and _counts(scope, sign):
                return one.verdict == FORWARDER
        return False


def _counts(scope: str, sign: Sign) -> bool:
    """Whether the word of a unit counts for a sign: in its own log and in those of units above. A private
    address is another machine in the networks of the units below."""
    return scope.startswith(sign.scope) or (sign.scope.startswith(scope) and not is_private(sign.address))


class Run(NamedTuple):
    """Lines of one address that name a machine, as rows tell it: `mac:` or `host:` and a value, and times in
    microseconds."""

    who: str
    first: int
    last: int


class Crowd(NamedTuple):
    """Machines that lines name at one address within an hour of the clock."""

    hour: int
    machines: tuple[str, ...]


def crowd(runs: Iterable[Run]) -> Crowd | None:
    """The hour with the most machines at one address, the earliest of several; None where no hour has
    `CLIENTS`. Cards and host names count apart, since one machine has both."""
    seen: dict[tuple[int, str], dict[str, str]] = defaultdict(dict)
    for one in runs:
        kind = one.who.partition(":")[0]
        if kind in ("mac", "host"):
            machine = same(one.who)
            for hour in range(one.first // _HOUR, one.last // _HOUR + 1):
                names = seen[hour, kind]
                names[machine] = min(one.who, names.get(machine, one.who))
    most = max(((len(some), -hour, kind) for (hour, kind), some in seen.items()), default=None)
    if most is None or most[0] < CLIENTS:
        return None
    _, hour, kind = most
    return Crowd(-hour * _HOUR, tuple(sorted(seen[-hour, kind].values())))
