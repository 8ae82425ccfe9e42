"""The targets of a check on the command line: options for list, hashes, rules and signs, and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quetsach.cli import list_options, packfile, say
from quetsach.indicators.loading import Choice, NothingLeftError
from quetsach.results import listnotes
from quetsach.scanning import request
from quetsach.text.language import gettext as _

if TYPE_CHECKING:
    from quetsach.endpoint.pack import Pack
    from quetsach.endpoint.wanted import Wanted


def options() -> list[click.Parameter]:
    """The options of every command that checks a machine."""
    return [
        click.Option(
            ["--full/--quick", "is_full"],
            default=False,
            help=_("Every file of the disk, or those where malware usually lies (the default)."),
        ),
        click.Option(
            ["-i", "--indicators"],
            metavar="FILE",
            multiple=True,
            type=click.Path(path_type=Path),
            help=_("List of malicious addresses (text, hosts, CSV, also .gz) or a compiled set."),
        ),
        click.Option(
            ["--hashes"],
            metavar="FILE",
            type=click.Path(path_type=Path),
            help=_("Hashes of malicious files (MD5, SHA-1, SHA-256), one a line, perhaps with a family."),
        ),
        click.Option(
            ["--rules"],
            metavar="FILE",
            multiple=True,
            type=click.Path(path_type=Path),
            help=_("YARA rules that files are compared with."),
        ),
        click.Option(
            ["--profile"],
            metavar="FILE",
            type=click.Path(path_type=Path),
            help=_("What your organisation says of its licences: TOML with kms_hosts, volume_agreement."),
        ),
        *list_options.options(),
    ]


def pack_option() -> click.Option:
    """The option for a pack, which holds list, hashes, rules and signs."""
    return click.Option(
        ["--pack"],
        metavar="FILE",
        type=click.Path(path_type=Path),
        help=_("The signed pack of a campaign: its list, hashes, rules and signs in one."),
    )


def packed(
    pack: Path | None, trusted: Sequence[str], *, is_asking: bool = False, is_other_given: bool = False
) -> Pack | None:
    """The pack of `--pack`; `is_other_given` says that a list, hashes or rules were given as well."""
    if pack is None:
        return None
    if is_other_given:
        raise click.UsageError(_("A pack holds list, hashes and rules; give either it or them."))
    return packfile.read(pack, trusted, is_asking=is_asking)


def read(
    indicators: tuple[Path, ...],
    hashes: Path | None,
    rules: tuple[Path, ...],
    profile: Path | None,
    choice: Choice,
    packed: Pack | None = None,
) -> Wanted:
    """The targets from the files on the command line, or from the pack."""
    from quetsach.endpoint import profile as profiles
    from quetsach.endpoint.wanted import Wanted

    if packed is not None:
        return packed.wanted if profile is None else replace(packed.wanted, profile=profiles.read(profile))
    listed = None
    if indicators:
        found = request.read(indicators, choice)
        listed = found.indicators
        for note in listnotes.of(found):
            if note.level != "warn":
                say.warning(str(note))
        if not len(listed):
            raise NothingLeftError(indicators, found.left_out)
    return Wanted(
        indicators=listed,
        hashes=_hashes(hashes) if hashes else {},
        rules=tuple(map(_rules, rules)),
        profile=profiles.read(profile) if profile else profiles.Profile(),
    )


def _hashes(path: Path) -> dict[str, str]:
    from quetsach.endpoint import wanted
    from quetsach.indicators.guards.files import without_harmless

    kept, stopped = without_harmless(wanted.read_hashes(path))
    for one in stopped:
        text = _("%(path)s: %(hash)s is an empty or a well-known harmless file; it is not looked for.")
        say.warning(text % {"path": path, "hash": one})
    return kept


def _rules(path: Path) -> str:
    from quetsach.endpoint.files import content

    try:
        text = path.read_text(encoding="utf-8-sig")
        content.check_rules(text)
    except (content.RulesError, UnicodeDecodeError) as error:
        raise content.RulesError(f"{path}: {error}") from error
    return text
