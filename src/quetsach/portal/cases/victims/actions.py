"""Files of victims' reports: kept as a draft for their preview, then stored, or pushed by a machine.

Reports are stored in batches, each a transaction of its own, because other writers wait until a transaction
is over. A sender who was cut off sends the file again: a report that is here already changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from itertools import batched
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.models import Device, VictimFile, VictimReport
from quetsach.portal.cases.owning import owners_below
from quetsach.portal.cases.victims.pull_actions import take_reports
from quetsach.portal.cases.victims.queries import taken_back
from quetsach.portal.cases.victims.storing import Places, store
from quetsach.portal.kit import draft_actions
from quetsach.portal.sightings.actions import NoCampaignError, campaign_node
from quetsach.portal.units.models import ApiToken, Unit
from quetsach.portal.units.networks import Network
from quetsach.text.vietnamese import nfc
from quetsach.text.words import visible
from quetsach.victims import reading
from quetsach.victims.document import Document, DocumentError, Head, Whole
from quetsach.victims.reading import ReportFile, Told
from quetsach.victims.report import Leftover, Report

log = logging.getLogger(__name__)
BATCH = 2_000
MOST_BYTES = 32 << 20
"""Bytes of a file that a person uploads; the command sends larger ones."""
MOST_LEFT = 200
"""Leftovers of a file that are kept one by one; all are counted."""
MOST_REJECTS = 1_000
TAKEN_BACK = "taken_back"
"""Why nothing of a document is stored."""


@dataclass
class Receipt:
    """What became of the reports of one file or document."""

    file: VictimFile
    reports: int = 0
    changed: int = 0
    risks: int = 0
    not_ours: int = 0
    new_cases: int | None = 0
    """None if the cases wait for a later run."""
    rejected: list[tuple[int, str]] = field(default_factory=list)

    @property
    def unchanged(self) -> int:
        """Reports that were here already."""
        return self.reports - self.changed


def zone_told(kind: str, day: date | None) -> Told:
    """What a person says about a file; the times of an office's table are those of the portal's zone."""
    return Told(kind, day, timezone.get_default_timezone())


@transaction.atomic
def keep_draft(
    node: CampaignNode, actor: User, name: str, data: bytes, file: ReportFile, told: Told
) -> VictimFile:
    """Store a file until its preview is agreed to; the person's earlier drafts go."""
    draft_actions.make_room(VictimFile, actor)
    draft = VictimFile(
        node=node, name=visible(nfc(name))[:300], digest=hashlib.sha256(data).hexdigest(),
        publisher=file.publisher,
        kind=(file.kind.name if file.kind else "")[:80], by=actor, created_at=timezone.now(),
        told={"kind": told.kind, "day": told.day.isoformat() if told.day else ""},
    )  # fmt: skip
    draft.content.save("report", ContentFile(data), save=False)
    draft.save(force_insert=True)
    return draft


def opened(draft: VictimFile) -> ReportFile:
    """The draft's file, to be read once more. Raises ReportFileError, StaleDraftError."""
    day = draft.told.get("day")
    told = zone_told(draft.told.get("kind", ""), date.fromisoformat(day) if day else None)
    return reading.opened(draft.name, BytesIO(draft_actions.content(draft.content)), told)


def accept(draft: VictimFile, actor: User, ip: str | None = None) -> Receipt:
    """Store the reports of a draft and take them into cases. The draft says first as which file it is taken
    in: from now on nobody drops it. Raises ReportFileError, StaleDraftError."""
    file = opened(draft)
    head = Head(draft.name, draft.digest, draft.publisher, draft.kind)
    with transaction.atomic():
        row: VictimFile = draft_actions.locked(draft)
        receipt, left = Receipt(_accepted(draft.node, head, actor)), Counter[str]()
        row.told = {**row.told, "taken_as": str(receipt.file.pk)}
        row.save(update_fields=["told"])
    leftovers: list[Leftover] = []
    _keep(receipt, _only_reports(file.rows(), left, leftovers))
    _finish(receipt, Whole(file.lines, dict(left)), leftovers, actor=actor, ip=ip)
    draft_actions.throw_away(draft, actor)
    return receipt


