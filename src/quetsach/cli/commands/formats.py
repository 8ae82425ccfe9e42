"""`quetsach formats`: the log formats there are, a line each."""

from __future__ import annotations

import click

from quetsach.cli import NOTHING
from quetsach.cli import root as _root
from quetsach.text.language import gettext as _


def command() -> click.Command:
    """The command in the language in use."""
    command = _root.command(
        "formats",
        _run,
        [],
        _(
            "List the log formats that are recognised: the name for --format, and what writes it. Any other"
            " log is read as text; a table of any make with --fields."
        ),
        "quetsach formats\nquetsach scan old.log -i indicators.csv --format squid",
    )
    command.no_args_is_help = False
    return command


def _run() -> int:
    from quetsach.logs import logformat

    titles = {name: found.title for name, found in logformat.load_all().items()}
    width = max(map(len, titles))
    for name in logformat.names():
        click.echo(f"{name:{width}}  {titles.get(name) or _('any other text')}")
    return NOTHING
