"""Messages on standard error, and errors in the user's language with advice."""

from __future__ import annotations

import errno
import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext
from quetsach.text.words import visible

if TYPE_CHECKING:
    from rich.console import Console

    from quetsach.indicators.loading import CompiledError, NothingLeftError
    from quetsach.results.output import OutputError
    from quetsach.results.push import PushError
    from quetsach.results.screen import Screen
    from quetsach.sightings.scanfile import ScanFileError

_FULL = frozenset((errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)))
_FILE_WIDTH = 120
"""Characters in a line where the text goes to a file or a pipe."""


_MARK = r"\s*(?:\d+\. |[+•-] )?"
_YES = frozenset(("y", "yes", "c", "co", "có"))


def is_yes(answer: str) -> bool:
    """Whether an answer means yes, in Vietnamese or English; any other answer means no."""
    return answer.strip().casefold() in _YES


_called = "quetsach"


def call(name: str) -> None:
    """Set the command that a person types to start this program, where it is not `quetsach`."""
    global _called
    _called = name


def called() -> str:
    """The text that a person types before a command."""
    return _called


def wrapped(text: str, *, is_error: bool = False) -> str:
    """Text for standard output: on a terminal broken between words, with further lines indented to the first
    word.

    A path that is longer than a line stays whole, to be copied.
    """
    import shutil

    columns = shutil.get_terminal_size().columns - 1
    if len(text) <= columns or not (sys.stderr if is_error else sys.stdout).isatty():
        return text
    found = re.match(_MARK, text)
    mark = found[0] if found else ""
    import textwrap

    return textwrap.fill(
        text[len(mark) :],
        columns,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )


def styled(text: str, **style: Any) -> str:
    """The text in a colour, or bold, where the terminal draws it."""
    if not _draws_codes():
        return text
    import click

    return click.style(text, **style)


@cache
def _draws_codes() -> bool:
    if sys.platform != "win32":
        return True
    from quetsach.cli import winconsole

    return winconsole.draws_codes()


def console(*, is_error: bool = False) -> Console:
    """A terminal that interprets no markup in its texts."""
    from rich.console import Console

    made = Console(
        stderr=is_error, markup=False, highlight=False, emoji=False, legacy_windows=not _draws_codes()
    )
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = _FILE_WIDTH
    return made


def screen(*, is_error: bool = False) -> Screen:
    """The screen for the answer of a scan."""
    from quetsach.results.screen import Screen

    return Screen(console(is_error=is_error))


def line(text: str) -> None:
    """One line on standard error."""
    print(text, file=sys.stderr, flush=True)


def error(text: str) -> None:
    """One error on standard error."""
    _note(_("Error:"), "red", text)


def warning(text: str) -> None:
    """One warning on standard error."""
    _note(_("Note:"), "yellow", text)


def _note(label: str, colour: str, text: str) -> None:
    message = wrapped(f"{label} {visible(text)}", is_error=True).removeprefix(label)
    import click

    click.echo(styled(label, fg=colour, bold=True) + message, err=True)


def problem(raised: Exception) -> None:
    """An exception, in the user's language where it carries a code."""
    error(worded(raised))


def is_of_output(raised: OSError) -> bool:
    """Whether standard output itself failed: then its buffered text cannot be written either."""
    if raised.filename is not None:
        return False
    try:
        sys.stdout.flush()
    except OSError:
        return True
    # A block that was flushed at once is not tried again; errors of other outputs carry a file name.
    return isinstance(raised, BrokenPipeError) or (raised.errno in _FULL and not sys.stdout.isatty())


def output_failed(raised: OSError) -> None:
    """Report that standard output failed, unless its reader has left; then send all output to the null
    device."""
    if not isinstance(raised, BrokenPipeError):
        from quetsach.results.output import OutputError

        problem(OutputError.of(Path(_("standard output")), raised))
    # Without this the interpreter would fail once more when it flushes at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def worded(raised: Exception) -> str:
    """The error with advice, in the language in use."""
    # Imported here, so that a run without errors need not import every module that can fail.
    from quetsach.endpoint.refusal import Refused
    from quetsach.indicators.loading import CompiledError, NothingLeftError
    from quetsach.results.output import OutputError
    from quetsach.results.push import PushError
    from quetsach.sightings.scanfile import ScanFileError

    match raised:
        case PushError():
            return _push(raised)
        case OutputError():
            return _output(raised)
        case ScanFileError():
            return _("line %(line)d: %(reason)s") % {"line": raised.line, "reason": _scan_file(raised)}
        case Refused():
            return raised.worded()
        case CompiledError():
            return _compiled(raised)
        case NothingLeftError():
            return _nothing_left(raised)
        case OSError() if raised.filename:
            return f"{raised.filename}: {_told(raised.strerror or '')}"
        case OSError():
            return _told(raised.strerror or str(raised))
        case _:
            return _explained(str(raised))


def _told(problem: str) -> str:
    from quetsach.text.problems import explain

    return explain(problem)


def _explained(text: str) -> str:
    """A sentence of the library in the language in use; a file name may stand before it."""
    translated = _told(text)
    if translated != text or ": " not in text:
        return translated
    path, _colon, rest = text.partition(": ")
    return f"{path}: {_told(rest)}"


