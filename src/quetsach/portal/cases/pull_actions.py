"""Makes cases out of sightings and moves them by what logs prove. Runs after every push and by a command.

What waits is marked in the sightings themselves and taken in batches, each one transaction: a crash between
two leaves the rest waiting. The campaign's row is the lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Min, Q, Sum
from django.utils import timezone

from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases import looks
from quetsach.portal.cases.actions import move
from quetsach.portal.cases.models import Alias, Case, CaseEvent, CaseSighting, Device
from quetsach.portal.cases.rules import Act, Arrival, Judgement, State, arrive, judge
from quetsach.portal.sightings.actions import mark_pulled, relist
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.sightings.owners import Owners
from quetsach.portal.units.models import Network, subtree

BATCH = 1000
WAITING = (State.CLAIMED_CLEAN, State.RECHECKED)


@dataclass
class Pulled:
    """What one run did."""

    sightings: int = 0
    opened: int = 0
    relapsed: int = 0
    rechecked: int = 0
    verified: int = 0


def pull_sightings(campaign: Campaign) -> Pulled:
    """Take every waiting sighting of the campaign into its case, then judge the claims."""
    pulled = Pulled()
    relist(campaign)
    while _pull_batch(campaign, pulled):
        pass
    judge_claims(campaign, pulled)
    return pulled


@transaction.atomic
def _pull_batch(campaign: Campaign, pulled: Pulled) -> bool:
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    waiting = list(
        Sighting.rows.filter(is_pulled=False, is_listed=True, node__campaign=campaign)
        .select_related("node")
        .order_by("pk")[:BATCH]
    )
    if not waiting:
        return False
    mark_pulled(s.pk for s in waiting)
    pulled.sightings += len(waiting)
    # Without a machine there is nobody to clean: the row stays visible among the sightings.
    rows = [s for s in waiting if s.device]
    devices = _devices(campaign, rows)
    current = {
        (case.device_id, case.family): case
        for case in Case.rows.select_for_update(of=("self",), no_key=True)
        .filter(device__in={d.pk for d in devices.values()}, is_current=True)
        .select_related("device__owner")
    }
    known: dict[UUID, set[str]] = defaultdict(set)
    pairs = CaseSighting.rows.filter(case__in=[c.pk for c in current.values()])
    for case_id, indicator in pairs.values_list("case", "sighting__indicator").distinct():
        known[case_id].add(indicator)
    now = timezone.now()
    touched: dict[UUID, Case] = {}
    links: list[CaseSighting] = []
    for sighting in sorted(rows, key=lambda s: (looks.event_time(s, now) or looks.OLDEST, s.pk)):
        device = devices[sighting.node_id, sighting.device]
        key = (device.pk, sighting.family)
        case = current.get(key)
        case = _take(case, device, sighting, known, now, pulled)
        current[key] = case
        known[case.pk].add(sighting.indicator)
        touched[case.pk] = case
        links.append(CaseSighting(case=case, sighting=sighting))
    CaseSighting.rows.bulk_create(links, ignore_conflicts=True)
    _refresh(touched, now)
    return True


def _take(
    case: Case | None,
    device: Device,
    sighting: Sighting,
    known: dict[UUID, set[str]],
    now: datetime,
    pulled: Pulled,
) -> Case:
    """The case that the sighting belongs to, moved or opened as the rules say."""
    if case is None:
        pulled.opened += 1
        return open_case(device, sighting.family, 1, now)
    seen = looks.event_time(sighting, now)
    match arrive(
        State(case.state), case.claimed_at, case.quiet_until, seen, sighting.indicator not in known[case.pk]
    ):
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
            pulled.opened += 1
            return open_case(device, sighting.family, case.episode + 1, now)


def relapse(case: Case, seen: datetime | None) -> None:
    """A sign after the handling: the claim no longer stands. The case is locked by the caller."""
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
    state = State.ASSIGNED if device.is_assigned else State.NEW
    case = Case(device=device, family=family, episode=episode, state=state.value, opened_at=now)
    case.save(force_insert=True)
    CaseEvent(case=case, at=now, act="open", to_state=state.value, data={"episode": episode}).save(
        force_insert=True
    )
    record(
        None, "case.open", unit_path=device.owner.path, about=case,
        data={"device": device.key, "family": family, "episode": episode},
    )  # fmt: skip
    return case


def _devices(campaign: Campaign, rows: Iterable[Sighting]) -> dict[tuple[UUID, str], Device]:
    """The machine behind each (reporter, name), made where it is new. Ownership is fixed here, once."""
    wanted: dict[UUID, dict[str, Sighting]] = defaultdict(dict)
    nodes: dict[UUID, CampaignNode] = {}
    for row in rows:
        wanted[row.node_id][row.device] = row
        nodes[row.node_id] = row.node
    found: dict[tuple[UUID, str], Device] = {}
    for node_id, by_key in wanted.items():
        aliases = Alias.rows.filter(reporter=node_id, key__in=list(by_key)).select_related("device__owner")
        for alias in aliases:
            found[node_id, alias.key] = alias.device
            _identify(alias.device, by_key[alias.key])
        new = [key for key in by_key if (node_id, key) not in found]
        if not new:
            continue
        owners, below = _owners(nodes[node_id])
        for key in new:
            owner = owners.of(key)
            device, _ = Device.rows.select_related("owner").get_or_create(
                owner_id=owner or node_id,
                key=key,
                defaults={
                    "campaign": campaign,
                    "identity": by_key[key].identity,
                    # Where there is nobody below, the reporter is the only one it can belong to.
                    "is_assigned": owner is not None or not below,
                },
            )
            Alias(reporter_id=node_id, key=key, device=device).save(force_insert=True)
            found[node_id, key] = device
    return found


def _identify(device: Device, sighting: Sighting) -> None:
    """Keep the latest words of the logs about who the machine is."""
    merged = {**device.identity, **sighting.identity}
    if merged != device.identity:
        device.identity = merged
        device.save(update_fields=["identity"])


def _owners(node: CampaignNode) -> tuple[Owners, bool]:
    """The networks of the reporter and of the nodes below it, and whether there are any below."""
    inside = CampaignNode.rows.filter(subtree(node.path), campaign=node.campaign_id)
    units = dict(inside.values_list("unit", "pk"))
    networks = Network.rows.filter(unit__in=inside.values("unit")).values_list("cidr", "unit")
    return Owners(node.pk, [(cidr, units[unit]) for cidr, unit in networks]), len(units) > 1


def _refresh(cases: dict[UUID, Case], now: datetime) -> None:
    """Recompute what a case says of its evidence. Rows with an unusable clock give no first and last."""
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
        # A check of the machine may have seen more than the logs.
        case.count = row["total"]
        case.first_seen = min(filter(None, (case.first_seen, row["first"])), default=None)
        case.last_seen = max(filter(None, (case.last_seen, row["last"])), default=None)
        case.save(update_fields=["count", "first_seen", "last_seen"])


def judge_claims(campaign: Campaign, pulled: Pulled | None = None) -> None:
    """Ask of every claimed case what the logs prove by now."""
    pulled = pulled or Pulled()
    waiting = Case.rows.filter(device__campaign=campaign, is_current=True, state__in=WAITING)
    claims = list(waiting.exclude(claimed_at=None).select_related("device__owner"))
    if not claims:
        return
    since = min(case.claimed_at for case in claims if case.claimed_at)
    for facts in looks.gather(claims, since=since):
        claimed_at = facts.case.claimed_at
        assert claimed_at is not None
        judgement = judge(claimed_at, facts.hits, facts.looks, campaign.quiet_days)
        if judgement.state != facts.case.state:
            _apply(facts, judgement, claimed_at, pulled)


@transaction.atomic
def _apply(facts: looks.Facts, judgement: Judgement, claimed_at: datetime, pulled: Pulled) -> None:
    case = (
        Case.rows.select_for_update(of=("self",), no_key=True)
        .select_related("device__owner")
        .get(pk=facts.case.pk)
    )
    if case.claimed_at != claimed_at or case.state != facts.case.state:
        return
    ends = [c for c, look in zip(facts.coverages, facts.looks, strict=True) if look.last == judgement.until]
    coverage = ends[-1] if ends else None
    proof = {
        "until": judgement.until.isoformat() if judgement.until else "",
        "quiet_hours": int(judgement.quiet.total_seconds() // 3600),
    }
    if judgement.state is State.CLEANING:
        pulled.relapsed += 1
        relapse(case, None)
    elif judgement.state is State.RECHECKED:
        pulled.rechecked += 1
        move(case, Act.RECHECK, data=proof, coverage=coverage)
    elif judgement.state is State.VERIFIED_CLEAN:
        pulled.verified += 1
        case.verified_at, case.quiet_until = timezone.now(), judgement.until
        move(case, Act.VERIFY, data=proof, coverage=coverage)
