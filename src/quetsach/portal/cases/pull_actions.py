"""Makes cases out of sightings and moves them by the proof in logs. Runs after every push and by a command.

Waiting sightings carry a mark and are taken in batches, one transaction each: after a crash the rest still
waits. The campaign's row is the lock. Batches are small and written at once, because other writers wait until
a batch is over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from quetsach.machines.proof.judging import RECHECK, Judgement
from quetsach.portal.audit.actions import Told, record_all
from quetsach.portal.campaigns.arrivals import Arrived
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases import looks, proving
from quetsach.portal.cases.actions import move
from quetsach.portal.cases.asking import waiting_named
from quetsach.portal.cases.models import Alias, Case, CaseEvent, CaseSighting, Device
from quetsach.portal.cases.owning import Named, day_of, owners_below
from quetsach.portal.cases.rules import USABLE_TIMES, Act, Arrival, State, arrive
from quetsach.portal.cases.withdrawing.actions import follow_lists
from quetsach.portal.sightings.actions import mark_pulled
from quetsach.portal.sightings.listing_actions import relist
from quetsach.portal.sightings.models import Coverage, Sighting
from quetsach.portal.sightings.owners import Owners

BATCH = 100
WAITING = (State.CLAIMED_CLEAN, State.RECHECKED)


@dataclass
class Pulled:
    """The numbers of one run."""

    sightings: int = 0
    opened: int = 0
    relapsed: int = 0
    rechecked: int = 0
    verified: int = 0


@dataclass
class _Batch:
    """The state of one batch. `fresh` are cases that it opens, with their rows of evidence."""

    now: datetime
    known: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    fresh: dict[UUID, tuple[Case, list[Sighting]]] = field(default_factory=dict)


def pull_sightings(campaign: Campaign, arrived: Arrived | None = None) -> Pulled:
    """Take every waiting sighting of the campaign into its case, then judge the claims: all, or those that
    the document which `arrived` can move."""
    pulled = Pulled()
    follow_lists(campaign)
    relist(campaign)
    owners: dict[UUID, tuple[Owners, bool]] = {}
    while _pull_batch(campaign, pulled, owners):
        pass
    judge_claims(campaign, pulled, arrived)
    return pulled


def _waiting(campaign: Campaign) -> QuerySet[Sighting]:
    return Sighting.rows.filter(is_pulled=False, is_listed=True, node__campaign=campaign)


def _pull_batch(campaign: Campaign, pulled: Pulled, owners: dict[UUID, tuple[Owners, bool]]) -> bool:
    """Take one batch; False if no sighting waits. `owners` are looked up before the batch's transaction,
    because a reporter above thousands of units has as many networks."""
    some = list(_waiting(campaign).select_related("node").order_by("pk")[:BATCH])
    for row in some:
        if row.node_id not in owners:
            owners[row.node_id] = owners_below(row.node)
    return bool(some) and _take_batch(campaign, pulled, owners)


@transaction.atomic
def _take_batch(campaign: Campaign, pulled: Pulled, owners: dict[UUID, tuple[Owners, bool]]) -> bool:
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    waiting = list(
        _waiting(campaign).filter(node__in=list(owners)).select_related("node").order_by("pk")[:BATCH]
    )
    mark_pulled(s.pk for s in waiting)
    pulled.sightings += len(waiting)
    # A row without a machine makes no case; it stays visible among the sightings.
    rows = [s for s in waiting if s.device]
    devices = machines_named(campaign, rows, owners)
    current = {
        (case.device_id, case.family): case
        for case in Case.rows.select_for_update(of=("self",), no_key=True)
        .filter(device__in={d.pk for d in devices.values()}, is_current=True)
        .select_related("device__owner")
    }
    batch = _Batch(timezone.now())
    pairs = CaseSighting.rows.filter(case__in=[c.pk for c in current.values()])
    for case_id, indicator in pairs.values_list("case", "sighting__indicator").distinct():
        batch.known[case_id].add(indicator)
    touched: dict[UUID, Case] = {}
    links: list[CaseSighting] = []
    for sighting in sorted(rows, key=lambda s: (looks.event_time(s, batch.now) or looks.OLDEST, s.pk)):
        device = devices[sighting.node_id, sighting.device]
        key = (device.pk, sighting.family)
        case = _take(current.get(key), device, sighting, batch, pulled)
        current[key] = case
        batch.known[case.pk].add(sighting.indicator)
        if case.pk in batch.fresh:
            batch.fresh[case.pk][1].append(sighting)
        else:
            touched[case.pk] = case
        links.append(CaseSighting(case=case, sighting=sighting))
    for case, evidence in batch.fresh.values():
        _sum_up(case, evidence, batch.now)
    open_cases([case for case, _evidence in batch.fresh.values()])
    CaseSighting.rows.bulk_create(links, ignore_conflicts=True)
    _refresh(touched, batch.now)
    return True


def _take(case: Case | None, device: Device, sighting: Sighting, batch: _Batch, pulled: Pulled) -> Case:
    """The case that the sighting belongs to, moved or opened by the rules."""
    if case is None:
        return _fresh(device, sighting.family, 1, batch, pulled)
    seen = looks.event_time(sighting, batch.now)
    is_new = sighting.indicator not in batch.known[case.pk]
    match arrive(State(case.state), case.claimed_at, case.quiet_until, seen, is_new):
        case Arrival.KEEP:
            return case
        case Arrival.EVIDENCE:
            move(case, Act.EVIDENCE, data={"indicator": sighting.indicator})
            return case
        case Arrival.RELAPSE:
            pulled.relapsed += 1
            relapse(case, seen)
            return case
        case Arrival.EPISODE:
            case.is_current = False
            case.save(update_fields=["is_current"])
            return _fresh(device, sighting.family, case.episode + 1, batch, pulled)


def _fresh(device: Device, family: str, episode: int, batch: _Batch, pulled: Pulled) -> Case:
    """A new case, written at the end of the batch. It is open, so no sighting of the batch moves it."""
    pulled.opened += 1
    case = new_case(device, family, episode, batch.now)
    batch.fresh[case.pk] = (case, [])
    return case


def relapse(case: Case, seen: datetime | None) -> None:
    """A sign came after the cleaning: the claim no longer holds. The caller has locked the case."""
    claimed = case.claimed_at
    case.relapses += 1
    case.claimed_at, case.verified_at, case.quiet_until, case.confirmed_by = None, None, None, None
    move(
        case,
        Act.RELAPSE,
        data={"seen": seen.isoformat() if seen else "", "claimed_at": claimed.isoformat() if claimed else ""},
    )


def open_case(device: Device, family: str, episode: int, now: datetime) -> Case:
    """A new case, with its first event and audit entry; inside the caller's transaction."""
    case = new_case(device, family, episode, now)
    open_cases([case])
    return case