def _compiled(raised: CompiledError) -> str:
    options = {"scope": "--scope", "columns": "--column", "list_format": "--list-format"}
    text = _("%(path)s is compiled, and %(options)s cannot change it; compile the list again with it.")
    return text % {"path": raised.path, "options": ", ".join(map(options.__getitem__, raised.names))}


def _nothing_left(raised: NothingLeftError) -> str:
    if not raised.left_out:
        text = _("%(files)s: the list is empty; check that it was fetched whole")
        return text % {"files": ", ".join(map(str, raised.files))}
    text = ngettext(
        "no entry of the list can be used, %(n)s is left out; see why: quetsach indicators check %(files)s",
        "no entry of the list can be used, %(n)s are left out; see why: quetsach indicators check %(files)s",
        raised.left_out,
    )
    named = words.command_line(map(str, raised.files))
    return text % {"n": words.number(raised.left_out), "files": named}


def _push(raised: PushError) -> str:
    text = {
        "token_file": _("The token file cannot be used: %(detail)s. Ask the coordinator for a token."),
        "token_write": _(
            "The token is not written: %(detail)s. Name a new file in a folder that you can write to."
        ),
        "address": _("Not the address of a portal: %(detail)s. Give it as https://name."),
        "unreachable": _("%(detail)s cannot be reached. Check the network and the address, then push again."),
        "certificate": _(
            "The certificate of %(detail)s cannot be trusted. Nothing was sent; ask the coordinator."
        ),
        "moved": _("The portal has moved to %(detail)s. Push to that address if you trust it."),
        "token_unknown": _(
            "The portal does not know this token; it may have been withdrawn. Ask for a new one."
        ),
        "token_not_allowed": _("This token may not push sightings. Ask the coordinator for the right one."),
        "in_the_clear": _("%(detail)s has no https: nothing is sent there. Carry the file instead."),
        "code_form": _("A one-time code has twelve characters, such as 2345-6789-ABCD."),
        "code_unknown": _(
            "The portal does not take this code: mistyped, used already, or over. Ask for a new one."
        ),
        "code_locked": _("Too many wrong codes came from here. Try again in an hour."),
        "results_large": _("These are too many files for one code. Send fewer, or carry the folder."),
        "no_portal": _("There is no portal at this address. Check it for typing errors."),
        "too_large": _("The portal refused the size of the request; its proxy must let 8 MiB through."),
        "refused": _("The portal refused the result: %(detail)s"),
        "none_taken": _(
            "The portal took nothing of this result; the reasons stand above. Scan again with the current"
            " version, then push again."
        ),
        "portal_full": _(
            "The portal's disk is full. Tell the coordinator, then push again; nothing is counted twice."
        ),
        "failed": _("The portal failed: %(detail)s. Push again later; nothing is counted twice."),
        "answer": _("What answered is not a portal of Quét Sạch: %(detail)s"),
    }[raised.code]
    return text % {"detail": _said_by_portal(raised.detail)} if "%(detail)s" in text else text


def _said_by_portal(detail: str) -> str:
    """The portal's answer, `HTTP 422 schema: …`; its known codes in the language in use."""
    from quetsach.text import language

    status, _space, said = detail.partition(" ")[2].partition(" ")
    code, colon, _reason = said.partition(": ")
    reason = _refused_by_portal().get(code) if colon and language.code() != "en" else None
    return f"HTTP {status} {code}: {reason}" if reason else _explained(detail)


def _refused_by_portal() -> dict[str, str]:
    return {
        "not_scan": _("this is not a scan result (.jsonl) of Quét Sạch."),
        "schema": _("made by another version of Quét Sạch; scan again with this one."),
        "garbage": _("the file was changed or damaged. Scan again."),
        "malformed": _("the file was changed or damaged. Scan again."),
        "incomplete": _(
            "the file is incomplete, the scan did not finish or the copy broke off. Scan or copy again."
        ),
        "too_large": _("a line is too long. Scan fewer files at once."),
        "too_long": _("a name in the first line is too long. Scan again with a shorter name."),
        "no_campaign": _("the unit takes part in no open campaign, or in several. Ask the coordinator."),
    }


def _output(raised: OutputError) -> str:
    text = {
        "suffix": _("%(path)s: the name must end in .jsonl, .csv, .xlsx or .html."),
        "folder": _("%(path)s: the folder does not exist or cannot be written to."),
        "disk_full": _("%(path)s: not saved, the disk is full. Free some room or choose another place."),
        "write": _("%(path)s: not saved: %(reason)s. Choose another name or place."),
    }[raised.code]
    return text % {"path": raised.path, "reason": _told(raised.reason)}


def _scan_file(raised: ScanFileError) -> str:
    text = {
        "not_scan": _("this is not a scan result (.jsonl) of Quét Sạch."),
        "schema": _("made by another version of Quét Sạch; scan again with this one."),
        "garbage": _("the file was changed or damaged: %(reason)s. Scan again."),
        "malformed": _("the file was changed or damaged: %(reason)s. Scan again."),
        "incomplete": _(
            "the file is incomplete, the scan did not finish or the copy broke off. Scan or copy again."
        ),
        "too_large": _("too large: %(reason)s."),
    }[raised.code]
    return text % {"reason": raised.reason} if "%(reason)s" in text else text
