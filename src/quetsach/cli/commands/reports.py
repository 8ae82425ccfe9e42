"""`quetsach reports`: collects annexes from files into one report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quetsach.cli import FOUND, INCOMPLETE, NOTHING, say
from quetsach.cli import root as _root
from quetsach.results.output import OutputError, replacing
from quetsach.text.language import gettext as _

if TYPE_CHECKING:
    from quetsach.annexes.collect import Collection

_SUFFIXES = (".xlsx", ".docx", ".pdf")


def command() -> click.Command:
    """The group of commands in the language in use."""
    return click.Group(
        "reports",
        params=[_root.language_option()],
        help=_("Collect the annexes that units sent as files."),
        commands=[_collect_command()],
        no_args_is_help=True,
    )


def _collect_command() -> click.Command:
    path = click.Path(path_type=Path, readable=False)
    return _root.command(
        "collect",
        _collect,
        [
            click.Argument(["paths"], metavar="FOLDER...", nargs=-1, required=True, type=path),
            click.Option(
                ["--units"],
                metavar="FILE",
                type=path,
                help=_(
                    "The units that should report, a table (.xlsx, .csv) with a column “Tên đơn vị”; also"
                    " read: “Cấp trên”, “Tên khác”, “Mã”."
                ),
            ),
            click.Option(
                ["-o", "--output", "outputs"],
                metavar="OUT",
                multiple=True,
                type=path,
                help=_("Save as %(kinds)s. May be given several times.") % {"kinds": ", ".join(_SUFFIXES)},
            ),
            click.Option(
                ["--issuer"], metavar="NAME", default="", help=_("The office that signs the total.")
            ),
            click.Option(["--json", "as_json"], is_flag=True, help=_("Write JSON to standard output.")),
        ],
        _(
            "Read annexes in the files that units send (Word, Excel, PDF, ZIP, saved e-mails) and add them"
            " up: one row a unit, doubtful figures in amber beside their place, missing units, and the"
            " total. Nothing is changed in the folder. Exit code: 0 all clear, 1 something to look at or"
            " missing, 2 a file could not be read."
        ),
        "quetsach reports collect inbox/ --units units.xlsx -o total.xlsx -o annex.pdf",
    )


def _collect(
    paths: tuple[Path, ...],
    units: Path | None,
    outputs: tuple[Path, ...],
    issuer: str,
    as_json: bool,
) -> int:
    from quetsach.annexes import collect
    from quetsach.annexes.collecting import messages
    from quetsach.annexes.collecting.answers import listing
    from quetsach.text.language import code

    for out in outputs:
        _check(out)
    for path in paths:
        if not path.exists():
            say.error(_("%(path)s: there is no such folder or file.") % {"path": path})
            return INCOMPLETE
    tree = None
    if units is not None:
        try:
            tree = collect.read_units(units)
        except collect.FileProblem as problem:
            say.error(f"{units}: {messages.problem(problem, code())}")
            return INCOMPLETE
    found = collect.collect(paths, tree, skip=[*outputs, *([units] if units else [])], progress=_progress())
    for out in outputs:
        _save(out, found, issuer)
    if as_json:
        click.echo(json.dumps(listing.as_data(found, code()), ensure_ascii=False, indent=2))
    else:
        listing.show(found, say.console(), outputs)
    if found.unread:
        return INCOMPLETE
    is_whole = found.counted and all(one.is_clear for one in found.counted)
    return NOTHING if is_whole and not found.missing and not found.unplaced else FOUND


def _progress() -> Callable[[str], None]:
    if not sys.stderr.isatty():
        return lambda _name: None
    from quetsach.text.words import visible

    def tell(name: str) -> None:
        click.echo(f"\r\x1b[K{visible(name)[-70:]}\r", nl=False, err=True)

    return tell


def _check(out: Path) -> None:
    if out.suffix.lower() not in _SUFFIXES:
        raise click.UsageError(
            _("%(path)s: the name must end in %(kinds)s.") % {"path": out, "kinds": ", ".join(_SUFFIXES)}
        )
    if not out.parent.is_dir():
        raise OutputError("folder", out, "the folder does not exist")


def _save(out: Path, found: Collection, issuer: str) -> None:
    from quetsach.annexes.collecting.answers import annex as papers
    from quetsach.annexes.collecting.answers import workbook
    from quetsach.cli.drawing import drawn

    with replacing(out) as part, part.open("wb") as stream:
        if out.suffix.lower() == ".xlsx":
            workbook.write(stream, found, folder=out.parent)
            return
        document = papers.consolidated(found, issuer=issuer, at=datetime.now(UTC))
        stream.write(drawn(document, out.suffix))
