"""A collection on a terminal, and as plain data for `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quetsach.annexes.collecting import messages
from quetsach.annexes.collecting.answers import words
from quetsach.annexes.collecting.form import ROWS
from quetsach.annexes.collecting.merge import Collection
from quetsach.annexes.collecting.paper import NOWHERE
from quetsach.annexes.collecting.readings import Doubt, Reading
from quetsach.text.language import code, ngettext
from quetsach.text.language import gettext as _
from quetsach.text.words import number, visible

if TYPE_CHECKING:
    from rich.console import Console

_AMBER = "yellow"
_MOST_NAMED = 50
_MOST_ASKED = 5
_NOT_ASKED = frozenset(
    (
        "failed",
        "needs_calamine",
        "needs_pypdf",
        "no_file",
        "not_an_annex",
        "office_later",
        "old_word",
        "open_document",
        "other_archive",
        "outlook",
        "reading_later",
        "scan",
        "sending_later",
        "too_deep",
        "too_many_files",
        "unreadable",
    )
)
"""Problems that the collector solves: by eye, or on this machine."""


def show(found: Collection, console: Console, saved: Sequence[Path] = ()) -> None:
    """Print the units, the doubts, the missing units, the total, and the next steps."""
    _table(found, console)
    _problems(found, console)
    _missing(found, console)
    _next(found, console, saved)


def _table(found: Collection, console: Console) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=bool(found.counted))
    totals = found.totals
    table.add_column(_("Unit"), footer=_("Total (%(came)s)") % {"came": words.came(found)}, overflow="fold")
    for row in ROWS:
        mark = " ?" if totals[row].doubtful else ""
        table.add_column(
            _("Row %(n)s") % {"n": row[1]}, footer=number(totals[row].value) + mark, justify="right"
        )
    table.add_column(_("File"), overflow="fold")
    for one in found.counted:
        cells = [Text(visible(one.unit.name if one.unit else ""), style=_style(one, "unit"))]
        for row in ROWS:
            value = one.values[row]
            style = _style(one, row)
            cells.append(
                Text(("–" if value is None else number(value)) + (" ?" if style else ""), style=style)
            )
        table.add_row(*cells, Text(visible(one.label), style=_style(one, "file")))
    console.print(table)


def _style(one: Reading, name: str) -> str:
    return _AMBER if any(doubt.level != "info" for doubt in one.doubts_of(name)) else ""


def _problems(found: Collection, console: Console) -> None:
    doubtful = [one for one in (*found.unplaced, *found.counted) if not one.is_clear]
    if doubtful:
        console.print(_("To look at"), style="bold")
    for one in doubtful:
        who = one.unit.name if one.unit else one.annex.unit
        console.print("  " + visible(" · ".join(filter(None, (who, one.label)))))
        for doubt in one.doubts:
            if doubt.level != "info":
                where = ", ".join(filter(None, (words.field(doubt.field), _place(one, doubt))))
                console.print(f"    {visible(where)}: {visible(words.doubt(doubt))}", style=_AMBER)
    if doubtful:
        console.print()
    if found.repeated:
        console.print(_("Not counted: copies and older versions"), style="bold")
        for one in found.repeated:
            last = one.doubts[-1]
            console.print(f"  {visible(one.label)}: {visible(words.doubt(last))}")
        console.print()
    if found.unread:
        console.print(_("Not read"), style="bold")
        for unread in found.unread:
            console.print(
                f"  {visible(unread.file)}: {messages.problem(unread.problem, code())}", style=_AMBER
            )
        console.print()


def _place(one: Reading, doubt: Doubt) -> str:
    figure = one.annex.figures.get(doubt.field)
    where = figure.place if figure else one.annex.unit_place if doubt.field == "unit" else NOWHERE
    return messages.place(where, code())


def _missing(found: Collection, console: Console) -> None:
    if found.missing:
        console.print(_("Not received (%(n)d)") % {"n": len(found.missing)}, style="bold")
        for unit in found.missing[:_MOST_NAMED]:
            hint = next((one.file for one in found.unread if one.unit == unit), "")
            message = _("a file of its own could not be read: %(file)s") % {"file": hint} if hint else ""
            console.print("  " + visible(" · ".join(filter(None, (unit.name, message)))))
        left = len(found.missing) - _MOST_NAMED
        if left > 0:
            more = ngettext("and %(n)s more unit", "and %(n)s more units", left)
            console.print("  " + more % {"n": number(left)})
        console.print()


def _next(found: Collection, console: Console, saved: Sequence[Path]) -> None:
    if not (found.counted or found.unplaced or found.unread):
        console.print(_("No file was found. Give the folder that holds the annexes, or a ZIP."))
        return
    steps = []
    if found.unplaced or any(not one.is_clear for one in found.counted):
        steps.append(
            _("Look at the amber cells beside their files; correct the sheet “Units”, its total follows.")
        )
    if any(one.problem.code == "scan" for one in found.unread):
        steps.append(_("Open the scans beside an empty form and enter their four figures."))
    if unread := [one for one in found.unread if one.problem.code not in _NOT_ASKED]:
        names = ", ".join(visible(one.file.rpartition("/")[2]) for one in unread[:_MOST_ASKED])
        text = ngettext(
            "Ask the sender of this file again, with the reason above: %(names)s.",
            "Ask the senders of these files again, with the reasons above: %(names)s.",
            len(unread),
        )
        more = ", …" if len(unread) > _MOST_ASKED else ""
        steps.append(text % {"n": number(len(unread)), "names": names + more})
    if found.missing:
        steps.append(_("Chase the units that have not sent anything."))
    if found.expected is None:
        steps.append(_("Give the list of units too, to match names and to learn who is missing."))
    if not saved:
        steps.append(_("Save with -o total.xlsx and -o annex.pdf."))
    for path in saved:
        console.print(_("Saved: %(path)s") % {"path": visible(str(path))})
    if steps:
        console.print(_("Next:"), style="bold")
        for at, step in enumerate(steps, 1):
            console.print(f"  {at}. {step}")


def as_data(found: Collection, language: str) -> dict[str, Any]:
    """The collection as data: keys and codes in English, sentences in the given language."""
    return {
        "totals": {
            row: {"value": total.value, "units": total.units, "doubtful": total.doubtful}
            for row, total in found.totals.items()
        },
        "expected": found.expected,
        "units": [_reading(one, language) for one in found.counted],
        "unplaced": [_reading(one, language) for one in found.unplaced],
        "repeated": [_reading(one, language) for one in found.repeated],
        "missing": [{"key": unit.key, "name": unit.name, "path": unit.path} for unit in found.missing],
        "unread": [
            {
                "file": one.file,
                "code": one.problem.code,
                "text": messages.problem(one.problem, language),
                "unit": one.unit.name if one.unit else None,
            }
            for one in found.unread
        ],
    }


def _reading(one: Reading, language: str) -> dict[str, Any]:
    return {
        "unit": one.unit.name if one.unit else None,
        "key": one.unit.key if one.unit else None,
        "typed_unit": one.annex.unit,
        "file": one.file,
        "part": one.part,
        "sha256": one.sha256,
        "figures": {
            row: {
                "value": figure.value,
                "typed": figure.typed,
                "note": figure.note,
                "place": messages.place(figure.place, language),
            }
            for row, figure in one.annex.figures.items()
        },
        "assessment": one.annex.assessment,
        "proposals": one.annex.proposals,
        "candidates": [unit.path for unit in one.candidates],
        "doubts": [
            {
                "code": doubt.name,
                "field": doubt.field,
                "level": doubt.level,
                "text": messages.doubt(doubt.code, doubt.facts, language),
            }
            for doubt in one.doubts
        ],
    }
