"""Makes cases out of sightings and moves them by the proof in logs. Runs after every push and by a command.

Waiting sightings carry a mark and are taken in batches, one transaction each: after a crash the rest still
waits. The campaign's row is the lock. Batches are small and written at once, because other writers wait until
a batch is over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from quetsach.machines.evidence import Key
from quetsach.machines.proof.judgement import Judgement
from quetsach.machines.proof.judging import GUARD, RECHECK
from quetsach.portal.campaigns.arrivals import Arrived
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases import looks, proving
from quetsach.portal.cases.actions import move, move_all, unclaim
from quetsach.portal.cases.again_actions import go_on, told_again
from quetsach.portal.cases.asking import waiting_named
from quetsach.portal.cases.cards import place_again
from quetsach.portal.cases.comparing_actions import Compared, compare_clocks
from quetsach.portal.cases.crowded_actions import ask_about
from quetsach.portal.cases.episode_actions import succeed
from quetsach.portal.cases.episodes import Numbers, dismissed, numbers
from quetsach.portal.cases.false_alarms.actions import close_covered
from quetsach.portal.cases.false_alarms.queries import Holding, holding
from quetsach.portal.cases.following_actions import AFTER, follow_evidence
from quetsach.portal.cases.gaps.actions import Keeper
from quetsach.portal.cases.machine_actions import OwnersOf, machines_of
from quetsach.portal.cases.merging_actions import Moves, bring_back, settle
from quetsach.portal.cases.models import Alias, Case, CaseGap, CaseSighting, Device
from quetsach.portal.cases.opening_actions import new_case, open_cases
from quetsach.portal.cases.owning import owners_below
from quetsach.portal.cases.parts import PART_FIELDS, Part, Piece, parts_of
from quetsach.portal.cases.relapse_actions import relapse
from quetsach.portal.cases.returning_actions import count_again
from quetsach.portal.cases.rules import RETIRE, USABLE_TIMES, Act, Arrival, State, arrive
from quetsach.portal.cases.summing_actions import sums
from quetsach.portal.cases.waiting_rows import BATCH, MOST, names_at_once, waiting_rows
from quetsach.portal.cases.withdrawing.actions import follow_lists
from quetsach.portal.kit.inserting import insert, rewrite, spelled
from quetsach.portal.sightings.listing_actions import relist
from quetsach.portal.sightings.models import Coverage, Sighting
from quetsach.portal.sightings.owners import Owners
from quetsach.portal.sightings.storing_actions import mark_pulled

AT_ONCE = 2000
"""Claims that are judged together: of some units, whose logs are read once."""
EVIDENCE_SECONDS = 10.0
"""A push follows evidence for so long."""
MOVED_AT_ONCE = 500
"""Cases that are moved in one transaction: other writers wait until it is over."""
_JUDGED = ("state", "claimed_at", "done", "family", *(f"device__{name}" for name in (
    "campaign", "owner", "key", "id_kind", "id_value", "strength", "identity")))  # fmt: skip
"""The fields of a claim that a judgement needs."""
WAITING = (State.CLAIMED_CLEAN, State.RECHECKED)
CLAIMED = Q(state__in=WAITING) | Q(state=State.VERIFIED_CLEAN, done=RETIRE, confirmed_by=None)
"""Cases whose claim is judged: of a machine out of use also after the proof, because it may come back."""


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
    """The state of one batch. `fresh` are cases that it opens, with their rows of evidence; `known` and
    `places` are the indicators of each case, and the places and logs that have shown it; `closed` the false
    alarms besides current cases, `numbers` the last episode and `pieces` the signs of each machine and
    family."""

    now: datetime
    alarms: Holding
    closed: Mapping[tuple[UUID, str], Sequence[Case]]
    numbers: Numbers
    pieces: dict[tuple[UUID, str], list[Piece]] = field(default_factory=lambda: defaultdict(list))
    known: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    places: dict[UUID, set[tuple[UUID, str]]] = field(default_factory=lambda: defaultdict(set))
    fresh: dict[UUID, tuple[Case, list[Piece]]] = field(default_factory=dict)


def pull_sightings(campaign: Campaign, arrived: Arrived | None = None) -> Pulled:
    """Take every waiting sighting of the campaign into its case, then judge the claims: all, or those that
    the document which `arrived` can move."""
    pulled = Pulled()
    take_sightings(campaign, pulled, EVIDENCE_SECONDS)
    judge_claims(campaign, pulled, arrived)
    return pulled


def take_sightings(campaign: Campaign, pulled: Pulled, seconds: float | None = None) -> None:
    """Take every waiting sighting of the campaign into its case. `seconds` as in `follow_evidence`."""
    follow_lists(campaign)
    relist(campaign)
    follow_evidence(seconds)
    reporters = _Reporters()
    alarms = holding(campaign) if waiting_rows(campaign).exists() else Holding()
    while _pull_batch(campaign, pulled, reporters, alarms):
        pass
    if pulled.sightings and alarms.is_any:
        close_covered(campaign)
    for follow in AFTER:
        follow(campaign)


@dataclass
class _Reporters:
    """The units whose signs wait, with the owners of the addresses there. `compared` are the logs whose
    clocks this run has compared."""

    nodes: dict[UUID, CampaignNode] = field(default_factory=dict)
    owners: dict[UUID, tuple[Owners, bool]] = field(default_factory=dict)
    compared: Compared = field(default_factory=set)

    def learn(self, ids: Collection[UUID]) -> None:
        """Look up the units that are not known yet."""
        new = CampaignNode.rows.select_related("unit").in_bulk([pk for pk in ids if pk not in self.nodes])
        self.nodes |= new
        self.owners |= {pk: owners_below(node) for pk, node in new.items()}


def _pull_batch(campaign: Campaign, pulled: Pulled, reporters: _Reporters, alarms: Holding) -> bool:
    """Take one batch; False if no sighting waits. Owners are looked up before the batch's transaction,
    because a reporter above thousands of units has as many networks."""
    some = set(waiting_rows(campaign).order_by("pk").values_list("node", flat=True)[:BATCH])
    reporters.learn(some)
    return bool(some) and _take_batch(campaign, pulled, reporters, alarms)


@transaction.atomic
def _take_batch(campaign: Campaign, pulled: Pulled, reporters: _Reporters, alarms: Holding) -> bool:
    owners: OwnersOf = reporters.owners
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    first = waiting_rows(campaign).filter(node__in=list(owners)).order_by("pk")
    waiting = list(first.filter(device__among=names_at_once(first))[:MOST])
    for row in waiting:
        row.node = reporters.nodes[row.node_id]
    mark_pulled(s.pk for s in waiting)
    pulled.sightings += len(waiting)
    # A row without a machine makes no case; it stays visible among the sightings.
    rows = [s for s in waiting if s.called]
    compare_clocks(rows, reporters.compared)
    parts = parts_of(rows, owners)
    devices = machines_of(campaign, rows, parts, owners)
    before = _links_of(rows)
    pieces: list[Piece] = []
    known_pieces: list[tuple[Piece, Case]] = []
    for row in rows:
        for part in parts[row.pk]:
            piece = Piece(row, part, devices[row.pk, part.id])
            if (there := piece.case_among(before[row.pk])) is None:
                pieces.append(piece)
            else:
                known_pieces.append((piece, there))
    moves = _part_with(before, rows, parts, devices)
    place_again([row for row in rows if not before[row.pk]])
    touched: dict[UUID, Case] = {}
    told_of = {(piece.device.pk, piece.row.family): piece.device for piece in pieces}
    returned = bring_back((device, family) for (_pk, family), device in told_of.items())
    known = {device.pk for device in devices.values()}
    current = {
        (case.device_id, case.family): case
        for case in Case.rows.select_for_update(of=("self",), no_key=True)
        .filter(device__id__among=known, is_current=True)
        .select_related("device__owner")
    }
    batch = _Batch(timezone.now(), alarms, dismissed(known), numbers(known))
    closed = [case for some in batch.closed.values() for case in some]
    pairs = CaseSighting.rows.filter(case__in=[c.pk for c in (*current.values(), *closed)])
    told = pairs.values_list(
        "case", "sighting__indicator", "sighting__node", "sighting__source_name", "sighting__source"
    )
    for case_id, indicator, node, name, log in told.distinct():
        batch.known[case_id].add(indicator)
        batch.places[case_id] |= {(node, name), (node, log)}
    links: list[tuple[Piece, Case]] = []
    for piece in pieces:
        batch.pieces[piece.device.pk, piece.row.family].append(piece)
    for piece in sorted(
        pieces, key=lambda one: (one.seen(batch.now) or looks.OLDEST, one.row.pk, one.part.id)
    ):
        if (episode := piece.episode_among(before[piece.row.pk])) is not None:
            touched[episode.pk] = episode
            links.append((piece, episode))
            continue
        key = (piece.device.pk, piece.row.family)
        if (case := _closed_with(piece, batch)) is None:
            case = current[key] = _take(current.get(key), piece, batch, pulled)
        links.append((piece, case))
        pk = case.pk
        if pk in batch.fresh:
            batch.fresh[pk][1].append(piece)
            continue
        touched[pk] = case
        batch.known[pk].add(piece.row.indicator)
        batch.places[pk] |= {(piece.row.node_id, name) for name in (piece.row.source_name, piece.row.source)}
    for case, evidence in batch.fresh.values():
        _sum_up(case, evidence, batch.now)
    open_cases([case for case, _evidence in batch.fresh.values()])
    _keep_links(links)
    _refresh(touched, batch.now)
    settle(moves, returned, batch.now)
    _count_again(known_pieces, batch.now)
    ask_about(rows, owners)
    return True


def _count_again(pieces: Sequence[tuple[Piece, Case]], now: datetime) -> None:
    """Parts that stand in their cases already. Their list may count again after it was withdrawn: a claim
    that holds since then ends, and so does a false alarm that they had opened before."""
    ended = {
        case.pk
        for piece, case in pieces
        if case.dismissed_at is not None
        or arrive(State(case.state), case.claimed_at, case.quiet_until, piece.seen(now), False)
        is not Arrival.KEEP
    }
    for pk in sorted(ended):
        count_again(pk)


def _links_of(rows: Sequence[Sighting]) -> dict[int, list[CaseSighting]]:
    """What the rows were evidence for until now."""
    found: dict[int, list[CaseSighting]] = {row.pk: [] for row in rows}
    for link in CaseSighting.rows.filter(sighting__id__among=found.keys()).select_related("case"):
        found[link.sighting_id].append(link)
    return found


def _part_with(
    before: Mapping[int, Sequence[CaseSighting]],
    rows: Sequence[Sighting],
    parts: Mapping[int, Sequence[Part]],
    devices: Mapping[tuple[int, Key], Device],
) -> Moves:
    """Take rows from the cases of machines that they are no evidence for any more."""
    moves, gone = Moves(), []
    kept = {(pk, device.pk) for (pk, _id), device in devices.items()}
    for row in rows:
        for link in before[row.pk]:
            if (row.pk, link.case.device_id) in kept:
                continue
            gone.append(link.pk)
            for part in parts[row.pk]:
                piece = Piece(row, part, devices[row.pk, part.id])
                moves.add(
                    link.case_id, piece.device.pk, piece.last, part.reasons[0] if part.reasons else part.why
                )
                moves.names[link.case_id].add((row.node_id, row.called))
            moves.rows[link.case_id].append(row)
    CaseSighting.rows.filter(pk__in=gone).delete()
    return moves


def _take(case: Case | None, piece: Piece, batch: _Batch, pulled: Pulled) -> Case:
    """The case that the part of a sighting belongs to, moved or opened by the rules."""
    device, sighting = piece.device, piece.row
    if case is None:
        number = batch.numbers.get((device.pk, sighting.family), 0) + 1
        return _fresh(device, sighting.family, number, batch, pulled)
    if case.pk in batch.fresh:
        return case  # it is open: no sign moves it
    seen = piece.seen(batch.now)
    match arrive(State(case.state), case.claimed_at, case.quiet_until, seen, _is_new(case, piece, batch)):
        case Arrival.KEEP:
            return case
        case Arrival.EVIDENCE:
            told_again(case, sighting.indicator, seen, _back_at(case, piece, batch))
            return case
        case Arrival.RELAPSE:
            pulled.relapsed += 1
            relapse(case, _back_at(case, piece, batch))
            return case
        case Arrival.EPISODE:
            again = go_on(case, sighting.indicator, seen)
            return again or _fresh(device, sighting.family, succeed(case), batch, pulled)


def _back_at(case: Case, piece: Piece, batch: _Batch) -> datetime | None:
    """The earliest sign after the handling that the batch tells of the machine and family."""
    if case.claimed_at is None:
        return None
    its = batch.pieces[piece.device.pk, piece.row.family]
    times = (one.begins_after(case.claimed_at + GUARD, batch.now) for one in its)
    return min((time for time in times if time is not None), default=None)


def _closed_with(piece: Piece, batch: _Batch) -> Case | None:
    """The false alarm besides the current case whose evidence the part is."""
    if not batch.closed:
        return None
    closed = batch.closed.get((piece.device.pk, piece.row.family), ())
    return next((one for one in closed if not _is_other(one, piece, batch)), None)


def _is_new(case: Case, piece: Piece, batch: _Batch) -> bool:
    """Whether the part opens a false alarm again: another indicator, another place, or a list that is younger
    than the false alarm. The same log under another name is no other place."""
    row = piece.row
    return row.indicator not in batch.alarms.of(case.device_id) and _is_other(case, piece, batch)


def _is_other(case: Case, piece: Piece, batch: _Batch) -> bool:
    row = piece.row
    if row.indicator not in batch.known[case.pk]:
        return True
    if batch.places[case.pk].isdisjoint({(row.node_id, row.source_name), (row.node_id, row.source)}):
        return True
    return batch.alarms.has_ended(case.dismissed_at, piece.seen(batch.now))


def _fresh(device: Device, family: str, episode: int, batch: _Batch, pulled: Pulled) -> Case:
    """A new case, written at the end of the batch. It is open, so no sighting of the batch moves it."""
    pulled.opened += 1
    case = new_case(device, family, episode, batch.now)
    batch.fresh[case.pk] = (case, [])
    return case


def _keep_links(links: Sequence[tuple[Piece, Case]]) -> None:
    """Write parts of sightings as evidence of their cases."""
    if not links:
        return
    own: dict[str, Sequence[Any]] = dict(
        zip(PART_FIELDS, zip(*(piece.told for piece, _case in links), strict=True), strict=True)
    )
    own["case_id"] = [case.pk for _piece, case in links]
    own["sighting_id"] = [piece.row.pk for piece, _case in links]
    insert(CaseSighting, spelled(CaseSighting, own), unique=("case", "sighting"), replaced=PART_FIELDS)


def _sum_up(case: Case, evidence: Sequence[Piece], now: datetime) -> None:
    """Set the summary of a new case's evidence; `_refresh` sets that of an existing case."""
    sane = [piece for piece in evidence if piece.seen(now) is not None]
    case.count = sum(piece.count for piece in evidence)
    case.first_seen = min((piece.first for piece in sane if piece.first), default=None)
    case.last_seen = max((piece.last for piece in sane if piece.last), default=None)


