"""Acts on incidents: one verb each, with its transaction and its audit entry. Each asks the right again under
the lock (IncidentError `right`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from quetsach.documents.document import render_docx, render_pdf
from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.models import Case
from quetsach.portal.incidents import papers
from quetsach.portal.incidents.case_facts import MOST_CASES, facts_of
from quetsach.portal.incidents.clocks import HOURS, ONCE, Answer, Kind, Severity
from quetsach.portal.incidents.models import Incident, IncidentNotice
from quetsach.portal.indicators import store
from quetsach.portal.units.models import subtree
from quetsach.portal.units.roles import Verb, may

SHELF = "incidents"
LONGEST_AGO = timedelta(days=366)
"""A detection longer before its case is a mistyped year."""


class IncidentError(PortalError):
    """The act does not fit the present state; `code` names the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def open_incident(
    actor: User, node: CampaignNode, incident_id: UUID, cases: Sequence[Case], *, ip: str | None = None
) -> Incident:
    """Make an incident of these cases. The id comes with the form: a form sent twice is one incident.

    Raises IncidentError: `empty`, `many`, `closed`, `gone`, `right`, `stale` for an id that another unit's
    incident has.
    """
    try:
        return _open(actor, node, incident_id, cases, ip)
    except IntegrityError as error:  # two first sendings at once: the second finds the row of the first
        found = Incident.rows.select_related("node").filter(pk=incident_id, node=node).first()
        if found is None:
            raise IncidentError("stale") from error
        return found


@transaction.atomic
def _open(
    actor: User, node: CampaignNode, incident_id: UUID, cases: Sequence[Case], ip: str | None
) -> Incident:
    _must_run(node)
    _may(actor, node)
    if found := Incident.rows.select_related("node").filter(pk=incident_id, node=node).first():
        return found
    _fits(cases, node)
    now = timezone.now()
    made = Incident(
        pk=incident_id, node=node, opened_at=min(case.opened_at for case in cases),
        texts={**papers.suggested_addressees(node), **papers.suggested_contact(node, actor)},
        created_at=now, created_by=actor, changed_at=now, changed_by=actor,
    )  # fmt: skip
    made.save(force_insert=True)
    made.cases.set(cases)
    _tell(actor, made, "open", {"cases": len(cases)}, ip)
    return made


@transaction.atomic
def choose_cases(
    actor: User, incident: Incident, cases: Sequence[Case], *, ip: str | None = None
) -> Incident:
    """Set the cases of the incident; its clock follows the earliest of them.

    Raises IncidentError: `empty`, `many`, `ended`, `closed`, `gone` for a machine that went to another unit
    and is not among its cases already.
    """
    held = _hold(incident, actor)
    already = set(held.cases.values_list("pk", flat=True))
    _fits(cases, held.node, [case for case in cases if case.pk not in already])
    held.cases.set(cases)
    held.opened_at = min(case.opened_at for case in cases)
    return _store(actor, held, "choose", {"cases": len(cases)}, ip)


@transaction.atomic
def set_detected(
    actor: User, incident: Incident, at: datetime, why: str, *, ip: str | None = None
) -> Incident:
    """Set an earlier moment of detection, with its reason.

    Raises IncidentError: `later`, `far`, `ended`, `closed`.
    """
    held = _hold(incident, actor)
    if at > held.opened_at:
        raise IncidentError("later")
    if at < held.opened_at - LONGEST_AGO:
        raise IncidentError("far")
    held.detected_at, held.detected_why, held.detected_by = at, why, actor
    return _store(actor, held, "detect", {"at": at.isoformat(), "reason": why}, ip)


@transaction.atomic
def decide_severity(
    actor: User, incident: Incident, severity: str, why: str, *, ip: str | None = None
) -> Incident:
    """A person says how serious it is, and why. Raises IncidentError: `ended`, `closed`."""
    held = _hold(incident, actor)
    held.severity, held.severity_why = Severity(severity).value, why
    held.severity_by, held.severity_at = actor, timezone.now()
    return _store(actor, held, "judge", {"severity": severity, "reason": why}, ip)


@transaction.atomic
def say_personal_data(
    actor: User, incident: Incident, answer: str, why: str, *, ip: str | None = None
) -> Incident:
    """A person says whether personal data are affected. Raises IncidentError: `ended`, `closed`."""
    held = _hold(incident, actor)
    held.personal_data, held.personal_data_why = Answer(answer).value, why
    held.personal_data_by, held.personal_data_at = actor, timezone.now()
    return _store(actor, held, "data", {"answer": answer, "reason": why}, ip)


