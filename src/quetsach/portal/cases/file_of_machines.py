"""Which cases a file about machines speaks of: addresses with leases, registers and their like."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse

from quetsach.machines.identity.scopes import related
from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.models import Case, CaseSighting, Device
from quetsach.portal.cases.rules import OPEN, State
from quetsach.portal.kit.micros import micros
from quetsach.portal.machines.models import EvidenceFile, StoredBinding, StoredClaim, StoredLink
from quetsach.portal.machines.uploads.queries import Concerned, ConcernedCase

MOST_NAMED = 10
"""Cases and units that a page names."""
_REACH = timedelta(days=1)
"""A lease speaks for a day around it."""

type Pairs = set[tuple[UUID, UUID]]
"""Cases, each with a file."""


def told_by(claims: QuerySet[StoredClaim], bindings: QuerySet[StoredBinding]) -> Pairs:
    """The current cases of named machines of which these rows speak, each with the file of the row: they give
    an address of a sign to a machine at its time, or name a key of the machine. Four queries."""
    return {*_by_bindings(bindings.exclude(file=None)), *_by_claims(claims.exclude(file=None))}


def concerned(file: EvidenceFile, user: User) -> Concerned:
    """What taking the file back may change: current cases of running campaigns, their units, and how many are
    handled. Those that the person may see are named."""
    claims = StoredClaim.rows.filter(file=file, is_gone=False)
    pairs = told_by(claims, StoredBinding.rows.filter(file=file, is_gone=False))
    running = Q(device__campaign__status=Campaign.Status.PUBLISHED, pk__in={case for case, _file in pairs})
    rows = list(Case.rows.filter(running).exclude(state=State.FALSE_POSITIVE).values_list(
        "pk", "state", "device__key", "device__owner__name", "device__campaign__slug"))  # fmt: skip
    seen = set(Case.objects.visible_to(user).filter(running).values_list("pk", flat=True)) if rows else set()
    rows.sort(key=lambda row: (row[1] in OPEN, row[3], row[2]))
    named = [
        ConcernedCase(machine, unit, reverse("case", args=[slug, pk]), state not in OPEN)
        for pk, state, machine, unit, slug in rows
        if pk in seen
    ]
    units = Counter(unit for _pk, _state, _machine, unit, _slug in rows).most_common()
    return Concerned(
        len(rows), sum(row[1] not in OPEN for row in rows), sum(row[1] == State.CLEANING for row in rows),
        named[:MOST_NAMED], units[:MOST_NAMED], len(units[MOST_NAMED:]),
    )  # fmt: skip


def _named() -> QuerySet[Case]:
    return Case.rows.filter(is_current=True).exclude(device__id_kind__in=Device.BY_ADDRESS)


def _by_bindings(rows: QuerySet[StoredBinding]) -> Iterable[tuple[UUID, UUID]]:
    addresses = rows.order_by().values("address")
    at = Q(sighting__device__in=addresses) | Q(sighting__device="", sighting__nat__in=addresses)
    links = CaseSighting.rows.filter(at, case__in=_named().order_by().values("pk")).annotate(
        begin=Coalesce("first", "sighting__first_seen"), end=Coalesce("last", "sighting__last_seen")
    )
    columns = ("case", "sighting__device", "sighting__nat", "sighting__node__unit__path", "begin", "end")
    signs = list(links.order_by().values_list(*columns))
    if not signs:
        return
    names = {device or nat for _case, device, nat, *_others in signs}
    spans = defaultdict(list)
    told = rows.filter(address__among=names).values_list("address", "begin", "end", "unit__path", "file")
    for address, begin, end, path, file in told:
        spans[address].append((begin, end, path, file))
    for case, device, nat, reporter, begins, ends in signs:
        for begin, end, path, file in spans[device or nat]:
            if related(path, reporter) and _overlap(begins, ends, begin, end):
                assert file is not None
                yield case, file


def _overlap(begins: datetime | None, ends: datetime | None, begin: int, end: int) -> bool:
    """Whether a sign lies around a span; one without a time may lie anywhere."""
    if begins is None or ends is None:
        return True
    return micros(begins - _REACH) <= end and micros(ends + _REACH) >= begin


def _by_claims(rows: QuerySet[StoredClaim]) -> Iterable[tuple[UUID, UUID]]:
    links = StoredLink.rows.filter(claim__in=rows.order_by().values("pk"))
    own = links.filter(kind=OuterRef("device__id_kind"), value=OuterRef("device__id_value"))
    cases = {
        (kind, value): pk
        for pk, kind, value in _named()
        .filter(Exists(own))
        .values_list("pk", "device__id_kind", "device__id_value")
    }
    if not cases:
        return
    told = links.filter(value__among={value for _kind, value in cases})
    for kind, value, file in told.values_list("kind", "value", "claim__file"):
        if (case := cases.get((kind, value))) is not None and file is not None:
            yield case, file
