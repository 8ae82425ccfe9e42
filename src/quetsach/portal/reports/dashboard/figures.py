"""The charts of the progress page: the title states the finding, the caption the base of the count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.charts import Bar, Series, bars, lines, words_of
from quetsach.portal.kit.figures import ALL, BELOW, DIRECT, OWN
from quetsach.portal.kit.templatetags.figures import figure, in_chart, sentence
from quetsach.portal.kit.templatetags.kit import day, moment, num
from quetsach.portal.reports.dashboard.queries import Branch, DayCount, Overview
from quetsach.portal.reports.rollup.machines import MachineTable

MOST_BARS = 15
"""With more units the chart shows only those that have done least; the table shows all."""


@dataclass(frozen=True)
class Figure:
    """A chart. `finding` is the heading; `caption` names source, time and denominator."""

    finding: str
    chart: SafeString
    caption: str


def figures(node: CampaignNode, seen: Overview) -> list[Figure]:
    """The charts of a unit's progress that have data."""
    found = [_people(node, seen), _over_time(node, seen), _machines(node, seen)]
    return [figure for figure in found if figure is not None]


def percent(share: float) -> str:
    """A share as a whole per cent; 100 or 0 only if it is exact."""
    whole = round(share * 100)
    if 0 < share < 1:
        whole = min(max(whole, 1), 99)
    return f"{whole} %"


def by_file_words(units: int) -> str:
    """What the numbers of people leave out."""
    return ngettext(
        "Without the people of %(n)s unit whose report came as a file: their numbers stand in the report.",
        "Without the people of %(n)s units whose reports came as files: their numbers stand in the reports.",
        units,
    ) % {"n": num(units)}


def _people(node: CampaignNode, seen: Overview) -> Figure | None:
    if not seen.branches:
        return None
    half = sum(1 for branch in seen.branches if (branch.share or 0) > 0.5)
    total = len(seen.branches)
    finding = sentence(
        ngettext(
            "In %(half)s of %(n)s unit more than half of the people are done",
            "In %(half)s of %(n)s units more than half of the people are done",
            total,
        ),
        half=num(half),
        n=figure("units", total, node, DIRECT, at=seen.as_of),
    )
    shown = seen.branches[-MOST_BARS:]
    rows = [Bar(branch.node.name, branch.share, _people_of(branch, seen.as_of)) for branch in shown]
    description = _("Horizontal bars, from most to least. %(list)s.") % {
        "list": "; ".join(f"{row.label}: {words_of(row.said)}" for row in rows)
    }
    caption = _(
        "People done of all staff of each unit and the units below it. Source: what the units entered, as of "
        "%(at)s. Hatched: no number given, which is not zero."
    ) % {"at": moment(seen.as_of)}
    if seen.by_file:
        caption += " " + by_file_words(seen.by_file)
    if len(shown) < total:
        caption += " " + _("The %(n)s units that have done least; all are in the table.") % {"n": len(shown)}
    return Figure(finding, bars("people", finding, description, rows), caption)


def _people_of(branch: Branch, as_of: datetime) -> str:
    if branch.done is None:
        return _("reported by file") if branch.by_file else _("no number yet")
    done = in_chart("people.done", branch.done, branch.node, ALL, as_of)
    return sentence("%(done)s / %(whole)s", done=done, whole=num(branch.whole))


def _over_time(node: CampaignNode, seen: Overview) -> Figure | None:
    if not seen.units or len(seen.days) < 2:
        return None
    first, last = seen.days[0], seen.days[-1]
    start, end = first.deployed / seen.units, last.deployed / seen.units
    finding = (
        _("Units that have carried it out rose from %(a)s to %(b)s in %(n)s days")
        % {"a": percent(start), "b": percent(end), "n": len(seen.days)}
        if end > start
        else _("%(b)s of the units have carried it out") % {"b": percent(end)}
    )
    received = Series(
        _("received %(p)s") % {"p": percent(last.acknowledged / seen.units)},
        tuple(100 * d.acknowledged / seen.units for d in seen.days),
    )
    carried_out = Series(
        _("carried out %(p)s") % {"p": percent(end)}, tuple(100 * d.deployed / seen.units for d in seen.days)
    )
    description = _("Two lines from %(first)s to %(last)s: %(received)s, %(done)s of %(n)s units.") % {
        "first": day(first.day),
        "last": day(last.day),
        "received": received.said,
        "done": carried_out.said,
        "n": words_of(in_chart("units", seen.units, node, BELOW, seen.as_of)),
    }
    chart = lines(
        "days",
        finding,
        description,
        _day_names(seen.days),
        (received, carried_out),
        top=100,
        unit=" %",
        gap=_("no data"),
    )
    caption = _("Per cent of %(n)s units below, day by day. Source: dated acts of the units, as of %(at)s.")
    units = figure("units", seen.units, node, BELOW, at=seen.as_of)
    return Figure(finding, chart, sentence(caption, n=units, at=moment(seen.as_of)))


def _day_names(days: Sequence[DayCount]) -> list[str]:
    return [f"{one.day.day}/{one.day.month}" for one in days]


def _machines(node: CampaignNode, seen: Overview) -> Figure | None:
    table: MachineTable = seen.machines
    if not table.total:
        return None
    seen_in = figure("machines.seen", table.total, node, ALL, at=seen.as_of)
    finding = sentence(
        ngettext(
            "%(clean)s of %(n)s machine in which signs were seen is proven clean",
            "%(clean)s of %(n)s machines in which signs were seen are proven clean",
            table.total,
        ),
        clean=figure("machines.clean", table.totals[-1], node, ALL, at=seen.as_of),
        n=seen_in,
    )
    rows = [
        Bar(str(text), count / table.total, in_chart(name, count, node, ALL, seen.as_of))
        for text, name, count in table.cells
    ]
    description = "; ".join(f"{row.label}: {words_of(row.said)}" for row in rows) + "."
    caption = _(
        "Of %(n)s machines in which signs were seen. Source: logs sent in by the units, as of %(at)s. "
        "Machines whose logs nobody looked at are not in it."
    )
    caption = sentence(caption, n=seen_in, at=moment(seen.as_of))
    if table.least < table.total:
        sure = figure("machines.least", table.least, node, ALL, at=seen.as_of)
        least = _("At least %(n)s of them are different machines; the others may be among these.")
        caption = SafeString(caption + " " + sentence(least, n=sure))
    if seen.branches and table.total != seen.machines_below:
        more = _("%(below)s of them in the units below, as in the table; %(own)s in %(unit)s itself.")
        below = figure("machines.seen", seen.machines_below, node, BELOW, at=seen.as_of)
        own = figure("machines.seen", table.total - seen.machines_below, node, OWN, at=seen.as_of)
        caption = SafeString(caption + " " + sentence(more, below=below, own=own, unit=seen.node.name))
    return Figure(finding, bars("machines", finding, description, rows), caption)
