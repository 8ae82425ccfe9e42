"""The figures of a unit as plain tables, for Excel and CSV alike, in the language in use.

Workbooks are official and always in Vietnamese: code that writes or compares a workbook asks within
`override("vi")`. A CSV file speaks the language of the page from which it is downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.queries import trails
from quetsach.portal.kit.language import language
from quetsach.portal.reports.counted_self import on_paper, self_rows
from quetsach.portal.reports.export.papers import MACHINES, STATES
from quetsach.portal.reports.frozen.printing import official_words, printed
from quetsach.portal.reports.queries import form_of, report_of
from quetsach.portal.reports.rollup.machines import WORDS, MachineTable, by_branch
from quetsach.portal.reports.rollup.queries import roll_up
from quetsach.portal.reports.rollup.sums import RollUp
from quetsach.portal.reports.templatetags.annex import STATES as PAGE_STATES

type Cell = str | int | None
"""None is a blank: unknown, which is not zero."""
PLACE = "TT"
"""The heading of a column that only numbers the rows."""
ENTERED = gettext_lazy("Entered by the unit")
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
    machines = _machines(by_branch(node, rolled.children))
    tables = (*figures(node, rolled), machines, *_machine_figures(node))
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
            row.text if language() == "vi" else row.said(language()),
            rolled.own.row(row.key) if rolled.own else None,
            rolled.children_total.row(row.key),
            rolled.total.row(row.key),
            rolled.entered.row(row.key) if rolled.entered else None,
            *([printed[row.key]] if printed else []),
        )
        for row in form.rows
    ]
    head = (_place(), _("Content"), _("Own figure"), _("The units below"), _("Sum total"), str(ENTERED))
    more = (_("Number on the printed report (with the unit itself)"),) if printed else ()
    return Table(_("Roll-up"), (*head, *more), tuple(rows))


def _units(node: CampaignNode, rolled: RollUp) -> Table:
    rows: list[tuple[Cell, ...]] = []
    form = form_of(node)
    for line in rolled.children:
        counts: list[Cell] = [None] * len(form.rows) if line.is_blank else [*line.total.values()]
        state = _state(line.report_state)
        rows.append((line.node.name, *counts, state, line.expected, line.missing, line.on_time))
    sums = rolled.children_total.values()
    last = ("", rolled.expected, rolled.missing_count, rolled.on_time)
    rows.append((_("Total of the units below"), *sums, *last))
    annex = (_("Row %(n)s") % {"n": row.number} for row in form.rows)
    head = (
        _("Unit"), *annex, _("Report"), _("Units of the branch"), _("Not accepted yet"), _("In time"),
    )  # fmt: skip
    return Table(_("By unit"), head, tuple(rows))


def _missing(node: CampaignNode, rolled: RollUp) -> Table:
    above = trails(rolled.missing, node.campaign, below=node.path)
    rows = tuple(
        (n, place.name, above[place.pk], _state(place.state))
        for n, place in enumerate(rolled.missing, start=1)
    )
    return Table(
        _("Not in the total"), (_place(), _("Unit"), _("Belongs to"), _("State of the report")), rows
    )


def _machines(machines: MachineTable) -> Table:
    rows: list[tuple[Cell, ...]] = [(row.node.name, *row.counts, row.total) for row in machines.rows]
    if rows:
        rows.append((_("Sum total"), *machines.totals, machines.total))
        if machines.least < machines.total:
            blank = (None,) * len(machines.totals)
            rows.append((_("At least, as some may be one machine"), *blank, machines.least))
    words = MACHINES if language() == "vi" else tuple(str(text) for _word, _shape, text in WORDS)
    return Table(_("Machines by state"), (_("Unit"), *words, _("All")), tuple(rows))


def _machine_figures(node: CampaignNode) -> tuple[Table, ...]:
    """The figures of machines now, as frozen and as restated, with the reasons; none without machines."""
    found = printed(node, report_of(node))
    if not found.lines:
        return ()
    is_official = language() == "vi"
    rows: list[tuple[Cell, ...]] = [
        (official_words(line) if is_official else str(line.words), line.whole, line.frozen, line.holds)
        for line in found.lines
    ]
    rows += [(note, None, None, None) for note in found.notes]
    head = (_("Figure"), _("Now"), _("Frozen"), _("Restated"))
    return (Table(_("Figures of machines"), head, tuple(rows)),)


def _place() -> str:
    return PLACE if language() == "vi" else _("No.")


def _state(name: str) -> str:
    """The state of a report: in Vietnamese as official papers name it."""
    return STATES[name] if language() == "vi" else str(PAGE_STATES[name][1])