def _refresh(cases: dict[UUID, Case], now: datetime) -> None:
    """Recompute the summaries of cases. Rows with an unusable clock give no first and last time."""
    found: QuerySet[Any, Any] = CaseSighting.rows.filter(case__in=list(cases)).values("case")
    for row in found.annotate(**sums(now + timedelta(days=1))):
        case = cases[row["case"]]
        # A check of the machine may have seen signs later than the logs.
        case.count = row["total"]
        case.first_seen = min(filter(None, (case.first_seen, row["begin"])), default=None)
        case.last_seen = max(filter(None, (case.last_seen, row["end"])), default=None)
    rewrite(cases.values(), ["count", "first_seen", "last_seen"])


def claims_of(campaign: Campaign) -> QuerySet[Case]:
    """The cases of the campaign that wait for a proof, unit by unit, because the machines of a unit share its
    logs."""
    return Case.rows.filter(
        CLAIMED, device__campaign=campaign, is_current=True, claimed_at__isnull=False
    ).order_by("device__owner__path", "pk")


def judge_claims(campaign: Campaign, pulled: Pulled | None = None, arrived: Arrived | None = None) -> None:
    """Move each claimed case by the proof that logs give now. With `arrived` only those that it can move: the
    nightly command judges all."""
    pulled = pulled or Pulled()
    waiting = claims_of(campaign)
    if arrived is not None:
        waiting = waiting.filter(pk__in=_moved_by(arrived, campaign))
    for some in batched(list(waiting.values_list("pk", flat=True)), AT_ONCE):
        judge_some(Case.rows.filter(pk__among=some), pulled)


