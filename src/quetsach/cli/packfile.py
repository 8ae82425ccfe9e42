"""Packs on the command line: trusted keys, and reading a pack."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from quetsach.cli import say
from quetsach.endpoint import pack
from quetsach.endpoint.pack import Pack
from quetsach.endpoint.refusal import Refused
from quetsach.text.language import gettext as _


def read(path: Path, trusted: Sequence[str], *, is_asking: bool = False, is_expired_ok: bool = False) -> Pack:
    """The pack in a file; if its signer is unknown, a person may compare the fingerprint.

    Args:
        is_expired_ok: whether the pack is only used to open results, so that its age does not matter.

    Raises:
        Refused: the pack must not be used.
    """
    try:
        return pack.of_file(path, trusted, is_expired_ok=is_expired_ok)
    except Refused as error:
        if error.code != "pack_key" or not is_asking or not _is_confirmed(error):
            raise
        confirmed = error.values["fingerprint"]
    return pack.of_file(path, [*trusted, confirmed], is_expired_ok=is_expired_ok)


def _is_confirmed(error: Refused) -> bool:
    if not sys.stdin.isatty():
        return False
    click.echo(_("This pack is signed with the key %(key)s.") % {"key": error.values["fingerprint"]})
    click.echo(_("Is it the key that the coordinator gave you?"))
    return say.is_yes(click.prompt(_("Type y if it is, Enter if not"), default="", show_default=False))


def described(told: Pack) -> str:
    """The campaign and the unit of a pack, in one line."""
    return _("%(campaign)s · %(unit)s · version %(version)s · until %(date)s") % {
        "campaign": told.campaign.name,
        "unit": told.unit.name,
        "version": told.version,
        "date": f"{told.expires:%d/%m/%Y}",
    }
