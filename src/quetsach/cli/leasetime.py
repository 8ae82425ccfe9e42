"""`--lease-time`: the length of the leases of a server whose file names only their end."""

from __future__ import annotations

import re

import click

from quetsach.cli import say
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext

_DURATION = re.compile(r"(\d{1,6})([smhdw]?)", re.ASCII)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def _length(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Microseconds of `3600`, `45m`, `12h`, `8d` or `1w`, as dnsmasq itself spells them."""
    found = _DURATION.fullmatch(value.strip()) if value else None
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if value and not seconds:
        raise click.BadParameter(
            _("%(value)s is no duration; write it like 12h, 45m or 8d.") % {"value": words.visible(value)}
        )
    return seconds * 1_000_000 or None


def option() -> click.Option:
    """The option, in the language in use."""
    return click.Option(
        ["--lease-time", "lease_length"],
        metavar="TIME",
        callback=_length,
        help=_(
            "How long a lease of dnsmasq holds, as its dhcp-range says (12h, 45m). Its file names only the"
            " end of each lease; without this, a lease counts from when the file was written."
        ),
    )


def warn(count: int, length: int | None, ended: int = 0) -> None:
    """Tell how many leases begin only when their file was written, how many had ended by then and tell
    nothing, and what to do."""
    if length is not None:
        return
    if count:
        text = ngettext(
            "%(n)s lease says only when it ends, so it counts from when its file was written. Add"
            " --lease-time, as the server's settings say it, such as 12h.",
            "%(n)s leases say only when they end, so they count from when their file was written. Add"
            " --lease-time, as the server's settings say it, such as 12h.",
            count,
        )
        say.warning(text % {"n": words.number(count)})
    if ended:
        text = ngettext(
            "%(n)s lease had ended when its file was written and names no beginning, so it tells nothing. Add"
            " --lease-time, as the server's settings say it, such as 12h.",
            "%(n)s leases had ended when their file was written and name no beginning, so they tell nothing."
            " Add --lease-time, as the server's settings say it, such as 12h.",
            ended,
        )
        say.warning(text % {"n": words.number(ended)})
