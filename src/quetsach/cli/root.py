"""The group of commands, which imports a command's module only when that command is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from quetsach import __version__
from quetsach.text.language import LANGUAGES
from quetsach.text.language import gettext as _

COMMANDS = {
    "scan": "quetsach.cli.commands.scan_options:command",
    "watch": "quetsach.cli.commands.watch_options:command",
    "explain": "quetsach.cli.commands.explain:command",
    "formats": "quetsach.cli.commands.formats:command",
    "check": "quetsach.cli.commands.check:command",
    "machines": "quetsach.cli.commands.machines:command",
    "pack": "quetsach.cli.commands.pack:command",
    "indicators": "quetsach.cli.commands.indicators:command",
    "push": "quetsach.cli.commands.push:command",
    "victims": "quetsach.cli.commands.victims:command",
    "document": "quetsach.cli.commands.document:command",
    "reports": "quetsach.cli.commands.reports:command",
    "serve": "quetsach.cli.commands.portal:serve_command",
    "manage": "quetsach.cli.commands.portal:manage_command",
}


def _short_help(name: str) -> str:
    # Listing the commands must not import them all.
    return {
        "scan": _("Find machines that called malicious addresses, in log files."),
        "watch": _("Follow logs as they grow, and tell at once which machine calls a listed address."),
        "explain": _("Tell how one log line is read, what matches and why not."),
        "formats": _("List the log formats that are recognised."),
        "check": _("Check one machine: malware, the campaign's addresses, tampered activation."),
        "machines": _("Turn leases, neighbour tables and registers into evidence on machines."),
        "pack": _("Make and look at the signed pack that machines are checked with."),
        "indicators": _("Check, compile or convert lists of malicious addresses."),
        "document": _("Write official letters and reports by Decree 30/2020, or look at finished ones."),
        "push": _("Send the result of a scan to the portal."),
        "victims": _("Read reports of others about infected machines and exposed services."),
        "reports": _("Collect the annexes that units sent as files."),
        "serve": _("Serve the portal on this machine."),
        "manage": _("Run an administration command of the portal."),
    }[name]


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, function = place.split(":")
        command: click.Command = getattr(import_module(module), function)()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _short_help(name)) for name in COMMANDS])


def language_option() -> click.Option:
    """`--lang`: `cli.run` reads it before all other options; click only documents it."""
    return click.Option(
        ["--lang"],
        type=click.Choice(LANGUAGES),
        expose_value=False,
        help=_("Language of texts: vi or en. Otherwise QUETSACH_LANG, then the locale, then Vietnamese."),
    )


def trust_option() -> click.Option:
    """`--trust`, which may come several times."""
    return click.Option(
        ["--trust"],
        metavar="KEY",
        multiple=True,
        help=_("Signing key of a campaign that you trust, or its fingerprint (six groups of four)."),
    )


def number(least: int, most: int | None = None) -> click.IntRange:
    """A whole number within bounds; click's own type has a name that is not translated."""
    kind = click.IntRange(least, most)
    kind.name = _("whole number")
    return kind


def command(
    name: str,
    callback: Any,
    params: list[click.Parameter],
    text: str,
    examples: str,
    kind: type[click.Command] = click.Command,
) -> click.Command:
    """A command with a description and examples whose line breaks are kept."""
    return kind(
        name,
        callback=callback,
        params=[*params, language_option()],
        help=text,
        epilog="\b\n" + _("Examples:") + "\n" + "\n".join(f"  {line}" for line in examples.splitlines()),
        no_args_is_help=True,
    )


def group() -> click.Group:
    """The command `quetsach` in the language in use."""
    version = click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_version,
        help=_("Show the version and leave."),
    )
    return _Lazy(
        name="quetsach",
        params=[version, language_option()],
        no_args_is_help=True,
        help=_(
            "Quét Sạch finds the machines that call malicious addresses, and carries the clean-up"
            " through to the report. Scanning needs no account, no network and no database; nothing leaves"
            " this machine unless you push it."
        ),
        epilog="\b\n" + _("Start with:") + "\n  quetsach scan /var/log/zeek -i indicators.csv -o result.html",
    )


def _show_version(ctx: click.Context, _param: click.Parameter, is_asked: bool) -> None:
    if is_asked and not ctx.resilient_parsing:
        click.echo(f"quetsach {__version__}")
        ctx.exit()
