"""The answer of a scan: saved, shown and pushed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from quetsach.cli import say
from quetsach.errors import PortalError, QuetsachError
from quetsach.results import output
from quetsach.text.language import gettext as _
from quetsach.text.words import visible

_PAGES = frozenset({".html", ".xlsx"})
"""The ends of files that hold all machines and that people read."""


def refuse_inputs(
    outputs: Iterable[Path],
    read: Iterable[Path | None],
    is_read: Callable[[Path], bool] = lambda _place: False,
) -> None:
    """Refuse to write over an input file: entries left out of the output would be lost.

    Raises:
        QuetsachError: names the file.
    """
    places = {file.resolve() for file in read if file is not None}
    for out in outputs:
        if (place := out.resolve()) in places or is_read(place):
            raise QuetsachError(_("%(path)s is read here; choose another name with -o.") % {"path": out})


@cache
def prepare(outputs: tuple[Path, ...], tz: str, *, as_json: bool) -> None:
    """Import and read once what the answer needs; its times will be shown in the zone `tz`."""
    for out in outputs:
        output.writer(out)
    if not as_json:
        from zoneinfo import ZoneInfo

        import quetsach.results.table  # noqa: F401

        ZoneInfo(tz)
        say.screen()


@cache
def prepare_doubts() -> None:
    """Prepare an answer that names indicators."""
    from quetsach.indicators import guard

    # The first look-up of a name reads the tables of names.
    guard.doubts(("unlisted.invalid",))


def save(outputs: Sequence[Path], report: output.Report) -> bool:
    """Write each file and say so, except a CSV of an interrupted scan; returns whether all went well."""
    is_saved = True
    for out in outputs:
        if report.result.is_interrupted and out.suffix.lower() == ".csv":
            say.warning(
                _("%(path)s: not saved, because a CSV file cannot say that it is incomplete.") % {"path": out}
            )
            continue
        try:
            output.save(out, report)
        except output.OutputError as error:
            is_saved = False
            say.problem(error)
        else:
            say.line(visible(_("Saved: %(path)s") % {"path": out}))
    return is_saved


def show(report: output.Report, outputs: Sequence[Path], *, as_json: bool) -> bool:
    """Print the answer on standard output; notes and errors on standard error. `outputs` are the files that
    were to be saved.

    Returns False where standard output fails; the other outputs still get the answer.
    """
    try:
        if as_json:
            from quetsach.results import jsonl

            jsonl.write(sys.stdout.buffer, report)
        else:
            from quetsach.results import table

            pages = (out for out in outputs if out.suffix.lower() in _PAGES and out.is_file())
            table.show(say.screen(), report, visible(str(next(pages, ""))))
        sys.stdout.flush()
    except OSError as error:
        if error.filename is not None:
            raise
        say.output_failed(error)
        return False
    if report.notes or report.result.errors:
        from quetsach.results import table

        on_error = say.screen(is_error=True)
        table.show_notes(on_error, list(report.notes))
        table.show_errors(on_error, report)
    return True


def send(report: output.Report, outputs: Sequence[Path], url: str, token: str) -> bool:
    """Send the saved result. If no file was asked for, a temporary one is kept only if sending fails."""
    from quetsach.cli.commands import push

    saved = next((out for out in outputs if out.suffix.lower() == ".jsonl"), None)
    file = saved or _place_for_result()
    try:
        if saved is None:
            output.save(file, report)
        push.send(file, url, token)
    except (PortalError, QuetsachError, OSError) as error:
        say.problem(error)
        if file.exists():
            text = _("The scan is done but was not sent. It is kept in %(path)s; send it later with:")
            say.line(text % {"path": file})
            say.line(f"  quetsach push {file} --push {url} --token-file …")
        return False
    if saved is None:
        file.unlink(missing_ok=True)
    return True


def _place_for_result() -> Path:
    import tempfile
    from datetime import datetime

    folder = Path.cwd() if os.access(Path.cwd(), os.W_OK) else Path(tempfile.gettempdir())
    return folder / f"quetsach-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.jsonl"
