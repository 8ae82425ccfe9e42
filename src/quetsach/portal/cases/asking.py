"""The machines whose silence is waited for, as scans are asked about them: by address, card and name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import batched
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.models import Alias, Case, Device
from quetsach.portal.cases.rules import RETIRE, State
from quetsach.portal.units.models import Unit, subtree
from quetsach.portal.units.networks import Network, held_on
from quetsach.sightings.asked import MOST, identifier, public

WAITING = Q(is_current=True, claimed_at__isnull=False) & (
    Q(state__in=(State.CLAIMED_CLEAN, State.RECHECKED)) | Q(state=State.VERIFIED_CLEAN, done=RETIRE)
)
"""Also machines out of use after their proof: they may come back."""


def names_of(keys: Iterable[str], identity: Mapping[str, str]) -> set[str]:
    """All names of a machine that a scan can be asked about: `keys` are its addresses or names in the logs.

    A name that no list can carry, such as one with a space, is left out.
    """
    told = {_identifier(key) for key in keys}
    told |= {_identifier(f"{kind}:{identity[kind]}") for kind in ("mac", "host") if identity.get(kind)}
    return {name for name in told if name is not None}


_identifier = lru_cache(maxsize=1 << 14)(identifier)


def same(name: str) -> str:
    """The name as it is compared: hosts do not differ by large and small letters."""
    return name.lower() if name.startswith("host:") else name


def asked_by(unit: Unit) -> tuple[list[str], int]:
    """The names of machines under verification in the unit and the units below, in open campaigns, in order;
    and how many more there are than one scan may be asked about. Those that wait longest come first."""
    where = Q(pk__in=[])
    for node in CampaignNode.rows.filter(unit=unit, campaign__status=Campaign.Status.PUBLISHED):
        where |= Q(subtree(node.path, "device__owner__path"), device__campaign=node.campaign_id)
    cases = Case.rows.filter(WAITING, where).order_by("claimed_at", "pk")
    devices = dict.fromkeys(cases.values_list("device", flat=True))
    keys = _keys_of(Alias.rows.filter(device__in=cases.order_by().values("device")))
    found: dict[str, None] = {}
    known = Device.rows.filter(pk__in=cases.order_by().values("device")).only("key", "identity").in_bulk()
    for pk in devices:
        device = known[pk]
        found |= dict.fromkeys(sorted(names_of([device.key, *keys[pk]], device.identity)))
    return sorted(list(found)[:MOST]), max(0, len(found) - MOST)


def own_networks(unit: Unit, room: int) -> list[str]:
    """At most `room` ranges of the unit and the units below, as a list of machines names them: resolvers
    there are no foreign ones. Private ranges need no word; adjoining ranges are told as one."""
    held = Network.rows.filter(held_on(timezone.localdate()), subtree(unit.path, "unit__path"))
    return list(public(held.values_list("cidr", flat=True)))[:room]


def waiting_named(reporter: CampaignNode, names: Collection[str]) -> set[UUID]:
    """The waiting cases of machines that the reporter's logs name so."""
    found: set[UUID] = set()
    waiting = Case.rows.filter(WAITING, device__aliases__reporter=reporter)
    for some in batched(sorted(names), 400):
        found.update(waiting.filter(device__aliases__key__in=some).values_list("pk", flat=True))
    # A card or a host is no name of an alias: it stands in what the logs said of the machine besides.
    wanted = {same(name) for name in names if name.startswith(("mac:", "host:"))}
    if wanted:
        facts = waiting.values_list("pk", "device__aliases__key", "device__identity")
        found |= {
            pk for pk, key, identity in facts if not wanted.isdisjoint(map(same, names_of([key], identity)))
        }
    return found


def _keys_of(aliases: QuerySet[Alias]) -> dict[UUID, set[str]]:
    """The names that logs have for machines, by machine."""
    keys: dict[UUID, set[str]] = defaultdict(set)
    for device, key in aliases.values_list("device", "key"):
        keys[device].add(key)
    return keys
