"""Takes scan documents in, from the page or the API, so that a repeated document changes nothing.

Rows are stored in batches, each in a transaction with its audit entry, because other writers wait until a
transaction is over; the last batch also accepts the scan. A sender who was cut off sends the document again.
Pushes of one unit follow one another: the node's row is the lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from itertools import batched
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import Case, QuerySet, When
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns import arrivals
from quetsach.portal.campaigns.arrivals import Outcome
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.indicators import queries as indicators
from quetsach.portal.kit.inserting import AT_ONCE, insert, values_of
from quetsach.portal.sightings import bypass_actions, coverage_actions, intake, tellings
from quetsach.portal.sightings.models import Scan, Sighting
from quetsach.portal.sightings.tellings import Retold, Stored
from quetsach.portal.units.models import ApiToken, Unit
from quetsach.sightings.scanfile import Reject, ScanFileError, read
from quetsach.sightings.sighting import Bypass as BypassRecord
from quetsach.sightings.sighting import Coverage as CoverageRecord
from quetsach.sightings.sighting import End
from quetsach.sightings.sighting import Scan as ScanRecord
from quetsach.sightings.sighting import Sighting as SightingRecord

_REPLACED = ("source_name", "set_id", "is_listed", "checked_version", "is_pulled",
             "family", "kind", "matched", "field", "identity", "nat", "card", "first_seen", "last_seen",
             "count", "runs", "action", "logformat", "evidence")  # fmt: skip
_OF_ONE_MACHINE = 4
"""Times as many rows in one transaction where they are of one machine."""
_FACTS = ("key", "count", "is_listed", "identity", "has_runs", "first_seen", "last_seen")
MOST_REJECTS = 1000
"""Refused lines that are named one by one; all are counted."""


class NoCampaignError(PortalError):
    """The unit takes part in no open campaign, or in several and the document does not name one."""

    code = "no_campaign"


class RefusedError(PortalError):
    """The whole document cannot be taken."""

    def __init__(self, code: str, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.line = line


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of a document: a person, or a machine with a token; with its way in and its address."""

    door: str
    user: User | None = None
    token: ApiToken | None = None
    ip: str | None = None

    @property
    def name(self) -> str:
        """The machine's name in the audit trail."""
        return f"{self.token.prefix}… {self.token.name}" if self.token else ""


@dataclass
class Receipt:
    """The fate of a document's rows. `scan` is set if the document held its last record.

    `machines` are all that its rows name, `changed` those whose rows were written; `places` and `seen` as in
    `coverage_actions.Accepted`; `around` are machines that newly go around the place that watches.
    `outcome` says the same in machines and cases; None if the cases wait for a later run. `nameless` and
    `not_understood` are log lines that name a listed address and no machine.
    """

    node: CampaignNode
    began: datetime = field(default_factory=timezone.now)
    machines: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    around: set[str] = field(default_factory=set)
    outcome: Outcome | None = None
    not_understood: int = 0
    nameless: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Reject] = field(default_factory=list)
    rejects: int = 0
    scan: Scan | None = None
    is_repeat: bool = False

    def reject(self, reject: Reject) -> None:
        """Count a refused line."""
        self.rejects += 1
        if len(self.rejected) < MOST_REJECTS:
            self.rejected.append(reject)


def campaign_node(unit: Unit, set_id: str) -> CampaignNode:
    """The unit's node in the open campaign that published the list, else in its only open campaign.

    Raises:
        NoCampaignError: none, or several.
    """
    nodes = list(
        CampaignNode.rows.filter(unit=unit, campaign__status=Campaign.Status.PUBLISHED)
        .select_related("campaign")
        .order_by("-campaign__published_at")
    )
    known = indicators.campaigns_of_set(set_id)
    for node in nodes:
        if node.campaign_id in known:
            return node
    if len(nodes) == 1:
        return nodes[0]
    if not nodes:
        raise NoCampaignError("This unit takes part in no open campaign.")
    raise NoCampaignError(
        "This unit takes part in several open campaigns and none has published this list: "
        "scan with a campaign's own list."
    )


