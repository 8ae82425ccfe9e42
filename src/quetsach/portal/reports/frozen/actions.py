"""Freezes the figures of machines with a sent report, and restates them when more becomes known.

A restatement is made by the nightly command or by a person on the page; a person's may be taken back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.machines.counting.figures import Counted, Standing
from quetsach.machines.counting.histories import Kind, Rung
from quetsach.machines.counting.reasons import reasons
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.models import Device
from quetsach.portal.reports.errors import ReportError
from quetsach.portal.reports.frozen.counting import RESTATED, Reading, as_stored, moved, read
from quetsach.portal.reports.frozen.queries import UNREAD, latest_of
from quetsach.portal.reports.held_actions import hold, must_be_running
from quetsach.portal.reports.models import MachineFigures, MachineFiguresPart, Report, Revision
from quetsach.portal.units.models import SEGMENT


@dataclass(frozen=True)
class Snapshot:
    """The figures of a node at a moment, before they are stored."""

    node: CampaignNode
    at: datetime
    reading: Reading
    counted: Counted

    @property
    def own(self) -> dict[str, Any]:
        return as_stored(self.counted.own[str(self.node.pk)])

    @property
    def whole(self) -> dict[str, Any]:
        """The figures of the unit and all below, as the seal of a revision holds them."""
        return as_stored(self.counted.whole[str(self.node.pk)])


def take(node: CampaignNode, at: datetime) -> Snapshot:
    """Count the machines of a unit and all below at a moment, by what is known now."""
    reading = read(node)
    return Snapshot(node, at, reading, reading.at(at))


def freeze(revision: Revision, taken: Snapshot) -> MachineFigures:
    """Keep the figures with the revision that is being sent; inside the caller's transaction."""
    return _store(revision, 1, taken, None, {})


def restate_all(campaign: Campaign) -> int:
    """Restate every sent report of the campaign whose moment looks different today, units below first;
    returns how many. A report without any machine, then and now, is not looked at."""
    owners = Device.rows.filter(campaign=campaign).order_by().values_list("owner__path", flat=True)
    held = MachineFiguresPart.rows.filter(node__campaign=campaign).order_by()
    paths = {*owners.distinct(), *held.values_list("node__path", flat=True).distinct()}
    above = {path[:end] for path in paths for end in range(SEGMENT, len(path) + 1, SEGMENT)}
    rows = Report.rows.filter(node__campaign=campaign, current__machine_figures__number=1)
    made = 0
    for report in rows.order_by("-node__depth", "pk").select_related("node__campaign"):
        if report.node.path in above:
            made += restate(report.node) is not None
    return made


@transaction.atomic
def restate(node: CampaignNode, actor: User | None = None, ip: str | None = None) -> MachineFigures | None:
    """Number n + 1 for the moment of the report last sent, where that moment looks different today.

    None where nothing differs. The portal itself does not make a restatement again that a person took back,
    as long as the figures are those. Raises ReportError where nothing was frozen, LockedReport where the
    campaign is closed.
    """
    must_be_running(node)
    report = _held(node)
    revision = report.current
    last = latest_of(revision)
    if revision is None or last is None:
        raise ReportError(_("No report with figures of machines was sent yet."))
    taken = take(node, last.at)
    now = taken.whole
    if not moved(last.whole, now):
        return None
    newest = revision.machine_figures.order_by("-number").first()
    assert newest is not None
    if actor is None and is_refused(newest, now):
        return None
    why = _reasons(last, taken)
    made = _store(revision, newest.number + 1, taken, actor, why, last)
    record(
        actor, "report.restate", unit_path=node.path, about=report, ip=ip,
        data={"revision": revision.number, "number": made.number},
    )  # fmt: skip
    return made


def is_refused(newest: MachineFigures, now: dict[str, Any]) -> bool:
    """Whether a person took a restatement with just these figures back: the portal does not make it again."""
    return newest.withdrawn_at is not None and not moved(newest.whole, now)


