"""Options of commands that read logs."""

from __future__ import annotations

import click

from quetsach.scanning.request import TIME_ZONE
from quetsach.text.language import gettext as _


def source_options() -> list[click.Option]:
    """`--source-name` and `--format`: of every command that reads logs."""
    return [
        click.Option(
            ["--source-name"],
            metavar="NAME",
            help=_("Where these logs come from, such as fw-hq. Keep it the same from scan to scan."),
        ),
        click.Option(
            ["--format", "logformat"],
            metavar="NAME",
            help=_(
                "Read every file as this log format instead of recognising it; `quetsach formats` lists"
                " the names."
            ),
        ),
    ]


def zone_option() -> click.Option:
    """`--tz`."""
    return click.Option(
        ["--tz"],
        metavar="ZONE",
        default=TIME_ZONE,
        show_default=True,
        help=_("Time zone of log times that name none, and of times shown."),
    )
