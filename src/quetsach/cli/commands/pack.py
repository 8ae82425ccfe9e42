"""`quetsach pack`: build the signed pack of a campaign, look into one, make keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from quetsach.cli import NOTHING, check_targets, list_options, packfile
from quetsach.cli import root as _root
from quetsach.endpoint import keys, pack
from quetsach.endpoint.keys import Kind
from quetsach.endpoint.pack import Pack, Party
from quetsach.results.output import replacing
from quetsach.text import words
from quetsach.text.language import gettext as _


def command() -> click.Command:
    """The group of commands in the language in use."""
    return click.Group(
        "pack",
        params=[_root.language_option()],
        help=_("Make and look at the signed pack that machines are checked with."),
        commands=[_build_command(), _show_command(), _key_command()],
        no_args_is_help=True,
    )


def _path(name: str, text: str, **given: Any) -> click.Option:
    return click.Option([name], metavar="FILE", type=click.Path(path_type=Path), help=text, **given)


def _build_command() -> click.Command:
    return _root.command(
        "build",
        _build,
        [
            _path("--indicators", _("List of malicious addresses."), multiple=True, required=True),
            _path("--hashes", _("Hashes of malicious files, one a line, perhaps with a family.")),
            _path("--rules", _("YARA rules that files are compared with."), multiple=True),
            _path("--profile", _("What the organisation says of its licences (TOML).")),
            click.Option(["--campaign"], metavar="ID=NAME", required=True, help=_("The campaign.")),
            click.Option(["--unit"], metavar="ID=NAME", required=True, help=_("The unit whose pack it is.")),
            click.Option(["--campaign-key"], metavar="KEY", required=True, help=_("Its public sealing key.")),
            click.Option(["--unit-key"], metavar="KEY", required=True, help=_("Its public sealing key.")),
            _path("--sign", _("The campaign's signing key file."), required=True),
            click.Option(
                ["--pack-version"],
                metavar="N",
                type=_root.number(1),
                default=1,
                help=_("Number of this pack; a later one is higher."),
            ),
            click.Option(
                ["--days"],
                metavar="N",
                type=_root.number(1, pack.LONGEST.days),
                default=60,
                help=_("For how many days it is good."),
            ),
            click.Option(["--portal"], metavar="URL", default="", help=_("The portal's address.")),
            click.Option(
                ["--contact"], metavar="TEXT", default="", help=_("Whom to ask and give the result to.")
            ),
            _path("-o", _("The pack to write."), required=True),
            *list_options.options(),
        ],
        _(
            "Put list, hashes, rules and signs into one signed pack for one unit. Its results can be read"
            " only with the secret keys of the campaign and of the unit."
        ),
        "quetsach pack build --indicators list.csv --campaign 1234=Rà_soát --unit tan-phu=Tân_Phú \\\n"
        "    --campaign-key KEY --unit-key KEY --sign campaign.key -o tan-phu.qspack",
    )


def _build(
    indicators: tuple[Path, ...],
    hashes: Path | None,
    rules: tuple[Path, ...],
    profile: Path | None,
    campaign: str,
    unit: str,
    campaign_key: str,
    unit_key: str,
    sign: Path,
    pack_version: int,
    days: int,
    portal: str,
    contact: str,
    o: Path,
    **given: Any,
) -> int:
    wanted = check_targets.read(indicators, hashes, rules, profile, list_options.choice_of(given))
    assert wanted.indicators is not None
    now = datetime.now(UTC).replace(microsecond=0)
    told = Pack(
        campaign=_party(campaign, campaign_key),
        unit=_party(unit, unit_key),
        version=pack_version,
        created=now,
        expires=now + timedelta(days=days),
        result_key=keys.new(),
        indicators=wanted.indicators,
        hashes=wanted.hashes,
        rules=wanted.rules,
        signs=pack.own_signs(),
        profile=wanted.profile,
        texts={"vi": {"contact": contact}} if contact else {},
        portal=portal,
    )
    data = pack.build(told, keys.read(sign, "signing"))
    with replacing(o) as part:
        part.write_bytes(data)
    click.echo(_("Saved: %(path)s") % {"path": o})
    click.echo(packfile.described(told))
    click.echo(_("Signing key: %(key)s") % {"key": keys.fingerprint(pack.signer_of(data))})
    return NOTHING


def _party(text: str, key: str) -> Party:
    own, _equals, name = text.partition("=")
    return Party(own.strip(), name.strip() or own.strip(), keys.of_text(key))


def _show_command() -> click.Command:
    return _root.command(
        "show",
        _show,
        [
            click.Argument(["path"], metavar="PACK", type=click.Path(path_type=Path)),
            _root.trust_option(),
            click.Option(["--json", "as_json"], is_flag=True, help=_("Write JSON to standard output.")),
        ],
        _("Verify a pack and tell what is in it. Exit code: 0 it may be used, 2 it may not."),
        "quetsach pack show tan-phu.qspack --trust 3F2A-…",
    )


def _show(path: Path, trust: tuple[str, ...], as_json: bool) -> int:
    told = packfile.read(path, trust, is_asking=not as_json)
    counts = {
        "indicators": len(told.indicators),
        "hashes": len(told.hashes),
        "rules": len(told.rules),
        "signs": len(told.wanted.signs.signs),
    }
    if as_json:
        table = {
            "id": told.id,
            "campaign": told.campaign.id,
            "unit": told.unit.id,
            "version": told.version,
            "created": told.created.isoformat(),
            "expires": told.expires.isoformat(),
            "set": told.indicators.id,
            **counts,
        }
        click.echo(json.dumps(table, ensure_ascii=False, indent=1))
        return NOTHING
    click.echo(words.visible(packfile.described(told)))
    shown = {name: words.number(count) for name, count in counts.items()}
    click.echo(
        _("%(indicators)s addresses, %(hashes)s hashes, %(rules)s files of rules, %(signs)s signs") % shown
    )
    return NOTHING


def _key_command() -> click.Command:
    return _root.command(
        "key",
        _key,
        [
            click.Argument(["kind"], type=click.Choice(keys.KINDS)),
            _path("-o", _("The secret key file to write; keep it off sticks and mail."), required=True),
        ],
        _("Make a key: 'signing' for the campaign's packs, 'sealing' to open results with."),
        "quetsach pack key signing -o campaign.key",
    )


def _key(kind: Kind, o: Path) -> int:
    secret = keys.new()
    try:
        keys.write(o, kind, secret)
    except FileExistsError as error:
        raise click.ClickException(
            _("%(path)s exists already; keys are never overwritten.") % {"path": o}
        ) from error
    known = keys.public(kind, secret)
    click.echo(_("Saved: %(path)s") % {"path": o})
    click.echo(_("Public key: %(key)s") % {"key": known.hex()})
    click.echo(_("Fingerprint: %(key)s") % {"key": keys.fingerprint(known)})
    return NOTHING