def receive_chunk(data: bytes, token: ApiToken, ip: str | None) -> Receipt:
    """Take one complete document from the API.

    Raises:
        RefusedError, NoCampaignError: nothing of it was stored.
    """
    rejects: list[Reject] = []
    document = _Document()
    rows = list(document.rows(BytesIO(data), rejects.append))
    receipt = Receipt(campaign_node(token.unit, document.header.set_id))
    for reject in rejects:
        receipt.reject(reject)
    _keep(receipt, document, rows, Sender(Scan.Door.API, token=token, ip=ip), bool(document.end.sources))
    return receipt


def receive_file(stream: BinaryIO, node: CampaignNode, sender: Sender) -> Receipt:
    """Take a whole scan file that a person uploaded. It is read twice: a file without its end stores nothing.

    Raises:
        RefusedError: nothing of it was stored.
    """
    for _ in _entries(stream, lambda _reject: None):
        pass
    stream.seek(0)
    receipt, document = Receipt(node), _Document()

    def on_bypasses() -> None:
        _keep_bypasses(receipt, document)

    rows = document.rows(stream, receipt.reject, on_bypasses)
    _keep(receipt, document, rows, sender, is_whole=True)
    return receipt


class _Document:
    """A document while its rows are read: `header` is set before the first row, `end` after the last."""

    header: ScanRecord
    end: End

    def __init__(self) -> None:
        self.coverages: list[CoverageRecord] = []
        self.bypasses: list[BypassRecord] = []

    def rows(
        self,
        stream: BinaryIO,
        on_reject: Callable[[Reject], None],
        on_bypasses: Callable[[], None] | None = None,
    ) -> Iterator[SightingRecord]:
        """Yield the sightings; collect the coverage and the bypasses. `on_bypasses` may take the latter away
        whenever there is a batch of them."""
        for _, entry in _entries(stream, on_reject):
            match entry:
                case ScanRecord():
                    self.header = entry
                case SightingRecord():
                    yield entry
                case BypassRecord():
                    self.bypasses.append(entry)
                    if on_bypasses and len(self.bypasses) >= AT_ONCE:
                        on_bypasses()
                case CoverageRecord():
                    self.coverages.append(entry)
                case End():
                    self.end = entry


def _keep(
    receipt: Receipt, document: _Document, rows: Iterable[SightingRecord], sender: Sender, is_whole: bool
) -> None:
    """Store the rows in batches; with the last batch accept the scan if it `is_whole`."""
    last: Sequence[SightingRecord] = ()
    for some in tellings.by_machine(rows, AT_ONCE, _OF_ONE_MACHINE * AT_ONCE):
        if last:
            waiting = _prepare(receipt, document.header, last)
            with transaction.atomic():
                _note(receipt, document.header, sender, *_store(receipt, waiting))
        last = some
    waiting = _prepare(receipt, document.header, last)
    _keep_bypasses(receipt, document)
    looked_at = None
    if is_whole:
        looked_at = coverage_actions.prepare(receipt.node, document.header, document.end, document.coverages)
    receipt.not_understood = sum(seen.not_understood for seen in document.coverages)
    with transaction.atomic():
        new, updated = _store(receipt, waiting)
        if looked_at is not None:
            accepted = coverage_actions.accept(receipt.node, looked_at, sender)
            receipt.scan, receipt.is_repeat = accepted.scan, accepted.is_repeat
            receipt.places |= accepted.places
            receipt.seen |= accepted.seen
            new, updated = receipt.new, receipt.updated
        _note(receipt, document.header, sender, new, updated)
    arrived = arrivals.Arrived(receipt.node, receipt.changed, receipt.places, receipt.seen)
    if arrivals.announce(receipt.node.campaign, arrived):
        receipt.outcome = arrivals.outcome_of(receipt.node, receipt.machines, receipt.began)


