"""`quetsach push`: send a saved scan to the portal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from quetsach.cli import FOUND, NOTHING, PUSH_FAILED, say
from quetsach.cli import root as _root
from quetsach.errors import PortalError, ScanError
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext

if TYPE_CHECKING:
    from quetsach.results.push import PushResult, Rejected

_MOST_REJECTED = 10


def options(*, is_required: bool) -> list[click.Parameter]:
    """`--push` and `--token-file`."""
    return [
        click.Option(
            ["--push", "url"],
            metavar="URL",
            required=is_required,
            help=_("Address of the portal to send the result to."),
        ),
        click.Option(
            ["--token-file"],
            metavar="FILE",
            type=click.Path(path_type=Path, readable=False),
            required=is_required,
            help=_("File that holds the unit's token. A token never stands on the command line."),
        ),
    ]


def command() -> click.Command:
    """The command in the language in use."""
    return _root.command(
        "push",
        _run,
        [
            click.Argument(
                ["file"], metavar=_("FILE.jsonl"), type=click.Path(path_type=Path, readable=False)
            ),
            *options(is_required=True),
        ],
        _(
            "Send the result of a scan to the portal. Pushing the same file twice changes nothing, so"
            " after any failure simply push again. The file may have been carried here from a"
            " machine without network. Exit code: 0 taken, 1 some lines were left out, 3 it failed,"
            " or nothing was taken."
        ),
        "quetsach push result.jsonl --push https://quetsach.example --token-file token.txt",
    )


def _run(file: Path, url: str, token_file: Path) -> int:
    from quetsach.results import push

    try:
        is_whole = send(file, url, push.read_token(token_file))
    except (PortalError, ScanError, OSError) as error:
        say.problem(error)
        return PUSH_FAILED
    return NOTHING if is_whole else FOUND


def send(file: Path, url: str, token: str) -> bool:
    """Push one file with a progress bar, and print the portal's answer; whether it took every line.

    Raises:
        PortalError, ScanError, OSError: the push failed, or the portal took not one line.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from quetsach.results import push

    if push.is_in_the_clear(url):
        say.warning(_("This address has no https: anyone on the way can read the token and the result."))
    console = say.console(is_error=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with (
        file.open("rb") as document,
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task(_("Sending"), total=None)
        result = push.push(
            document, url, token, lambda sent, total: bar.update(task, completed=sent, total=total)
        )
    _tell(result)
    if result.is_refused:
        raise push.PushError("none_taken")
    return not result.rejected


def _tell(result: PushResult) -> None:
    click.echo(_received(result), err=True)
    if result.unlisted:
        text = ngettext(
            "%(n)s machine called only addresses that the campaign has not published: no case.",
            "%(n)s machines called only addresses that the campaign has not published: no case.",
            result.unlisted,
        )
        click.echo(text % {"n": words.number(result.unlisted)}, err=True)
    _tell_without_machine(result)
    count = len(result.rejected)
    if not count:
        return
    text = ngettext("The portal left out %(n)s line:", "The portal left out %(n)s lines:", count)
    say.warning(text % {"n": words.number(count)})
    for line in result.rejected[:_MOST_REJECTED]:
        reason = _("line %(line)d: %(reason)s") % {
            "line": line.line,
            "reason": _reason(line),
        }
        click.echo("  " + words.visible(reason), err=True)
    if count > _MOST_REJECTED:
        click.echo("  " + _("and %(n)s more") % {"n": words.number(count - _MOST_REJECTED)}, err=True)


def _tell_without_machine(result: PushResult) -> None:
    """The lines behind which a machine may be that nobody can name: no case is opened for them."""
    if result.not_understood:
        text = ngettext(
            "%(n)s line names an address on the list, but no log format reads it: no case is opened for it.",
            "%(n)s lines name an address on the list, but no log format reads them: no case is opened for"
            " them.",
            result.not_understood,
        )
        say.warning(text % {"n": words.number(result.not_understood)})
    if result.nameless:
        text = ngettext(
            "%(n)s line was read and names no machine: no case is opened for it.",
            "%(n)s lines were read and name no machine: no case is opened for them.",
            result.nameless,
        )
        say.warning(text % {"n": words.number(result.nameless)})


def _reason(line: Rejected) -> str:
    """Why a line was left out, by the portal's code; its English sentence for a code that is unknown here."""
    field = line.reason.partition(" ")[0]
    told = {
        "malformed": _("“%(field)s” breaks the agreed form; scan again with the current version"),
        "too_long": _("“%(field)s” is too long to be kept"),
        "date": _("its day is impossible; set the clock of the machine that wrote the log"),
        "count": _("its count is too large"),
        "machine": _("what it names is no machine; look at the line of the log"),
        "provider": _("the portal does not know this way around; bring portal and scanner to one version"),
    }.get(line.code)
    return f"{told % {'field': field} if told else line.reason} ({line.code})"


def _received(result: PushResult) -> str:
    """The portal's answer in machines; in rows, if the portal only counts these."""
    if result.machines is None:
        text = _("The portal has received it: %(new)s new, %(updated)s updated, %(unchanged)s already known.")
        return text % {
            "new": words.number(result.new),
            "updated": words.number(result.updated),
            "unchanged": words.number(result.unchanged),
        }
    machines = ngettext("%(n)s machine", "%(n)s machines", result.machines)
    cases = (
        ngettext("%(n)s new case", "%(n)s new cases", result.new_cases)
        if result.new_cases
        else _("no new case")
    )
    said = _("The portal has received it: %(machines)s, %(cases)s") % {
        "machines": machines % {"n": words.number(result.machines)},
        "cases": cases % {"n": words.number(result.new_cases)},
    }
    return words.visible(f"{said}: {result.address}" if result.address else f"{said}.")