@transaction.atomic
def drop(draft: VictimFile, actor: User) -> VictimFile | None:
    """Throw the person's draft away; nothing of it was stored. Returns the file as which it was taken in
    meanwhile, and throws nothing away then."""
    row = VictimFile.rows.select_for_update(no_key=True, of=("self",)).filter(pk=draft.pk).first()
    taken_as = (row or draft).told.get("taken_as")
    if taken_as is not None and (taken := VictimFile.rows.filter(pk=taken_as).first()) is not None:
        return taken
    draft_actions.throw_away(draft, actor)
    return None


def _only_reports(
    rows: Iterable[Report | Leftover], left: Counter[str], leftovers: list[Leftover]
) -> Iterator[Report]:
    for one in rows:
        if isinstance(one, Report):
            yield one
        else:
            left[one.code] += 1
            if len(leftovers) < MOST_LEFT:
                leftovers.append(one)


def _accepted(
    node: CampaignNode, head: Head, actor: User | None = None, token: ApiToken | None = None
) -> VictimFile:
    """The row of the file. A file that came before keeps its row, unless it was taken back: then it counts
    again if a person brings it, and a program gets the row that is gone."""
    now = timezone.now()
    with transaction.atomic():
        CampaignNode.rows.select_for_update(no_key=True).get(pk=node.pk)
        if token is not None and (gone := taken_back(node, head.digest, head.kind)) is not None:
            return gone
        known = VictimFile.rows.filter(
            node=node, digest=head.digest, kind=head.kind[:80], accepted_at__isnull=False, gone_at=None
        ).first()
        return known or VictimFile.rows.create(
            node=node, name=visible(nfc(head.file))[:300], digest=head.digest, publisher=head.publisher,
            kind=head.kind[:80], by=actor, token=token, created_at=now, accepted_at=now,
        )  # fmt: skip


def _keep(receipt: Receipt, reports: Iterable[Report], *, is_last: bool = True) -> None:
    """Store reports in batches; after the last of the file, open the cases."""
    node = receipt.file.node
    owners, _below = owners_below(node)
    places = Places(owners)
    for some in batched(reports, BATCH):
        with transaction.atomic():
            CampaignNode.rows.select_for_update(no_key=True).get(pk=node.pk)
            if VictimFile.rows.filter(pk=receipt.file.pk).exclude(gone_at=None).exists():
                break  # taken back meanwhile
            receipt.changed += store(receipt.file, some, places)
        receipt.reports += len(some)
        receipt.risks += sum(one.meaning.is_risk for one in some)
        receipt.not_ours += sum(places.of(one.address, one.last)[0] is None for one in some)
    if is_last:
        receipt.new_cases = _into_cases(node.campaign)


def _into_cases(campaign: Campaign) -> int | None:
    try:
        return take_reports(campaign)
    except Exception:
        log.exception("reports wait for their cases; run the command pull_sightings")
        return None


@transaction.atomic
def _finish(
    receipt: Receipt,
    whole: Whole | None,
    leftovers: Iterable[Leftover],
    *,
    actor: User | None = None,
    token: ApiToken | None = None,
    ip: str | None = None,
) -> None:
    """Note what the file held, and write the audit entry; nothing if it says nothing new. `whole` comes with
    the last document of a file."""
    file = VictimFile.rows.select_for_update(of=("self",), no_key=True).get(pk=receipt.file.pk)
    before = file.lines, file.left, file.leftovers
    if whole is not None:
        file.lines, file.left = whole.lines, dict(whole.left)
    told = {(line, sheet): [line, code, value, sheet] for line, code, value, sheet in file.leftovers}
    for one in leftovers:
        sheet = _sheet(one, file)
        told[one.line, sheet] = [one.line, one.code, one.value[:300], sheet]
    file.leftovers = list(told.values())[:MOST_LEFT]
    if (file.lines, file.left, file.leftovers) != before:
        file.save(update_fields=["lines", "left", "leftovers"])
    elif not receipt.changed:
        receipt.file = file
        return
    data = {
        "file": file.name, "publisher": file.publisher, "kind": file.kind, "reports": receipt.reports,
        "changed": receipt.changed,
    }  # fmt: skip
    named = f"{token.prefix}… {token.name}" if token else ""
    record(actor, "victims.accept", unit_path=file.node.path, about=file, data=data, ip=ip, actor_name=named)
    receipt.file = file


