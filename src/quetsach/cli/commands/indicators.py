"""`quetsach indicators`: check, compile and convert lists of malicious addresses."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quetsach.cli import FOUND, INCOMPLETE, NOTHING, answer, list_options, say
from quetsach.cli import root as _root
from quetsach.indicators import loading
from quetsach.indicators.guard import Group
from quetsach.indicators.indicator import IndicatorSet
from quetsach.indicators.loading import NothingLeftError
from quetsach.results import listnotes
from quetsach.results.output import ListNote, replacing
from quetsach.scanning import request
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext

if TYPE_CHECKING:
    from quetsach.indicators.guard import GroupCount
    from quetsach.indicators.reading import Recognised
    from quetsach.indicators.writing import Form, Settings, Written


_MOST_REASONS = 20


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
        [_files(), *list_options.options()],
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
            *list_options.options(),
        ],
        _("Read lists, apply the guard rails and write one set that scans open at once."),
        "quetsach indicators compile feed.csv -o set.qs\nquetsach scan logs/ -i set.qs",
    )


def _convert_command() -> click.Command:
    return _root.command(
        "convert",
        _convert,
        [
            click.Argument(["files"], metavar="FILE...", nargs=-1, type=click.Path(path_type=Path)),
            click.Option(
                ["-o", "--output", "out"],
                metavar="OUT",
                type=click.Path(path_type=Path),
                help=_("The list to write; standard output if not given."),
            ),
            click.Option(
                ["--form", "--to", "form"],
                metavar="NAME",
                help=_("Form of the list; otherwise by the end of OUT's name, anything else plain."),
            ),
            click.Option(["--list", "list_forms"], is_flag=True, help=_("Show the forms there are.")),
            click.Option(
                ["--date", "day"],
                metavar="YYYY-MM-DD",
                type=click.DateTime(["%Y-%m-%d", "%d/%m/%Y"]),
                help=_("Date of the list, for its header. Without it the list bears none."),
            ),
            click.Option(
                ["--defang"],
                is_flag=True,
                help=_("CSV: write evil[.]example, so that nothing makes a link of it."),
            ),
            click.Option(
                ["--redirect"],
                metavar="NAME",
                help=_("Zone: answer with the address of NAME, a page of yours, in place of NXDOMAIN."),
            ),
            click.Option(
                ["--serial"],
                metavar="N",
                type=_root.number(1, 0xFFFFFFFF),
                help=_("Zone: its serial number at least; one more than in OUT, or by --date, if higher."),
            ),
            *list_options.options(),
        ],
        _(
            "Write lists in another form, and tell how many entries that form cannot express. Nothing is"
            " widened: what would block more than is listed is left out."
        ),
        "quetsach indicators convert feed.csv -o block.rpz --date 2026-10-15\n"
        "quetsach indicators convert set.qs --form nft\nquetsach indicators convert --list",
    )


def _check(files: tuple[Path, ...], **given: Any) -> int:
    found = request.read(files, list_options.choice_of(given))
    for one in found.recognised:
        _say_form(one)
    _say_count(found.indicators, sys.stdout)
    _say_groups(found.groups)
    notes = listnotes.of(found)
    for note in notes:
        click.echo(words.visible(f"{_level(note)}: {note}"))
    if notes:
        click.echo(_tally(notes))
        for line in _reasons(notes):
            click.echo(words.visible(line))
    if found.idle:
        text = _("No entry here needs these exceptions; if one should, compare the spelling: %(names)s")
        click.echo(words.visible(text % {"names": ", ".join(one.indicator for one in found.idle)}))
    return FOUND if notes else NOTHING


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
    found = request.read(files, list_options.choice_of(given))
    indicators, notes = found.indicators, listnotes.of(found)
    _show_notes(notes)
    if strict and any(note.level != "warn" for note in notes):
        say.error(_("Nothing written, because entries were left out (--strict)."))
        return FOUND
    if not len(indicators):
        raise NothingLeftError(files, found.left_out)
    target = out or files[0].with_suffix(".qs")
    answer.refuse_inputs([target], [*files, given["override"]])
    with replacing(target) as part:
        request.write_set(part, indicators)
    _say_count(indicators, sys.stderr)
    click.echo(words.visible(_("Saved: %(path)s") % {"path": target}), err=True)
    return NOTHING


def _convert(
    files: tuple[Path, ...], out: Path | None, form: str | None, list_forms: bool, **given: Any
) -> int:
    from quetsach.indicators import writing

    if list_forms:
        for known in writing.FORMS.values():
            click.echo(f"{known.name:<18}{_(known.about)}")
        return NOTHING
    if not files:
        raise click.UsageError(_("Name the lists to convert."))
    chosen = writing.by_name(form) if form else writing.by_path(out or Path())
    if out is not None:
        answer.refuse_inputs([out], [*files, given["override"]])
    settings = _settings(chosen, out, given)
    choice = list_options.choice_of(given)
    found = request.read(files, choice)
    _show_notes(listnotes.of(found))
    if not len(found.indicators):
        raise NothingLeftError(files, found.left_out)
    groups = loading.grouped(found.indicators, choice)
    written = writing.write(found.indicators, chosen, settings, groups)
    if out is None:
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        try:
            sys.stdout.writelines(written.parts)
            sys.stdout.flush()
        except OSError as error:
            say.output_failed(error)
            return INCOMPLETE
    elif out.is_dir() and chosen.name == "misp":
        for name, parts in written.feed():
            _save(out / name, parts, chosen)
    else:
        _save(out, written.parts, chosen)
    _say_losses(written)
    if chosen.most is not None and written.count > chosen.most:
        text = _("Some firewalls take no more than %(most)s entries of one list; this one has %(n)s.")
        click.echo(text % {"most": words.number(chosen.most), "n": words.number(written.count)}, err=True)
    return NOTHING


def _settings(form: Form, out: Path | None, given: dict[str, Any]) -> Settings:
    from quetsach.indicators import writing

    day, defang, redirect, serial = (given.pop(name) for name in ("day", "defang", "redirect", "serial"))
    for name, value in (("defang", defang), ("redirect", redirect), ("serial", serial)):
        if value and name not in form.takes:
            text = _("%(option)s means nothing for the form %(form)s.")
            raise click.UsageError(text % {"option": f"--{name}", "form": form.name})
    if redirect is not None and (redirect := writing.garden(redirect)) is None:
        raise click.UsageError(_("--redirect takes the name of a host."))
    if form.needs_day and day is None:
        text = _("The form %(form)s needs the date of the list; give it with --date.")
        raise click.UsageError(text % {"form": form.name})
    before = writing.serial_at(out) if out is not None and "serial" in form.takes else None
    return writing.Settings(day.date() if day else None, defang, redirect or "", serial or 0, before)


def _save(path: Path, parts: Iterable[str], form: Form) -> None:
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.writelines(parts)
    said = _("Saved as %(form)s: %(path)s") % {"form": form.name, "path": path}
    click.echo(words.visible(said), err=True)


def _say_losses(written: Written) -> None:
    losses = written.losses
    if losses.withheld:
        text = ngettext(
            "%(n)s entry is not written: many use it, and this form may block.",
            "%(n)s entries are not written: many use them, and this form may block.",
            losses.withheld,
        )
        click.echo(text % {"n": words.number(losses.withheld)}, err=True)
    if losses.marked:
        text = ngettext(
            "%(n)s entry that many use is written with the words “not for blocking”.",
            "%(n)s entries that many use are written with the words “not for blocking”.",
            losses.marked,
        )
        click.echo(text % {"n": words.number(losses.marked)}, err=True)
    if losses.exactly:
        text = ngettext(
            "%(n)s name at a hosting platform is written as exactly that name.",
            "%(n)s names at hosting platforms are written as exactly these names.",
            losses.exactly,
        )
        click.echo(text % {"n": words.number(losses.exactly)}, err=True)
    for code, count in sorted(losses.left_out.items()):
        text = _("This form cannot express, left out: %(kind)s: %(n)s")
        click.echo(text % {"kind": _loss(code), "n": words.number(count)}, err=True)
    for code, count in sorted(losses.narrowed.items()):
        if code == "domain":
            text = ngettext(
                "%(n)s name is written without its subdomains, which this form cannot cover.",
                "%(n)s names are written without their subdomains, which this form cannot cover.",
                count,
            )
        else:
            text = ngettext(
                "%(n)s web address is written, but this form covers it only as a whole, not what follows it.",
                "%(n)s web addresses are written, but this form covers them only as a whole, not what follows"
                " them.",
                count,
            )
        click.echo(text % {"n": words.number(count)}, err=True)
    if losses.covered:
        text = ngettext(
            "%(n)s entry needs no line of its own: a wider one covers it.",
            "%(n)s entries need no line of their own: wider ones cover them.",
            losses.covered,
        )
        click.echo(text % {"n": words.number(losses.covered)}, err=True)
    if losses.families:
        text = ngettext(
            "%(n)s entry loses the name of its malware.",
            "%(n)s entries lose the name of their malware.",
            losses.families,
        )
        click.echo(text % {"n": words.number(losses.families)}, err=True)


def _loss(code: str) -> str:
    known = {
        "domain": _("name with its subdomains"),
        "exact": _("name without its subdomains"),
        "subdomains-only": _("subdomains only"),
        "characters": _("entry with characters that the form cannot spell"),
        "like-network": _("web address that would be read as a network"),
        "long-name": _("name too long for a zone"),
        "reserved-name": _("name that means something else in a zone"),
    }
    return known.get(code) or words.kind(code)


def _say_count(indicators: IndicatorSet, stream: Any) -> None:
    kinds = {kind.value: count for kind, count in indicators.kinds().items()}
    parts = ", ".join(f"{words.kind(kind)}: {words.number(count)}" for kind, count in sorted(kinds.items()))
    text = ngettext("%(n)s usable entry (%(kinds)s)", "%(n)s usable entries (%(kinds)s)", len(indicators))
    click.echo(text % {"n": words.number(len(indicators)), "kinds": parts or "-"}, file=stream)
    click.echo(_("Set id: %(id)s") % {"id": indicators.id}, file=stream)


def _say_groups(groups: list[GroupCount]) -> None:
    if not groups:
        return
    about = {
        Group.MANY: _("many use or share them, or they are the state's or your own: never blocked"),
        Group.PLACEHOLDER: _("placeholders, written where the real address is not known"),
        Group.RENTED: _("one customer's name or address at a platform: blocked as exactly that"),
        Group.SINKHOLE: _("sinkholes: a machine that calls one is infected"),
        Group.WIDE: _("wide networks: many machines"),
    }
    click.echo(_("Doubtful entries:"))
    for one in groups:
        text = _("  kept: %(kept)s, left out: %(left_out)s - %(what)s")
        kept, left_out = words.number(one.kept), words.number(one.left_out)
        click.echo(text % {"kept": kept, "left_out": left_out, "what": about[one.group]})


def _level(note: ListNote) -> str:
    return {"reject": _("left out"), "stop": _("stopped"), "warn": _("warning")}[note.level]


def _tally(notes: list[ListNote]) -> str:
    levels = Counter(_level(note) for note in notes)
    return ", ".join(f"{level}: {words.number(count)}" for level, count in levels.items())


def _reasons(notes: list[ListNote]) -> Iterator[str]:
    """The reasons that occur more than once, the commonest first."""
    counts = Counter((_level(note), note.reason) for note in notes)
    for (level, reason), count in counts.most_common(_MOST_REASONS):
        if count > 1:
            yield f"{words.number(count):>9}  {level}: {reason}"


def _show_notes(notes: list[ListNote]) -> None:
    from quetsach.results import table

    table.show_notes(say.screen(is_error=True), notes)
