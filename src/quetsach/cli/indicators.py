"""`quetsach indicators`: check, compile and convert lists of malicious addresses."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quetsach.cli import FOUND, NOTHING, lists, say
from quetsach.cli import root as _root
from quetsach.errors import IndicatorError
from quetsach.indicator import IndicatorSet
from quetsach.language import gettext as _
from quetsach.language import ngettext
from quetsach.output import ListNote, replacing
from quetsach.outputs import words

if TYPE_CHECKING:
    from quetsach.feed import Recognised

_FORMS = ("plain", "csv", "hosts")
_SUFFIXES = {".csv": "csv", ".hosts": "hosts"}


def command() -> click.Command:
    """The group of commands in the language in use."""
    return click.Group(
        "indicators",
        params=[_root.language_option()],
        help=_("Check, compile or convert lists of malicious addresses."),
        commands=[_check_command(), _compile_command(), _convert_command()],
        no_args_is_help=True,
    )


def _files() -> click.Argument:
    return click.Argument(
        ["files"], metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
    )


def _check_command() -> click.Command:
    return _root.command(
        "check",
        _check,
        [_files(), *lists.options()],
        _(
            "Read lists and show every line that is left out or doubtful, with the reason. Exit code: 0"
            " nothing to say, 1 something left out or doubtful, 2 a list cannot be read."
        ),
        "quetsach indicators check feed.csv hosts.txt",
    )


def _compile_command() -> click.Command:
    return _root.command(
        "compile",
        _compile,
        [
            _files(),
            click.Option(
                ["-o", "--output", "out"],
                metavar="OUT",
                type=click.Path(path_type=Path),
                help=_("The compiled set; the first list's name with .qs if not given."),
            ),
            click.Option(
                ["--strict"], is_flag=True, help=_("Write nothing if any entry is left out; exit code 1.")
            ),
            *lists.options(),
        ],
        _("Read lists, apply the guard rails and write one set that scans open at once."),
        "quetsach indicators compile feed.csv -o set.qs\nquetsach scan logs/ -i set.qs",
    )


def _convert_command() -> click.Command:
    return _root.command(
        "convert",
        _convert,
        [
            _files(),
            click.Option(
                ["-o", "--output", "out"],
                metavar="OUT",
                type=click.Path(path_type=Path),
                help=_("The list to write; standard output if not given."),
            ),
            click.Option(
                ["--to", "form"],
                type=click.Choice(_FORMS),
                help=_("Form of the list; otherwise by OUT: .csv, .hosts, anything else plain."),
            ),
            *lists.options(),
        ],
        _("Write lists in another form, and tell how many entries that form cannot express."),
        "quetsach indicators convert feed.csv -o block.hosts\nquetsach indicators convert set.qs --to plain",
    )


def _check(files: tuple[Path, ...], **given: Any) -> int:
    found = lists.read(files, lists.Choice.of(given))
    for one in found.recognised:
        _say_form(one)
    _say_count(found.indicators, sys.stdout)
    for note in found.notes:
        click.echo(words.visible(f"{_level(note)}: {note}"))
    if found.notes:
        click.echo(_tally(found.notes))
    return FOUND if found.notes else NOTHING


def _say_form(one: Recognised) -> None:
    text = _("%(list)s: read as %(form)s; usable: %(usable)s, left out: %(left_out)s")
    said = text % {
        "list": one.source,
        "form": one.format,
        "usable": words.number(one.accepted),
        "left_out": words.number(one.rejected),
    }
    click.echo(words.visible(said))


def _compile(files: tuple[Path, ...], out: Path | None, strict: bool, **given: Any) -> int:
    found = lists.read(files, lists.Choice.of(given))
    indicators, notes = found.indicators, found.notes
    _show_notes(notes)
    if strict and any(note.level != "warn" for note in notes):
        say.error(_("Nothing written, because entries were left out (--strict)."))
        return FOUND
    target = out or files[0].with_suffix(".qs")
    if target.resolve() in {file.resolve() for file in files}:
        raise IndicatorError(_("%(path)s is read here; choose another name with -o.") % {"path": target})
    with replacing(target) as part:
        lists.write_set(part, indicators)
    _say_count(indicators, sys.stderr)
    click.echo(_("Saved: %(path)s") % {"path": target}, err=True)
    return NOTHING


def _convert(files: tuple[Path, ...], out: Path | None, form: str | None, **given: Any) -> int:
    from quetsach.outputs import lists as written

    found = lists.read(files, lists.Choice.of(given))
    indicators = found.indicators
    _show_notes(found.notes)
    losses = written.Losses()
    chosen = form or _SUFFIXES.get(out.suffix.lower() if out else "", "plain")
    rows = written.FORMS[chosen](indicators, losses)
    if out is None:
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        sys.stdout.writelines(rows)
        sys.stdout.flush()
    else:
        with replacing(out) as part, part.open("w", encoding="utf-8", newline="") as file:
            file.writelines(rows)
        click.echo(_("Saved: %(path)s") % {"path": out}, err=True)
    _say_losses(losses)
    return NOTHING


def _say_losses(losses: Any) -> None:
    kinds = {"subdomains-only": _("subdomains only")}
    for kind, count in sorted(losses.left_out.items()):
        text = _("This form cannot express, left out: %(kind)s: %(n)s")
        click.echo(text % {"kind": kinds.get(kind) or words.kind(kind), "n": words.number(count)}, err=True)
    if losses.narrowed:
        text = ngettext(
            "%(n)s name is written without its subdomains, which this form cannot cover.",
            "%(n)s names are written without their subdomains, which this form cannot cover.",
            losses.narrowed,
        )
        click.echo(text % {"n": words.number(losses.narrowed)}, err=True)
    if losses.families:
        text = ngettext(
            "%(n)s entry loses the name of its malware.",
            "%(n)s entries lose the name of their malware.",
            losses.families,
        )
        click.echo(text % {"n": words.number(losses.families)}, err=True)


def _say_count(indicators: IndicatorSet, stream: Any) -> None:
    kinds = {kind.value: count for kind, count in indicators.kinds().items()}
    parts = ", ".join(f"{words.kind(kind)}: {words.number(count)}" for kind, count in sorted(kinds.items()))
    text = ngettext("%(n)s usable entry (%(kinds)s)", "%(n)s usable entries (%(kinds)s)", len(indicators))
    click.echo(text % {"n": words.number(len(indicators)), "kinds": parts or "-"}, file=stream)
    click.echo(_("Set id: %(id)s") % {"id": indicators.id}, file=stream)


def _level(note: ListNote) -> str:
    return {"reject": _("left out"), "stop": _("stopped"), "warn": _("warning")}[note.level]


def _tally(notes: list[ListNote]) -> str:
    levels = Counter(_level(note) for note in notes)
    return ", ".join(f"{level}: {words.number(count)}" for level, count in levels.items())


def _show_notes(notes: list[ListNote]) -> None:
    from quetsach.outputs import table

    table.show_notes(say.console(is_error=True), notes)
