"""`quetsach scan`: logs and a list in; machines, files and an exit code out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import click

from quetsach.cli import (
    FOUND,
    INCOMPLETE,
    NOTHING,
    PUSH_FAILED,
    answer,
    leasetime,
    list_options,
    progress,
    say,
)
from quetsach.errors import ScanError
from quetsach.files import inputs
from quetsach.files.source import is_address
from quetsach.indicators.loading import Lists
from quetsach.results import listnotes, output
from quetsach.scanning.request import Prepared, Request
from quetsach.scanning.result import Snapshot
from quetsach.text.language import gettext as _
from quetsach.text.problems import explain

_START_BYTES = 4096


def run(paths: tuple[str, ...], **given: Any) -> int:
    """Run a scan with the options of the command line, by their names; returns the exit code."""
    paths = inputs.expanded(paths)
    outputs: tuple[Path, ...] = given["outputs"]
    for out in outputs:
        output.check(out)
    token = token_of(given["url"], given["token_file"])
    _check_stdin(paths, given["indicators"])
    _check_cluster(given["cluster"])
    kept: Path | None = given["state"]
    _check_state(kept, outputs)
    request = Request(
        paths,
        given["indicators"],
        given["source_name"] or vantage(paths),
        list_options.choice_of(given),
        given["tz"],
        given["logformat"],
        given["fields"],
        given["leases"],
        given["devices"],
        given["jobs"],
        kept,
        given["cluster"],
        outputs,
        _asked(given["asked"], given["url"], token),
        lease_length=given["lease_length"],
    )
    others = [*given["indicators"], *given["leases"], given["override"], _file(given["asked"])]
    others.append(given["added_since"])
    answer.refuse_inputs(outputs, others, partial(_is_scanned, paths))
    prepared = request.prepare()
    warn_if_slow()
    leasetime.warn(prepared.leases.read, given["lease_length"], prepared.leases.ended)
    with ExitStack() as stack:
        show = stack.enter_context(progress.bar())
        on_progress = _meanwhile(show, outputs, request.tz, as_json=given["as_json"])
        stop = stack.enter_context(progress.stop_on_interrupt())
        result = prepared.run(on_progress, stop, lambda note: say.warning(explain(note)))
    report = output.Report(result, lambda: prepared.formats(result), listnotes.of(prepared.lists))
    told = _of_added(report, prepared, given["added_since"]) if given["added_since"] else report
    whole = tuple(out for out in outputs if out.suffix.lower() == ".jsonl")
    is_saved = answer.save(whole, report) & answer.save([out for out in outputs if out not in whole], told)
    is_shown = answer.show(report if given["as_json"] else told, outputs, as_json=given["as_json"])
    if result.is_interrupted:
        say.error(
            _("Interrupted. What was found so far is shown; the result is marked incomplete and not sent.")
        )
        if given["state"]:
            say.error(_("The same command goes on from here."))
        return INCOMPLETE
    if token is not None and not answer.send(report, outputs if is_saved else (), given["url"], token):
        return PUSH_FAILED
    if result.errors or not result.coverage or not is_saved or not is_shown:
        return INCOMPLETE
    return FOUND if len(told.result.sightings) or result.not_understood else NOTHING


def _of_added(report: output.Report, prepared: Prepared, earlier: Path) -> output.Report:
    """The report with the rows of entries alone that an earlier list lacks."""
    from quetsach.results import added
    from quetsach.scanning.request import looked_for

    lists, choice = prepared.lists, prepared.request.choice
    files = prepared.request.lists
    now = lists.indicators if lists.parts or isinstance(files, Lists) else looked_for(files, choice)
    names = added.added(now, looked_for([earlier], choice))
    return output.Report(added.only(report.result, names), report.recognise, report.notes, len(names))


def warn_if_slow() -> None:
    """Say why the fast engine cannot be used, where it was wanted: before hours of reading, not after."""
    from quetsach.scanning import engine

    if because := engine.why_slow():
        from quetsach.results import summary

        say.warning(summary.slow(because))


def _meanwhile(
    show: Callable[[Snapshot], None] | None, outputs: tuple[Path, ...], tz: str, *, as_json: bool
) -> Callable[[Snapshot], None]:
    """Prepare for the answer as well, while the engine is at work."""

    def on_progress(now: Snapshot) -> None:
        answer.prepare(outputs, tz, as_json=as_json)
        if now.hits and not as_json:
            answer.prepare_doubts()
        if show is not None:
            show(now)

    return on_progress


def _check_state(kept: Path | None, outputs: tuple[Path, ...]) -> None:
    """Refuse an output file that is the state file: the next run needs the state."""
    if kept is not None and any(kept.absolute() == out.absolute() for out in outputs):
        raise click.UsageError(_("--state and -o name the same file."))


def _is_scanned(paths: Sequence[str], file: Path) -> bool:
    """Whether a file is among the logs. An earlier result among the logs is no log."""
    return _is_log(file) and any(_holds(path, file) for path in paths)


def _holds(path: str, file: Path) -> bool:
    """Whether a path to scan is the file, or a folder that holds the file."""
    return path != "-" and not is_address(path) and file.is_relative_to(Path(path).resolve())


def _is_log(file: Path) -> bool:
    """Whether a file holds text that no scan wrote; a workbook is never read as a log."""
    if not file.is_file() or file.suffix == ".xlsx":
        return False
    from quetsach.files import openers

    try:
        with file.open("rb") as stream:
            start = stream.read(_START_BYTES)
    except OSError:
        return True
    return bool(start) and not openers.is_result(start)


def _check_cluster(address: str | None) -> None:
    if address is not None and not address.strip():
        raise click.UsageError(_("--cluster needs an address, auto or local."))


def _check_stdin(paths: Sequence[str], indicators: Sequence[Path]) -> None:
    if "-" in paths and any(str(file) == "-" for file in indicators):
        raise ScanError(
            _("Standard input (-) is the list here and the log as well; give one of them as a file.")
        )


def token_of(url: str | None, token_file: Path | None) -> str | None:
    """The token for pushing the result; errors in the options are reported before a long scan."""
    if url is None and token_file is None:
        return None
    if url is None or token_file is None:
        needed = _("--push needs --token-file.") if url else _("--token-file needs --push.")
        raise click.UsageError(needed)
    from quetsach.results import push

    push.address_of(url)
    return push.read_token(token_file)


def _file(asked: str | None) -> Path | None:
    """The file with the machines asked about, if they stand in a file."""
    is_web = asked is None or asked.startswith(("http://", "https://"))
    return None if is_web else Path(asked or "")


def check_asked(asked: str | None, token: str | None) -> None:
    """Refuse the address of a portal without a token."""
    if asked is not None and _file(asked) is None and token is None:
        raise click.UsageError(_("--asked with an address needs --push and --token-file."))


def _asked(asked: str | None, url: str | None, token: str | None) -> tuple[str, ...]:
    """The machines that the scan is asked about, from a file or from the portal."""
    if asked is None:
        return ()
    from quetsach.results import asking

    check_asked(asked, token)
    file = _file(asked)
    return asking.read(file) if file is not None else asking.fetch(asked, url or "", token or "")


def vantage(paths: Sequence[str]) -> str:
    """Host and folder, or the address in object storage: tomorrow the same scan has the same name."""
    real = [inputs.real(path) for path in paths if path != "-" and not is_address(path)]
    if not real:
        return next(filter(is_address, paths), _machine())
    folders: dict[str, list[Path]] = {}
    for path in real:
        # Two drives of Windows have no folder in common.
        is_folder = os.path.isdir(path)  # noqa: PTH112 False also where it may not be looked at
        folders.setdefault(path.drive.lower(), []).append(path if is_folder else path.parent)
    return f"{_machine()}:{', '.join(os.path.commonpath(found) for _drive, found in sorted(folders.items()))}"


def _machine() -> str:
    if sys.platform != "win32":
        return os.uname().nodename
    import platform

    return platform.node()
