"""The final screen: the recognised lists, then machines, then the coverage and its gaps.

Hidden characters of texts are escaped: a log line cannot paint the terminal.
"""

from __future__ import annotations

from pathlib import Path

from quetsach.results import summary
from quetsach.results.machines import Machine, by_machine
from quetsach.results.output import ListNote, Report
from quetsach.results.screen import Cell, Column, Screen
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext
from quetsach.text.problems import explain

MOST_MACHINES = 20
MOST_NOTES = 3
MOST_ERRORS = 20
MOST_UNATTRIBUTED = 5
MOST_AROUND = 5
_NARROW, _WIDE = 76, 110
_STYLES = {"allowed": "bold red", "blocked": "yellow", "attempt": "yellow", "unknown": "magenta"}
_LEVELS = {"reject": 0, "stop": 1, "warn": 2}


def show(screen: Screen, report: Report, page: str = "") -> None:
    """Print the answer of a scan, machines first. `page` is the name of a saved file that holds all of it."""
    machines = by_machine(report.result.sightings, report.paths, doubts=report.doubts)
    found = summary.figures(report, machines)
    _say(screen, _recognised(report), "dim")
    if report.result.is_interrupted:
        _say(screen, _("The scan was interrupted: what follows is only a part."), "bold yellow")
    is_found = found.rows or found.not_understood
    _say(screen, summary.verdict(found), "bold red" if is_found else "bold")
    for text in summary.without_machine(found):
        _say(screen, text, "bold yellow")
    if found.around:
        _say(screen, summary.around(found), "yellow")
    if found.lines:
        _say(screen, summary.looked_at(found, report))
    if machines:
        screen.say("")
        _machines(screen, machines[:MOST_MACHINES], report)
        hidden = len(machines) - MOST_MACHINES
        if hidden > 0:
            _say(screen, _more_machines(hidden, page))
    _around(screen, report, page)
    _unattributed(screen, found, report, page)
    remarks = summary.remarks(found, report)
    if remarks:
        screen.say("")
        for remark in remarks:
            _say(screen, f"• {remark}")


def _more_machines(more: int, page: str) -> str:
    if page:
        text = ngettext(
            "%(n)s more machine; see all in %(file)s", "%(n)s more machines; see all in %(file)s", more
        )
    else:
        text = ngettext(
            "%(n)s more machine; see all with -o result.xlsx",
            "%(n)s more machines; see all with -o result.xlsx",
            more,
        )
    return text % {"n": words.number(more), "file": page}


def _around(screen: Screen, report: Report, page: str) -> None:
    """The first machines that go around the place that watches, and how."""
    machines = report.result.bypasses.machines
    if not machines:
        return
    screen.say("")
    _say(screen, _("Machines that go around the place that wrote these logs:"), "bold")
    for machine in machines[:MOST_AROUND]:
        _say(screen, f"  {machine.device}: {summary.ways(machine)}")
    more = len(machines) - MOST_AROUND
    if more > 0:
        _say(screen, "  " + _more_machines(more, page))


def _unattributed(screen: Screen, found: summary.Figures, report: Report, page: str) -> None:
    """The first lines that no format reads, so that a person can read which machine it was."""
    lines = [(one.path, line) for one in report.result.coverage for line in one.unattributed]
    if not lines:
        return
    screen.say("")
    _say(screen, _("Lines that no log format reads:"), "bold")
    for path, line in lines[:MOST_UNATTRIBUTED]:
        _say(screen, f"  {path}: {line}")
    more = found.not_understood - len(lines[:MOST_UNATTRIBUTED])
    if more > 0:
        if page:
            text = ngettext(
                "%(n)s more line; see the first of each log in %(file)s",
                "%(n)s more lines; see the first of each log in %(file)s",
                more,
            )
        else:
            text = ngettext(
                "%(n)s more line; see the first of each log with -o result.html",
                "%(n)s more lines; see the first of each log with -o result.html",
                more,
            )
        _say(screen, "  " + text % {"n": words.number(more), "file": page})