def _sheet(one: Leftover, file: VictimFile) -> str:
    """The name of the sheet, where the file has several."""
    return one.file.removeprefix(file.name).strip(" []")[:100] if one.file.startswith(file.name) else ""


def node_named(unit: Unit, slug: str) -> CampaignNode | None:
    """The unit's node in the open campaign of that name; None where no campaign is named.

    Raises:
        NoCampaignError: the unit takes no part in it.
    """
    if not slug:
        return None
    nodes = CampaignNode.rows.filter(unit=unit, campaign__slug=slug[:200].replace("\0", ""))
    found = nodes.filter(campaign__status=Campaign.Status.PUBLISHED).select_related("campaign").first()
    if found is None:
        raise NoCampaignError("This unit takes part in no open campaign of that name.")
    return found


def receive_document(
    data: bytes, token: ApiToken, ip: str | None, node: CampaignNode | None = None
) -> Receipt:
    """Take one complete document from the API. A file that people took back stays so: a program sends it
    again each day, and only a person lets it count again.

    Raises:
        DocumentError, NoCampaignError: nothing of it was stored.
    """
    rejected: list[tuple[int, str]] = []
    document = Document(BytesIO(data), lambda line, name: rejected.append((line, name)))
    rows = list(document.rows())
    if document.head is None:
        raise DocumentError("not_victims", 1)
    node = node or campaign_node(token.unit, "")
    receipt = Receipt(_accepted(node, document.head, token=token))
    if receipt.file.gone_at is not None:
        return Receipt(receipt.file, rejected=[(1, TAKEN_BACK)], new_cases=0)
    receipt.rejected = rejected[:MOST_REJECTS]
    leftovers: list[Leftover] = []
    _keep(receipt, list(_only_reports(rows, Counter(), leftovers)), is_last=document.whole is not None)
    _finish(receipt, document.whole, leftovers, token=token, ip=ip)
    return receipt


@transaction.atomic
def _find_owners(node: CampaignNode) -> int:
    """Look up the owners of reports without one; returns how many have one now."""
    owners, _below = owners_below(node)
    places = Places(owners)
    waiting = VictimReport.rows.filter(node=node, owner=None)
    told: dict[tuple[UUID | None, str], list[int]] = defaultdict(list)
    for pk, address, last, why in waiting.values_list("pk", "address", "last_seen", "why").iterator():
        now = places.of(address, last)
        if now != (None, why):
            told[now].append(pk)
    found = 0
    for (owner, why), ids in told.items():
        for some in batched(ids, 400):
            rows = VictimReport.rows.filter(pk__in=some)
            if owner is not None:
                rows.filter(meaning__in=VictimReport.CASES).update(is_waiting=True)
                found += len(some)
            rows.update(owner=owner, why=why)
    return found


def follow_reports(network: Network) -> int:
    """Give reported addresses without a unit to the unit that has the range now; returns how many machines
    that gave to units."""
    waiting = VictimReport.rows.filter(owner=None, node__campaign__status=Campaign.Status.PUBLISHED)
    given = 0
    for node in CampaignNode.rows.filter(pk__in=waiting.values("node")).select_related("campaign"):
        if network.unit.path.startswith(node.path) and _find_owners(node):
            machines = Device.rows.filter(campaign=node.campaign)
            before = machines.count()
            _into_cases(node.campaign)
            given += machines.count() - before
    return given


def look_again(node: CampaignNode, actor: User, ip: str | None = None) -> tuple[int, int | None]:
    """Ask anew who owns the addresses that had no unit, because ranges were named since; returns the number
    of reports that have a unit now, and of new cases (None: later)."""
    found = _find_owners(node)
    if not found:
        return 0, 0
    with transaction.atomic():
        record(actor, "victims.place", unit_path=node.path, about=node, data={"reports": found}, ip=ip)
    return found, _into_cases(node.campaign)
