"""Acts on files that came in. The same file twice or a double click changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.annexes.collect import Doubt, Reading
from quetsach.annexes.collecting import stored
from quetsach.annexes.collecting.annex import Annex
from quetsach.annexes.collecting.figures import Figure
from quetsach.annexes.collecting.form import ROWS
from quetsach.errors import QuetsachError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.on_behalf.actions import annex_came, annex_taken_back
from quetsach.portal.intake import judging, queries
from quetsach.portal.intake.models import ReceivedAnnex, ReceivedFile
from quetsach.portal.reports.actions import Source, problems_on_behalf, submit_on_behalf
from quetsach.portal.reports.errors import BlockedReport, ReportError
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.review.actions import MOST_REASON, accept, send_back

State = ReceivedAnnex.State
_ONE_REPORT = UUID("6f2f5a3e-6f0b-5d0a-9a55-2f0c9d1c7c11")
"""Namespace of ids that stay the same, so that an annex taken twice gives one revision."""


class IntakeError(QuetsachError):
    """The act does not fit the present state. The message is for the person."""

    code = "intake"


class UnseenError(IntakeError):
    """The row has warnings that the person was not shown yet."""

    def __init__(self, unseen: list[Doubt]) -> None:
        super().__init__(
            _(
                "Nothing was taken yet: this row has a warning that you have not seen. Look at it below, then"
                " take the row."
            )
        )
        self.unseen = unseen


@transaction.atomic
def correct(
    actor: User,
    annex_id: UUID,
    node: CampaignNode,
    values: Mapping[str, int | None],
    given_to: CampaignNode | None,
    version: int,
    *,
    note: str | None = None,
    ip: str | None = None,
) -> ReceivedAnnex:
    """Store the figures and the unit that a person read off the paper, and judge the row anew.

    A figure or a unit that was in doubt and is entered unchanged settles the doubt; the corrections keep what
    was doubted. `note` is the person's own remark, None to leave it. Raises IntakeError if the row has
    changed.
    """
    annex = _hold(annex_id, node)
    if annex.state != State.OPEN or annex.version != version:
        raise IntakeError(_("Someone has changed this row since you opened the page. Look again."))
    one = stored.from_data(annex.reading)
    changed = {row: value for row, value in values.items() if _is_new(one, row, value)}
    is_placed = given_to is not None and (given_to.pk != annex.node_id or _is_doubted(one, "unit"))
    is_noted = note is not None and note != annex.note
    if not changed and not is_placed and not is_noted:
        return annex
    changes: dict[str, Any] = {row: [one.values[row], value] for row, value in changed.items()}
    if is_placed and given_to is not None:
        changes["unit"] = [annex.node.name if annex.node else None, given_to.name]
    # Rules of the form are judged anew, so they are not settled by a correction.
    settled = [
        {**judging.as_warning(doubt), "change": changes[doubt.field]}
        for doubt in judging.loud(one)
        if doubt.field in changes and "rule" not in doubt.facts
    ]
    one = stored.corrected(one, changed)
    if is_placed and given_to is not None:
        annex.node = given_to
        one = stored.given_to(one, queries.directory(node, [given_to]).units[0])
    annex.reading = stored.to_data(judging.judged_here(one, annex.node))
    noted = {"note": note} if is_noted else {}
    said = {"file": annex.file.name, "sha256": annex.file.sha256}
    told: list[tuple[str, dict[str, Any]]] = [("intake.correct", {"changes": changes})] if changes else []
    told += [("intake.note", {"note": note, "note_before": annex.note})] if is_noted else []
    now = timezone.now().isoformat()
    entry = {"by": str(actor), "at": now, **changes, **noted, "settled": settled}
    annex.corrections = [*annex.corrections, entry]
    annex.version += 1
    annex.save()
    for action, data in told:
        record(actor, action, unit_path=node.path, about=annex, data=said | data, ip=ip)
    return annex


def _is_new(one: Reading, row: str, value: int | None) -> bool:
    """Whether the figure differs, or was in doubt and a person confirms it unchanged."""
    return value != one.values[row] or (value is not None and _is_doubted(one, row))


def _is_doubted(one: Reading, field: str) -> bool:
    """Whether a doubt about the field waits for a person; a rule of the form stays until the figure fits."""
    return any(doubt.level != "info" and "rule" not in doubt.facts for doubt in one.doubts_of(field))


def take(
    actor: User,
    annex_id: UUID,
    node: CampaignNode,
    version: int,
    *,
    seen: Collection[str] = (),
    note: str = "",
    reading: Reading | None = None,
    at: datetime | None = None,
    ip: str | None = None,
) -> ReceivedAnnex:
    """Make the annex the report of its unit, on its behalf, and accept it: from now on it counts.

    The unit is not asked. The record says so, with every warning that the person was shown: `seen` are the
    marks of these warnings (`judging.mark`). A warning that the person was not shown stops the act, and the
    row shows it from now on. `reading` is the row's reading as the desk shows it, if it was just read.

    `note` takes the place of the note kept with the row. `at` is the common moment of an act on many rows,
    by which they can be taken back together. For a row that
    is already taken, nothing happens. Raises IntakeError for a row without a unit or changed meanwhile,
    UnseenError, BlockedReport for figures that the rules refuse, ReportError if the unit has sent a report
    itself.
    """
    try:
        return _take(actor, annex_id, node, version, seen=seen, note=note, reading=reading, at=at, ip=ip)
    except (UnseenError, BlockedReport):
        # What the portal knows has changed since the row was judged: store it, so that the row shows it.
        _judge_again(annex_id, node)
        raise


@transaction.atomic
def _judge_again(annex_id: UUID, node: CampaignNode) -> None:
    annex = _hold(annex_id, node)
    if annex.state == State.OPEN:
        annex.reading = stored.to_data(judging.judged_here(stored.from_data(annex.reading), annex.node))
        annex.save(update_fields=["reading"])


@transaction.atomic
def _take(
    actor: User,
    annex_id: UUID,
    node: CampaignNode,
    version: int,
    *,
    seen: Collection[str],
    note: str,
    reading: Reading | None,
    at: datetime | None,
    ip: str | None,
) -> ReceivedAnnex:
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
    problems = problems_on_behalf(target, judging.entry_of(stored.from_data(annex.reading)))
    if blocks := [problem for problem in problems if problem.level == "block"]:
        raise BlockedReport(_("The row cannot be taken yet."), blocks)
    reading = reading or queries.desk(node).reading_of(annex)
    if reading.unit is None:
        raise IntakeError(_("Choose the unit of this annex first."))
    judged = judging.with_rules(reading, problems)
    unseen = [doubt for doubt in judging.loud(judged) if judging.mark(doubt) not in seen]
    if unseen:
        raise UnseenError(unseen)
    shown = [*judging.loud(judged), *judging.remarks(judged)]
    told = [*_settled(annex), *map(judging.as_warning, shown)]
    said = note or annex.note
    source = Source(annex.file.name, annex.file.sha256, said, annex.corrected)
    key = uuid5(_ONE_REPORT, f"{annex.pk}:{annex.version}")
    one = stored.from_data(annex.reading)
    revision = submit_on_behalf(
        actor,
        target,
        judging.entry_of(one),
        key,
        source=source,
        shown=judging.rules_in(shown),
        told=told,
        ip=ip,
    )
    accept(actor, target, revision.number, ip=ip)
    annex_came(target, source.label, source.sha256, actor, ip=ip)
    annex.state, annex.revision, annex.by, annex.at = State.TAKEN, revision, actor, at or timezone.now()
    annex.save()
    data = {
        "unit": target.name,
        "file": annex.file.name,
        "sha256": annex.file.sha256,
        "unit_asked": False,
        "warnings": [f"{warning['rule']}:{warning['row']}" for warning in told],
        **({"note": said} if said else {}),
    }
    record(actor, "intake.take", unit_path=target.path, about=annex, data=data, ip=ip)
    return annex


def _settled(annex: ReceivedAnnex) -> list[dict[str, Any]]:
    """The warnings that corrections settled, each with the figure as read and as it is now."""
    settled = [warning for entry in annex.corrections for warning in entry.get("settled", ())]
    figures = annex.entered
    return [one | {"change": list(figures.get(one["row"], one["change"]))} for one in settled]


def take_clear(
    actor: User, node: CampaignNode, *, note: str = "", ip: str | None = None
) -> tuple[int, list[str]]:
    """Take every clear row with this note; returns how many, and a sentence for each row that failed."""
    taken, stopped, now = 0, [], timezone.now()
    for row in queries.desk(node).clear:
        try:
            take(actor, row.annex.pk, node, row.annex.version, note=note, reading=row.reading, at=now, ip=ip)
            taken += 1
        except (IntakeError, ReportError) as error:
            stopped.append(f"{row.annex.node}: {error}")
    return taken, stopped


@transaction.atomic
def take_back(actor: User, annex_id: UUID, node: CampaignNode, *, ip: str | None = None) -> ReceivedAnnex:
    """Put a taken row back on the desk: its report no longer counts. It is returned to a unit that has sent a
    report itself; the others have none, as before.

    A second call changes nothing. Raises ReportError if the report has changed since it was taken.
    """
    annex = _hold(annex_id, node)
    if annex.state != State.TAKEN:
        return annex
    assert annex.node is not None and annex.revision is not None
    reason = _("The superior took the file %(file)s back to look at it again.") % {"file": annex.file.name}
    has_sent = annex.revision.report.revisions.filter(on_behalf=False).exists()
    state = Report.State.RETURNED if has_sent else Report.State.DRAFT
    send_back(actor, annex.node, annex.revision.number, reason[:MOST_REASON], state=state, ip=ip)
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
    one = judging.judged_here(one, target)
    annex = ReceivedAnnex.rows.create(file=file, node=target, reading=stored.to_data(one))
    data = {"unit": target.name, "file": file.name, "sha256": file.sha256}
    record(actor, "intake.enter", unit_path=node.path, about=annex, data=data, ip=ip)
    return annex


def _hold(annex_id: UUID, node: CampaignNode) -> ReceivedAnnex:
    """The row, locked. Raises ReceivedAnnex.DoesNotExist for a row of another desk."""
    annex = ReceivedAnnex.rows.select_for_update(of=("self",), no_key=True).select_related("file", "node")
    return annex.get(pk=annex_id, file__node=node)


def _moved(annex: ReceivedAnnex, action: str, actor: User, node: CampaignNode, ip: str | None) -> None:
    annex.version += 1
    annex.save()
    data = {"file": annex.file.name, "sha256": annex.file.sha256}
    record(actor, action, unit_path=node.path, about=annex, data=data, ip=ip)
