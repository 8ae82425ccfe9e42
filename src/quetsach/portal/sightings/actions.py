"""Takes scan documents in, by either door, so that telling the same thing twice changes nothing.

A chunk is one transaction. Pushes of one unit follow one another: the node's row is the lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import batched
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.indicators import queries as indicators
from quetsach.portal.sightings import arrivals, intake
from quetsach.portal.sightings.models import Coverage, Scan, Sighting
from quetsach.portal.units.models import ApiToken, Unit
from quetsach.scanfile import Reject, ScanFileError, read
from quetsach.sighting import Coverage as CoverageRecord
from quetsach.sighting import End
from quetsach.sighting import Scan as ScanRecord
from quetsach.sighting import Sighting as SightingRecord

_REPLACED = ("source_name", "set_id", "is_listed", "checked_version", "is_pulled",
             "family", "kind", "matched", "field", "identity", "first_seen", "last_seen", "count", "action",
             "logformat", "evidence")  # fmt: skip
BATCH = 2000
MOST_REJECTS = 1000
"""So many refused lines are named one by one; all are counted."""


class NoCampaignError(PortalError):
    """The unit takes part in no open campaign, or in several and the document does not say in which."""

    code = "no_campaign"


class RefusedError(PortalError):
    """The whole document cannot be taken."""

    def __init__(self, code: str, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.line = line


@dataclass(frozen=True, slots=True)
class Sender:
    """Who brings a document: a person, or a machine with a token; by which door, from which address."""

    door: str
    user: User | None = None
    token: ApiToken | None = None
    ip: str | None = None

    @property
    def name(self) -> str:
        """As the audit trail names a machine."""
        return f"{self.token.prefix}… {self.token.name}" if self.token else ""


@dataclass
class Receipt:
    """What became of a document's rows. `scan` is set when its last record was in it."""

    node: CampaignNode
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
    header: ScanRecord | None = None
    rows: list[tuple[int, SightingRecord]] = []
    coverages: list[CoverageRecord] = []
    end: End | None = None
    for line, entry in _entries(BytesIO(data), rejects.append):
        match entry:
            case ScanRecord():
                header = entry
            case SightingRecord():
                rows.append((line, entry))
            case CoverageRecord():
                coverages.append(entry)
            case End():
                end = entry
    assert header is not None and end is not None
    node = campaign_node(token.unit, header.set_id)
    receipt = Receipt(node)
    for reject in rejects:
        receipt.reject(reject)
    sender = Sender(Scan.Door.API, token=token, ip=ip)
    with transaction.atomic():
        _store(receipt, header, rows)
        if end.sources:
            _accept(receipt, header, coverages, end, sender)
        _note(receipt, header, sender)
    arrivals.announce(node.campaign)
    return receipt


def receive_file(stream: BinaryIO, node: CampaignNode, sender: Sender) -> Receipt:
    """Take a whole scan file that a person uploaded. It is read twice: a file without its end stores nothing.

    Raises:
        RefusedError: nothing of it was stored.
    """
    for _ in _entries(stream, lambda _reject: None):
        pass
    stream.seek(0)
    receipt = Receipt(node)
    coverages: list[CoverageRecord] = []
    header: ScanRecord | None = None
    end: End | None = None

    def sightings() -> Iterator[tuple[int, SightingRecord]]:
        nonlocal header, end
        for line, entry in _entries(stream, receipt.reject):
            match entry:
                case ScanRecord():
                    header = entry
                case SightingRecord():
                    yield line, entry
                case CoverageRecord():
                    coverages.append(entry)
                case End():
                    end = entry

    for rows in batched(sightings(), BATCH):
        assert header is not None
        with transaction.atomic():
            _store(receipt, header, rows)
    assert header is not None and end is not None
    with transaction.atomic():
        _accept(receipt, header, coverages, end, sender)
        _note(receipt, header, sender)
    arrivals.announce(node.campaign)
    return receipt


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


