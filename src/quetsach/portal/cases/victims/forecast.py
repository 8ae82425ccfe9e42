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
from quetsach.portal.cases.episodes import CLOSED_FROM, closed_by_nobody, dismissed, goes_on, set_aside
from quetsach.portal.cases.machine_actions import OwnersOf, address_id, kind_of
from quetsach.portal.cases.models import Alias, Case, Device, VictimReport
from quetsach.portal.cases.owning import had_then
from quetsach.portal.cases.rules import OPEN, Arrival, State, arrive, returned
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
    returning: dict[Place, bool] = field(default_factory=dict)
    """Cases that nobody called a false alarm and that would be as they were when a list was withdrawn or a
    file taken back; whether as handled."""
    effects: dict[Place, set[Arrival]] = field(default_factory=lambda: defaultdict(set))

    def _number(self, wanted: Arrival) -> int:
        return sum(wanted in some for some in self.effects.values())

    @property
    def reopened(self) -> int:
        """False alarms of people that would be opened again."""
        return self._number(Arrival.EVIDENCE)

    @property
    def returned(self) -> int:
        """Cases that would be open again, as they were."""
        return sum(not is_handled for is_handled in self.returning.values())

    @property
    def returned_handled(self) -> int:
        """Cases that would count again, as handled."""
        return sum(self.returning.values())

    @property
    def relapsed(self) -> int:
        """Cases whose claim, and proof, would end: signs again."""
        return self._number(Arrival.RELAPSE)

    @property
    def reinfected(self) -> int:
        """Clean machines that would get a new case. A sign within the quiet time, or before the handling of
        an episode that goes on, comes first and reopens a case; what follows belongs to it."""
        return sum(
            Arrival.EPISODE in some
            and some.isdisjoint((Arrival.RELAPSE, Arrival.EVIDENCE))
            and place not in self.returning
            for place, some in self.effects.items()
        )

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
        false = [case.pk for case in current.values() if case.state == State.FALSE_POSITIVE]
        of_nobody = (
            {one.pk: one for one in closed_by_nobody(Case.rows.filter(id__among=false))} if false else {}
        )
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
            if arrival is Arrival.EVIDENCE and case.pk in of_nobody:
                self._return((machine, one.family), of_nobody[case.pk], seen)
            elif arrival is Arrival.EPISODE:
                ended.append(((machine, one.family), case, seen))
            else:
                self.effects[machine, one.family].add(arrival)
        later = set_aside({case.device_id for _place, case, _seen in ended}) if ended else {}
        for place, case, seen in ended:
            again = goes_on(case, seen, later.get((case.device_id, case.family), ()), self.same)
            if again is None:
                self.effects[place].add(Arrival.EPISODE)
            else:
                self._return(place, again, seen)

    def _return(self, place: Place, case: Case, seen: datetime | None) -> None:
        """The case of `closed_by_nobody` counts again; a sign after its claim is a relapse."""
        was = returned(getattr(case, CLOSED_FROM))
        if arrive(was, case.claimed_at, case.quiet_until, seen, True) is Arrival.RELAPSE:
            self.effects[place].add(Arrival.RELAPSE)
            self.returning.pop(place, None)
        elif Arrival.RELAPSE not in self.effects.get(place, ()):
            self.returning[place] = was not in OPEN

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
        named: dict[tuple[str, str], list[Device]] = defaultdict(list)
        told_of = ("key", "device__id_kind", "device__owner", "device__is_owner_said")
        for alias in aliases.select_related("device").only(*told_of):
            named[alias.key, alias.device.id_kind].append(alias.device)
        of = [self.places.of(one.address, one.last)[0] for one in some]
        nodes = CampaignNode.rows.in_bulk({owner for owner in of if owner is not None})
        ranges, found = self.owners[self.node.pk][0], list[UUID | Key]()
        for n, (one, owner) in enumerate(zip(some, of, strict=True)):
            kind = kind_of(one.address)
            by_address = Key(kind, address_id(nodes[owner], one.address)) if owner in nodes else None
            day = timezone.localdate(one.last)
            its = had_then(named.get((one.address, kind), ()), ranges, one.address, owner, day)
            found.append(told.get(n) or (its and its.pk) or by_address or Key(kind, one.address))
        return found


def signs_of(cases: Sequence[Case]) -> dict[UUID, set[str]]:
    """By case: the signs that reports have shown so far."""
    found: dict[UUID, set[str]] = defaultdict(set)
    told = VictimReport.rows.filter(case__in=[case.pk for case in cases]).order_by()
    for pk, publisher, kind in told.values_list("case", "publisher", "kind").distinct():
        found[pk].add(f"{publisher}:{kind}")
    return found
