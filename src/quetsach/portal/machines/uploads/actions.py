"""Files of evidence: a draft with its preview, taken in when its person agrees, taken back, put back.

A row of evidence may stand in several files. Where one of them is taken back, the rows that others tell in
their kept documents stand with these, so that only what it alone said is gone.

An act decides under the lock of the unit and marks the file; the rows follow (`settling_actions`).
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from quetsach.machines.evidence import Binding, Claim
from quetsach.machines.sources import document, sent
from quetsach.machines.sources.columns import BY_KEY
from quetsach.machines.sources.sent import Sent
from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns import arrivals
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.kit import draft_actions
from quetsach.portal.machines.actions import NotCountingError, Stored, lock, store_evidence
from quetsach.portal.machines.models import ColumnMapping, EvidenceFile
from quetsach.portal.machines.register.filling_actions import list_waiting
from quetsach.portal.machines.uploads import queries
from quetsach.portal.machines.uploads.settling_actions import record_file, rows_of, settle
from quetsach.portal.units.models import ApiToken, Unit
from quetsach.text.vietnamese import nfc
from quetsach.text.words import visible

AT_ONCE = 10.0
"""A person waits so many seconds for the rows of a file that is taken back, and so many for the register. The
rest follows at night."""

Act = EvidenceFile.Act
_MOST_OTHERS = 5
"""Other units that a preview names."""


class Told:
    """What a person says of files: their source, the moment of a snapshot, and the length of leases."""

    def __init__(self, source: str, at: datetime | None = None, length: int | None = None) -> None:
        self.source, self.at, self.length = nfc(source).strip(), at, length

    def kept(self, columns: Mapping[str, str] | None) -> dict[str, Any]:
        """As the draft keeps it. Times without a zone are those of the portal."""
        now = self.at or timezone.now()
        return {
            "at": round(now.timestamp()) * 1_000_000, "is_at_told": self.at is not None,
            "zone": settings.TIME_ZONE, "length": self.length,
            "columns": dict(columns) if columns is not None else None,
        }  # fmt: skip


def keep_draft(unit: Unit, actor: User, files: list[tuple[str, bytes]], told: Told) -> EvidenceFile:
    """Read the files and keep them until the preview is agreed to; the person's earlier drafts go.

    Columns of a register are those that the unit chose last for the same headings of this source, else the
    guess. Raises MachinesError, BusyError.
    """
    packed = sent.pack(files)
    kept = told.kept(None)
    found = _read(packed, told.source, kept)
    remembered = queries.remembered(unit, told.source, found)
    if remembered is not None:
        kept["columns"] = remembered
        found = _read(packed, told.source, kept)
    with transaction.atomic():
        draft_actions.make_room(EvidenceFile, actor)
        draft = EvidenceFile(
            unit=unit, source=told.source[:255], name=_names(files), by=actor, created_at=timezone.now(),
            digest=hashlib.sha256(packed).hexdigest(),
        )  # fmt: skip
        _tell(draft, found, kept)
        draft.content.save("files", ContentFile(packed), save=False)
        draft.document.save("document", ContentFile(found.packed), save=False)
        draft.save(force_insert=True)
    return draft


def map_columns(draft: EvidenceFile, actor: User, columns: Mapping[str, str]) -> EvidenceFile:
    """Read the draft's files with these meanings of their headings, and remember them for the source.

    Raises MachinesError, BusyError, StaleDraftError.
    """
    known = {heading: key for heading, key in columns.items() if key in BY_KEY or not key}
    kept = {name: draft.told[name] for name in ("at", "is_at_told", "zone", "length")} | {"columns": known}
    found = _read(draft_actions.content(draft.content), draft.source, kept)
    with transaction.atomic():
        row: EvidenceFile = draft_actions.locked(draft)
        _tell(row, found, kept)
        draft_actions.forget(row.document)
        row.document.save("document", ContentFile(found.packed), save=False)
        row.save()
        for headings in queries.tables_of(found):
            ColumnMapping.rows.update_or_create(
                unit=row.unit, source=row.source, headings=headings,
                defaults={"columns": known, "by": actor, "at": timezone.now()},
            )  # fmt: skip
    return row


def accept(draft: EvidenceFile, actor: User, ip: str | None = None) -> tuple[EvidenceFile, Stored]:
    """Take a draft in; returns the file, which may have been taken back meanwhile. The same files, taken in
    before, change nothing. Raises StaleDraftError."""
    with transaction.atomic():
        lock(draft.unit)
        row: EvidenceFile = draft_actions.locked(draft)
        if (known := queries.same_as(row)) is not None:
            draft_actions.drop(row)
        else:
            draft_actions.content(row.document)
            draft_actions.forget(row.content)
            row.content, row.by = "", actor
            row.accepted_at, row.unfinished = timezone.now(), Act.ACCEPT
            row.save(update_fields=["content", "by", "accepted_at", "unfinished"])
    if known is not None:
        settle(known)  # what a stopped process left
        return known, Stored(known=known.claims + known.bindings)
    told = settle(row, ip=ip)
    follow(row.unit)
    return EvidenceFile.rows.select_related("unit").get(pk=row.pk), told


def receive(
    data: bytes, token: ApiToken, ip: str | None = None, name: str = ""
) -> tuple[EvidenceFile, Stored]:
    """Take a complete document that a program pushed for the unit of its token; repeating it changes nothing.

    What a program tells of one source on one day is one file, as far as it is small: a watcher tells a few
    leases every few minutes. The trail names the file once.

    Raises MachinesError: nothing of it was stored.
    """
    unit = token.unit
    source, counts, left = queries.checked(data)
    digest = hashlib.sha256(data).hexdigest()
    begun = queries.begun_today(unit, token, source, sum(counts))
    if begun is not None and queries.same_document(unit, source, digest) is None:
        told = _add_to(begun, data, digest)
        if told is not None:
            if told.is_new:
                follow(unit)
            return begun, told
    row = EvidenceFile(
        unit=unit, source=source, name=visible(nfc(name or source))[:300], digest=digest, token=token,
        created_at=timezone.now(), claims=counts[0], bindings=counts[1], kinds=left,
    )  # fmt: skip
    if (known := _begin(row, data)) is not None:
        settle(known, ip=ip)
        return known, Stored(known=sum(counts))
    told = settle(row, ip=ip)
    follow(unit)
    return row, told


@transaction.atomic
def _begin(row: EvidenceFile, data: bytes) -> EvidenceFile | None:
    """Store the row of a file that was pushed, or return the file that holds the same already: a program that
    sends a document twice at once sends one."""
    lock(row.unit)
    if (known := queries.same_document(row.unit, row.source, row.digest)) is not None:
        return known
    row.document.save("document", ContentFile(gzip.compress(data, mtime=0)), save=False)
    row.accepted_at, row.unfinished = timezone.now(), Act.ACCEPT
    row.save(force_insert=True)
    return None


def _add_to(file: EvidenceFile, data: bytes, digest: str) -> Stored | None:
    """Store the rows of a document and add it to the file of its day; None if the file no longer counts. The
    rows come first: after a crash the program sends them again."""
    unit = file.unit
    try:
        told = store_evidence(unit, *_parts(document.read(_lines(data), unit.path)), file=file)
    except NotCountingError:
        return None
    with transaction.atomic():
        row = EvidenceFile.rows.select_for_update(no_key=True, of=("self",)).get(pk=file.pk)
        if row.gone_at is not None:
            return None
        if row.digest == digest:
            return told  # the same came at the same time
        out = BytesIO()
        document.write(out, row.source, *_parts((*rows_of(row), *document.read(_lines(data), unit.path))))
        _source, (row.claims, row.bindings), row.kinds = queries.checked(out.getvalue())
        draft_actions.forget(row.document)
        row.document.save("document", ContentFile(gzip.compress(out.getvalue(), mtime=0)), save=False)
        row.digest, row.accepted_at = digest, timezone.now()
        row.fresh += told.claims + told.bindings + told.shortened
        row.save(update_fields=["claims", "bindings", "kinds", "document", "digest", "accepted_at", "fresh"])
    return told


def withdraw(file: EvidenceFile, actor: User, why: str, ip: str | None = None) -> bool:
    """Take an accepted file back: what it alone said no longer counts. Returns whether all rows follow
    already; else they do at night. Twice is the same as once."""
    with transaction.atomic():
        lock(file.unit)
        row = _locked(file)
        if row.accepted_at is None:
            return True
        if row.gone_at is None:
            if row.unfinished == Act.ACCEPT:
                record_file(row.by, "evidence.accept", row, None)
            row.gone_at, row.gone_by, row.gone_why = timezone.now(), actor, nfc(why)[:500]
            row.unfinished = Act.TAKE_BACK
            row.save(update_fields=["gone_at", "gone_by", "gone_why", "unfinished"])
            record_file(actor, "evidence.take_back", row, ip)
    if row.unfinished:
        settle(row, AT_ONCE)
        follow(row.unit)
    return not EvidenceFile.rows.filter(pk=row.pk, unfinished=Act.TAKE_BACK).exists()


def put_back(file: EvidenceFile, actor: User, ip: str | None = None) -> EvidenceFile:
    """Let a file that was taken back count again; returns the file that counts. Where the same was handed in
    once more, that is the other one, and nothing changes. Raises StaleDraftError where its document is
    gone."""
    with transaction.atomic():
        lock(file.unit)
        row = _locked(file)
        if row.gone_at is None and not row.unfinished:
            return row
        if row.gone_at is not None:
            if (same := queries.same_as(row)) is not None:
                return same
            draft_actions.content(row.document)
            row.gone_at, row.gone_by, row.gone_why = None, None, ""
            row.unfinished = Act.PUT_BACK
            row.save(update_fields=["gone_at", "gone_by", "gone_why", "unfinished"])
            record_file(actor, "evidence.put_back", row, ip)
    settle(row)
    follow(row.unit)
    return EvidenceFile.rows.select_related("unit").get(pk=row.pk)


def _locked(file: EvidenceFile) -> EvidenceFile:
    """The file as it is now, locked until the end of the caller's transaction, after its unit."""
    rows = EvidenceFile.rows.select_for_update(no_key=True, of=("self",)).select_related("unit")
    return rows.get(pk=file.pk)


