"""`quetsach check merge`: the results of many machines in one workbook, offline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quetsach.cli import FOUND, INCOMPLETE, NOTHING, packfile, say
from quetsach.cli import root as _root
from quetsach.results.output import replacing
from quetsach.text import words
from quetsach.text.language import gettext as _

if TYPE_CHECKING:
    from quetsach.endpoint.merging import Checked, Merged
    from quetsach.endpoint.sealing import Issued

_PLAIN = ".json"
_MOST_FILES = 20_000


def command() -> click.Command:
    """The command in the language in use."""
    return _root.command(
        "merge",
        _run,
        [
            click.Argument(["folder"], type=click.Path(path_type=Path, exists=True, file_okay=False)),
            click.Option(
                ["-o", "out"],
                metavar="OUT.xlsx",
                required=True,
                type=click.Path(path_type=Path),
                help=_("The workbook to write."),
            ),
            click.Option(
                ["--key"],
                metavar="FILE",
                type=click.Path(path_type=Path),
                help=_("The secret sealing key of the unit or of the campaign, for sealed results."),
            ),
            click.Option(
                ["--pack"],
                metavar="FILE",
                multiple=True,
                type=click.Path(path_type=Path),
                help=_("The packs that sealed results were made with."),
            ),
            _root.trust_option(),
        ],
        _(
            "Put the results in a folder, and in folders below it, into one workbook: a row a machine. Copies"
            " count once, of two checks of one machine the newer one. Exit code: 0 no sign anywhere, 1 signs"
            " or traces, 2 a file could not be counted or a machine not seen enough."
        ),
        "quetsach check merge results/ -o machines.xlsx\n"
        "quetsach check merge results/ -o machines.xlsx --key unit.key --pack unit.qspack --trust KEY",
    )


def _run(folder: Path, out: Path, key: Path | None, pack: tuple[Path, ...], trust: tuple[str, ...]) -> int:
    from quetsach.endpoint import keys, merging
    from quetsach.endpoint.refusal import Refused
    from quetsach.endpoint.reporting import sheet
    from quetsach.endpoint.verdict import Verdict

    secret = keys.read(key, "sealing") if key is not None else None
    issued = _issued(pack, trust)
    found: list[Checked] = []
    refused: list[tuple[str, str]] = []
    for path in _files(folder):
        name = str(path.relative_to(folder))
        try:
            found.append(_read(path, name, secret, issued))
        except (Refused, OSError) as error:
            refused.append((words.visible(name), say.worded(error)))
    merged = merging.merge(found)
    if not merged.rows and not refused:
        raise click.UsageError(_("%(path)s: holds no result of a check.") % {"path": folder})
    with replacing(out) as part, part.open("wb") as book:
        sheet.write(book, merged, refused)
    _tell(merged, refused, out)
    verdicts = merged.verdicts
    if refused or verdicts[Verdict.UNKNOWN]:
        return INCOMPLETE
    return NOTHING if verdicts.keys() <= {Verdict.CLEAN} else FOUND


def _issued(paths: tuple[Path, ...], trust: tuple[str, ...]) -> Callable[[str], Issued | None]:
    from quetsach.endpoint.sealing import Issued

    read = [packfile.read(path, trust, is_asking=True, is_expired_ok=True) for path in paths]
    return {one.id: Issued.of(one) for one in read}.get


def _files(folder: Path) -> Iterator[Path]:
    from quetsach.endpoint import suffixes

    found = 0
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (_PLAIN, suffixes.RESULT) and path.is_file() and not path.is_symlink():
            found += 1
            if found > _MOST_FILES:
                raise click.UsageError(_("%(path)s: holds too many files.") % {"path": folder})
            yield path


def _read(path: Path, name: str, secret: bytes | None, issued: Callable[[str], Issued | None]) -> Checked:
    from quetsach.endpoint import merging, sealing
    from quetsach.endpoint.refusal import Refused

    with path.open("rb") as file:
        data = file.read(merging.MOST_BYTES + 1)
    if not sealing.is_sealed(data):
        return merging.plain(data, name)
    if secret is None:
        raise Refused("sealed_locked", name=name)
    opened = sealing.open_with(data, secret, issued, name=name)
    return merging.checked(opened.result, name, digest=opened.digest, machine=opened.machine)


def _tell(merged: Merged, refused: list[tuple[str, str]], out: Path) -> None:
    from quetsach.endpoint.reporting import wording
    from quetsach.endpoint.verdict import Verdict

    counts = merged.verdicts
    click.echo(
        say.styled(
            _("%(machines)s machines, used by %(people)s people")
            % {"machines": words.number(len(merged.rows)), "people": words.number(merged.people)},
            bold=True,
        )
    )
    for verdict in Verdict:
        if counts[verdict]:
            click.echo(f"  {wording.short(verdict)}: {words.number(counts[verdict])}")
    for text, number in (
        (_("Copies, counted once: %(n)s"), len(merged.copies)),
        (_("Older checks, replaced by newer ones: %(n)s"), len(merged.older)),
    ):
        if number:
            click.echo(f"  {text % {'n': words.number(number)}}")
    for _name, reason in refused:
        say.warning(reason)
    click.echo(_("Saved: %(path)s") % {"path": out})
