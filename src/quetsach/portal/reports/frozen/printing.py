"""The figures of machines as official papers and workbooks show them: now, as frozen, as restated."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.templatetags.kit import moment, num
from quetsach.portal.reports.frozen.counting import as_stored, read
from quetsach.portal.reports.frozen.queries import Chain, chain_of, restated_below
from quetsach.portal.reports.frozen.words import OFFICIAL, Line, changes, reasons, table
from quetsach.portal.reports.models import Report


@dataclass(frozen=True)
class Printed:
    """`lines` with any number above zero; `notes` tell of the freezing, and of each restatement with
    its reason. Both are empty where no machine with signs was ever known."""

    lines: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()
    is_frozen: bool = False
    is_restated: bool = False


def printed(node: CampaignNode, report: Report | None) -> Printed:
    """The figures of a node and all below for papers."""
    reading = read(node)
    counted = reading.at(reading.read_at)
    key = str(node.pk)
    chain = chain_of(report.current if report else None)
    lines = [
        line
        for line in table(as_stored(counted.own[key]), as_stored(counted.whole[key]), chain)
        if line.whole or line.frozen or line.holds
    ]
    if not lines:
        return Printed()
    notes = _notes(node, chain) if chain else ()
    return Printed(tuple(lines), notes, chain is not None, chain is not None and chain.is_restated)


def official_words(line: Line) -> str:
    """The words of a line in official papers."""
    return OFFICIAL[line.name]


def _notes(node: CampaignNode, chain: Chain) -> tuple[str, ...]:
    """What was frozen and restated, in the language in use."""
    said = _("The figures of machines were frozen at %(at)s with the report; the frozen ones never change.")
    notes = [said % {"at": moment(chain.frozen.at)}]
    for one in chain.all[1:]:
        if one.withdrawn_at is None:
            why = "; ".join(reasons(one.reasons)) or _("the same machines, counted again")
            moved = "; ".join(f"{of.words}: {num(of.before)} → {num(of.after)}" for of in changes(chain, one))
            why = f"{why}. {capfirst(moved)}" if moved else why
            told = {"n": one.number, "at": moment(one.made_at), "why": why}
            notes.append(_("Restatement, number %(n)s, %(at)s: %(why)s.") % told)
    if below := restated_below(node, chain.frozen):
        names = ", ".join(f"{one.name} ({_('number %(n)s') % {'n': one.number}})" for one in below)
        notes.append(
            _("Units below restated their figures after this report was sent: %(names)s.") % {"names": names}
        )
    return tuple(notes)
