"""Ranges of addresses: those of a unit, those that wait for a superior, and overlaps."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.client_ip import is_inside
from quetsach.portal.units.models import Unit, subtree
from quetsach.portal.units.networks import Network
from quetsach.portal.units.roles import Verb, fits, places_of

SHOWN = 200
"""Waiting ranges on one page."""


class Forecast(NamedTuple):
    """What a range would give to its unit at once: the most machines without a known unit, and the number of
    their cases in which a running handling ends."""

    machines: int = 0
    busy: int = 0


FORECASTS: list[Callable[[Network], Forecast]] = []
"""The app cases registers here: what a unit would get with a range that it does not have yet."""


def forecast(network: Network) -> Forecast:
    """What the unit would get if it had the range from its first day on, without an end."""
    return Forecast(*map(sum, zip(Forecast(), *(one(network) for one in FORECASTS), strict=True)))


class Clash(NamedTuple):
    """Another unit's range that overlaps: `relation` is same, inside (of it), or around."""

    network: Network
    relation: str

    @property
    def unit(self) -> Unit:
        return self.network.unit

    @property
    def takes(self) -> bool:
        """Whether the other unit's addresses are no longer its own alone."""
        return self.relation != "inside" and self.network.state == Network.State.HELD

    @property
    def is_private(self) -> bool:
        """Whether the addresses repeat in every office, so that both units may have them."""
        return _is_local(ipaddress.ip_network(self.network.cidr))


def find(pk: int) -> Network | None:
    """One range of any unit; None if there is none. The caller asks for rights."""
    return Network.rows.select_related("unit").filter(pk=pk).first()


def ranges_of(unit: Unit) -> QuerySet[Network]:
    """All ranges of a unit: those that wait first, then those it has, then former and refused ones."""
    return unit.networks.select_related("asked_by", "decided_by").order_by("state", "end", "cidr")


def may_decide(user: User | AnonymousUser, unit: Unit) -> bool:
    """Whether the person decides on the unit's ranges: a coordinator of a superior, or of the unit itself
    where it has none."""
    superior = unit.path if unit.parent_id is None else _above(unit.path)
    return fits(places_of(user), Verb.CHANGE_UNITS, superior)


def waiting_below(user: User | AnonymousUser, unit: Unit) -> list[Network]:
    """The ranges that units below ask for and that the person decides on, the longest wait first."""
    rows = Network.rows.filter(subtree(unit.path, "unit__path"), state=Network.State.ASKED)
    rows = rows.select_related("unit", "asked_by").exclude(unit=unit).order_by("asked_at")
    return [row for row in rows[:SHOWN] if may_decide(user, row.unit)]


def clashes(network: Network) -> list[Clash]:
    """Ranges of other units with the same addresses: public anywhere in the tree, private below the same
    superior. Units above and below are no others: the smaller range counts.

    Of private ranges those around this one, or inside, count one level further up as well: the smaller range
    takes the machines of the wider one in the logs of the units above both.
    """
    unit, own = network.unit, ipaddress.ip_network(network.cidr)
    rows = Network.rows.filter(end=None, state__in=[Network.State.HELD, Network.State.ASKED])
    rows = rows.exclude(unit=unit).filter(cidr__contains=":" if own.version == 6 else ".")
    if _is_local(own):
        superior = _above(unit.path) or unit.path
        rows = rows.filter(subtree(_above(superior) or superior, "unit__path"))
        near = rows.filter(subtree(superior, "unit__path"))
        rows = rows.exclude(cidr=network.cidr) | near
    found = list(_overlapping(own, rows.values_list("pk", "cidr", "unit__path"), unit.path))
    others = Network.rows.select_related("unit").in_bulk([pk for pk, _relation in found])
    return [Clash(others[pk], relation) for pk, relation in found]


def _overlapping(
    own: ipaddress.IPv4Network | ipaddress.IPv6Network,
    rows: QuerySet[Network, tuple[int, str, str]],
    path: str,
) -> Iterator[tuple[int, str]]:
    for pk, cidr, other in rows.iterator():
        if other.startswith(path) or path.startswith(other):
            continue
        network = ipaddress.ip_network(cidr)
        if network == own:
            yield pk, "same"
        elif network.overlaps(own):
            yield pk, "inside" if network.prefixlen > own.prefixlen else "around"


def _is_local(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """Whether offices use the addresses for their own machines, each for itself."""
    return is_inside(network.network_address)


def _above(path: str) -> str:
    """The path of the superior; "" at the top."""
    return path[: path[:-1].rfind("/") + 1]
