"""The figures of a unit as plain tables, for Excel and CSV alike; in Vietnamese, for official use."""

from __future__ import annotations

from dataclasses import dataclass

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.queries import trails
from quetsach.portal.reports.counted_self import on_paper, self_rows
from quetsach.portal.reports.export.papers import MACHINES, STATES
from quetsach.portal.reports.queries import form_of
from quetsach.portal.reports.rollup.machines import MachineTable, by_branch
from quetsach.portal.reports.rollup.queries import roll_up
from quetsach.portal.reports.rollup.sums import RollUp

type Cell = str | int | None
"""None is a blank: unknown, which is not zero."""
PLACE = "TT"
"""The heading of a column that only numbers the rows."""
ENTERED = "Số đơn vị đã nhập"
"""The heading of the unit's own typed figures, sent or not."""


@dataclass(frozen=True)
class Table:
    """One sheet: a name of at most 31 characters, a heading, and rows as wide as it."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Export:
    """The lines above the tables of a file, and the tables."""

    title: str
    unit: str
    as_of: str
    tables: tuple[Table, ...]


def export(node: CampaignNode, as_of: str, rolled: RollUp | None = None) -> Export:
    """The node's roll-up as tables."""
    rolled = rolled or roll_up(node)
    tables = (*figures(node, rolled), _machines(by_branch(node, rolled.children)))
    return Export(node.campaign.title, node.name, as_of, tables)


def figures(node: CampaignNode, rolled: RollUp) -> tuple[Table, ...]:
    """The tables that follow from reports alone: the sums, the units below, and the missing units."""
    return _sums(node, rolled), _units(node, rolled), _missing(node, rolled)


def _sums(node: CampaignNode, rolled: RollUp) -> Table:
    form, campaign = form_of(node), node.campaign
    printed = on_paper(campaign, form, rolled.total.as_dict()) if self_rows(campaign, form) else {}
    rows = [
        (
            row.number,
            row.text,
            rolled.own.row(row.key) if rolled.own else None,
            rolled.children_total.row(row.key),
            rolled.total.row(row.key),
            rolled.entered.row(row.key) if rolled.entered else None,
            *([printed[row.key]] if printed else []),
        )
        for row in form.rows
    ]
    head = (PLACE, "Nội dung", "Số của đơn vị", "Các đơn vị bên dưới", "Tổng số", ENTERED)
    more = ("Số in trên báo cáo (tính cả đơn vị)",) if printed else ()
    return Table("Tổng hợp", (*head, *more), tuple(rows))


def _units(node: CampaignNode, rolled: RollUp) -> Table:
    rows: list[tuple[Cell, ...]] = []
    form = form_of(node)
    for line in rolled.children:
        counts: list[Cell] = [None] * len(form.rows) if line.is_blank else [*line.total.values()]
        state = STATES[line.report_state]
        rows.append((line.node.name, *counts, state, line.expected, line.missing, line.on_time))
    sums = rolled.children_total.values()
    last = ("", rolled.expected, rolled.missing_count, rolled.on_time)
    rows.append(("Tổng các đơn vị bên dưới", *sums, *last))
    annex = (f"Dòng {row.number}" for row in form.rows)
    head = ("Đơn vị", *annex, "Báo cáo", "Số đơn vị trong nhánh", "Chưa tiếp nhận", "Đúng hạn")
    return Table("Theo đơn vị", head, tuple(rows))


def _missing(node: CampaignNode, rolled: RollUp) -> Table:
    above = trails(rolled.missing, node.campaign, below=node.path)
    rows = tuple(
        (n, place.name, above[place.pk], STATES[place.state])
        for n, place in enumerate(rolled.missing, start=1)
    )
    return Table("Chưa có trong tổng", (PLACE, "Đơn vị", "Thuộc", "Tình trạng báo cáo"), rows)


def _machines(machines: MachineTable) -> Table:
    rows: list[tuple[Cell, ...]] = [(row.node.name, *row.counts, row.total) for row in machines.rows]
    if rows:
        rows.append(("Tổng số", *machines.totals, machines.total))
    return Table("Máy theo tình trạng", ("Đơn vị", *MACHINES, "Tất cả"), tuple(rows))
