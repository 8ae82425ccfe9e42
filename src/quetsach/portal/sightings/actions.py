"""Takes scan documents in, from the page or the API, so that a repeated document changes nothing.

Rows are stored in batches, each in a transaction with its audit entry, because other writers wait until a
transaction is over; the last batch also accepts the scan. A sender who was cut off sends the document again.
Pushes of one unit follow one another: the node's row is the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from itertools import batched
from typing import Any, BinaryIO
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns import arrivals
from quetsach.portal.campaigns.arrivals import Outcome
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.indicators import queries as indicators
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.sightings import intake
from quetsach.portal.sightings.models import Coverage, Scan, Sighting
from quetsach.portal.units.models import ApiToken, Unit
from quetsach.sightings.scanfile import Reject, ScanFileError, read
from quetsach.sightings.sighting import Coverage as CoverageRecord
from quetsach.sightings.sighting import End
from quetsach.sightings.sighting import Scan as ScanRecord
from quetsach.sightings.sighting import Sighting as SightingRecord
from quetsach.text.escape import escape

_REPLACED = ("source_name", "set_id", "is_listed", "checked_version", "is_pulled",
             "family", "kind", "matched", "field", "identity", "nat", "first_seen", "last_seen", "count",
             "action", "logformat", "evidence")  # fmt: skip
BATCH = 500
"""Rows in one transaction."""
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

    `outcome` says the same in machines and cases; None if the cases wait for a later run. `nameless` rows and
    `not_understood` lines name a listed address and no machine.
    """

    node: CampaignNode
    began: datetime = field(default_factory=timezone.now)
    machines: set[str] = field(default_factory=set)
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
    _keep(receipt, document, document.rows(stream, receipt.reject), sender, is_whole=True)
    return receipt


class _Document:
    """A document while its rows are read: `header` is set before the first row, `end` after the last."""

    header: ScanRecord
    end: End

    def __init__(self) -> None:
        self.coverages: list[CoverageRecord] = []

    def rows(self, stream: BinaryIO, on_reject: Callable[[Reject], None]) -> Iterator[SightingRecord]:
        """Yield the sightings; collect the coverage."""
        for _, entry in _entries(stream, on_reject):
            match entry:
                case ScanRecord():
                    self.header = entry
                case SightingRecord():
                    yield entry
                case CoverageRecord():
                    self.coverages.append(entry)
                case End():
                    self.end = entry


def _keep(
    receipt: Receipt, document: _Document, rows: Iterable[SightingRecord], sender: Sender, is_whole: bool
) -> None:
    """Store the rows in batches; with the last batch accept the scan if it `is_whole`."""
    last: Sequence[SightingRecord] = ()
    for some in batched(rows, BATCH):
        if last:
            waiting = _prepare(receipt, document.header, last)
            with transaction.atomic():
                _note(receipt, document.header, sender, *_store(receipt, waiting))
        last = some
    waiting = _prepare(receipt, document.header, last)
    looked_at = _looked_at(document) if is_whole else None
    receipt.not_understood = sum(seen.not_understood for seen in document.coverages)
    with transaction.atomic():
        new, updated = _store(receipt, waiting)
        if looked_at is not None:
            _accept(receipt, document, looked_at, sender)
            new, updated = receipt.new, receipt.updated
        _note(receipt, document.header, sender, new, updated)
    if arrivals.announce(receipt.node.campaign):
        receipt.outcome = arrivals.outcome_of(receipt.node, receipt.machines, receipt.began)


def _entries(stream: BinaryIO, on_reject: Any) -> Iterator[tuple[int, Any]]:
    """The document's records that can be stored; the others go to `on_reject`."""
    try:
        for line, entry in read(stream, on_reject):
            refusal = None
            if isinstance(entry, ScanRecord):
                reason = intake.header_refusal(entry)
                if reason:
                    raise RefusedError("too_long", reason, 1)
            elif isinstance(entry, SightingRecord):
                refusal = intake.refusal(entry)
            elif isinstance(entry, CoverageRecord):
                refusal = intake.coverage_refusal(entry)
            if refusal:
                on_reject(Reject(line, *refusal))
            else:
                yield line, entry
    except ScanFileError as error:
        raise RefusedError(error.code, error.reason, error.line) from error


def _prepare(receipt: Receipt, header: ScanRecord, rows: Iterable[SightingRecord]) -> list[Sighting]:
    """The rows to store, without those stored already with an equal or larger count."""
    node, best = receipt.node, dict[str, SightingRecord]()
    for row in rows:
        key = intake.sighting_key(row)
        if row.device:
            receipt.machines.add(row.device)
        else:
            receipt.nameless += 1
        if key in best:
            receipt.unchanged += 1
            if row.count <= best[key].count:
                continue
        best[key] = row
    here = _counts(node, best)
    wanted = {key: row for key, row in best.items() if key not in here or row.count > here[key][0]}
    receipt.unchanged += len(best) - len(wanted)
    if not wanted:
        return []
    listing = indicators.listing(node.campaign_id, header.set_id, {row.indicator for row in wanted.values()})
    now = timezone.now()
    return [
        Sighting(
            node=node, key=key, source=row.source, indicator=row.indicator, device=row.device or "",
            day=intake.to_day(row.day), received_at=now, source_name=header.source_name, set_id=header.set_id,
            is_listed=row.indicator in listing.names, checked_version=listing.version, is_pulled=False,
            **intake.columns(row),
        )
        for key, row in wanted.items()
    ]  # fmt: skip


