"""Addresses at which log lines name several machines: a person is asked whether they ask for others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from itertools import batched
from uuid import UUID

from django.db.models import Count, Q

from quetsach.machines.identity.forwarders import CLIENTS, Run, crowd
from quetsach.machines.identity.keys import is_private
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.machine_actions import OwnersOf
from quetsach.portal.kit.micros import micros
from quetsach.portal.machines.addresses.actions import ask
from quetsach.portal.sightings.models import Sighting
from quetsach.text.canonical import address

_AT_ONCE = 400
_NAMED = Q(who__startswith="mac:") | Q(who__startswith="host:")


def ask_about(rows: Iterable[Sighting], owners: OwnersOf) -> None:
    """Ask about the private addresses of new rows at which lines name several machines within an hour. The
    people of the unit are asked whose range holds the address, else those of the reporter."""
    places: dict[UUID, set[tuple[str, date]]] = defaultdict(set)
    for row in rows:
        if row.who and row.day is not None and address(row.device) == row.device and is_private(row.device):
            places[row.node_id].add((row.device, row.day))
    for node, some in places.items():
        for those in batched(sorted(some), _AT_ONCE):
            _ask_at(node, those, owners)


def _ask_at(node: UUID, places: Sequence[tuple[str, date]], owners: OwnersOf) -> None:
    named = Sighting.rows.filter(
        _NAMED, node=node, device__in={one for one, _ in places}, day__in={day for _, day in places}
    ).order_by()
    counted = named.values("device", "day").annotate(n=Count("who", distinct=True))
    many = set(counted.filter(n__gte=CLIENTS).values_list("device", "day")) & set(places)
    if not many:
        return
    runs: dict[tuple[str, date], list[Run]] = defaultdict(list)
    told = named.filter(device__in={one for one, _ in many}, day__in={day for _, day in many})
    for device, day, who, own, first, last in told.values_list(
        "device", "day", "who", "runs", "first_seen", "last_seen"
    ):
        if day is not None and who and (device, day) in many:
            midnight = micros(datetime.combine(day, time(), UTC))
            runs[device, day] += [Run(who, midnight + begin, midnight + end) for begin, end, _ in own]
            if not own and first is not None and first == last:
                runs[device, day].append(Run(who, micros(first), micros(first)))
    units: dict[UUID, UUID] = {}
    for (device, day), seen in sorted(runs.items()):
        if (found := crowd(seen)) is None:
            continue
        owner = owners[node][0].of(device, day) or node
        if owner not in units:
            units[owner] = CampaignNode.rows.values_list("unit", flat=True).get(pk=owner)
        ask(units[owner], device, found)
