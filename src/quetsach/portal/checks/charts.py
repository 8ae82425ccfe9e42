"""The charts of checks and licences, drawn by the kit: with the finding above and the table below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.checks.licences.phaseout import Tally
from quetsach.portal.checks.queries import Branch
from quetsach.portal.kit.charts import Bar, Series, Stack, bars, lines, stacked
from quetsach.portal.kit.figures import ALL, OWN
from quetsach.portal.kit.templatetags.figures import in_chart, sentence
from quetsach.portal.kit.templatetags.kit import between, num
from quetsach.text.vietnamese import sort_key

MOST_BARS = 12


def _named(row: Branch) -> str:
    return _("%(unit)s itself") % {"unit": row.node.name} if row.is_own else row.node.name


def _of(row: Branch, name: str, value: int) -> SafeString:
    """A figure of the branch, which is the unit alone or holds all units below it."""
    return in_chart(name, value, row.node, OWN if row.is_own else ALL)


def _share(row: Branch) -> float | None:
    """The bar's share of checked machines, at least, of the units counted. None where no computer is known,
    or where nothing is surely unchecked and something may be: a full bar would say that all are checked."""
    coverage = row.computers.coverage
    return None if coverage is None or row.is_open else coverage[0]


def coverage_chart(rows: Sequence[Branch]) -> SafeString:
    """Checked machines by branch. Order (`Computers.rank`) and numbers are those of the table below and of
    the page of figures, also where the bar is hatched."""
    shown = [row for row in rows if not row.is_own or row.is_heard_of]
    shown.sort(key=lambda row: row.computers.rank)
    drawn = [
        Bar(
            _named(row),
            _share(row),
            sentence(
                _("%(checked)s of %(all)s, in %(counted)s of %(units)s units")
                if row.computers.is_part
                else _("%(checked)s of %(all)s"),
                checked=_of(row, "checks.machines", row.checked),
                all=between(row.computers.known) if row.computers.most else "?",
                counted=num(row.computers.counted),
                units=num(row.computers.units),
            ),
        )
        for row in shown[:MOST_BARS]
    ]
    title = _("Checked machines by unit")
    return bars("coverage", title, title, drawn)


def remaining_chart(rows: Sequence[Branch]) -> SafeString:
    """Replaced and remaining copies by branch, the most remaining first."""
    shown = sorted(
        (row for row in rows if row.found), key=lambda row: (-row.copies.remaining, sort_key(row.node.name))
    )
    drawn = [
        Stack(
            _named(row),
            (row.replaced, row.copies.remaining),
            sentence(
                _("%(left)s remaining of %(all)s"),
                left=_of(row, "copies.remaining", row.copies.remaining),
                all=_of(row, "copies.found", row.found),
            ),
        )
        for row in shown[:MOST_BARS]
    ]
    title = _("Cracked software by unit")
    return stacked("by-unit", title, title, (_("replaced"), _("remaining")), drawn)


def days_chart(node: CampaignNode, days: Sequence[tuple[date, Tally]]) -> SafeString:
    """Two lines over days: copies found so far, and copies replaced so far, in the unit and below."""
    last = days[-1][1]
    found = Series(
        sentence(_("%(n)s found"), n=in_chart("copies.found", last.found, node, ALL)),
        tuple(float(tally.found) for _day, tally in days),
    )
    replaced = Series(
        sentence(_("%(n)s replaced"), n=in_chart("copies.replaced", last.replaced, node, ALL)),
        tuple(float(tally.replaced) for _day, tally in days),
    )
    title = _("Cracked software found and replaced, day by day")
    top = float(max(last.found + last.found % 2, 2))
    return lines(
        "by-day", title, title, [f"{day:%d/%m}" for day, _tally in days], (found, replaced), top=top, unit="",
        gap="",
    )  # fmt: skip