def new_case(device: Device, family: str, episode: int, now: datetime) -> Case:
    state = State.ASSIGNED if device.is_assigned else State.NEW
    return Case(device=device, family=family, episode=episode, state=state.value, opened_at=now)


def open_cases(cases: Collection[Case]) -> None:
    """Write new cases with the first event and audit entry of each."""
    if not cases:
        return
    Case.rows.bulk_create(cases)
    CaseEvent.rows.bulk_create(
        CaseEvent(case=c, at=c.opened_at, act="open", to_state=c.state, data={"episode": c.episode})
        for c in cases
    )
    subjects = [
        Told(c, c.device.owner.path, {"device": c.device.key, "family": c.family, "episode": c.episode})
        for c in cases
    ]
    record_all("case.open", subjects)


def machines_named(
    campaign: Campaign, rows: Iterable[Named], owners: dict[UUID, tuple[Owners, bool]]
) -> dict[tuple[UUID, str], Device]:
    """The machine for each (reporter, name), made if it is new. Its owner is set here, once."""
    wanted: dict[UUID, dict[str, Named]] = defaultdict(dict)
    for row in rows:
        wanted[row.node_id][row.device] = row
    found: dict[tuple[UUID, str], Device] = {}
    for node_id, by_key in wanted.items():
        aliases = Alias.rows.filter(reporter=node_id, key__in=list(by_key)).select_related("device__owner")
        for alias in aliases:
            found[node_id, alias.key] = alias.device
            _identify(alias.device, by_key[alias.key])
        new = {key: row for key, row in by_key.items() if (node_id, key) not in found}
        named = _named(campaign, node_id, new, *owners[node_id])
        Alias.rows.bulk_create(Alias(reporter_id=node_id, key=key, device=named[key]) for key in new)
        found |= {(node_id, key): device for key, device in named.items()}
    return found


