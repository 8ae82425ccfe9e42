"""Reads of files that came in: the rows to decide on, beside the figures that count already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from quetsach.annexes.collecting import merge, messages, stored
from quetsach.annexes.collecting.merge import Collection
from quetsach.annexes.collecting.names import Directory, Match, Unit
from quetsach.annexes.collecting.paper import FileProblem
from quetsach.annexes.collecting.readings import Reading, Unread
from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.intake.models import ReceivedAnnex, ReceivedFile
from quetsach.portal.kit.language import language
from quetsach.portal.reports.annex.history import FigurePlace, SourceFile
from quetsach.portal.reports.models import Report
from quetsach.portal.units.models import subtree

State = ReceivedAnnex.State
READ_AGAIN = frozenset(
    {"old_word", "open_document", "office_failed", "office_slow", "office_later", "reading_later"}
)
"""Problems that another try can solve, or LibreOffice if it was installed since."""


BY_EYE = frozenset({"scan"})
"""Problems of files that are as they should be: a person reads a scan, and it counts as no refusal."""


AT_HAND = timedelta(minutes=30)
"""For this long the page offers to undo the last act; later it is undone from the list."""


@dataclass(frozen=True)
class Row:
    """One annex to decide on: the stored row, its reading, and the present report of the unit."""

    annex: ReceivedAnnex
    reading: Reading
    report: Report | None = None


@dataclass(frozen=True)
class Desk:
    """All undecided files of a node, and the units that are missing."""

    counted: tuple[Row, ...]
    repeated: tuple[Row, ...]
    unplaced: tuple[Row, ...]
    unread: tuple[tuple[ReceivedFile, Unread], ...]
    taken: tuple[ReceivedAnnex, ...]
    set_aside: tuple[ReceivedAnnex, ...]
    files_aside: tuple[ReceivedFile, ...]
    missing: tuple[CampaignNode, ...]
    returned: frozenset[CampaignNode]
    collection: Collection
    units: tuple[Unit, ...]

    def latest_of(self, user: User, now: datetime) -> tuple[ReceivedAnnex, ...]:
        """The rows of the person's last act, if that was a short while ago: the page offers to undo it."""
        mine = [one for one in (*self.taken, *self.set_aside) if one.by_id == user.pk and one.at]
        last = max((one.at for one in mine if one.at), default=None)
        if last is None or now - last > AT_HAND:
            return ()
        return tuple(one for one in mine if one.at == last)

    @property
    def clear(self) -> tuple[Row, ...]:
        """The rows that can be taken without a check: nothing doubtful, and no report from the unit."""
        return tuple(row for row in self.counted if row.reading.is_clear and is_free(row.report))

    def reading_of(self, annex: ReceivedAnnex) -> Reading:
        """The annex's reading as the desk shows it: with its doubts in comparison with the others."""
        rows = (*self.counted, *self.repeated, *self.unplaced)
        return next(row.reading for row in rows if row.annex.pk == annex.pk)


def is_free(report: Report | None) -> bool:
    """Whether a file may become the unit's report: no report waits or is accepted."""
    return report is None or (not report.is_with_others and report.accepted_id is None)


def is_taken(annex_id: UUID, node: CampaignNode) -> bool:
    """Whether the annex is taken already: a double click or a retry."""
    return ReceivedAnnex.rows.filter(pk=annex_id, file__node=node, state=State.TAKEN).exists()


def file_of(node_key: str) -> Exists:
    """Whether an undecided annex of a node lies on a desk; `node_key` is the name of the node's key."""
    return Exists(ReceivedAnnex.rows.filter(node=OuterRef(node_key), state=State.OPEN))


def decided_at(node: CampaignNode, at: datetime) -> list[ReceivedAnnex]:
    """The rows of the node's desk that were taken or set aside in one act."""
    rows = ReceivedAnnex.rows.filter(file__node=node, at=at).exclude(state=State.OPEN)
    return list(rows.select_related("node"))


def nodes_below(node: CampaignNode) -> QuerySet[CampaignNode]:
    """Every node strictly below that must report, in the order of the tree."""
    return (
        CampaignNode.rows.due_to_report()
        .filter(subtree(node.path), campaign_id=node.campaign_id)
        .exclude(path=node.path)
        .select_related("unit")
        .order_by("depth", "position", "name")
    )


def named(node: CampaignNode, text: str) -> CampaignNode | None:
    """The node below with that id, path or name; None if the name is unknown or ambiguous."""
    below = {str(one.pk): one for one in nodes_below(node)}
    if text in below:
        return below[text]
    known = directory(node, below.values())
    by_path = [unit for unit in known.units if unit.path == text.strip()]
    found = Match(by_path[0]) if len(by_path) == 1 else known.match(text)
    return below[found.unit.key] if found.unit and not found.doubt else None