def judge_some(cases: QuerySet[Case], pulled: Pulled) -> int:
    """Judge these claims, and store the gaps of those that are not proven; their number."""
    claims = list(cases.exclude(claimed_at=None).select_related("device").only(*_JUDGED))
    if not claims:
        return 0
    _share_units(claims)
    since = min(case.claimed_at for case in claims if case.claimed_at)
    now = timezone.now()
    logs: proving.Logs = {}
    keeper = Keeper()
    moved: list[tuple[looks.Facts, Judgement]] = []
    for facts in looks.gather(claims, since=since - proving.BEFORE):
        judgement = proving.judged(facts, now, logs, for_page=False)
        keeper.take(facts.case, judgement.gaps)
        is_worse = judgement.rung.value == State.CLEANING
        # Logs that do not suffice any more take nothing back.
        is_news = judgement.rung.value not in (facts.case.state, State.CLAIMED_CLEAN)
        if is_news and (is_worse or facts.case.state in WAITING):
            moved.append((facts, judgement))
    for some in batched(moved, MOVED_AT_ONCE):
        _apply(some, pulled)
    keeper.write()
    return len(claims)


def _share_units(claims: Sequence[Case]) -> None:
    """Give the machines their units and campaigns, each read once for all of its machines."""
    owners = CampaignNode.rows.in_bulk({case.device.owner_id for case in claims})
    campaigns = Campaign.objects.in_bulk({case.device.campaign_id for case in claims})
    of_device: Any = Device._meta
    owner, campaign = of_device.get_field("owner"), of_device.get_field("campaign")
    for case in claims:
        owner.set_cached_value(case.device, owners[case.device.owner_id])
        campaign.set_cached_value(case.device, campaigns[case.device.campaign_id])


