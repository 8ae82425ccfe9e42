"""The final screen: what was recognised, then machines, then what was looked at and what could not be.

Texts reach rich as `Text`, never as markup, hidden characters escaped: a log line cannot paint the terminal.
"""

from __future__ import annotations

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from quetsach.language import gettext as _
from quetsach.language import ngettext
from quetsach.output import ListNote, Report
from quetsach.outputs import summary, words
from quetsach.outputs.machines import Machine, by_machine
from quetsach.outputs.problems import explain

MOST_MACHINES = 20
MOST_NOTES = 3
MOST_ERRORS = 20
_NARROW, _WIDE = 76, 110
_STYLES = {"allowed": "bold red", "blocked": "yellow", "attempt": "yellow", "unknown": "magenta"}
_LEVELS = {"reject": 0, "stop": 1, "warn": 2}


def show(console: Console, report: Report) -> None:
    """Print the answer of a scan, machines first."""
    machines = by_machine(report.result.sightings, report.paths, doubts=report.doubts)
    found = summary.figures(report, machines)
    _say(console, _recognised(report), "dim")
    if report.result.is_interrupted:
        _say(console, _("The scan was interrupted: what follows is only a part."), "bold yellow")
    _say(console, summary.verdict(found), "bold red" if found.rows else "bold")
    if found.lines:
        _say(console, summary.looked_at(found, report))
    if machines:
        console.print()
        console.print(_machines(machines[:MOST_MACHINES], report, console.width))
        hidden = len(machines) - MOST_MACHINES
        if hidden > 0:
            text = ngettext(
                "%(n)s more machine; see all with -o result.xlsx",
                "%(n)s more machines; see all with -o result.xlsx",
                hidden,
            )
            _say(console, text % {"n": words.number(hidden)})
    remarks = summary.remarks(found, report)
    if remarks:
        console.print()
        for remark in remarks:
            _say(console, f"• {remark}")


def show_notes(console: Console, notes: list[ListNote]) -> None:
    """Print how many lines of the indicator lists were left out or are doubtful, with the first few."""
    if not notes:
        return
    left_out = sum(note.level != "warn" for note in notes)
    warned = len(notes) - left_out
    parts = []
    if left_out:
        text = ngettext("%(n)s entry left out", "%(n)s entries left out", left_out)
        parts.append(text % {"n": words.number(left_out)})
    if warned:
        text = ngettext("%(n)s warning", "%(n)s warnings", warned)
        parts.append(text % {"n": words.number(warned)})
    _say(console, _("Indicator list: %(what)s.") % {"what": ", ".join(parts)}, "yellow")
    for note in sorted(notes, key=lambda note: _LEVELS[note.level])[:MOST_NOTES]:
        _say(console, f"  {note}")
    if len(notes) > MOST_NOTES:
        files = sorted({note.file for note in notes if note.file}) or ["…"]
        _say(console, _("  See all: quetsach indicators check %(files)s") % {"files": " ".join(files)})


def show_errors(console: Console, report: Report) -> None:
    """Print what could not be read, and that the rest was."""
    errors = report.result.errors
    if not errors:
        return
    heading = ngettext(
        "%(n)s problem: not everything could be read",
        "%(n)s problems: not everything could be read",
        len(errors),
    )
    _say(console, heading % {"n": words.number(len(errors))}, "bold red")
    for path, error in errors[:MOST_ERRORS]:
        _say(console, f"  {path}: {explain(error, path)}")
    if len(errors) > MOST_ERRORS:
        _say(console, "  " + _("and %(n)s more") % {"n": words.number(len(errors) - MOST_ERRORS)})
    if len(report.result.coverage) > len({path for path, _error in errors}):
        _say(console, _("The other files were still processed."))


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(words.visible(text), style=style), soft_wrap=not console.is_terminal)


def _recognised(report: Report) -> str:
    if not report.formats:
        return _("No log format was recognised.")
    known = ", ".join(
        f"{words.logformat(name)} ({words.files(count)})" for name, count in sorted(report.formats.items())
    )
    return _("Recognised: %(formats)s.") % {"formats": known}


def _machines(machines: list[Machine], report: Report, width: int) -> RenderableType:
    if width < _NARROW:
        return _cards(machines, report)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False, pad_edge=False, header_style="bold")
    table.add_column(_("Machine"), overflow="fold", min_width=13)
    table.add_column(_("Malware, malicious addresses"), overflow="fold")
    table.add_column(_("Lines"), justify="right", no_wrap=True)
    table.add_column(_("Seen"), overflow="fold", min_width=19, no_wrap=width >= _WIDE)
    table.add_column(_("Outcome"), overflow="fold", min_width=12)
    if width >= _WIDE:
        table.add_column(_("Log file"), overflow="fold", max_width=28)
    for machine in machines:
        cells = [
            _name(machine),
            _malware(machine),
            Text(words.number(machine.count)),
            Text(words.span(machine.first, machine.last, report.zone)),
            _outcome(machine),
            Text(summary.some(sorted({log.rsplit("/", 1)[-1] for log in machine.logs}), 2), style="dim"),
        ]
        table.add_row(*cells[: len(table.columns)])
    return table


def _cards(machines: list[Machine], report: Report) -> RenderableType:
    cards: list[RenderableType] = []
    for machine in machines:
        cards.append(_name(machine))
        facts = Text.assemble(
            _malware(machine),
            "\n",
            words.lines(machine.count),
            ", ",
            words.span(machine.first, machine.last, report.zone),
            "\n",
            _outcome(machine),
        )
        cards.append(Padding(facts, (0, 0, 1, 2)))
    return Group(*cards)


def _name(machine: Machine) -> Text:
    name = Text(summary.name(machine), style="bold")
    also = summary.also_known(machine)
    return name.append(f"\n{also}", style="dim not bold") if also else name


def _outcome(machine: Machine) -> Text:
    outcome = Text(words.action(machine.action), style=_STYLES[machine.action])
    if machine.is_doubtful:
        outcome.append("\n" + _("doubtful, see below"), style="not bold yellow")
    return outcome


def _malware(machine: Machine) -> Text:
    families = summary.families(machine)
    addresses = summary.some([one for one, _count in machine.indicators.most_common()], 2)
    return Text.assemble((families, "bold"), "\n", addresses) if families else Text(addresses)
