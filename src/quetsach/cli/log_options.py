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


def devices_option() -> click.Option:
    """`--devices`."""
    return click.Option(
        ["--devices"],
        is_flag=True,
        help=_("Also note which machines were alive each day; this later proves that a machine is quiet."),
    )


def asked_option() -> click.Option:
    """`--asked`."""
    return click.Option(
        ["--asked"],
        metavar=_("FILE|URL"),
        help=_(
            "Machines to look for, one address, hardware address or name a line, in a file or from the"
            " portal of --push: the result says in which hours the logs show each. It proves later that a"
            " machine was on and quiet, and takes less time than --devices."
        ),
    )