def _keep_bypasses(receipt: Receipt, document: _Document) -> None:
    """Store the bypasses that were read so far."""
    if document.bypasses:
        receipt.around |= bypass_actions.keep(receipt.node, document.header.source_name, document.bypasses)
        receipt.changed |= receipt.around
        document.bypasses = []


def _entries(stream: BinaryIO, on_reject: Any) -> Iterator[tuple[int, Any]]:
    """The document's records that can be stored; the others go to `on_reject`."""
    try:
        for line, entry in read(stream, on_reject):
            refusal = None
            if isinstance(entry, ScanRecord):
                reason = intake.header_refusal(entry)
                if reason:
                    raise RefusedError("too_long", reason, 1)
            elif isinstance(entry, SightingRecord | BypassRecord):
                refusal = intake.refusal(entry)
            elif isinstance(entry, CoverageRecord):
                refusal = intake.coverage_refusal(entry)
            if refusal:
                on_reject(Reject(line, *refusal))
            else:
                yield line, entry
    except ScanFileError as error:
        raise RefusedError(error.code, error.reason, error.line) from error


@dataclass
class _Waiting:
    """Rows to store, and stored rows without `who` that they tell again under a name."""

    rows: list[Sighting]
    told: dict[str, SightingRecord]
    retold: Retold


def _prepare(receipt: Receipt, header: ScanRecord, rows: Iterable[SightingRecord]) -> _Waiting:
    """The rows to store, without those that say no more than what is stored."""
    node, best = receipt.node, dict[str, SightingRecord]()
    for row in rows:
        key = intake.sighting_key(row)
        if name := row.device or intake.nat_address(row.identity) or intake.card_of(row.identity):
            receipt.machines.add(name)
        if not row.device:
            receipt.nameless += row.count
        if key in best:
            receipt.unchanged += 1
            if row.count <= best[key].count:
                continue
        best[key] = row
    here = _stored(node, best.keys() | tellings.bare_keys(best.values()))
    retold = tellings.retold(best, here)
    older = _older(node, {key: row for key, row in best.items() if not row.who and key not in here}, best)
    wanted = {
        key: row
        for key, row in best.items()
        if key in retold.reduced or (here[key].yields_to(row) if key in here else key not in older)
    }
    receipt.unchanged += len(best) - len(wanted)
    if not wanted:
        return _Waiting([], {}, retold)
    listing = indicators.listing(node.campaign_id, header.set_id, {row.indicator for row in wanted.values()})
    now = timezone.now()
    ready = [
        _row({
            "id": None, "node_id": node.pk, "key": key, "source": row.source, "indicator": row.indicator,
            "device": row.device or "", "who": row.who or None, "day": intake.to_day(row.day),
            "received_at": now, "source_name": header.source_name, "set_id": header.set_id,
            "is_listed": row.indicator in listing.names, "checked_version": listing.version,
            "is_pulled": False, **intake.columns(row),
        })
        for key, row in wanted.items()
    ]  # fmt: skip
    return _Waiting(ready, wanted, retold)


_NAMES = [one.attname for one in Sighting._meta.concrete_fields]


def _row(values: dict[str, Any]) -> Sighting:
    """A new row; with names, Django takes three times as long."""
    return Sighting(*(values[name] for name in _NAMES))  # type: ignore[misc]


def _stored(node: CampaignNode, keys: Iterable[str]) -> dict[str, Stored]:
    """What is stored, by key of each row."""
    found: dict[str, Stored] = {}
    for some in batched(keys, 400):
        found |= {key: Stored(*facts) for key, *facts in _facts(node).filter(key__in=some)}
    return found


def _facts(node: CampaignNode) -> Any:
    has_runs = Case(When(runs=[], then=False), default=True)
    rows = Sighting.rows.filter(node=node).order_by().annotate(has_runs=has_runs)
    return rows.values_list(*_FACTS)