def _named(
    campaign: Campaign, reporter: UUID, new: dict[str, Named], owners: Owners, below: bool
) -> dict[str, Device]:
    """The machines that a reporter names for the first time; another reporter may have named one before."""
    owner_of = {key: owners.of(key, day_of(row)) for key, row in new.items()}
    there = Device.rows.filter(
        key__in=list(new), owner__in={owner or reporter for owner in owner_of.values()}
    )
    known = {(device.owner_id, device.key): device for device in there.select_related("owner")}
    nodes = CampaignNode.rows.in_bulk({owner or reporter for owner in owner_of.values()})
    made = {
        key: Device(
            owner=nodes[owner or reporter],
            key=key,
            campaign=campaign,
            identity=new[key].identity,
            # Without units below, the machine can belong only to the reporter.
            is_assigned=owner is not None or not below,
        )
        for key, owner in owner_of.items()
        if (owner or reporter, key) not in known
    }
    Device.rows.bulk_create(made.values())
    return {key: made.get(key) or known[owner or reporter, key] for key, owner in owner_of.items()}


def _identify(device: Device, sighting: Named) -> None:
    """Store the latest identity of the machine from the logs."""
    merged = {**device.identity, **sighting.identity}
    if merged != device.identity:
        device.identity = merged
        device.save(update_fields=["identity"])


def _is_sane(last_seen: datetime | None, now: datetime) -> bool:
    return last_seen is not None and looks.OLDEST <= last_seen <= now + timedelta(days=1)


def _sum_up(case: Case, evidence: Sequence[Sighting], now: datetime) -> None:
    """Set the summary of a new case's evidence; `_refresh` sets that of an existing case."""
    sane = [row for row in evidence if _is_sane(row.last_seen, now)]
    case.count = sum(row.count for row in evidence)
    case.first_seen = min((row.first_seen for row in sane if row.first_seen), default=None)
    case.last_seen = max((row.last_seen for row in sane if row.last_seen), default=None)


def _refresh(cases: dict[UUID, Case], now: datetime) -> None:
    """Recompute the summaries of cases. Rows with an unusable clock give no first and last time."""
    sane = Q(sighting__last_seen__gte=looks.OLDEST, sighting__last_seen__lte=now + timedelta(days=1))
    sums = (
        CaseSighting.rows.filter(case__in=list(cases))
        .values("case")
        .annotate(
            total=Sum("sighting__count"),
            first=Min("sighting__first_seen", filter=sane),
            last=Max("sighting__last_seen", filter=sane),
        )
    )
    for row in sums:
        case = cases[row["case"]]
        # A check of the machine may have seen signs later than the logs.
        case.count = row["total"]
        case.first_seen = min(filter(None, (case.first_seen, row["first"])), default=None)
        case.last_seen = max(filter(None, (case.last_seen, row["last"])), default=None)
        case.save(update_fields=["count", "first_seen", "last_seen"])