def _moved_by(arrived: Arrived, campaign: Campaign) -> set[UUID]:
    """The waiting cases of machines with new rows, or seen at a new hour; and those that its places saw, if
    logs there now go on long enough for the next state: a log may also fill a gap before the latest one.

    A sensor that sends once a minute has neither most of the time. All cases are judged each night.
    """
    waiting = Case.rows.filter(CLAIMED, is_current=True, claimed_at__isnull=False)
    found: set[UUID] = set()
    for some in batched(sorted(arrived.machines), AT_ONCE):
        aliases = Alias.rows.filter(reporter=arrived.node, key__among=set(some))
        found.update(waiting.filter(device__in=aliases.values("device")).values_list("pk", flat=True))
    # New days of a log may close the gaps that its unit is asked to close.
    gaps = CaseGap.rows.filter(node=arrived.node, place__in=arrived.places)
    found.update(waiting.filter(pk__in=gaps.values("case")).values_list("pk", flat=True))
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
def _apply(news: Sequence[tuple[looks.Facts, Judgement]], pulled: Pulled) -> None:
    """Move the cases as they were judged, but those that somebody has moved since."""
    rows = Case.rows.select_for_update(of=("self",), no_key=True).select_related("device")
    cases = {case.pk: case for case in rows.filter(pk__among=[facts.case.pk for facts, _told in news])}
    _share_units(list(cases.values()))
    moves: list[tuple[Case, Act, dict[str, Any], Coverage | None]] = []
    for facts, judgement in news:
        case, judged = cases.get(facts.case.pk), facts.case
        if case is None or (case.claimed_at, case.state) != (judged.claimed_at, judged.state):
            continue
        state = State(judgement.rung.value)
        if judgement.back_at is not None:
            pulled.relapsed += 1
            unclaim(case)
            move(case, Act.SEEN_AGAIN, data={"seen": judgement.back_at.isoformat()})
        elif state is State.CLEANING:
            pulled.relapsed += 1
            relapse(case, None)
        elif state is State.RECHECKED:
            pulled.rechecked += 1
            moves.append((case, Act.RECHECK, *_proof(facts, judgement)))
        elif state is State.VERIFIED_CLEAN:
            pulled.verified += 1
            case.verified_at, case.quiet_until = timezone.now(), judgement.until
            moves.append((case, Act.VERIFY, *_proof(facts, judgement)))
    move_all(moves)


def _proof(facts: looks.Facts, judgement: Judgement) -> tuple[dict[str, Any], Coverage | None]:
    """What an event keeps of a judgement, and the log that it rests on."""
    coverage, count = proving.place_of(facts, judgement.place), judgement.count
    told = {
        "place": coverage.name if coverage else "",
        "expected": count.expected,
        "covered": count.covered,
        "seen_days": count.seen_days,
        "is_weak": judgement.is_weak,
        "since": judgement.silence.first.isoformat() if judgement.silence else "",
        "until": judgement.until.isoformat() if judgement.until else "",
        "quiet_hours": int(judgement.quiet.total_seconds() // 3600),
    }
    return told, coverage