def _counts(node: CampaignNode, keys: Iterable[str]) -> dict[str, tuple[int, bool]]:
    """By key of each stored row: its count, and whether its indicator was on the campaign's list."""
    found: dict[str, tuple[int, bool]] = {}
    for some in batched(keys, 400):
        rows = Sighting.rows.filter(node=node, key__in=some).values_list("key", "count", "is_listed")
        found |= {key: (count, is_listed) for key, count, is_listed in rows}
    return found


def _store(receipt: Receipt, rows: Sequence[Sighting]) -> tuple[int, int]:
    """Insert new rows and update grown ones; returns both numbers. Runs inside the caller's transaction."""
    if not rows:
        return 0, 0
    CampaignNode.rows.select_for_update(no_key=True).get(pk=receipt.node.pk)
    here = _counts(receipt.node, [row.key for row in rows])
    fresh = [row for row in rows if row.key not in here]
    grown = [row for row in rows if row.key in here and row.count > here[row.key][0]]
    for row in grown:
        # If an indicator was on the campaign's list once, a later list without it changes nothing.
        row.is_listed = row.is_listed or here[row.key][1]
    Sighting.rows.bulk_create(fresh)
    # One statement for many rows; an UPDATE with a case for each row and column takes ten times as long.
    Sighting.rows.bulk_create(
        grown, update_conflicts=True, unique_fields=["node", "key"], update_fields=_REPLACED
    )
    receipt.new += len(fresh)
    receipt.updated += len(grown)
    receipt.unchanged += len(rows) - len(fresh) - len(grown)
    return len(fresh), len(grown)


@dataclass(frozen=True, slots=True)
class _LookedAt:
    """The coverage of a scan, ready to be written: an id for the scan, the statement, and its rows.

    A scan of ten thousand files has as many rows, which stand or fall together: everything that can be
    prepared is prepared before other writers have to wait.
    """

    scan: UUID
    digest: str
    sql: str
    rows: list[list[Any]]


def _looked_at(document: _Document) -> _LookedAt:
    scan = uuid7()
    fields = [field for field in Coverage._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table, marks = connection.ops.quote_name(Coverage._meta.db_table), ", ".join(["%s"] * len(fields))
    coverages = (_coverage(scan, seen) for seen in document.coverages)
    rows = [
        [field.get_db_prep_save(getattr(one, field.attname), connection) for field in fields]
        for one in coverages
    ]
    digest = intake.scan_digest(document.header, document.coverages)
    insert = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608  (names of the model)
    return _LookedAt(scan, digest, insert, rows)


def _accept(receipt: Receipt, document: _Document, looked_at: _LookedAt, sender: Sender) -> None:
    """Accept the whole scan and store its coverage. A repeated scan is recognised and adds nothing."""
    node, header = receipt.node, document.header
    published = indicators.published(node.campaign_id, header.set_id)
    receipt.scan, is_new = Scan.rows.get_or_create(
        node=node,
        digest=looked_at.digest,
        defaults={
            "id": looked_at.scan,
            "set_id": header.set_id,
            "indicator_set": published,
            "source_name": header.source_name,
            "tool": header.tool,
            "tz": header.tz,
            "sources": document.end.sources,
            "errors": document.end.errors,
            "door": sender.door,
            "by": sender.user,
            "token": sender.token,
            "accepted_at": timezone.now(),
        },
    )
    receipt.is_repeat = not is_new
    if is_new and looked_at.rows:
        with connection.cursor() as cursor:
            cursor.executemany(looked_at.sql, looked_at.rows)


def _coverage(scan: UUID, seen: CoverageRecord) -> Coverage:
    values = seen._asdict()
    values["first"], values["last"] = intake.to_moment(seen.first), intake.to_moment(seen.last)
    # The scanner escapes these lines already. A document that a person wrote may lack the escapes.
    values["unattributed"] = [escape(line.encode()) for line in seen.unattributed]
    return Coverage(scan_id=scan, **values)


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


def relist(campaign: Campaign) -> int:
    """Look up again the sightings that were on no list of the campaign; returns how many are on it now."""
    current = indicators.current(campaign)
    if current is None or current.version is None:
        return 0
    waiting = Sighting.rows.filter(
        node__campaign=campaign, is_listed=False, checked_version__lt=current.version
    )
    now_listed = 0
    while some := list(waiting.order_by("pk").values_list("pk", "indicator")[:BATCH]):
        listing = indicators.listing(campaign.pk, current.set_id, {indicator for _pk, indicator in some})
        with transaction.atomic():
            for rows in batched(some, 400):
                listed = [pk for pk, indicator in rows if indicator in listing.names]
                these = Sighting.rows.filter(is_listed=False, pk__in=[pk for pk, _indicator in rows])
                now_listed += these.filter(pk__in=listed).update(is_listed=True, is_pulled=False)
                these.update(checked_version=current.version)
    return now_listed


def unlist(campaign: Campaign) -> int:
    """Take the mark `is_listed` from sightings whose indicator stands on withdrawn versions only; returns how
    many. A later version that lists the indicator gives the mark back (`relist`)."""
    current = indicators.current(campaign)
    version = current.version if current is not None else 0
    listed = Sighting.rows.filter(node__campaign=campaign, is_listed=True)
    names = set(listed.order_by().values_list("indicator", flat=True).distinct())
    names &= indicators.names_on(indicators.withdrawn(campaign.pk), names)
    names -= indicators.names_on(indicators.versions(campaign), names)
    changed = 0
    for some in batched(sorted(names), 400):
        changed += listed.filter(indicator__in=some).update(is_listed=False, checked_version=version)
    return changed


def mark_pulled(ids: Iterable[int]) -> None:
    """Mark rows that a higher app has processed; the app calls this in the same transaction."""
    for some in batched(ids, 400):
        Sighting.rows.filter(pk__in=some).update(is_pulled=True)