@transaction.atomic
def write(
    actor: User, incident: Incident, texts: dict[str, str], version: int, *, ip: str | None = None
) -> Incident:
    """Store what people write in the papers. Raises IncidentError: `stale`, `ended`, `closed`."""
    held = _hold(incident, actor)
    if held.texts == texts:
        return held
    if held.version != version:
        raise IncidentError("stale")
    held.texts = texts
    return _store(actor, held, "write", {}, ip)


@transaction.atomic
def withdraw(actor: User, incident: Incident, why: str, *, ip: str | None = None) -> Incident:
    """Take back an incident that was drafted by mistake. It stays with the reason, and can be put back.

    Raises IncidentError: `told` if a paper about it was sent, which only an update corrects; `ended`,
    `withdrawn`, `closed`.
    """
    held = _hold(incident, actor)
    if held.notices.filter(sent_at__isnull=False).exists():
        raise IncidentError("told")
    held.withdrawn_at = held.closed_at = timezone.now()
    held.withdrawn_by, held.withdrawn_why = actor, why
    return _store(actor, held, "withdraw", {"reason": why}, ip)


@transaction.atomic
def put_back(actor: User, incident: Incident, *, ip: str | None = None) -> Incident:
    """Go on with an incident that was taken back; its clock has run on. Twice is the same as once."""
    held = _locked(incident.pk, actor)
    if held.withdrawn_at is None:
        return held
    held.withdrawn_at = held.closed_at = held.withdrawn_by = None
    held.withdrawn_why = ""
    return _store(actor, held, "put_back", {}, ip)


def freeze(
    actor: User, incident: Incident, notice_id: UUID, kind: Kind, version: int, *, ip: str | None = None
) -> IncidentNotice:
    """Draw the paper once, to be signed and sent. The id comes with the form: sent twice it is one paper.

    Raises IncidentError: `stale` if the incident changed since `version`, `taken` if such a paper is there
    already, `ended`, `closed`; DocumentError if a text cannot be printed.
    """
    if found := IncidentNotice.rows.filter(pk=notice_id, incident=incident).first():
        return found
    try:
        with transaction.atomic():
            return _freeze(actor, incident, notice_id, kind, version, ip)
    except IntegrityError as error:
        raise IncidentError("taken") from error


def _freeze(
    actor: User, incident: Incident, notice_id: UUID, kind: Kind, version: int, ip: str | None
) -> IncidentNotice:
    held = _hold(incident, actor)
    if held.version != version:
        raise IncidentError("stale")
    of_kind = held.notices.filter(kind=kind)
    if kind in ONCE and of_kind.filter(dropped_at=None).exists():
        raise IncidentError("taken")
    now = timezone.now()
    cases = held.cases.select_related("device__owner").order_by("device__owner__path", "device__key", "pk")
    drawn = papers.paper(held, kind, facts_of(cases, held.node, held.created_at), now, is_draft=False)
    pdf, _size = store.keep([render_pdf(drawn, at=now)], SHELF)
    docx, _size = store.keep([render_docx(drawn, at=now)], SHELF)
    made = IncidentNotice(
        pk=notice_id, incident=held, kind=kind, number=of_kind.count() + 1, version=held.version,
        due_at=held.clock_from + HOURS[kind] if kind in HOURS else None,
        pdf=pdf, docx=docx, frozen_at=now, frozen_by=actor,
    )  # fmt: skip
    made.save(force_insert=True)
    _tell(actor, held, "freeze", {**_named(made), "sha256": pdf}, ip)
    return made


@transaction.atomic
def record_sending(
    actor: User, notice: IncidentNotice, at: datetime, to: str, reference: str, *, ip: str | None = None
) -> IncidentNotice:
    """Record that the paper was sent: when, to whom, and its number in the office.

    Raises IncidentError: `future`, `before` the detection, `dropped`, `sent` with other values, `withdrawn`,
    `closed`.
    """
    held, incident = _hold_notice(notice, actor)
    if incident.withdrawn_at is not None:
        raise IncidentError("withdrawn")
    if held.dropped_at is not None:
        raise IncidentError("dropped")
    if held.sent_at is not None:
        if (held.sent_at, held.sent_to, held.reference) == (at, to, reference):
            return held
        raise IncidentError("sent")
    if at > timezone.now():
        raise IncidentError("future")
    if at < incident.clock_from.replace(second=0, microsecond=0):  # people write minutes
        raise IncidentError("before")
    held.sent_at, held.sent_to, held.reference = at, to, reference
    held.recorded_at, held.recorded_by = timezone.now(), actor
    held.save()
    if held.kind == Kind.FINAL:
        incident.closed_at = at
        incident.save()
    _tell(actor, incident, "send", {**_named(held), "at": at.isoformat(), "to": to, "number": reference}, ip)
    return held