def directory(node: CampaignNode, below: Iterable[CampaignNode]) -> Directory:
    """The nodes below as units whose names can be matched; each knows the names above it."""
    below = list(below)
    names = {node.pk: (node.name,)}
    units = []
    for one in below:
        above = names.get(one.parent_id, (node.name,)) if one.parent_id else ()
        names[one.pk] = (*above, one.name)
        aliases = tuple(filter(None, (one.unit.short_name, one.unit.name)))
        units.append(Unit(str(one.pk), one.name, above, aliases))
    return Directory(units)


def desk(node: CampaignNode) -> Desk:
    """The desk of a node. A fixed number of queries, for any number of files."""
    below = tuple(nodes_below(node))
    known = directory(node, below)
    annexes = list(
        ReceivedAnnex.rows.filter(file__node=node)
        .select_related("file", "node", "revision", "by")
        .order_by("file__at", "file__name", "part")
    )
    waiting = [one for one in annexes if one.state == State.OPEN]
    reports = {
        report.node_id: report for report in Report.rows.filter(node__in=below).select_related("accepted")
    }
    units = {unit.key: unit for unit in known.units}
    by_place = {(one.file_id.hex, one.part): one for one in waiting}
    readings = [reading_of(one, units) for one in waiting]
    read = {annex.file_id for annex in annexes}
    blank = [one for one in ReceivedFile.rows.filter(node=node).exclude(problem="") if one.pk not in read]
    files = [one for one in blank if not one.is_set_aside]
    unread = [
        Unread(one.name, None, FileProblem(one.problem, **one.facts), one.sha256, _hint(known, one.name))
        for one in files
    ]
    found = merge.merge(readings, unread, known, since=node.campaign.published_at)

    def rows(group: Iterable[Reading]) -> tuple[Row, ...]:
        made = []
        for one in group:
            annex = by_place[one.sha256, one.part]
            made.append(Row(annex, one, reports.get(annex.node_id) if annex.node_id else None))
        return tuple(made)

    # A file that no program can read is no silence either: its name tells whose it is likely to be.
    there = {one.unit.key for one in found.counted if one.unit}
    there |= {one.unit.key for one in found.unread if one.unit}
    back = {pk for pk, report in reports.items() if report.state == Report.State.RETURNED}
    done = {pk for pk, report in reports.items() if report.accepted_id or report.is_with_others}
    missing = tuple(one for one in below if one.pk not in done and str(one.pk) not in there)
    return Desk(
        counted=rows(found.counted),
        repeated=rows(found.repeated),
        unplaced=rows(found.unplaced),
        unread=tuple(zip(files, found.unread, strict=True)),
        taken=tuple(one for one in annexes if one.state == State.TAKEN),
        set_aside=tuple(one for one in annexes if one.state == State.SET_ASIDE),
        files_aside=tuple(one for one in blank if one.is_set_aside),
        missing=missing,
        returned=frozenset(one for one in missing if one.pk in back),
        collection=found,
        units=known.units,
    )


def _hint(known: Directory, name: str) -> Unit | None:
    return known.inside(name.rpartition("/")[2].rpartition(".")[0]).unit


def reading_of(annex: ReceivedAnnex, units: Mapping[str, Unit]) -> Reading:
    """The stored reading, with the unit as it stands in the tree now.

    The file's id takes the place of its hash, so that several annexes of one content stay distinct.
    """
    one = stored.from_data(annex.reading)
    unit = units.get(str(annex.node_id)) if annex.node_id else None
    candidates = tuple(units[each.key] for each in one.candidates if each.key in units)
    return replace(one, sha256=annex.file_id.hex, unit=unit, candidates=candidates)


def files_of(report: Report, user: User) -> dict[UUID, SourceFile]:
    """By revision: the file that it was taken from and the places of its figures, if the person may open
    it."""
    taken = ReceivedAnnex.rows.filter(revision__report=report)
    files = ReceivedFile.objects.visible_to(user).select_related("node__campaign")
    kept = {file.pk: file for file in files.filter(annexes__revision__report=report).exclude(content="")}
    return {
        annex.revision_id: SourceFile(
            reverse(
                "intake_file",
                args=[kept[annex.file_id].node.campaign.slug, kept[annex.file_id].node_id, annex.file_id],
            ),
            tuple(_places(stored.from_data(annex.reading))),
        )
        for annex in taken
        if annex.revision_id is not None and annex.file_id in kept
    }


def _places(one: Reading) -> Iterator[FigurePlace]:
    """Where each figure stands in the file; nothing for figures that a person read off a scan."""
    for row, figure in one.annex.figures.items():
        if where := messages.place(figure.place, language()):
            yield FigurePlace(int(row[1:]), where, figure.typed[:60])