def _older(node: CampaignNode, fresh: dict[str, SightingRecord], told: dict[str, SightingRecord]) -> set[str]:
    """Keys of new rows without `who`, where the same lines are stored with a name already.

    Such a document is from before the name was known. A document that holds one of the names is newer.
    """
    named_here = {tellings.group_of(row) for row in told.values() if row.who}
    groups = {tellings.group_of(row): key for key, row in fresh.items()}
    found = set()
    for some in batched([group for group in groups if group not in named_here], 400):
        rows = _facts(node).filter(
            who__isnull=False,
            source__in={group[0] for group in some},
            device__in={group[2] for group in some},
        )
        named: dict[tellings.Group, list[Stored]] = defaultdict(list)
        for source, indicator, device, day, _key, *facts in rows.values_list(
            "source", "indicator", "device", "day", *_FACTS
        ):
            named[source, indicator, device, day.isoformat() if day else ""].append(Stored(*facts))
        found |= {groups[g] for g in some if g in named and tellings.is_older(fresh[groups[g]], named[g])}
    return found


def _store(receipt: Receipt, waiting: _Waiting) -> tuple[int, int]:
    """Insert new rows and update those that say less; returns both numbers. Runs inside the caller's
    transaction."""
    if not waiting.rows:
        return 0, 0
    node = receipt.node
    CampaignNode.rows.select_for_update(no_key=True).get(pk=node.pk)
    replaced, renamed = set(waiting.retold.reduced), waiting.retold.renamed
    here = _stored(node, {row.key for row in waiting.rows} | renamed.keys())
    for bare, named in renamed.items():
        key = intake.sighting_key(named)
        if bare in here and key not in here:
            Sighting.rows.filter(node=node, key=bare).update(key=key, who=named.who)
            here[key] = here.pop(bare)
            replaced.add(key)
    fresh = [row for row in waiting.rows if row.key not in here]
    grown = [
        row
        for row in waiting.rows
        if row.key in here and (row.key in replaced or here[row.key].yields_to(waiting.told[row.key]))
    ]
    for row in grown:
        # If an indicator was on the campaign's list once, a later list without it changes nothing.
        row.is_listed = row.is_listed or here[row.key].is_listed
        # A name that was known stays known, also where a longer log no longer tells it.
        known = here[row.key].identity
        row.identity = {**known, **row.identity} if row.count > here[row.key].count else row.identity | known
        row.nat, row.card = intake.nat_address(row.identity), intake.card_of(row.identity)
    insert(Sighting, values_of(fresh))
    # One statement for many rows; an UPDATE with a case for each row and column takes ten times as long.
    insert(Sighting, values_of(grown), unique=("node", "key"), replaced=_REPLACED)
    receipt.changed.update(row.called for row in (*fresh, *grown) if row.called)
    receipt.new += len(fresh)
    receipt.updated += len(grown)
    receipt.unchanged += len(waiting.rows) - len(fresh) - len(grown)
    return len(fresh), len(grown)


def _note(receipt: Receipt, header: ScanRecord, sender: Sender, new: int, updated: int) -> None:
    """Write the audit entry of stored rows; none without rows. The entry of a whole scan has the sums."""
    if not (new or updated or (receipt.scan and not receipt.is_repeat)):
        return
    record(
        sender.user,
        "scan.accept" if receipt.scan else "scan.chunk",
        unit_path=receipt.node.path,
        about=receipt.scan,
        data={
            "source_name": header.source_name,
            "new": new,
            "updated": updated,
            "rejected": receipt.rejects,
        },
        ip=sender.ip,
        actor_name=sender.name,
    )


def mark_pulled(ids: Iterable[int]) -> None:
    """Mark rows that a higher app has processed; the app calls this in the same transaction."""
    for some in batched(ids, 400):
        Sighting.rows.filter(pk__in=some).update(is_pulled=True)


def mark_waiting(rows: QuerySet[Sighting]) -> int:
    """Mark rows that a higher app must process again; returns their number."""
    return rows.order_by().update(is_pulled=False)
