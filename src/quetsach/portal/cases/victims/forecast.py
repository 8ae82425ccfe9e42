"""What reports that nobody has taken yet would do to cases, by the rules and the tables that take them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from quetsach.machines.evidence import Key
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.episodes import dismissed, goes_on, set_aside
from quetsach.portal.cases.machine_actions import OwnersOf, address_id, kind_of
from quetsach.portal.cases.models import Alias, Case, Device, VictimReport
from quetsach.portal.cases.rules import Arrival, State, arrive
from quetsach.portal.cases.victims.placing import bound_addresses, known_parts
from quetsach.portal.cases.victims.storing import Places
from quetsach.victims.report import Report

type Place = tuple[UUID | Key, str]
"""A machine, by its row or by the id that it would get, and a malware."""


@dataclass
class Forecast:
    """What reports would do, by machine and malware. `fresh` have no case yet; the others have one, with the
    effects of all reports on it."""

    node: CampaignNode
    owners: OwnersOf
    places: Places
    same: Collection[str] = ()
    """The ids under which the same file was taken back."""
    fresh: set[Place] = field(default_factory=set)
    effects: dict[Place, set[Arrival]] = field(default_factory=lambda: defaultdict(set))

    def _number(self, wanted: Arrival, *before: Arrival) -> int:
        return sum(wanted in some and some.isdisjoint(before) for some in self.effects.values())

    @property
    def reopened(self) -> int:
        """False alarms that would be opened again."""
        return self._number(Arrival.EVIDENCE)

    @property
    def relapsed(self) -> int:
        """Cases whose claim, and proof, would end: signs again."""
        return self._number(Arrival.RELAPSE)

    @property
    def reinfected(self) -> int:
        """Clean machines that would get a new case. A sign within the quiet time, or before the handling of
        an episode that goes on, comes first and reopens a case; what follows belongs to it."""
        return self._number(Arrival.EPISODE, Arrival.RELAPSE, Arrival.EVIDENCE)

    @property
    def opened(self) -> int:
        """New cases."""
        return len(self.fresh) + self.reinfected

    def add(self, some: Sequence[Report]) -> None:
        """Look at more reports of infections that have an owner. A bounded number of queries, by their
        number."""
        campaign = self.node.campaign_id
        ids = self._ids(some)
        wanted = {id.value for id in ids if isinstance(id, Key)}
        found = Device.rows.filter(campaign=campaign, id_value__among=wanted)
        devices = {Key(one.id_kind, one.id_value): one.pk for one in found}
        machines = [devices.get(id, id) if isinstance(id, Key) else id for id in ids]
        known = {pk for pk in machines if isinstance(pk, UUID)}
        # A case that leads to another machine comes back with the signs of its own.
        there = Case.rows.filter(Q(is_current=True) | Q(merged_into__isnull=False), device__in=known)
        rows = there.order_by("is_current", "episode")
        current = {(case.device_id, case.family): case for case in rows}
        closed = dismissed(known)
        signs = signs_of([*current.values(), *(case for those in closed.values() for case in those)])
        now = timezone.now()
        ended: list[tuple[Place, Case, datetime | None]] = []
        for machine, one in zip(machines, some, strict=True):
            sign = f"{one.publisher}:{one.kind}"
            case: Case | None = None
            if isinstance(machine, UUID):
                key = (machine, one.family)
                if any(sign in signs[alarm.pk] for alarm in closed.get(key, ())):
                    continue
                case = current.get(key)
            if case is None:
                self.fresh.add((machine, one.family))
                continue
            begins = one.first if one.is_day else one.last
            seen = begins if begins <= now + timedelta(days=1) else None
            is_new = sign not in signs[case.pk]
            arrival = arrive(State(case.state), case.claimed_at, case.quiet_until, seen, is_new)
            if arrival is Arrival.EPISODE:
                ended.append(((machine, one.family), case, seen))
            else:
                self.effects[machine, one.family].add(arrival)
        later = set_aside({case.device_id for _place, case, _seen in ended}) if ended else {}
        for place, case, seen in ended:
            again = goes_on(case, seen, later.get((case.device_id, case.family), ()), self.same)
            self.effects[place].add(Arrival.EPISODE if again is None else Arrival.EVIDENCE)

    def _ids(self, some: Sequence[Report]) -> list[UUID | Key]:
        """The machine of each report: by a table, by a name that the node has for it, else by its address."""
        addresses = {one.address for one in some}
        bound, translated = bound_addresses(addresses)
        rows = [
            VictimReport(pk=n, address=one.address, first_seen=one.first, last_seen=one.last, host=one.host,
                         port=one.port, protocol=one.protocol, publisher=one.publisher)
            for n, one in enumerate(some)
            if one.address in bound and not one.is_day
        ]  # fmt: skip
        told = {row.pk: part.id for row, part in known_parts(self.node, rows, translated, self.owners)}
        aliases = Alias.rows.filter(reporter=self.node, key__among=addresses)
        named = {
            (key, kind): device
            for key, kind, device in aliases.values_list("key", "device__id_kind", "device")
        }
        of = [self.places.of(one.address, one.last)[0] for one in some]
        nodes = CampaignNode.rows.in_bulk({owner for owner in of if owner is not None})
        found: list[UUID | Key] = []
        for n, (one, owner) in enumerate(zip(some, of, strict=True)):
            kind = kind_of(one.address)
            by_address = Key(kind, address_id(nodes[owner], one.address)) if owner in nodes else None
            found.append(
                told.get(n) or named.get((one.address, kind)) or by_address or Key(kind, one.address)
            )
        return found


def signs_of(cases: Sequence[Case]) -> dict[UUID, set[str]]:
    """By case: the signs that reports have shown so far."""
    found: dict[UUID, set[str]] = defaultdict(set)
    told = VictimReport.rows.filter(case__in=[case.pk for case in cases]).order_by()
    for pk, publisher, kind in told.values_list("case", "publisher", "kind").distinct():
        found[pk].add(f"{publisher}:{kind}")
    return found
