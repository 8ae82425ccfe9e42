"""Takes scan documents in, from the page or the API, so that a repeated document changes nothing.

Rows are stored in batches, each in a transaction with its audit entry, because other writers wait until a
transaction is over; the last batch also accepts the scan. A sender who was cut off sends the document again.
Pushes of one unit follow one another: the node's row is the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any, BinaryIO

from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns import arrivals
from quetsach.portal.campaigns.arrivals import Outcome
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.indicators import queries as indicators
from quetsach.portal.kit.inserting import AT_ONCE
from quetsach.portal.sightings import (
    bypass_actions,
    coverage_actions,
    intake,
    moving_actions,
    storing_actions,
    tellings,
)
from quetsach.portal.sightings.models import Scan
from quetsach.portal.units.models import ApiToken, Unit
from quetsach.sightings.scanfile import Reject, ScanFileError, read
from quetsach.sightings.sighting import Bypass as BypassRecord
from quetsach.sightings.sighting import Coverage as CoverageRecord
from quetsach.sightings.sighting import End
from quetsach.sightings.sighting import Scan as ScanRecord
from quetsach.sightings.sighting import Sighting as SightingRecord

_OF_ONE_MACHINE = 4
"""Times as many rows in one transaction where they are of one machine."""
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

    def add(self, batch: storing_actions.Batch) -> None:
        """Count the rows of a stored batch."""
        self.new += len(batch.fresh)
        self.updated += len(batch.grown)
        self.unchanged += batch.unchanged
        self.nameless += batch.nameless
        self.machines |= batch.machines
        self.changed |= batch.changed

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
    sender = Sender(Scan.Door.API, token=token, ip=ip)
    moving_actions.move(receipt.node, document.header.source_name, sender, document.coverages)
    _keep(receipt, document, rows, sender, bool(document.end.sources))
    return receipt


def receive_file(stream: BinaryIO, node: CampaignNode, sender: Sender) -> Receipt:
    """Take a whole scan file that a person uploaded. It is read twice: a file without its end stores nothing.

    Raises:
        RefusedError: nothing of it was stored.
    """
    place, grown = "", []
    for _line, entry in _entries(stream, lambda _reject: None):
        if isinstance(entry, ScanRecord):
            place = entry.source_name
        elif isinstance(entry, CoverageRecord) and entry.was:
            grown.append(entry)
    moving_actions.move(node, place, sender, grown)
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
    node = receipt.node

    def note(batch: storing_actions.Batch) -> None:
        _note(receipt, document.header, sender, len(batch.fresh), len(batch.grown))

    last: list[SightingRecord] = []
    for some in tellings.by_machine(rows, AT_ONCE, _OF_ONE_MACHINE * AT_ONCE):
        if last:
            receipt.add(storing_actions.keep(node, document.header, last, note))
        last = some
    _keep_bypasses(receipt, document)
    looked_at = None
    if is_whole:
        looked_at = coverage_actions.prepare(node, document.header, document.coverages)
    receipt.not_understood = sum(seen.not_understood for seen in document.coverages)

    def accept(batch: storing_actions.Batch) -> None:
        if looked_at is None:
            note(batch)
            return
        accepted = coverage_actions.accept(node, looked_at, sender)
        receipt.scan, receipt.is_repeat = accepted.scan, accepted.is_repeat
        receipt.places |= accepted.places
        receipt.seen |= accepted.seen
        new, updated = receipt.new + len(batch.fresh), receipt.updated + len(batch.grown)
        _note(receipt, document.header, sender, new, updated)

    receipt.add(storing_actions.keep(node, document.header, last, accept))
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
                if wrong := intake.header_refusal(entry):
                    raise RefusedError(*wrong, 1)
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
