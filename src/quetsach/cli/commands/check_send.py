"""`quetsach check send`: sealed results to the portal by a one-time code; also offered after a check."""

from __future__ import annotations

from pathlib import Path

import click

from quetsach.cli import INCOMPLETE, NOTHING, packfile, say
from quetsach.cli import root as _root
from quetsach.endpoint import hand_in, sealing, suffixes
from quetsach.endpoint.pack import Pack
from quetsach.results.push import PushError
from quetsach.text import words
from quetsach.text.language import code as language
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext

_TRIES = 3
_ASKED_AGAIN = frozenset(("code_form", "code_unknown"))


def command() -> click.Command:
    """The command in the language in use."""
    path = click.Path(path_type=Path, exists=True)
    return _root.command(
        "send",
        _run,
        [
            click.Argument(["paths"], metavar="RESULT...", nargs=-1, required=True, type=path),
            click.Option(
                ["--pack"],
                metavar="FILE",
                required=True,
                type=click.Path(path_type=Path),
                help=_("The pack that they were made with; the address of the portal stands in it."),
            ),
            _root.trust_option(),
        ],
        _(
            "Send sealed results (.qsresult, or a folder with them) to the portal. It asks for the one-time"
            " code of the unit. What was sent already counts once. Exit code: 0 all taken, 2 not all."
        ),
        "quetsach check send ket-qua/ --pack tan-phu.qspack --trust KEY",
    )


def _run(paths: tuple[Path, ...], pack: Path, trust: tuple[str, ...]) -> int:
    packed = packfile.read(pack, trust, is_expired_ok=True)
    if not hand_in.is_possible(packed.portal):
        say.error(_("The pack names no portal with https. Carry the results instead."))
        return INCOMPLETE
    found = [one for path in paths for one in results_in(path)]
    if not found:
        say.error(_("There is no sealed result (.qsresult) here. Check a machine first."))
        return INCOMPLETE
    return NOTHING if send(found, packed) else INCOMPLETE


def results_in(path: Path) -> list[Path]:
    """The sealed results at a path."""
    if path.is_dir():
        return sorted(one for one in path.rglob(f"*{suffixes.RESULT}") if one.is_file())
    return [path] if path.suffix == suffixes.RESULT else []


def offer(result: Path, packed: Pack) -> None:
    """After a check, ask a person, who can see the result's contents, whether to send it now (default:
    no)."""
    if not hand_in.is_possible(packed.portal):
        return
    click.echo()
    address = words.visible(packed.portal)
    click.echo(say.wrapped(_("Send the sealed result to %(portal)s now?") % {"portal": address}))
    if say.is_yes(click.prompt(_("Type y to send it, Enter not to"), default="", show_default=False)):
        send([result], packed)


def send(files: list[Path], packed: Pack) -> bool:
    """Ask for the code and send; returns whether all files were taken. Other files stay, with a message."""
    count = ngettext("%(n)s result for %(portal)s.", "%(n)s results for %(portal)s.", len(files))
    click.echo(count % {"n": words.number(len(files)), "portal": words.visible(packed.portal)})
    try:
        content = [(one.name, _read(one)) for one in files]
        receipt = _sent(content, packed)
    except (PushError, OSError) as error:
        say.problem(error)
        receipt = None
    if receipt is None:
        click.echo(
            _(
                "Not handed in. The results stay here: send them later (nothing counts twice), or carry them"
                " to the portal."
            )
        )
        return False
    return _tell(receipt)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(sealing.MOST_BYTES + 1)


def _sent(content: list[tuple[str, bytes]], packed: Pack) -> hand_in.Receipt | None:
    """None where the person gives no code, or a wrong code."""
    for _try in range(_TRIES):
        asked = click.prompt(
            _("One-time code of the unit (Enter: not now)"), default="", show_default=False
        ).strip()
        if not asked:
            return None
        try:
            return hand_in.hand_in(content, packed.portal, asked, language())
        except PushError as error:
            if error.code not in _ASKED_AGAIN:
                raise
            say.problem(error)
    return None


def _tell(receipt: hand_in.Receipt) -> bool:
    message = _("The portal has received it for %(unit)s: %(taken)s new, %(known)s already known.") % {
        "unit": words.visible(receipt.unit),
        "taken": words.number(receipt.taken),
        "known": words.number(receipt.known),
    }
    click.echo(say.styled(message, fg="green" if not receipt.refused else "yellow"))
    for one in receipt.refused:
        click.echo(f"  {words.visible(one.name)} {words.visible(one.reason)}")
    if receipt.is_code_free:
        click.echo(_("Nothing new came in, so the code can still be used."))
    return not receipt.refused
