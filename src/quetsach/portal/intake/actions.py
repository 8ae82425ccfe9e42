"""Acts on files that came in. The same file twice or a double click changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.annexes.collect import Doubt, Office, Reading, Unread, read_file, read_upload
from quetsach.annexes.collecting import stored
from quetsach.annexes.collecting.annex import Annex
from quetsach.annexes.collecting.figures import Figure
from quetsach.annexes.collecting.files.archive import Found
from quetsach.annexes.collecting.form import ROWS
from quetsach.errors import QuetsachError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.on_behalf.actions import annex_came, annex_taken_back
from quetsach.portal.intake import queries
from quetsach.portal.intake.models import ReceivedAnnex, ReceivedFile
from quetsach.portal.kit.strangers import refused
from quetsach.portal.reports.actions import Source, submit_on_behalf
from quetsach.portal.reports.errors import ReportError
from quetsach.portal.reports.review.actions import MOST_REASON, accept, send_back

State = ReceivedAnnex.State
CONVERTING = 40.0
"""Seconds that one upload may spend on old Word files; the remaining files can be read again later."""
_COUNTED = {
    "not_an_annex": "unknown_kind", "encrypted": "unknown_kind", "blank_form": "content",
    "office_slow": "too_long", "office_later": "busy",
}  # fmt: skip
"""Reasons of refusal for problems that the reader of the file does not report."""
_ONE_REPORT = UUID("6f2f5a3e-6f0b-5d0a-9a55-2f0c9d1c7c11")
"""Namespace of ids that stay the same, so that an annex taken twice gives one revision."""


class IntakeError(QuetsachError):
    """The act does not fit the present state. The message is for the person."""

    code = "intake"


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
    known = queries.directory(node, queries.nodes_below(node))
    receipt, office = Receipt(), Office(CONVERTING)
    for name, data in uploads:
        # Read before the transaction: a slow file holds no lock.
        given = read_upload(name, data, known, office)
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
    sha256 = sha256 or uuid5(_ONE_REPORT, found.name).hex * 2
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
    known = queries.directory(node, queries.nodes_below(node))
    with kept.content.open("rb") as content:
        given = read_file(Found(kept.name, None, content.read()), known, Office(CONVERTING))
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


@transaction.atomic
def correct(
    actor: User,
    annex_id: UUID,
    node: CampaignNode,
    values: Mapping[str, int | None],
    given_to: CampaignNode | None,
    version: int,
    *,
    ip: str | None = None,
) -> ReceivedAnnex:
    """Store the figures that a person read off the paper. Raises IntakeError if the row has changed."""
    annex = _hold(annex_id, node)
    if annex.state != State.OPEN or annex.version != version:
        raise IntakeError(_("Someone has changed this row since you opened the page. Look again."))
    one = stored.from_data(annex.reading)
    changed = {row: value for row, value in values.items() if _is_new(one, row, value)}
    moved = given_to is not None and given_to.pk != annex.node_id
    if not changed and not moved:
        return annex
    changes: dict[str, Any] = {row: [one.values[row], value] for row, value in changed.items()}
    one = stored.corrected(one, changed)
    if moved and given_to is not None:
        changes["unit"] = [annex.node.name if annex.node else None, given_to.name]
        annex.node = given_to
        one = stored.given_to(one, queries.directory(node, [given_to]).units[0])
    annex.reading = stored.to_data(one)
    annex.corrections = [*annex.corrections, {"by": str(actor), "at": timezone.now().isoformat(), **changes}]
    annex.version += 1
    annex.save()
    data = {"file": annex.file.name, "sha256": annex.file.sha256, "changes": changes}
    record(actor, "intake.correct", unit_path=node.path, about=annex, data=data, ip=ip)
    return annex


def _is_new(one: Reading, row: str, value: int | None) -> bool:
    """Whether the figure differs, or was in doubt and a person confirms it unchanged."""
    is_doubted = any(doubt.level != "info" for doubt in one.doubts_of(row))
    return value != one.values[row] or (value is not None and is_doubted)


@transaction.atomic
def take(
    actor: User,
    annex_id: UUID,
    node: CampaignNode,
    version: int,
    *,
    at: datetime | None = None,
    ip: str | None = None,
) -> ReceivedAnnex:
    """Make the annex the report of its unit, on its behalf, and accept it: from now on it counts.

    `at` is the common moment of an act on many rows, by which they can be taken back together. For a row that
    is already taken, nothing happens. Raises IntakeError for a row without a unit or changed meanwhile,
    BlockedReport for figures that the rules refuse, ReportError if the unit has sent a report itself.
    """
    annex = _hold(annex_id, node)
    if annex.state == State.TAKEN:
        return annex
    if annex.state != State.OPEN or annex.version != version:
        raise IntakeError(_("Someone has changed this row since you opened the page. Look again."))
    if annex.node is None:
        raise IntakeError(_("Choose the unit of this annex first."))
    target = queries.nodes_below(node).filter(pk=annex.node.pk).select_related("campaign").first()
    if target is None:
        raise IntakeError(_("This unit is not below yours, or takes no part any more."))
    one = stored.from_data(annex.reading)
    source = Source(annex.file.name, annex.file.sha256)
    key = uuid5(_ONE_REPORT, f"{annex.pk}:{annex.version}")
    revision = submit_on_behalf(actor, target, entry_of(one), key, source=source, ip=ip)
    accept(actor, target, revision.number, ip=ip)
    annex_came(target, source.label, source.sha256, actor, ip=ip)
    annex.state, annex.revision, annex.by, annex.at = State.TAKEN, revision, actor, at or timezone.now()
    annex.save()
    data = {"unit": target.name, "file": annex.file.name, "sha256": annex.file.sha256}
    record(actor, "intake.take", unit_path=target.path, about=annex, data=data, ip=ip)
    return annex


def take_clear(actor: User, node: CampaignNode, *, ip: str | None = None) -> tuple[int, list[str]]:
    """Take every clear row; returns how many, and a sentence for each row that could not be taken."""
    taken, stopped, now = 0, [], timezone.now()
    for row in queries.desk(node).clear:
        try:
            take(actor, row.annex.pk, node, row.annex.version, at=now, ip=ip)
            taken += 1
        except (IntakeError, ReportError) as error:
            stopped.append(f"{row.annex.node}: {error}")
    return taken, stopped


@transaction.atomic
def take_back(actor: User, annex_id: UUID, node: CampaignNode, *, ip: str | None = None) -> ReceivedAnnex:
    """Put a taken row back on the desk: its report is returned and no longer counts.

    A second call changes nothing. Raises ReportError if the report has changed since it was taken.
    """
    annex = _hold(annex_id, node)
    if annex.state != State.TAKEN:
        return annex
    assert annex.node is not None and annex.revision is not None
    reason = _("The superior took the file %(file)s back to look at it again.") % {"file": annex.file.name}
    send_back(actor, annex.node, annex.revision.number, reason[:MOST_REASON], ip=ip)
    annex_taken_back(annex.node, annex.file.sha256, actor, ip=ip)
    annex.state, annex.revision, annex.by, annex.at = State.OPEN, None, None, None
    _moved(annex, "intake.take_back", actor, node, ip)
    return annex


def undo(actor: User, node: CampaignNode, at: datetime, *, ip: str | None = None) -> tuple[int, list[str]]:
    """Put all rows of one act back on the desk; returns how many, and a sentence for each failure."""
    undone, stopped = 0, []
    for annex in queries.decided_at(node, at):
        try:
            (take_back if annex.state == State.TAKEN else bring_back)(actor, annex.pk, node, ip=ip)
            undone += 1
        except ReportError as error:
            stopped.append(f"{annex.node}: {error}")
    return undone, stopped


@transaction.atomic
def set_aside(
    actor: User, annex_id: UUID, node: CampaignNode, *, at: datetime | None = None, ip: str | None = None
) -> ReceivedAnnex:
    """Take the row off the desk; its file stays. A second call changes nothing."""
    annex = _hold(annex_id, node)
    if annex.state == State.OPEN:
        annex.state, annex.by, annex.at = State.SET_ASIDE, actor, at or timezone.now()
        _moved(annex, "intake.set_aside", actor, node, ip)
    return annex


def set_repeated_aside(actor: User, node: CampaignNode, *, ip: str | None = None) -> int:
    """Take every copy and older version off the desk; returns how many."""
    now, rows = timezone.now(), queries.desk(node).repeated
    for row in rows:
        set_aside(actor, row.annex.pk, node, at=now, ip=ip)
    return len(rows)


@transaction.atomic
def doubt(actor: User, annex_id: UUID, node: CampaignNode, *, ip: str | None = None) -> ReceivedAnnex:
    """Put a clear row among the rows to look at: a person wants to compare it with its file first."""
    annex = _hold(annex_id, node)
    one = stored.from_data(annex.reading)
    if annex.state == State.OPEN and one.is_clear:
        mark = Doubt("asked", "file", {})
        annex.reading = stored.to_data(replace(one, doubts=(*one.doubts, mark)))
        _moved(annex, "intake.doubt", actor, node, ip)
    return annex


@transaction.atomic
def bring_back(actor: User, annex_id: UUID, node: CampaignNode, *, ip: str | None = None) -> ReceivedAnnex:
    """Put a row that was set aside back on the desk."""
    annex = _hold(annex_id, node)
    if annex.state == State.SET_ASIDE:
        annex.state, annex.by, annex.at = State.OPEN, None, None
        _moved(annex, "intake.bring_back", actor, node, ip)
    return annex


@transaction.atomic
def set_file_aside(actor: User, file_id: UUID, node: CampaignNode, *, ip: str | None = None) -> ReceivedFile:
    """Take a file without an annex off the desk; it stays as evidence. A second call changes nothing."""
    file = ReceivedFile.rows.select_for_update(no_key=True).get(pk=file_id, node=node)
    if not file.is_set_aside:
        file.is_set_aside = True
        file.save()
        data = {"file": file.name, "sha256": file.sha256}
        record(actor, "intake.set_aside", unit_path=node.path, about=file, data=data, ip=ip)
    return file


@transaction.atomic
def bring_file_back(actor: User, file_id: UUID, node: CampaignNode, *, ip: str | None = None) -> ReceivedFile:
    """Put a file without an annex back on the desk. A second call changes nothing."""
    file = ReceivedFile.rows.select_for_update(no_key=True).get(pk=file_id, node=node)
    if file.is_set_aside:
        file.is_set_aside = False
        file.save()
        data = {"file": file.name, "sha256": file.sha256}
        record(actor, "intake.bring_back", unit_path=node.path, about=file, data=data, ip=ip)
    return file


@transaction.atomic
def enter(
    actor: User,
    file_id: UUID,
    node: CampaignNode,
    target: CampaignNode,
    values: Mapping[str, int | None],
    *,
    ip: str | None = None,
) -> ReceivedAnnex:
    """Enter the figures that a person read off an unreadable file, such as a scan. Once for each file."""
    file = ReceivedFile.rows.select_for_update(no_key=True).get(pk=file_id, node=node)
    there = ReceivedAnnex.rows.filter(file=file).first()
    if there is not None:
        return there
    if None in values.values():
        raise IntakeError(_("Enter all four figures. Blank is not zero."))
    figures = {row: Figure(values[row], str(values[row])) for row in ROWS}
    unit = queries.directory(node, [target]).units[0]
    one = Reading(file.name, file.sha256, Annex(figures, unit=target.name), unit=unit)
    annex = ReceivedAnnex.rows.create(file=file, node=target, reading=stored.to_data(one))
    data = {"unit": target.name, "file": file.name, "sha256": file.sha256}
    record(actor, "intake.enter", unit_path=node.path, about=annex, data=data, ip=ip)
    return annex


def entry_of(one: Reading) -> dict[str, str]:
    """A reading as fields of the annex form."""
    annex = one.annex
    texts = {row: "" if value is None else str(value) for row, value in one.values.items()}
    notes = {f"n{row[1:]}": figure.note for row, figure in annex.figures.items()}
    return {**texts, **notes, "narrative": annex.assessment, "proposals": annex.proposals}


def _hold(annex_id: UUID, node: CampaignNode) -> ReceivedAnnex:
    """The row, locked. Raises ReceivedAnnex.DoesNotExist for a row of another desk."""
    annex = ReceivedAnnex.rows.select_for_update(of=("self",), no_key=True).select_related("file", "node")
    return annex.get(pk=annex_id, file__node=node)


def _moved(annex: ReceivedAnnex, action: str, actor: User, node: CampaignNode, ip: str | None) -> None:
    annex.version += 1
    annex.save()
    data = {"file": annex.file.name, "sha256": annex.file.sha256}
    record(actor, action, unit_path=node.path, about=annex, data=data, ip=ip)
