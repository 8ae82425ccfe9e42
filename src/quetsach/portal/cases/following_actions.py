"""Late knowledge: new evidence and decisions make the signs that they may concern wait again.

Rows of evidence carry a mark until that has been done, in batches of one transaction each. The batch holds
the rows of all running campaigns, so that no sign is placed meanwhile by what was known before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from time import monotonic

from django.db import transaction
from django.db.models import Q, QuerySet

from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.machines.identity.components import Evidence, Row, links_of
from quetsach.machines.identity.devices import Devices
from quetsach.machines.identity.keys import is_private
from quetsach.machines.identity.tables import network_of
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.file_of_machines_actions import note_files
from quetsach.portal.cases.models import CaseSighting, VictimReport
from quetsach.portal.machines.models import KeptNetwork, StoredBinding
from quetsach.portal.machines.placing import device_keys
from quetsach.portal.machines.queries import evidence_for, related
from quetsach.portal.machines.spelling import stored
from quetsach.portal.machines.taking_actions import Untaken, finish, is_waiting, unkept, untaken
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.sightings.storing_actions import mark_waiting

FOLLOWERS: list[Callable[[Collection[Key]], object]] = []
"""Apps above are told the ids of machines that may be others now, as they are stored; in the transaction."""
AFTER: list[Callable[[Campaign], object]] = []
"""Apps above whose rows follow the machines of a campaign, once its signs are placed."""
_REACH = timedelta(days=8)
"""A lease speaks for a day around it, a temporary IPv6 address for seven (`locating`)."""
_AT_ONCE = 300


@dataclass
class _Touched:
    """What a batch may concern: addresses by the unit whose table it is, ids of machines, each from its
    earliest time on; and networks of which a unit begins or ceases to keep a table."""

    addresses: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    ids: dict[Key, int] = field(default_factory=dict)
    networks: set[tuple[str, str]] = field(default_factory=set)
    cards: set[str] = field(default_factory=set)
    """Hardware addresses of new claims: lines with such a card may name the machine now (`cards`)."""
    near: dict[str, int] = field(default_factory=dict)
    """Networks of IPv6 addresses: an address that no table knows is one of the machines around it."""

    def add_address(self, address: str, scope: str, begin: int) -> None:
        """Signs of the address from a time on; a public address counts for all units."""
        known = self.addresses[scope if is_private(address) else ""]
        known[address] = min(begin, known.get(address, begin))
        if ":" in address:
            network = network_of(address)
            self.near[network] = min(begin, self.near.get(network, begin))

    def add_id(self, key: Key, begin: int) -> None:
        """Signs at the machine with this id from a time on."""
        self.ids[key] = min(begin, self.ids.get(key, begin))


def follow_evidence(seconds: float | None = None) -> int:
    """Make signs wait that new evidence may concern; returns how many wait. The evidence of any unit may, so
    after `seconds` the rest is left to the night: else a small push waits for the files of others. The signs
    of that rest then go to the right machine."""
    waiting, began = 0, monotonic()
    while (some := _follow_batch()) is not None:
        waiting += some
        if seconds is not None and monotonic() - began >= seconds:
            break
    return waiting


@transaction.atomic
def _follow_batch() -> int | None:
    if not is_waiting():
        return None
    running = Campaign.objects.filter(status=Campaign.Status.PUBLISHED).order_by("pk")
    campaigns = list(running.select_for_update(no_key=True))
    rows = untaken()
    touched = _touched(rows)
    waiting = 0
    if campaigns:
        for where in _where(touched):
            waiting += mark_waiting(_listed(campaigns).filter(where))
        _mark_reports(campaigns, touched)
    note_files(rows)
    for tell in FOLLOWERS:
        tell({stored(id) for id in touched.ids})
    finish(rows)
    return waiting


@transaction.atomic
def forget_networks() -> int:
    """Drop the networks of which a unit has no table left: from now on tables of other units count there, and
    signs there wait for them. Returns their number."""
    over = unkept(KeptNetwork.rows.all())
    told = list(over.values_list("pk", "network", "unit__path"))
    if not told:
        return 0
    running = Campaign.objects.filter(status=Campaign.Status.PUBLISHED).order_by("pk")
    campaigns = list(running.select_for_update(no_key=True))
    touched = _Touched(networks={(network, path) for _pk, network, path in told})
    for where in _where(touched):
        mark_waiting(_listed(campaigns).filter(where))
    for some in batched(told, _AT_ONCE):
        KeptNetwork.rows.filter(pk__in=[pk for pk, _network, _path in some]).delete()
    return len(told)


def _listed(campaigns: Sequence[Campaign]) -> QuerySet[Sighting]:
    return Sighting.rows.filter(node__campaign__in=campaigns, is_listed=True, is_pulled=True)


def _touched(rows: Untaken) -> _Touched:
    """A binding alone, by which no machine becomes another, concerns signs at its address and machine from
    its time on; all other rows concern everything that hangs together with them."""
    touched = _Touched(networks=rows.networks)
    new: set[Row] = {*rows.claims, *rows.bindings, *rows.decisions}
    seeds = {link for one in (*new, *rows.gone) for link in links_of(one)}
    for one in (*rows.bindings, *(row for row in rows.gone if isinstance(row, Binding))):
        touched.add_address(one.address, one.scope, one.begin)
    for claim in (*rows.claims, *(row for row in rows.gone if isinstance(row, Claim))):
        touched.cards.update(key.value for key in claim.keys if key.kind in ("mac", "randommac"))
    for said in rows.decisions:
        scope, _, address = said.left.value.rpartition(" ")
        if said.left.kind == "address":
            touched.add_address(address, scope, 0)
    _add_translated(touched)
    if not seeds:
        return touched
    after = evidence_for(seeds)
    devices = after.devices()
    former = Evidence(
        tuple({*after.claims, *(row for row in rows.gone if isinstance(row, Claim))} - rows.claims),
        tuple({*after.bindings, *(row for row in rows.gone if isinstance(row, Binding))} - rows.bindings),
        tuple(set(after.decisions) - rows.decisions),
    ).devices()
    changed = _changed(former, devices)
    for one in after.bindings:
        holders = set(devices.holders(one.key, one.scope)) or {one.key}
        if one in rows.bindings:
            for id in holders:
                touched.add_id(id, one.begin)
        if one.key in changed or not holders.isdisjoint(changed):
            touched.add_address(one.address, one.scope, 0)
    for key in changed:
        touched.add_id(key, 0)
    return touched


def _add_translated(touched: _Touched) -> None:
    """Signs at a translated address follow the evidence about the addresses behind it."""
    for inner in list(touched.addresses.values()):
        for some in batched(sorted(inner.items()), _AT_ONCE):
            begins = dict(some)
            lent = StoredBinding.rows.filter(kind="nat", key_kind="address", key_value__in=list(begins))
            told = lent.order_by().values_list("key_value", "address", "unit__path").distinct()
            for value, outer, path in list(told):
                touched.add_address(outer, path, begins[value])


def _changed(former: Devices, now: Devices) -> set[Key]:
    """The ids and keys of machines that are not what they were: times aside, as each renewal has one."""
    before, after = _shape(former), _shape(now)
    differing = before.keys() ^ after.keys() | {
        id for id in before.keys() & after.keys() if before[id] != after[id]
    }
    found = set(differing)
    for shape in (before, after):
        for id in differing & shape.keys():
            found |= shape[id]
    for key in former.doubts.keys() ^ now.doubts.keys():
        found |= {key, *former.holders(key), *now.holders(key)}
    return found


def _shape(devices: Devices) -> dict[Key, frozenset[Key]]:
    names: dict[Key, set[Key]] = defaultdict(set)
    for name, uses in devices.called.items():
        for use in uses:
            names[use.device].add(Key("name", name))
    found = {}
    for one in devices.all:
        scopes = {Key("home", home.scope) for home in one.homes}
        found[one.id] = frozenset({*one.keys, *one.names, *device_keys(one), *names[one.id], *scopes})
    return found


def _where(touched: _Touched) -> Iterable[Q]:
    """Conditions on signs, a bounded number of values each."""
    for scope, addresses in touched.addresses.items():
        inside = related(scope, "node__unit__path") if scope else Q()
        for some in batched(sorted(addresses.items(), key=lambda one: one[1]), _AT_ONCE):
            since = min(begin for _address, begin in some)
            names = [address for address, _begin in some]
            yield (Q(device__in=names) | Q(nat__in=names, device="")) & inside & _since(since)
    for those in batched(sorted(touched.ids.items(), key=lambda one: one[1]), _AT_ONCE):
        ids = [stored(id) for id, _begin in those]
        links = CaseSighting.rows.filter(
            case__device__id_value__in={id.value for id in ids},
            case__device__id_kind__in={id.kind for id in ids},
        )
        yield Q(pk__in=links.values("sighting")) & _since(min(begin for _id, begin in those))
    for cards in batched(sorted(touched.cards), _AT_ONCE):
        yield Q(card__in=cards)
    for network, scope in sorted(touched.networks):
        yield Q(device__startswith=_begin_of(network)) & related(scope, "node__unit__path")
    for network, begin in sorted(touched.near.items()):
        yield Q(device__startswith=_begin_of(network)) & _since(begin)


def _mark_reports(campaigns: Sequence[Campaign], touched: _Touched) -> None:
    """Reports of others wait as well: those of these addresses, and those of these machines."""
    taken = VictimReport.rows.filter(
        node__campaign__in=campaigns, meaning__in=VictimReport.CASES, owner__isnull=False, is_waiting=False
    )
    for scope, addresses in touched.addresses.items():
        inside = related(scope, "node__unit__path") if scope else Q()
        for some in batched(sorted(addresses), _AT_ONCE):
            taken.filter(inside, address__in=some).update(is_waiting=True)
    for those in batched(sorted(touched.ids), _AT_ONCE):
        ids = [stored(id) for id in those]
        its = Q(case__device__id_value__in={id.value for id in ids})
        taken.filter(its, case__device__id_kind__in={id.kind for id in ids}).update(is_waiting=True)


def _begin_of(network: str) -> str:
    """The beginning of the text of all addresses in a network, at least."""
    return network.partition("::")[0] + ":" if ":" in network else network


def _since(begin: int) -> Q:
    """Signs whose time reaches as far; a sign without a time may be any."""
    if begin <= 0:
        return Q()
    at = datetime.fromtimestamp(min(begin, 253_402_300_799_000_000) / 1_000_000, UTC)
    return Q(last_seen=None) | Q(last_seen__gte=max(at, datetime(1970, 2, 1, tzinfo=UTC)) - _REACH)
