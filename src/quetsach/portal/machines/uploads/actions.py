"""Files of evidence: a draft with its preview, taken in when its person agrees, taken back, put back.

A row of evidence may stand in several files. Where one of them is taken back, the other files of the same
source are told anew from their kept documents, so that only what it alone said is gone.
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
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns import arrivals
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.kit import draft_actions
from quetsach.portal.kit.draft_actions import StaleDraftError
from quetsach.portal.machines.actions import Stored, store_evidence, take_back
from quetsach.portal.machines.models import ColumnMapping, EvidenceFile
from quetsach.portal.machines.register.filling_actions import list_waiting
from quetsach.portal.machines.uploads import queries
from quetsach.portal.units.models import ApiToken, Unit
from quetsach.text.vietnamese import nfc
from quetsach.text.words import visible

AT_ONCE = 20.0
"""Seconds for which the register is brought up to date while a person waits; the rest follows at night."""


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
    """Take a draft in. The same files, taken in before, change nothing. Raises StaleDraftError."""
    known = queries.same_as(draft)
    if known is not None:
        draft_actions.throw_away(draft, actor)
        return known, Stored(known=known.claims + known.bindings)
    told = _store(draft)
    with transaction.atomic():
        row: EvidenceFile = draft_actions.locked(draft)
        draft_actions.forget(row.content)
        row.content = ""
        row.accepted_at = timezone.now()
        row.fresh = told.claims + told.bindings + told.shortened
        row.save()
        _record(actor, "evidence.accept", row, ip)
    follow(row.unit)
    return row, told


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
    known = EvidenceFile.rows.filter(
        unit=unit, digest=digest, source=source, accepted_at__isnull=False, gone_at=None
    ).first()
    if known is not None:
        return known, Stored(known=sum(counts))
    begun = queries.begun_today(unit, token, source, sum(counts))
    if begun is not None:
        told = store_evidence(unit, *_parts(document.read(_lines(data), unit.path)), file=begun)
        if _add_to(begun, data, digest, told):
            if told.is_new:
                follow(unit)
            return begun, told
    now = timezone.now()
    row = EvidenceFile(
        unit=unit, source=source, name=visible(nfc(name or source))[:300], digest=digest, token=token,
        created_at=now, claims=counts[0], bindings=counts[1], kinds=left,
    )  # fmt: skip
    row.document.save("document", ContentFile(gzip.compress(data, mtime=0)), save=False)
    row.save(force_insert=True)
    told = _store(row)
    with transaction.atomic():
        row.accepted_at = timezone.now()
        row.fresh = told.claims + told.bindings + told.shortened
        row.save(update_fields=["accepted_at", "fresh"])
        _record(None, "evidence.accept", row, ip, f"{token.prefix}… {token.name}")
    follow(unit)
    return row, told


def _add_to(file: EvidenceFile, data: bytes, digest: str, told: Stored) -> bool:
    """Add a document whose rows are stored already to the file of its day; whether the file still counts. The
    rows come first: after a crash the program sends them again."""
    with transaction.atomic():
        row = EvidenceFile.rows.select_for_update(no_key=True, of=("self",)).get(pk=file.pk)
        if row.gone_at is not None:
            return False
        out = BytesIO()
        document.write(out, row.source, *_parts((*_rows(row), *document.read(_lines(data), row.unit.path))))
        _source, (row.claims, row.bindings), row.kinds = queries.checked(out.getvalue())
        draft_actions.forget(row.document)
        row.document.save("document", ContentFile(gzip.compress(out.getvalue(), mtime=0)), save=False)
        row.digest, row.accepted_at = digest, timezone.now()
        row.fresh += told.claims + told.bindings + told.shortened
        row.save(update_fields=["claims", "bindings", "kinds", "document", "digest", "accepted_at", "fresh"])
    return True


def withdraw(file: EvidenceFile, actor: User, why: str, ip: str | None = None) -> None:
    """Take an accepted file back: what it alone said no longer counts. Twice is the same as once."""
    with transaction.atomic():
        row = EvidenceFile.rows.select_for_update(no_key=True, of=("self",)).get(pk=file.pk)
        if row.gone_at is not None or row.accepted_at is None:
            return
        row.gone_at, row.gone_by, row.gone_why = timezone.now(), actor, nfc(why)[:500]
        row.save(update_fields=["gone_at", "gone_by", "gone_why"])
        take_back(row)
        for other in queries.others_of_source(row):
            _store(other)
        _record(actor, "evidence.take_back", row, ip)
    follow(row.unit)


def put_back(file: EvidenceFile, actor: User, ip: str | None = None) -> EvidenceFile:
    """Let a file that was taken back count again; returns the file that counts. Where the same was handed in
    once more, that is the other one, and nothing changes. Raises StaleDraftError where its document is
    gone."""
    with transaction.atomic():
        row = EvidenceFile.rows.select_for_update(no_key=True, of=("self",)).get(pk=file.pk)
        if row.gone_at is None:
            return row
        if (same := queries.same_as(row)) is not None:
            return same
        if not row.document:
            raise StaleDraftError
        row.gone_at, row.gone_by, row.gone_why = None, None, ""
        row.save(update_fields=["gone_at", "gone_by", "gone_why"])
        _record(actor, "evidence.put_back", row, ip)
    _store(row)
    follow(row.unit)
    return row


def follow(unit: Unit) -> None:
    """Bring registers and cases up to date with new evidence of a unit; what fails is done at night."""
    list_waiting(AT_ONCE)
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


def _store(file: EvidenceFile) -> Stored:
    """Store the rows of the file's document. Claims stand before bindings in it, so it is read twice."""
    return store_evidence(
        file.unit,
        (one for one in _rows(file) if isinstance(one, Claim)),
        (one for one in _rows(file) if isinstance(one, Binding)),
        file=file,
    )


def _rows(file: EvidenceFile) -> Iterator[Claim | Binding]:
    with gzip.open(BytesIO(draft_actions.content(file.document))) as lines:
        yield from document.read((line.rstrip(b"\n") for line in lines), file.unit.path)


def _lines(data: bytes) -> Iterator[bytes]:
    return (line.rstrip(b"\n") for line in BytesIO(data))


def _parts(rows: Iterable[Claim | Binding]) -> tuple[list[Claim], list[Binding]]:
    """The claims and the bindings of a small document."""
    found = list(rows)
    bindings = [one for one in found if isinstance(one, Binding)]
    return [one for one in found if isinstance(one, Claim)], bindings


def _record(actor: User | None, act: str, row: EvidenceFile, ip: str | None, named: str = "") -> None:
    data = {"file": row.name, "source": row.source, "rows": row.claims + row.bindings, "new": row.fresh,
            "reason": row.gone_why}  # fmt: skip
    record(actor, act, unit_path=row.unit.path, about=row, data=data, ip=ip, actor_name=named)
