"""`quetsach machines`: what an office has about its machines becomes evidence."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from quetsach.cli import FOUND, INCOMPLETE, NOTHING, PUSH_FAILED, leasetime, machine_words, say
from quetsach.cli import root as _root
from quetsach.cli.commands import push as _push
from quetsach.errors import PortalError, ScanError
from quetsach.results.output import OutputError, replacing
from quetsach.scanning.request import TIME_ZONE
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext

if TYPE_CHECKING:
    from quetsach.machines.sources.outcome import Asked
    from quetsach.machines.sources.reading import Evidence, Reading

_PATH = click.Path(path_type=Path, readable=False)
_MOST_LEFTOVERS = 10


def command() -> click.Command:
    """The group of commands in the language in use."""
    return click.Group(
        "machines",
        params=[_root.language_option()],
        help=_("Turn leases, neighbour tables, registers and translation logs into evidence on machines."),
        commands=[_read_command()],
        no_args_is_help=True,
    )


def _read_command() -> click.Command:
    return _root.command(
        "read",
        _read,
        [
            click.Argument(["paths"], metavar="FILE...", nargs=-1, required=True, type=_PATH),
            click.Option(
                ["--at", "at"],
                metavar="TIME",
                help=_(
                    "When a table was printed, such as 2026-11-24T08:00+07:00. Otherwise the time at which"
                    " the file was written, and a line that holds only a time dates the lines after it."
                ),
            ),
            click.Option(
                ["--map", "map_file"],
                metavar="FILE",
                type=_PATH,
                help=_(
                    "The columns of a register, remembered for this source. A missing file is written with"
                    " the proposed columns: look at it, change it, and use it each time."
                ),
            ),
            click.Option(
                ["--source-name"],
                metavar="NAME",
                help=_("Name of the source, the same each time; otherwise this machine's name."),
            ),
            click.Option(
                ["--tz"],
                metavar="ZONE",
                default=TIME_ZONE,
                show_default=True,
                help=_("Time zone of times that name none."),
            ),
            leasetime.option(),
            *_push.options(is_required=False),
            click.Option(
                ["-o", "--output", "output"],
                metavar="OUT.jsonl",
                type=_PATH,
                help=_("Save the evidence as JSON Lines (docs/evidence.md)."),
            ),
        ],
        _(
            "Read what an office has about its machines: leases and logs of DHCP servers, ARP and IPv6"
            " neighbour tables, registers (a unit's own, Active Directory, central antivirus), translation"
            " logs, results of checks. Each file is recognised by its content. Nothing is sent without"
            " --push. Exit code: 0 all was read, 1 some lines told nothing, 2 a file could not be read, 3 the"
            " push failed."
        ),
        "quetsach machines read /var/lib/kea/kea-leases4.csv arp.txt -o machines.jsonl\n"
        "quetsach machines read /var/lib/kea/kea-leases4.csv --source-name dhcp --push https://quetsach.example"
        " --token-file token.txt\n"
        "quetsach machines read antivirus.xlsx --map antivirus.toml --source-name av-hq -o machines.jsonl",
    )


def _read(
    paths: tuple[Path, ...],
    at: str | None,
    map_file: Path | None,
    source_name: str | None,
    tz: str,
    lease_length: int | None,
    output: Path | None,
    url: str | None,
    token_file: Path | None,
) -> int:
    from quetsach.machines.sources import mapping, reading

    zone = _zone(tz)
    asked = _Asking(source_name or socket.gethostname(), zone, _moment(at, zone), lease_length)
    _check_output(output, paths)
    if (url is None) != (token_file is None):
        raise click.UsageError(_("--push and --token-file belong together."))
    columns = mapping.parse(map_file.read_bytes()) if map_file is not None and map_file.is_file() else None
    found = reading.read(paths, asked, columns)
    for one in found.files:
        _tell_file(one)
    leasetime.warn(sum(event.is_read for one in found.files for event in one.outcome.leases), lease_length)
    _tell_evidence(found, zone)
    if map_file is not None and columns is None:
        _write_map(map_file, found)
    if output is not None:
        _save(output, asked.source, found)
    if url is not None and token_file is not None:
        try:
            _send(asked.source, found, url, token_file)
        except PortalError as error:
            say.problem(error)
            return PUSH_FAILED
    if any(one.error is not None for one in found.files):
        return INCOMPLETE
    return FOUND if any(one.outcome.left for one in found.files) else NOTHING


class _Asking:
    """How each file is read: a snapshot is of the time of `--at`, else of when its file was written."""

    def __init__(self, source: str, zone: ZoneInfo, at: int | None, length: int | None) -> None:
        self.source, self._zone, self._at, self._length = source, zone, at, length

    def __call__(self, path: Path) -> Asked:
        from quetsach.machines.sources.outcome import Asked

        try:
            written = int(path.stat().st_mtime) * 1_000_000
        except OSError:
            written = int(time.time()) * 1_000_000
        return Asked(self.source, written if self._at is None else self._at, self._zone, "", self._length)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ScanError(f"{name} is not a time zone; write it like Asia/Ho_Chi_Minh or UTC.") from None


def _moment(spelled: str | None, zone: ZoneInfo) -> int | None:
    if spelled is None:
        return None
    try:
        found = datetime.fromisoformat(spelled)
    except ValueError as error:
        raise click.BadParameter(
            _("%(value)s is no time; write it like 2026-11-24T08:00+07:00.")
            % {"value": words.visible(spelled)}
        ) from error
    moment = found if found.tzinfo is not None else found.replace(tzinfo=zone)
    return int(moment.astimezone(UTC).timestamp()) * 1_000_000


def _check_output(output: Path | None, paths: Sequence[Path]) -> None:
    if output is None:
        return
    if output.suffix.lower() != ".jsonl":
        raise click.UsageError(
            _("%(path)s: the name must end in %(kinds)s.") % {"path": output, "kinds": ".jsonl"}
        )
    if not output.parent.is_dir():
        raise OutputError("folder", output, "the folder does not exist")
    if any(path.exists() and output.exists() and path.samefile(output) for path in paths):
        raise ScanError(f"{output}: is one of the files to be read; choose another name for the result.")


def _save(output: Path, source: str, found: Evidence) -> None:
    from quetsach.machines.sources import document

    with replacing(output) as part, part.open("wb") as stream:
        document.write(stream, source, found.claims, found.bindings)
    say.line(_("Saved: %(path)s") % {"path": words.visible(str(output))})


def _send(source: str, found: Evidence, url: str, token_file: Path) -> None:
    from quetsach.machines.sources import document
    from quetsach.results import push
    from quetsach.results.push_machines import push_machines

    if push.is_in_the_clear(url):
        say.warning(_("This address has no https: anyone on the way can read the token and the result."))
    documents = document.chunks(source, found.claims, found.bindings)
    taken = push_machines(documents, url, push.read_token(token_file))
    text = _("The portal has received it: %(new)s new statements, %(known)s known already.")
    click.echo(text % {"new": words.number(taken.new), "known": words.number(taken.known)}, err=True)
    if taken.address:
        click.echo(words.visible(taken.address), err=True)


def _write_map(path: Path, found: Evidence) -> None:
    """Write the proposed columns of the only register among the files."""
    from quetsach.machines.sources import mapping

    registers = [one.columns for one in found.files if one.columns is not None]
    if len(registers) != 1:
        say.warning(_("The columns were not written: give --map with one register at a time."))
        return
    with replacing(path) as part:
        part.write_text(mapping.written(registers[0].mapping), encoding="utf-8")
    say.line(
        _("The proposed columns stand in %(path)s. Change what is wrong there, then give the command again.")
        % {"path": words.visible(str(path))}
    )


def _tell_file(one: Reading) -> None:
    outcome = one.outcome
    shown = words.visible(str(one.path))
    if one.error is not None:
        say.error(f"{shown}: {machine_words.problem(one.error, one.path)}")
        return
    kinds = ", ".join(f"{machine_words.kind(name)}: {words.number(n)}" for name, n in outcome.kinds.items())
    click.echo(f"{shown}: {kinds}")
    if one.columns is not None:
        read = [f"{heading} → {key}" for heading, key in one.columns.mapping.items() if key]
        left = [heading for heading, key in one.columns.mapping.items() if not key]
        click.echo("  " + words.visible(_("columns read: %(names)s") % {"names": "; ".join(read)}))
        if left:
            click.echo("  " + words.visible(_("columns not read: %(names)s") % {"names": "; ".join(left)}))
    for code, detail in outcome.notes:
        say.warning(f"{shown}: {machine_words.note(code, detail)}")
    if outcome.left:
        text = ngettext(
            "%(path)s: %(n)s line or row told nothing:",
            "%(path)s: %(n)s lines or rows told nothing:",
            outcome.left,
        )
        say.warning(text % {"path": shown, "n": words.number(outcome.left)})
        for left_over in outcome.leftovers[:_MOST_LEFTOVERS]:
            why = machine_words.leftover(left_over.code)
            place = f"{one.path}:{left_over.line}" if left_over.line else str(one.path)
            click.echo(words.visible(f"  {place}: {why}: {left_over.text[:80]}"), err=True)
        more = outcome.left - min(_MOST_LEFTOVERS, len(outcome.leftovers))
        if more:
            click.echo("  " + _("and %(n)s more") % {"n": words.number(more)}, err=True)


def _tell_evidence(found: Evidence, zone: ZoneInfo) -> None:
    claims = ngettext("%(n)s claim", "%(n)s claims", len(found.claims))
    bindings = ngettext("%(n)s binding", "%(n)s bindings", len(found.bindings))
    click.echo(
        f"{claims % {'n': words.number(len(found.claims))}},"
        f" {bindings % {'n': words.number(len(found.bindings))}}."
    )
    if found.bindings:
        click.echo()
        machine_words.show_bindings(found.bindings, zone)
    if found.claims:
        click.echo()
        machine_words.show_claims(found.claims, zone)
