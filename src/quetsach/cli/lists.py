"""Indicator lists on the command line: options, reading, guard rails, and the engine that will use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from quetsach.engine import Engine, Matcher
from quetsach.language import gettext as _
from quetsach.output import ListNote
from quetsach.scan import ScanResult


@dataclass(frozen=True, slots=True)
class Loaded:
    """A list ready to be matched, and what was odd about it."""

    engine: Engine
    matcher: Matcher
    notes: list[ListNote] = field(default_factory=list)


def options() -> list[click.Parameter]:
    """`--scope`, `--column`, `--override`."""
    return [
        click.Option(
            ["--scope"],
            type=click.Choice(["exact", "subdomains"]),
            help=_("Whether a domain of the list covers its subdomains. Otherwise the kind of list decides."),
        ),
        click.Option(
            ["--column"],
            metavar="indicator=…,type=…,family=…",
            help=_("Names of the columns of a CSV list, where they are not recognised."),
        ),
        click.Option(
            ["--override"],
            metavar="FILE",
            type=click.Path(path_type=Path),
            help=_("CSV of entries to keep although a guard rail stops them: indicator, reason, who, date."),
        ),
    ]


def formats() -> list[str]:
    return []


def check_format(name: str | None) -> None:
    pass


def load(files: Sequence[Path], scope: str | None, column: str | None, override: Path | None) -> Loaded:
    raise NotImplementedError


def recognised(result: ScanResult, forced: str | None) -> dict[str, int]:
    return {}