def _store(receipt: Receipt, header: ScanRecord, rows: Iterable[tuple[int, SightingRecord]]) -> None:
    """Insert what is new, replace what has grown. Runs inside the caller's transaction."""
    node = receipt.node
    CampaignNode.rows.select_for_update(no_key=True).get(pk=node.pk)
    best: dict[str, SightingRecord] = {}
    for _, row in rows:
        key = intake.sighting_key(row)
        if key in best:
            receipt.unchanged += 1
            if row.count <= best[key].count:
                continue
        best[key] = row
    listing = indicators.listing(node.campaign_id, header.set_id, {row.indicator for row in best.values()})
    now = timezone.now()
    for keys in batched(best, 400):
        stored = {s.key: s for s in Sighting.rows.filter(node=node, key__in=keys)}
        fresh, grown = [], []
        for key in keys:
            row, old = best[key], stored.get(key)
            if old is None:
                old = Sighting(
                    node=node, key=key, source=row.source, indicator=row.indicator, device=row.device or "",
                    day=intake.to_day(row.day), received_at=now,
                )  # fmt: skip
                fresh.append(old)
            elif row.count > old.count:
                grown.append(old)
            else:
                receipt.unchanged += 1
                continue
            for name, value in intake.columns(row).items():
                setattr(old, name, value)
            old.source_name, old.set_id = header.source_name, header.set_id
            # Once an indicator was on the campaign's list, a later list without it takes nothing back.
            old.is_listed = bool(old.is_listed) or row.indicator in listing.names
            old.checked_version = listing.version
            old.is_pulled = False
        Sighting.rows.bulk_create(fresh)
        Sighting.rows.bulk_update(grown, _REPLACED, batch_size=100)
        receipt.new += len(fresh)
        receipt.updated += len(grown)


def _accept(
    receipt: Receipt, header: ScanRecord, coverages: list[CoverageRecord], end: End, sender: Sender
) -> None:
    """The scan is whole: keep what it looked at. The same scan told again is found, not added."""
    node = receipt.node
    published = indicators.published(node.campaign_id, header.set_id)
    receipt.scan, is_new = Scan.rows.get_or_create(
        node=node,
        digest=intake.scan_digest(header, coverages),
        defaults={
            "set_id": header.set_id,
            "indicator_set": published,
            "source_name": header.source_name,
            "tool": header.tool,
            "tz": header.tz,
            "sources": end.sources,
            "errors": end.errors,
            "door": sender.door,
            "by": sender.user,
            "token": sender.token,
            "accepted_at": timezone.now(),
        },
    )
    receipt.is_repeat = not is_new
    if is_new:
        for some in batched(coverages, 200):
            Coverage.rows.bulk_create([_coverage(receipt.scan, c) for c in some])


def _coverage(scan: Scan, seen: CoverageRecord) -> Coverage:
    values = seen._asdict()
    values["first"], values["last"] = intake.to_moment(seen.first), intake.to_moment(seen.last)
    return Coverage(scan=scan, **values)


def _note(receipt: Receipt, header: ScanRecord, sender: Sender) -> None:
    """The audit entry of a chunk; none for one that changed nothing."""
    if not (receipt.new or receipt.updated or (receipt.scan and not receipt.is_repeat)):
        return
    record(
        sender.user,
        "scan.accept" if receipt.scan else "scan.chunk",
        unit_path=receipt.node.path,
        about=receipt.scan,
        data={
            "source_name": header.source_name,
            "new": receipt.new,
            "updated": receipt.updated,
            "rejected": receipt.rejects,
        },
        ip=sender.ip,
        actor_name=sender.name,
    )


@transaction.atomic
def relist(campaign: Campaign) -> int:
    """Look up again the sightings whose indicator was on no list of the campaign; how many are on it now."""
    current = indicators.current(campaign)
    if current is None or current.version is None:
        return 0
    waiting = Sighting.rows.filter(
        node__campaign=campaign, is_listed=False, checked_version__lt=current.version
    )
    names = set(waiting.values_list("indicator", flat=True).distinct())
    if not names:
        return 0
    listing = indicators.listing(campaign.pk, current.set_id, names)
    now_listed = 0
    for some in batched(sorted(listing.names), 400):
        now_listed += waiting.filter(indicator__in=some).update(is_listed=True, is_pulled=False)
    waiting.update(checked_version=current.version)
    return now_listed


def mark_pulled(ids: Iterable[int]) -> None:
    """A higher app has taken these rows into account; it calls this in the same transaction."""
    for some in batched(ids, 400):
        Sighting.rows.filter(pk__in=some).update(is_pulled=True)