def follow(unit: Unit) -> None:
    """Bring the unit's own register and the cases up to date with its new evidence. Failures are made good at
    night; evidence of other units waits until then as well."""
    list_waiting(AT_ONCE, unit)
    nodes = queries.campaigns_of(unit)
    for node in nodes:
        if node.campaign.status == Campaign.Status.PUBLISHED:
            arrivals.announce(node.campaign, arrivals.Arrived(node, (), ()))


def _read(packed: bytes, source: str, kept: dict[str, Any]) -> Sent:
    return sent.read(packed, source, kept["at"], kept["zone"], kept["length"], kept["columns"])


def _tell(draft: EvidenceFile, found: Sent, kept: dict[str, Any]) -> None:
    """Note what was read."""
    shown: dict[str, Any] = {
        "files": [asdict(one) | {"leftovers": []} for one in found.files], "machines": found.machines,
        "kinds": found.kinds, "begin": found.begin, "end": found.end, "undated": found.undated,
        "bindings": [list(one) for one in found.sample_bindings],
        "others": queries.of_others(draft.unit, found.addresses)[:_MOST_OTHERS],
    }  # fmt: skip
    kinds: dict[str, int] = {}
    left: dict[str, int] = {}
    for one in found.files:
        for name, n in one.kinds.items():
            kinds[name] = kinds.get(name, 0) + n
        for code, n in one.reasons.items():
            left[code] = left.get(code, 0) + n
    draft.told = kept | {"shown": shown}
    draft.kinds, draft.left = kinds, left
    draft.claims, draft.bindings = found.claims, found.bindings
    draft.leftovers = [
        [one.name, left_over.line, left_over.code, left_over.text]
        for one in found.files
        for left_over in one.leftovers
    ][: sent.MOST_LEFT]


def _names(files: list[tuple[str, bytes]]) -> str:
    return visible(nfc(", ".join(name for name, _ in files)))[:300]


def _lines(data: bytes) -> Iterator[bytes]:
    return (line.rstrip(b"\n") for line in BytesIO(data))


def _parts(rows: Iterable[Claim | Binding]) -> tuple[list[Claim], list[Binding]]:
    """The claims and the bindings of a small document."""
    found = list(rows)
    bindings = [one for one in found if isinstance(one, Binding)]
    return [one for one in found if isinstance(one, Claim)], bindings