def judge_claims(campaign: Campaign, pulled: Pulled | None = None, arrived: Arrived | None = None) -> None:
    """Move each claimed case by the proof that logs give now. With `arrived` only those that it can move: the
    nightly command judges all."""
    pulled = pulled or Pulled()
    waiting = Case.rows.filter(device__campaign=campaign, is_current=True, state__in=WAITING)
    if arrived is not None:
        waiting = waiting.filter(pk__in=_moved_by(arrived, campaign))
    claims = list(waiting.exclude(claimed_at=None).select_related("device__owner"))
    if not claims:
        return
    since = min(case.claimed_at for case in claims if case.claimed_at)
    now = timezone.now()
    logs: proving.Logs = {}
    for facts in looks.gather(claims, since=since - proving.BEFORE):
        claimed_at = facts.case.claimed_at
        assert claimed_at is not None
        judgement = proving.judged(facts, now, logs)
        if judgement.rung.value != facts.case.state:
            _apply(facts, judgement, claimed_at, pulled)


def _moved_by(arrived: Arrived, campaign: Campaign) -> set[UUID]:
    """The waiting cases of machines with new rows, or seen at a new hour; and those that its places saw, if
    logs there now go on long enough for the next state: a log may also fill a gap before the latest one.

    A sensor that sends once a minute has neither most of the time. All cases are judged each night.
    """
    waiting = Case.rows.filter(is_current=True, state__in=WAITING, claimed_at__isnull=False)
    found: set[UUID] = set()
    for some in batched(sorted(arrived.machines), 400):
        aliases = Alias.rows.filter(reporter=arrived.node, key__in=some)
        found.update(waiting.filter(device__in=aliases.values("device")).values_list("pk", flat=True))
    if arrived.seen:
        found |= waiting_named(arrived.node, arrived.seen)
    needed = timedelta(days=campaign.quiet_days)
    timed = Coverage.rows.filter(scan__node=arrived.node, name__in=arrived.places, time__in=USABLE_TIMES)
    ends = timed.exclude(last=None).order_by().values("name").annotate(end=Max("last"))
    for name, last in ends.values_list("name", "end"):
        seen = CaseSighting.rows.filter(
            case=OuterRef("pk"), sighting__node=arrived.node, sighting__source_name=name
        )
        ripe = Q(state=State.CLAIMED_CLEAN, claimed_at__lte=last - min(RECHECK, needed))
        ripe |= Q(state=State.RECHECKED, claimed_at__lte=last - needed)
        found.update(
            waiting.filter(ripe, Exists(seen), device__campaign=campaign).values_list("pk", flat=True)
        )
    return found


@transaction.atomic
def _apply(facts: looks.Facts, judgement: Judgement, claimed_at: datetime, pulled: Pulled) -> None:
    case = (
        Case.rows.select_for_update(of=("self",), no_key=True)
        .select_related("device__owner")
        .get(pk=facts.case.pk)
    )
    if case.claimed_at != claimed_at or case.state != facts.case.state:
        return
    coverage = proving.place_of(facts, judgement.place)
    state, count = State(judgement.rung.value), judgement.count
    proof = {
        "place": coverage.name if coverage else "",
        "expected": count.expected,
        "covered": count.covered,
        "seen_days": count.seen_days,
        "is_weak": judgement.is_weak,
        "until": judgement.until.isoformat() if judgement.until else "",
        "quiet_hours": int(judgement.quiet.total_seconds() // 3600),
    }
    if state is State.CLEANING:
        pulled.relapsed += 1
        relapse(case, None)
    elif state is State.RECHECKED:
        pulled.rechecked += 1
        move(case, Act.RECHECK, data=proof, coverage=coverage)
    elif state is State.VERIFIED_CLEAN:
        pulled.verified += 1
        case.verified_at, case.quiet_until = timezone.now(), judgement.until
        move(case, Act.VERIFY, data=proof, coverage=coverage)
