"""The words and tables of `quetsach machines`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from quetsach.cli import say
from quetsach.machines import words as said
from quetsach.results.screen import Column
from quetsach.text import words
from quetsach.text.language import gettext as _

if TYPE_CHECKING:
    from quetsach.machines.evidence import Binding, Claim, Key

MOST_SHOWN = 5


def kind(name: str) -> str:
    """What a file was recognised as; names of makers stay as they are."""
    return said.kind(name, _)


def problem(raised: Exception, path: Path) -> str:
    """Why a file could not be read, and what to do, without its name."""
    from quetsach.machines.sources.outcome import MachinesError

    if not isinstance(raised, MachinesError):
        return say.worded(raised).removeprefix(f"{path}: ")
    return said.filled(said.REFUSED, raised.code, words.visible(raised.value), _)


def note(code: str, detail: str) -> str:
    """What concerns a whole file."""
    return said.filled(said.NOTES, code, words.visible(detail), _)


def leftover(code: str) -> str:
    """Why a line or a row told nothing, or lost a value."""
    return _(said.LEFT.get(code, code))


def key(one: Key) -> str:
    """A key with the word for its kind."""
    return words.visible(f"{_(said.KEYS.get(one.kind, one.kind))} {one.value}")


def show_bindings(found: Sequence[Binding], zone: ZoneInfo) -> None:
    """The first bindings, as a table."""
    say.screen().table(
        [
            Column(_("IP address"), is_whole=True),
            Column(_("Machine"), is_whole=True),
            Column(_("From")),
            Column(_("Until")),
            Column(_("Known from")),
        ],
        [
            [
                [(_endpoint(one), "")],
                [(key(one.key), "")],
                [(_clock(one.begin, zone), "")],
                [(_clock(one.end, zone), "")],
                [(_(said.BINDINGS.get(one.kind, one.kind)), "")],
            ]
            for one in found[:MOST_SHOWN]
        ],
    )
    _tell_more(len(found))


def show_claims(found: Sequence[Claim], zone: ZoneInfo) -> None:
    """The first claims, as a table."""
    say.screen().table(
        [Column(_("One machine")), Column(_("From")), Column(_("Until"))],
        [
            [
                [(", ".join(map(key, one.keys)), "")],
                [(_clock(one.begin, zone), "")],
                [(_clock(one.end, zone), "")],
            ]
            for one in found[:MOST_SHOWN]
        ],
    )
    _tell_more(len(found))


def _tell_more(found: int) -> None:
    """The number of rows that a table leaves out; the saved file has them all."""
    if found > MOST_SHOWN:
        text = _("and %(n)s more; -o saves all") % {"n": words.number(found - MOST_SHOWN)}
        click.echo("  " + text)


def _endpoint(one: Binding) -> str:
    from quetsach.text.canonical import endpoint

    return f"{endpoint(one.address, one.port)} {one.protocol}" if one.port else one.address


def _clock(at: int, zone: ZoneInfo) -> str:
    from quetsach.logs import times
    from quetsach.machines.sources.outcome import FOREVER

    return words.moment(times.iso(at), zone, seconds=True) if 0 < at < FOREVER else "-"
