"""Recomputes an exported workbook from the events alone, as of its own moment, and compares each cell.

Data from elsewhere are not compared: the machines, and the unit's typed but unsent figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

from django.utils import timezone
from django.utils.translation import override

from quetsach.annexes.form.figures import Figures
from quetsach.files import bounded_process, workbook
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.arrived_files import FILE
from quetsach.portal.reports.export.papers import STATES
from quetsach.portal.reports.export.table import ENTERED, Table, figures
from quetsach.portal.reports.models import ReportEvent
from quetsach.portal.reports.queries import form_of
from quetsach.portal.reports.recompute.figures import Finding, Recomputed
from quetsach.portal.reports.rollup.sums import Line, Place, RollUp
from quetsach.portal.units.models import subtree

_MOMENT = re.compile(r"số liệu đến (\d\d):(\d\d) ngày (\d\d)/(\d\d)/(\d{4})$")
_MINUTE = timedelta(minutes=1)
_UNSENT = {STATES["draft"]: STATES["none"]}
"""A draft that was never sent left no event: by the events alone the unit has no report."""
_BESIDE_FILE = {STATES["none"], STATES["returned"]}
"""A unit in such a state may have a file on the desk. No event tells of that file."""


class NotAnExportError(ValueError):
    """The file is no workbook of figures written by the portal."""


def compare(node: CampaignNode, file: bytes) -> tuple[int, list[Finding]]:
    """The number of compared cells, and the findings about those that differ.

    The file names its minute, not its second: it is right if all of it held at one moment of that minute.
    Raises NotAnExportError.
    """
    sheets = _sheets(file)
    best: tuple[int, list[Finding]] | None = None
    for moment in _moments(node, _told_moment(sheets)):
        past = _rolled(Recomputed(node.campaign, moment), node)
        with override("vi"):  # as the workbook was written
            cells = list(_cells(sheets, figures(node, past)))
        found = [finding for finding in cells if finding is not None]
        if best is None or len(found) < len(best[1]):
            best = len(cells), found
        if not found:
            break
    return best or (0, [])


def _sheets(file: bytes) -> workbook.Sheets:
    try:
        return workbook.sheets(file)
    except bounded_process.BusyError:
        raise
    except (workbook.WorkbookRefusedError, bounded_process.NotReadError) as error:
        raise NotAnExportError from error


def _told_moment(sheets: workbook.Sheets) -> datetime:
    first = next(iter(sheets.values()), [])
    match = _MOMENT.search(str(first[1][0])) if len(first) > 1 and first[1] else None
    if match is None:
        raise NotAnExportError
    hour, minute, day, month, year = map(int, match.groups())
    return timezone.make_aware(datetime(year, month, day, hour, minute))


def _moments(node: CampaignNode, began: datetime) -> Iterator[datetime]:
    """The end of the minute, then every moment in it at which something changed, back to its beginning."""
    yield began + _MINUTE
    events = ReportEvent.rows.filter(
        report__node__campaign=node.campaign_id, at__gte=began, at__lte=began + _MINUTE
    )
    for at in events.order_by("-at").values_list("at", flat=True):
        yield at - timedelta(microseconds=1)


def _rolled(past: Recomputed, node: CampaignNode) -> RollUp:
    """The roll-up with the figures, states and dates of `past`, over the frozen tree as it counts now."""
    form = form_of(node)
    states = {report.node_id: past.standings[report.pk].state for report in past.reports.values()}
    on_time = {report.node_id for report in past.reports.values() if past.on_time.get(report.pk)}
    below = list(
        CampaignNode.rows.filter(subtree(node.path), campaign=node.campaign_id)
        .exclude(pk=node.pk)
        .order_by("depth", "position", "name")
    )

    def must(one: CampaignNode) -> bool:
        return one.state == CampaignNode.State.ACTIVE and one.expected

    def own(one: CampaignNode) -> Figures | None:
        counts = past.counted.get(one.pk) if one.state == CampaignNode.State.ACTIVE else None
        return None if counts is None else counts.over(form.keys)

    def place(one: CampaignNode) -> Place:
        return Place(one.pk, one.name, one.path, one.depth, states.get(one.pk, "none"))

    def line(child: CampaignNode) -> Line | None:
        branch = [one for one in below if one.path.startswith(child.path)]
        reporting = [one for one in branch if must(one)]
        if not must(child) and not reporting and not any(own(one) is not None for one in branch):
            return None
        absent = [one for one in reporting if own(one) is None and one.pk != child.pk]
        in_time = [one for one in reporting if one.pk in on_time and own(one) is not None]
        return Line(
            place(child), own(child), past.total(child).over(form.keys), states.get(child.pk, "none"),
            len(absent), len(reporting) - must(child), len(in_time), is_expected=must(child),
        )  # fmt: skip

    found = (line(child) for child in below if child.parent_id == node.pk)
    children = tuple(one for one in found if one is not None)
    missing = tuple(place(one) for one in below if must(one) and own(one) is None)
    total_below = sum((one.total for one in children), form.zero)
    expected = sum(one.expected for one in children)
    mine = own(node)
    return RollUp(
        node=place(node), as_of=past.until or timezone.now(), own=mine, children=children,
        children_total=total_below, total=(mine or form.zero) + total_below, missing=missing,
        missing_count=len(missing), accepted=expected - len(missing), expected=expected, narrative="",
        report_state=states.get(node.pk, "none"),
    )  # fmt: skip


def _cells(sheets: workbook.Sheets, tables: Iterable[Table]) -> Iterator[Finding | None]:
    """For each cell None if it is as recomputed, else a finding."""
    for table in tables:
        rows = sheets.get(table.name, [])
        start = next((n for n, row in enumerate(rows) if row and row[0] == table.head[0]), len(rows))
        for stored, recomputed in zip_longest(rows[start + 1 :], table.rows, fillvalue=()):
            about = str((recomputed or stored)[0])
            for head, is_now, should in zip_longest(table.head, stored, recomputed):
                if head != ENTERED:
                    is_right = _plain(is_now) == _plain(should)
                    is_right |= is_now == STATES[FILE] and should in _BESIDE_FILE
                    yield None if is_right else Finding(about, f"{table.name}, {head}", is_now, should)


def _plain(cell: Any) -> Any:
    if cell in ("", None):
        return None
    return _UNSENT.get(cell, cell)