@transaction.atomic
def take_back(node: CampaignNode, number: int, actor: User, ip: str | None = None) -> MachineFigures:
    """A restatement of a person does not hold any more; the number before it does. A second call changes
    nothing. Raises ReportError for the frozen figures, for restatements that the portal made, and where a
    later number holds; LockedReport where the campaign is closed."""
    must_be_running(node)
    report = _held(node)
    found = MachineFigures.rows.filter(revision=report.current, number=number).first()
    if found is None or found.number == 1 or found.by_id is None:
        raise ReportError(_("Only a restatement that a person made can be taken back."))
    if found.withdrawn_at is None:
        if found != latest_of(report.current):
            raise ReportError(_("A later number holds now. Look at the figures again."))
        found.withdrawn_at, found.withdrawn_by = timezone.now(), actor
        found.save(update_fields=["withdrawn_at", "withdrawn_by"])
        assert report.current is not None
        record(
            actor, "report.restate_undo", unit_path=node.path, about=report, ip=ip,
            data={"revision": report.current.number, "number": number},
        )  # fmt: skip
    return found


@transaction.atomic
def note(node: CampaignNode, number: int, actor: User, ip: str | None = None) -> int:
    """A person of the unit has read the restatements of the portal up to this number; returns how many were
    new. Raises ReportError without a sent report, LockedReport where the campaign is closed."""
    must_be_running(node)
    report = _held(node)
    rows = MachineFigures.rows.filter(UNREAD, revision__report=report, number__lte=number)
    numbers = sorted(rows.values_list("number", flat=True))
    if numbers:
        assert report.current is not None
        of_last = MachineFigures.rows.filter(revision=report.current, number__in=numbers)
        of_last.update(noted_at=timezone.now(), noted_by=actor)
        record(
            actor, "report.restate_note", unit_path=node.path, about=report, ip=ip,
            data={"revision": report.current.number, "number": numbers[-1]},
        )  # fmt: skip
    return len(numbers)


def _held(node: CampaignNode) -> Report:
    """The report, locked. Nothing is made for a unit without one."""
    if not Report.rows.filter(node=node).exists():
        raise ReportError(_("No report with figures of machines was sent yet."))
    return hold(node)


def _store(
    revision: Revision,
    number: int,
    taken: Snapshot,
    actor: User | None,
    why: Mapping[str, int],
    last: MachineFigures | None = None,
) -> MachineFigures:
    own, whole = taken.own, taken.whole
    if last is not None:
        # Numbers of units and computers are those of the moment of freezing: nothing kept their past.
        own, whole = ({**old, **_only(new)} for old, new in ((last.own, own), (last.whole, whole)))
    made = MachineFigures.rows.create(
        revision=revision, number=number, at=taken.at, made_at=timezone.now(), by=actor, own=own, whole=whole,
        reasons=sorted(why.items()),
    )  # fmt: skip
    MachineFiguresPart.rows.bulk_create(
        MachineFiguresPart(
            figures=made, node_id=UUID(unit), machines=machines, counts=as_stored(taken.counted.own[unit])
        )
        for unit, machines in _by_unit(taken).items()
    )
    return made


def _only(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: figures[name] for name in (*RESTATED, "hours")}


def _by_unit(taken: Snapshot) -> dict[str, dict[str, list[int]]]:
    found: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for machine in taken.reading.told.machines:
        if (standing := taken.counted.machines.get(machine.id)) is not None:
            found[machine.unit][machine.id] = [int(part) for part in standing]
    return found


def _reasons(last: MachineFigures, taken: Snapshot) -> Counter[str]:
    """Why the figures of the moment are others than those that hold: by unit, and counted over all."""
    told, now = taken.reading.told, taken.counted.machines
    before, homes = {}, {}
    for node, machines in last.parts.values_list("node", "machines"):
        for machine, parts in machines.items():
            before[machine], homes[machine] = _standing(parts), str(node)
    own = {machine.id: machine.unit for machine in told.machines}
    gone = {machine for machine in before if machine not in now} | set(told.leads.values())
    elsewhere = set(
        map(str, Device.rows.filter(pk__in=gone).exclude(pk__in=own).values_list("pk", flat=True))
    )
    return reasons(
        before, now,
        leads=told.leads, elsewhere=elsewhere, recalled=told.recalled,
        retracted=told.retracted,
        returned=told.returned,
        there={machine for machine, at in told.opened.items() if at <= last.made_at},
        parted={machine for machine, at in told.parted.items() if at > last.made_at},
        rehomed={machine for machine, unit in homes.items() if own.get(machine, unit) != unit},
    )  # fmt: skip


def _standing(parts: list[int]) -> Standing:
    rung, kind, *flags = parts
    return Standing(Rung(rung), Kind(kind), *map(bool, flags))