def show_notes(screen: Screen, notes: list[ListNote]) -> None:
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
    _say(screen, _("Indicator list: %(what)s.") % {"what": ", ".join(parts)}, "yellow")
    for note in sorted(notes, key=lambda note: _LEVELS[note.level])[:MOST_NOTES]:
        _say(screen, f"  {note}")
    if len(notes) > MOST_NOTES:
        _say(screen, _("  See all: quetsach indicators check %(files)s") % {"files": _to_type(notes)})


def _to_type(notes: list[ListNote]) -> str:
    """The files of the notes, spelled for a command line; for a list in an archive, the archive."""
    files = sorted({note.file.partition("!/")[0] for note in notes if note.file})
    return words.command_line(files) or "…"


def show_errors(screen: Screen, report: Report) -> None:
    """Print the errors, and that all other files were read."""
    errors = report.result.errors
    if not errors:
        return
    heading = ngettext(
        "%(n)s problem: not everything could be read",
        "%(n)s problems: not everything could be read",
        len(errors),
    )
    _say(screen, heading % {"n": words.number(len(errors))}, "bold red")
    for path, error in errors[:MOST_ERRORS]:
        _say(screen, f"  {path}: {explain(error, path)}")
    if len(errors) > MOST_ERRORS:
        _say(screen, "  " + _("and %(n)s more") % {"n": words.number(len(errors) - MOST_ERRORS)})
    if len(report.result.coverage) > len({path for path, _error in errors}):
        _say(screen, _("The other files were still processed."))


def _say(screen: Screen, text: str, style: str = "") -> None:
    screen.say(words.visible(text), style)


def _recognised(report: Report) -> str:
    if not report.formats:
        return _("No log format was recognised.")
    known = ", ".join(
        f"{words.logformat(name)} ({words.files(count)})" for name, count in sorted(report.formats.items())
    )
    return _("Recognised: %(formats)s.") % {"formats": known}


def _machines(screen: Screen, machines: list[Machine], report: Report) -> None:
    if screen.width < _NARROW:
        screen.cards([(_name(machine), _facts(machine, report)) for machine in machines])
        return
    is_wide = screen.width >= _WIDE
    columns = [
        Column(_("Machine"), 13),
        Column(_("Malware, malicious addresses")),
        Column(_("Lines"), is_right=True, is_whole=True),
        Column(_("Seen"), 19, is_whole=is_wide),
        Column(_("Outcome"), 12),
    ]
    if is_wide:
        columns.append(Column(_("Log file"), most=28))
    rows = []
    for machine in machines:
        logs = sorted({Path(log).name for log in machine.logs})
        cells = [
            _name(machine),
            _malware(machine),
            [(words.number(machine.count), "")],
            [(words.span(machine.first, machine.last, report.zone), "")],
            _outcome(machine),
            [(summary.some(logs, 2), "dim")],
        ]
        rows.append(cells[: len(columns)])
    screen.table(columns, rows)


def _facts(machine: Machine, report: Report) -> Cell:
    seen = words.span(machine.first, machine.last, report.zone)
    lines = (f"\n{words.lines(machine.count)}, {seen}\n", "")
    return [*_malware(machine), lines, *_outcome(machine)]


def _name(machine: Machine) -> Cell:
    name = (summary.name(machine), "bold")
    also = summary.also_known(machine)
    return [name, (f"\n{also}", "dim")] if also else [name]


def _outcome(machine: Machine) -> Cell:
    outcome = (words.action(machine.action), _STYLES[machine.action])
    doubtful = ("\n" + _("doubtful, see below"), "yellow")
    return [outcome, doubtful] if machine.is_doubtful else [outcome]


def _malware(machine: Machine) -> Cell:
    families = summary.families(machine)
    addresses = (summary.some([one for one, _count in machine.indicators.most_common()], 2), "")
    return [(families, "bold"), ("\n", ""), addresses] if families else [addresses]
