"""The options of every command that reads lists of indicators."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quetsach.endpoint import packed_list
from quetsach.errors import IndicatorError
from quetsach.indicators.guard import Organisation
from quetsach.indicators.indicator import Scope
from quetsach.indicators.loading import COLUMNS, Choice
from quetsach.text.language import gettext as _

if TYPE_CHECKING:
    import click

LIST_FORMATS = (
    "xlsx", "misp", "stix", "json", "zeek.intel", "urlhaus", "threatfox", "feodo", "suricata.rules",
    "maltrail", "rpz", "adblock", "dnsmasq", "unbound", "suricata.iprep", "suricata.dataset", "hosts", "csv",
    "plain",
)  # fmt: skip
"""The names of `quetsach.indicators.forms`, so that help needs no reader."""


def choice_of(given: Mapping[str, Any]) -> Choice:
    """The choice of reading and judging lists, from the options of `options`.

    Raises:
        IndicatorError: `--column` or `--own` is malformed.
    """
    return Choice(
        Scope(given["scope"]) if given["scope"] else None,
        _columns(given["column"]),
        given["list_format"],
        organisation=Organisation.of(given["own"]),
        overrides=given["override"],
        warning_lists=given["warning_lists"],
        open_pack=packed_list.opener(given["trust"]),
    )


def options() -> list[click.Parameter]:
    """The options of every command that reads lists."""
    import click

    from quetsach.cli import root

    return [
        click.Option(
            ["--scope"],
            type=click.Choice(["exact", "subdomains"]),
            help=_("Whether a domain of the list covers its subdomains. Otherwise the kind of list decides."),
        ),
        click.Option(
            ["--column"],
            metavar="indicator=…,type=…,family=…",
            help=_("Names or numbers of the columns of a table, where they are not recognised."),
        ),
        click.Option(
            ["--list-format"],
            metavar="NAME",
            help=_("The form of the lists (%(names)s); otherwise it is recognised.")
            % {"names": ", ".join(LIST_FORMATS)},
        ),
        click.Option(
            ["--override"],
            metavar="FILE",
            type=click.Path(path_type=Path, readable=False),
            help=_(
                "CSV of entries to keep although a guard rail stops them: indicator, reason, who, date, and"
                " perhaps expires. They are searched for; what many use is never blocked."
            ),
        ),
        click.Option(
            ["--warning-lists"],
            metavar="PATH",
            type=click.Path(path_type=Path, readable=False),
            help=_("Folder or archive of misp-warninglists, in place of those that come with the program."),
        ),
        click.Option(
            ["--own"],
            metavar="NAME|NETWORK",
            multiple=True,
            help=_(
                "A domain name or network of your own organisation, which no list may name: example.vn,"
                " 203.0.113.0/24. Repeat it for each."
            ),
        ),
        root.trust_option(),
    ]


def _columns(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(name in COLUMNS and value for name, _equals, value in pairs):
        raise IndicatorError(_("--column is written like indicator=ioc,type=kind,family=malware."))
    return {name: value for name, _equals, value in pairs}
