"""Keeps files that came in and reads their annexes. The same file twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from quetsach.annexes.collect import Office, Reading, Unread, read_file, read_upload
from quetsach.annexes.collecting import stored
from quetsach.annexes.collecting.files.archive import Found
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.intake import judging, queries
from quetsach.portal.intake.models import ReceivedAnnex, ReceivedFile
from quetsach.portal.kit.strangers import refused

CONVERTING = 40.0
"""Seconds that one upload may spend on old Word files; the remaining files can be read again later."""
_COUNTED = {
    "not_an_annex": "unknown_kind", "encrypted": "unknown_kind", "blank_form": "content",
    "office_slow": "too_long", "office_later": "busy",
}  # fmt: skip
"""Reasons of refusal for problems that the reader of the file does not report."""
_BY_NAME = UUID("6f2f5a3e-6f0b-5d0a-9a55-2f0c9d1c7c11")
"""Namespace of the names of files whose bytes were never read."""


@dataclass
class Receipt:
    """The fate of an upload: numbers of files that were new, already known, and without an annex."""

    new: int = 0
    known: int = 0
    unread: int = 0
    annexes: int = 0
    names: list[str] = field(default_factory=list)


def receive(
    actor: User, node: CampaignNode, uploads: Iterable[tuple[str, bytes]], *, ip: str | None = None
) -> Receipt:
    """Keep the files and read their annexes. A file whose content the node already has is skipped."""
    below = {str(one.pk): one for one in queries.nodes_below(node)}
    known = queries.directory(node, below.values())
    receipt, office = Receipt(), Office(CONVERTING)
    for name, data in uploads:
        # Read before the transaction: a slow file holds no lock.
        given = [(found, _judged(result, below)) for found, result in read_upload(name, data, known, office)]
        with transaction.atomic():
            fresh = [found.name for found, result in given if _keep(actor, node, found, result, receipt)]
            if fresh:
                details: dict[str, Any] = {"upload": name[:200], "files": len(fresh)}
                record(actor, "intake.receive", unit_path=node.path, about=node, data=details, ip=ip)
    return receipt


def _keep(
    actor: User, node: CampaignNode, found: Found, result: list[Reading] | Unread, receipt: Receipt
) -> bool:
    problem = result.problem if isinstance(result, Unread) else None
    readings = [] if isinstance(result, Unread) else result
    sha256 = result.sha256 if isinstance(result, Unread) else readings[0].sha256
    # A file whose bytes were never read (too large, encrypted member) is identified by its name.
    sha256 = sha256 or uuid5(_BY_NAME, found.name).hex * 2
    file = ReceivedFile(
        node=node,
        name=found.name[-300:],
        sha256=sha256,
        size=len(found.data),
        problem=problem.code if problem else "",
        facts=problem.facts if problem else {},
        by=actor,
        at=timezone.now(),
    )
    if ReceivedFile.rows.filter(node=node, sha256=sha256).exists():
        receipt.known += 1
        return False
    try:
        with transaction.atomic():
            if found.data:
                file.content.save(found.name, ContentFile(found.data), save=False)
            file.save(force_insert=True)
            _lay_out(file, readings)
    except IntegrityError:
        # Two tabs sent the file at once; the other one kept it.
        receipt.known += 1
        return False
    receipt.new += 1
    if problem is not None:
        if problem.code not in queries.BY_EYE:
            refused("intake", problem, _COUNTED.get(problem.code, ""))
        receipt.unread += 1
    receipt.annexes += len(readings)
    receipt.names.append(found.name)
    return True


def _judged(result: list[Reading] | Unread, below: Mapping[str, CampaignNode]) -> list[Reading] | Unread:
    """The readings, each with the warnings of the portal's own data about its unit."""
    if isinstance(result, Unread):
        return result
    return [judging.judged_here(one, below.get(one.unit.key) if one.unit else None) for one in result]


def _lay_out(file: ReceivedFile, readings: Iterable[Reading]) -> None:
    ReceivedAnnex.rows.bulk_create(
        ReceivedAnnex(
            file=file,
            part=one.part,
            node_id=UUID(one.unit.key) if one.unit else None,
            reading=stored.to_data(one),
        )
        for one in readings
    )


def read_again(actor: User, file_id: UUID, node: CampaignNode, *, ip: str | None = None) -> bool:
    """Read a kept file again that needed LibreOffice; returns whether it has an annex. If it had one before,
    nothing happens."""
    kept = ReceivedFile.rows.get(pk=file_id, node=node)
    if kept.problem not in queries.READ_AGAIN or not kept.content:
        return False
    below = {str(one.pk): one for one in queries.nodes_below(node)}
    known = queries.directory(node, below.values())
    with kept.content.open("rb") as content:
        given = read_file(Found(kept.name, None, content.read()), known, Office(CONVERTING))
    given = _judged(given, below)
    with transaction.atomic():
        file = ReceivedFile.rows.select_for_update(no_key=True).get(pk=file_id)
        if file.problem != kept.problem or ReceivedAnnex.rows.filter(file=file).exists():
            return False
        problem = given.problem if isinstance(given, Unread) else None
        is_read = problem is None
        file.problem = problem.code if problem else ""
        file.facts = problem.facts if problem else {}
        file.save(update_fields=["problem", "facts"])
        _lay_out(file, [] if isinstance(given, Unread) else given)
        data = {"file": file.name, "sha256": file.sha256, "read": is_read}
        record(actor, "intake.read_again", unit_path=node.path, about=file, data=data, ip=ip)
    return is_read