@transaction.atomic
def take_back(actor: User, notice: IncidentNotice, *, ip: str | None = None) -> IncidentNotice:
    """Undo the record of a sending on the day of its entry, or set a paper aside that was not sent.

    Raises IncidentError: `another_day`, `closed`.
    """
    held, incident = _hold_notice(notice, actor)
    if held.dropped_at is not None:
        return held
    if held.sent_at is None:
        held.dropped_at, held.dropped_by = timezone.now(), actor
        act = "drop"
    else:
        if held.recorded_at is None or timezone.localdate(held.recorded_at) != timezone.localdate():
            raise IncidentError("another_day")
        held.sent_at, held.sent_to, held.reference = None, "", ""
        held.recorded_at, held.recorded_by = None, None
        act = "unsend"
        if held.kind == Kind.FINAL:
            incident.closed_at = None
            incident.save()
    held.save()
    _tell(actor, incident, act, _named(held), ip)
    return held


@transaction.atomic
def note_evidence(actor: User, node: CampaignNode, cases: Sequence[Case], *, ip: str | None = None) -> None:
    """Record that the official notice with the evidence of these cases was downloaded."""
    data = {"cases": len(cases), "device": cases[0].device.key if len(cases) == 1 else ""}
    record(actor, "incident.evidence", unit_path=node.path, data=data, ip=ip)


def _fits(cases: Sequence[Case], node: CampaignNode, fresh: Sequence[Case] | None = None) -> None:
    """Refuse too few or too many cases, and a machine that has left the units of the node since it was chosen
    (`fresh`: those cases that are asked; default: all)."""
    if not cases:
        raise IncidentError("empty")
    if len(cases) > MOST_CASES:
        raise IncidentError("many")
    ids = {case.pk for case in (cases if fresh is None else fresh)}
    list(Case.rows.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk"))
    here = Case.rows.filter(subtree(node.path, "device__owner__path"), device__campaign=node.campaign_id)
    if here.filter(pk__in=ids).count() != len(ids):
        raise IncidentError("gone")


def _may(actor: User, node: CampaignNode) -> None:
    """The right is asked again under the lock: the role may have ended since the page was made."""
    if not may(actor, Verb.WORK_CASE, node.path):
        raise IncidentError("right")


def _hold(incident: Incident, actor: User) -> Incident:
    """The locked row; its campaign runs, and the incident has not ended."""
    held = _locked(incident.pk, actor)
    if held.withdrawn_at is not None:
        raise IncidentError("withdrawn")
    if held.closed_at is not None:
        raise IncidentError("ended")
    return held


def _hold_notice(notice: IncidentNotice, actor: User) -> tuple[IncidentNotice, Incident]:
    """The incident is locked first, as by every other act."""
    incident = _locked(notice.incident_id, actor)
    held = IncidentNotice.rows.select_for_update(of=("self",), no_key=True).get(pk=notice.pk)
    return held, incident


def _locked(incident_id: UUID, actor: User) -> Incident:
    rows = Incident.rows.select_for_update(of=("self",), no_key=True)
    held = rows.select_related(
        "node__campaign", "node__parent", "node__unit__parent", "severity_by"
    ).get(pk=incident_id)  # fmt: skip
    _must_run(held.node)
    _may(actor, held.node)
    return held


def _must_run(node: CampaignNode) -> None:
    if node.campaign.status not in (Campaign.Status.PUBLISHED, Campaign.Status.CLOSED):
        raise IncidentError("closed")


def _store(actor: User, held: Incident, act: str, data: dict[str, Any], ip: str | None) -> Incident:
    held.version += 1
    held.changed_at, held.changed_by = timezone.now(), actor
    held.save()
    _tell(actor, held, act, data, ip)
    return held


def _tell(actor: User, incident: Incident, act: str, data: dict[str, Any], ip: str | None) -> None:
    record(actor, f"incident.{act}", unit_path=incident.node.path, about=incident, data=data, ip=ip)


def _named(notice: IncidentNotice) -> dict[str, Any]:
    return {"kind": notice.kind, "version": notice.number}
