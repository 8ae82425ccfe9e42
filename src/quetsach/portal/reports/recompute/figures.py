"""Recomputes a campaign's figures from events, revisions and audit entries, and compares.

One pass over the events in their order finds the nodes that count and the sum of each branch at each moment.
So it knows the figures that each revision must have contained when it was sent. Two acts within the same
seconds may have seen each other or not; either is right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from quetsach.annexes.form.figures import Figures
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.reports.annexforms.versions import load_form
from quetsach.portal.reports.models import Report, ReportComponent, ReportEvent, Revision
from quetsach.portal.reports.recompute.replay import Standing, after
from quetsach.portal.reports.rollup.queries import lines, total_of
from quetsach.portal.reports.sealing import seal
from quetsach.portal.units.models import SEGMENT

_AT_ONCE = timedelta(seconds=10)
_SENDS = ("report.submit", "report.submit_on_behalf", "report.review", "report.supplement")


@dataclass(frozen=True)
class Finding:
    """One difference between the stored data and the events: the unit, the subject, and both values."""

    unit: str
    what: str
    stored: object
    recomputed: object

    def __str__(self) -> str:
        return _("%(unit)s: %(what)s: stored %(stored)s, recomputed %(recomputed)s") % {
            "unit": self.unit,
            "what": self.what,
            "stored": self.stored,
            "recomputed": self.recomputed,
        }


class _Moment(NamedTuple):
    """A sum, and the event from which on it held: the event's place in the order, and its time."""

    place: int
    at: datetime | None
    sums: Figures


def _beginning() -> list[_Moment]:
    return [_Moment(0, None, Figures())]


@dataclass
class _Branch:
    """The sums of a branch, event by event: with all nodes, and with only the nodes that still count."""

    every: list[_Moment] = field(default_factory=_beginning)
    active: list[_Moment] = field(default_factory=_beginning)

    def might_have_been(self, place: int, at: datetime) -> list[Figures]:
        """Every sum that a reader could have got at that place in the order of events."""

        def is_near(moment: _Moment) -> bool:
            return moment.at is not None and abs(moment.at - at) <= _AT_ONCE

        found = []
        for history in (self.every, self.active):
            for moment, after_it in zip(history, [*history[1:], None], strict=True):
                has_begun = moment.place <= place or is_near(moment)
                has_ended = after_it is not None and after_it.place <= place and not is_near(after_it)
                if has_begun and not has_ended:
                    found.append(moment.sums)
        return found


