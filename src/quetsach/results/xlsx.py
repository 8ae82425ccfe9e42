"""XLSX: machines, sightings, coverage and notes, as texts, numbers and dates; never a formula or a link."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from zipfile import ZipFile

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]

from quetsach.files.openers.zip import RESULT_CATEGORY
from quetsach.results import answers, hours, spans, summary
from quetsach.results.machines import by_machine
from quetsach.results.output import Report
from quetsach.sightings import asked, runs
from quetsach.sightings.hours import HOURS, spelled
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.problems import explain

MOST_ROWS = 1_048_575
"""Rows below the header that a worksheet holds (ECMA-376)."""

type Cell = str | int | datetime | None


@dataclass(frozen=True, slots=True)
class _Formats:
    head: Any
    text: Any
    long: Any
    figure: Any
    time: Any


def write(out: BinaryIO, report: Report) -> None:
    """Write the workbook."""
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    book.set_properties({"category": RESULT_CATEGORY})
    formats = _Formats(
        head=book.add_format(
            {"bold": True, "bg_color": "#E9EDF0", "bottom": 1, "text_wrap": True, "valign": "top"}
        ),
        text=book.add_format({"valign": "top", "num_format": "@"}),
        long=book.add_format({"valign": "top", "num_format": "@", "text_wrap": True}),
        figure=book.add_format({"valign": "top", "num_format": "#,##0"}),
        time=book.add_format({"valign": "top", "num_format": "dd/mm/yyyy hh:mm:ss", "align": "left"}),
    )
    _machines(book, formats, report)
    _sightings(book, formats, report)
    _around(book, formats, report)
    _unattributed(book, formats, report)
    _asked(book, formats, report)
    _coverage(book, formats, report)
    _hours(book, formats, report)
    _notes(book, formats, report)
    try:
        book.close()
    except FileCreateError as error:
        cause: OSError = error.args[0]
        _end_archive(cause)
        raise cause from None


def _end_archive(error: OSError) -> None:
    """Mark the half-written archive as closed.

    Otherwise its destructor would write its directory into a deleted file, and Python would print the error.
    """
    trace = error.__traceback__
    while trace is not None:
        for value in trace.tb_frame.f_locals.values():
            if isinstance(value, ZipFile):
                value.fp = None
        trace = trace.tb_next


def _machines(book: xlsxwriter.Workbook, formats: _Formats, report: Report) -> None:
    columns = (
        (_("Machine"), 22),
        (_("Host name, user, MAC, NAT"), 30),
        (_("Malware"), 22),
        (_("Malicious addresses"), 44),
        (_("Lines"), 10),
        (_("First seen"), 20),
        (_("Last seen"), 20),
        (_("Outcome"), 24),
        (_("To be looked at first"), 44),
        (_("Log files"), 40),
    )
    rows = (
        (
            summary.name(machine),
            summary.also_known(machine),
            summary.families(machine, 20),
            summary.some([name for name, _count in machine.indicators.most_common()], 20),
            machine.count,
            _naive(machine.first, report),
            _naive(machine.last, report),
            words.action(machine.action),
            summary.some(
                [name for name, _n in machine.indicators.most_common() if name in report.doubts], 20
            ),
            summary.some(sorted(machine.logs), 10),
        )
        for machine in by_machine(report.result.sightings, report.paths, doubts=report.doubts)
    )
    _sheet(book, formats, _("Machines"), columns, rows)


def _sightings(book: xlsxwriter.Workbook, formats: _Formats, report: Report) -> None:
    columns = (
        (_("Machine"), 22),
        (_("Told apart by"), 24),
        (_("Malicious address"), 34),
        (_("Kind"), 16),
        (_("Malware"), 18),
        (_("As seen"), 34),
        (_("Where in the line"), 22),
        (_("Outcome"), 24),
        (_("Lines"), 10),
        (_("First seen"), 20),
        (_("Last seen"), 20),
        (_("On which days, from when to when"), 44),
        (_("To be looked at first"), 44),
        (_("Log format"), 16),
        (_("Log file"), 40),
        (_("First log line"), 90),
    )
    paths = report.paths
    rows = (
        (
            row.device or _("machine unknown"),
            row.who,
            row.indicator,
            words.kind(row.kind),
            row.family,
            row.matched,
            words.field(row.field),
            words.action(row.action),
            row.count,
            _naive(row.first_seen, report),
            _naive(row.last_seen, report),
            spans.spelled(row, report.zone, runs.MOST),
            explain(report.doubts[row.indicator].reason) if row.indicator in report.doubts else "",
            row.logformat,
            paths.get(row.source, ""),
            row.evidence,
        )
        for row in report.result.sightings
    )
    _sheet(book, formats, _("Sightings"), columns, rows)


def _around(book: xlsxwriter.Workbook, formats: _Formats, report: Report) -> None:
    """The ways around the place that watches; no sheet where there are none."""
    if not len(report.result.bypasses):
        return
    columns = (
        (_("Machine"), 22),
        (_("Told apart by"), 24),
        (_("Host name, user, MAC, NAT"), 30),
        (_("Provider"), 28),
        (_("By which way"), 18),
        (_("As seen"), 34),
        (_("Where in the line"), 22),
        (_("Outcome"), 24),
        (_("Lines"), 10),
        (_("First seen"), 20),
        (_("Last seen"), 20),
        (_("On which days, from when to when"), 44),
        (_("Log format"), 16),
        (_("Log file"), 40),
    )
    rows = (
        (
            row.device or row.who,
            row.who,
            " · ".join(row.identity.values()),
            row.provider,
            words.way(row.kind),
            row.matched,
            words.field(row.field),
            words.action(row.action),
            row.count,
            _naive(row.first_seen, report),
            _naive(row.last_seen, report),
            spans.spelled(row, report.zone, runs.MOST),
            row.logformat,
            report.paths.get(row.source, ""),
        )
        for row in report.result.bypasses
    )
    _sheet(book, formats, _("Going around"), columns, rows)


def _unattributed(book: xlsxwriter.Workbook, formats: _Formats, report: Report) -> None:
    """The lines that no log format reads; no sheet where there are none."""
    if not report.result.not_understood:
        return
    columns = ((_("Log file"), 40), (_("Lines"), 10), (_("Log line, to be read by a person"), 120))
    _sheet(book, formats, _("Lines not understood"), columns, _unread(report), wrap_last=True)


def _unread(report: Report) -> Iterator[tuple[str, int, str]]:
    for seen in report.result.coverage:
        yield from ((seen.path, 1, line) for line in seen.unattributed)
        more = seen.not_understood - len(seen.unattributed)
        if more > 0:
            yield seen.path, more, _("more lines, which are counted and not kept")


def _asked(book: xlsxwriter.Workbook, formats: _Formats, report: Report) -> None:
    """What became of each machine that the scan was asked about, day by day; no sheet where it was asked
    about none."""
    if not asked.machines(report.result.scan.asked):
        return
    columns = (
        (_("Machine"), 30),
        (_("Was it seen?"), 22),
        (_("Day"), 12),
        (_("Hours in which a line names it"), 44),
        (_("Could not be asked"), 60),
    )
    _sheet(book, formats, _("Machines asked about"), columns, _of_machines(report), wrap_last=True)


def _of_machines(report: Report) -> Iterator[Sequence[Cell]]:
    found = answers.of(report)
    for machine in found.machines:
        state = answers.state(machine, found)
        for day, counts in machine.days.items():
            yield machine.name, state, f"{day:%d/%m/%Y}", spelled(counts), ""
        if not machine.is_seen:
            yield machine.name, state, "", "", ""
    for path, why in found.silent:
        yield "", "", "", "", f"{path}: {why}"


def _coverage(book: xlsxwriter.Workbook, formats: _Formats, report: Report) -> None:
    columns = (
        (_("Log file"), 50),
        (_("Looked at from"), 20),
        (_("to"), 20),
        (_("About the times"), 20),
        (_("Lines"), 14),
        (_("Bytes"), 16),
        (_("Lines not understood"), 16),
        (_("Overlong lines"), 12),
        (_("Calls from outside"), 14),
        (_("Problems"), 70),
    )
    rows = (
        (
            seen.path,
            _naive(seen.first, report),
            _naive(seen.last, report),
            words.time_note(seen.time),
            seen.lines,
            seen.bytes,
            seen.not_understood,
            seen.long_lines,
            seen.inbound,
            "; ".join(explain(error, seen.path) for error in seen.errors),
        )
        for seen in report.result.coverage
    )
    _sheet(book, formats, _("Looked at"), columns, rows, wrap_last=True)


def _hours(book: xlsxwriter.Workbook, formats: _Formats, report: Report) -> None:
    """Lines of each source in each hour of a local day; no sheet where no line has a time."""
    if not any(seen.hours for seen in report.result.coverage):
        return
    of_day = [(f"{hour:02}", 8) for hour in range(HOURS)]
    columns = ((_("Log file"), 50), (_("Day"), 12), *of_day)
    _sheet(book, formats, _("Lines per hour"), columns, _of_hours(report))


def _of_hours(report: Report) -> Iterator[Sequence[Cell]]:
    for seen in report.result.coverage:
        for day, counts in hours.by_local_day([seen], report.zone).items():
            yield (seen.path, f"{day:%d/%m/%Y}", *counts)


def _notes(book: xlsxwriter.Workbook, formats: _Formats, report: Report) -> None:
    result = report.result
    found = summary.figures(report, by_machine(result.sightings, report.paths, doubts=report.doubts))
    rows: list[Sequence[Cell]] = []
    if result.is_interrupted:
        rows.append((_("INCOMPLETE"), _("The scan was interrupted: what follows is only a part.")))
    rows += [
        *([(_("Note"), summary.slow(result.slow_because))] if result.slow_because else []),
        (_("Result"), summary.verdict(found)),
        *((_("Result"), text) for text in summary.without_machine(found)),
        *([(_("Result"), summary.around(found))] if found.around else []),
        *([(_("Looked at"), summary.looked_at(found, report))] if found.lines else []),
        *((_("Note"), text) for text in summary.remarks(found, report)),
        (_("Times shown in"), words.zone_name(report.zone)),
        (_("Scanned by"), result.scan.tool),
        (_("Source name"), result.scan.source_name),
        (
            _("List of addresses"),
            _("%(n)s entries, id %(id)s")
            % {"n": words.number(result.scan.set_count), "id": result.scan.set_id},
        ),
        *((_("List"), str(note)) for note in report.notes),
    ]
    _sheet(book, formats, _("Notes"), ((_("About"), 24), (_("Text"), 110)), rows, wrap_last=True)


def _sheet(
    book: xlsxwriter.Workbook,
    formats: _Formats,
    name: str,
    columns: Sequence[tuple[str, int]],
    rows: Iterable[Sequence[Cell]],
    *,
    wrap_last: bool = False,
) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    for at, (_title, width) in enumerate(columns):
        sheet.set_column(at, at, width)
    for at, (title, _width) in enumerate(columns):
        sheet.write_string(0, at, title, formats.head)
    last = 0
    for last, row in enumerate(rows, 1):
        if last == MOST_ROWS:
            text = _("More rows do not fit a worksheet; the .jsonl and .csv files hold them all.")
            sheet.write_string(last, 0, text, formats.text)
            break
        for at, cell in enumerate(row):
            match cell:
                case str():
                    is_long = wrap_last and at == len(row) - 1
                    sheet.write_string(
                        last, at, words.visible(cell)[:32767], formats.long if is_long else formats.text
                    )
                case int():
                    sheet.write_number(last, at, cell, formats.figure)
                case datetime():
                    sheet.write_datetime(last, at, cell, formats.time)
                case None:
                    sheet.write_blank(last, at, None, formats.text)
    sheet.autofilter(0, 0, last, len(columns) - 1)


def _naive(time: str | None, report: Report) -> datetime | None:
    local = words.clock(time, report.zone)
    # A worksheet counts days from 1900 on.
    return local.replace(tzinfo=None) if local and local.year >= 1900 else None