class Recomputed:
    """A campaign's reports as their events make them, up to a moment or all. `findings` compares with the
    stored data; `counted` are the counting figures, by node."""

    def __init__(self, campaign: Campaign, until: datetime | None = None) -> None:
        self.campaign = campaign
        self.until = until
        self.nodes = {node.pk: node for node in CampaignNode.rows.filter(campaign=campaign)}
        reports = Report.rows.filter(node__campaign=campaign).defer("draft", "draft_file")
        self.reports = {report.pk: report for report in reports}
        revisions = Revision.rows.filter(report__node__campaign=campaign)
        self.revisions = {revision.pk: revision for revision in revisions}
        for revision in self.revisions.values():
            if revision.based_on_id is not None:
                revision.based_on = self.revisions[revision.based_on_id]
        self.standings: dict[object, Standing] = {pk: Standing() for pk in self.reports}
        self.on_time: dict[object, bool] = {}
        self.counted: dict[object, Figures] = {}
        self.branches: dict[str, _Branch] = defaultdict(_Branch)
        self.places: dict[UUID, int] = {}
        self.odd_events: list[Finding] = []
        self._replay()

    def _replay(self) -> None:
        numbered = {(r.report_id, r.number): r for r in self.revisions.values()}
        events = ReportEvent.rows.filter(report__node__campaign=self.campaign).order_by("pk")
        if self.until is not None:
            events = events.filter(at__lte=self.until)
        values = events.values_list("pk", "report_id", "type", "revision_id", "at")
        for place, pk, kind, revision_id, at in values:
            if revision_id is not None:
                self.places.setdefault(revision_id, place)
            number = self.revisions[revision_id].number if revision_id else None
            try:
                standing = after(self.standings[pk], kind, number)
            except ValueError:
                self.odd_events.append(
                    Finding(self._name(pk), _("event"), kind, _("none that a report knows"))
                )
                continue
            self.standings[pk] = standing
            revision = numbered.get((pk, standing.accepted)) if standing.accepted else None
            figures = revision.counted if revision else Figures()
            if kind == ReportEvent.Type.ACCEPT and pk not in self.on_time and revision is not None:
                self.on_time[pk] = not revision.is_late
            node = self.nodes[self.reports[pk].node_id]
            before = self.counted.get(node.pk, Figures())
            if revision is None:
                self.counted.pop(node.pk, None)
            else:
                self.counted[node.pk] = figures
            if figures != before:
                self._move(node, before, figures, place, at)

    def _move(self, node: CampaignNode, before: Figures, now: Figures, place: int, at: datetime) -> None:
        change = Figures({key: now.row(key) - before.row(key) for key in {*before, *now}})
        is_active = node.state == CampaignNode.State.ACTIVE
        for end in range(SEGMENT, len(node.path) + 1, SEGMENT):
            branch = self.branches[node.path[:end]]
            branch.every.append(_Moment(place, at, branch.every[-1].sums + change))
            if is_active:
                branch.active.append(_Moment(place, at, branch.active[-1].sums + change))

    def total(self, node: CampaignNode) -> Figures:
        """The sum of the node and all nodes below, by the events alone."""
        return self.branches[node.path].active[-1].sums

    def findings(self, report: Report | None = None) -> Iterator[Finding]:
        """All differences, or those of one report and of the sum that it stands for."""
        yield from self.odd_events
        wanted = [self.reports[report.pk]] if report is not None else list(self.reports.values())
        for one in wanted:
            yield from self._report(one)
        entries = Entry.objects.filter(action__in=_SENDS, object_id__in=[str(one.pk) for one in wanted])
        audited = {entry.data.get("sha256") for entry in entries.only("data")}
        chosen = {one.pk for one in wanted}
        components: dict[object, list[ReportComponent]] = defaultdict(list)
        kept = ReportComponent.rows.filter(revision__report__node__campaign=self.campaign)
        if report is not None:
            kept = kept.filter(revision__report=report)
        for component in kept:
            components[component.revision_id].append(component)
        for revision in self.revisions.values():
            if revision.report_id in chosen:
                yield from self._revision(revision, components[revision.pk], revision.sha256 in audited)
        tops = [self.nodes[report.node_id]] if report else [n for n in self.nodes.values() if not n.parent_id]
        for node in tops:
            yield from self._live(node)

    def _name(self, pk: UUID) -> str:
        return self.nodes[self.reports[pk].node_id].name

    def _number(self, revision_id: UUID | None) -> int | None:
        return self.revisions[revision_id].number if revision_id else None

    def _report(self, report: Report) -> Iterator[Finding]:
        standing = self.standings[report.pk]
        stored = Standing(
            report.state,
            self._number(report.current_id),
            self._number(report.accepted_id),
        )
        if stored != standing:
            yield Finding(self._name(report.pk), _("state, current and accepted revision"), stored, standing)
        if report.is_on_time != self.on_time.get(report.pk):
            on_time = self.on_time.get(report.pk)
            yield Finding(self._name(report.pk), _("first report in time"), report.is_on_time, on_time)

    def _revision(
        self, revision: Revision, components: list[ReportComponent], is_audited: bool
    ) -> Iterator[Finding]:
        node = self.nodes[self.reports[revision.report_id].node_id]
        name = _("%(unit)s, revision %(number)s") % {"unit": node.name, "number": revision.number}
        sealed = seal(revision, node)
        if sealed != revision.sha256:
            yield Finding(name, _("seal"), revision.sha256[:12], sealed[:12])
        if not is_audited:
            yield Finding(name, _("audit entry with this seal"), _("none"), revision.sha256[:12])
        own = revision.figures + revision.adjust
        if own != revision.counted:
            yield Finding(name, _("own figures and adjustment"), revision.counts, own.as_dict())
        below = sum((component.figures for component in components), Figures())
        children = Figures(revision.totals.get("children", {}))
        if below != children:
            yield Finding(name, _("sum of the units below"), children.as_dict(), below.as_dict())
        if own + below != Figures(revision.totals.get("total", {})):
            yield Finding(name, _("total"), revision.totals.get("total"), (own + below).as_dict())
        for component in components:
            branch = self.nodes[component.node_id]
            place = self.places.get(revision.pk, 0)
            possible = self.branches[branch.path].might_have_been(place, revision.at)
            if component.figures not in possible:
                yield Finding(f"{name}, {branch.name}", _("part"), component.counts, possible[-1].as_dict())

    def _live(self, node: CampaignNode) -> Iterator[Finding]:
        node.campaign = self.campaign
        form = load_form(self.campaign.form)
        shown, _units = total_of(node, form)
        if shown != self.total(node):
            yield Finding(node.name, _("live total"), shown.as_dict(), self.total(node).as_dict())
        for line in lines(node):
            total = self.total(self.nodes[line.node.pk])
            if line.total != total:
                yield Finding(line.node.name, _("live total"), line.total.as_dict(), total.as_dict())


def broken_audit() -> Finding | None:
    """The first audit entry whose seal does not fit, if any."""
    entry = first_broken_entry()
    if entry is None:
        return None
    number = _("entry %(number)s") % {"number": entry.pk}
    return Finding(_("audit"), number, entry.hash[:12], _("another seal"))
