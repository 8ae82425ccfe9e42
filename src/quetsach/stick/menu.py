"""The menu of the stick: opens by a double click, or when log files are dragged onto the program.

Each choice is a command of `quetsach` that a person could type as well.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from quetsach import __version__, cli
from quetsach.cli import packfile, say
from quetsach.endpoint import hand_in, keys, manifest, suffixes
from quetsach.endpoint.manifest import Manifest
from quetsach.endpoint.pack import Pack
from quetsach.endpoint.refusal import Refused
from quetsach.stick import confirmed, results
from quetsach.text import language
from quetsach.text.language import gettext as _
from quetsach.text.words import visible


@dataclass(slots=True)
class Stick:
    """A verified stick, and its pack."""

    root: Path
    told: Manifest
    pack: Pack | None = None
    pack_path: Path | None = None

    @property
    def starter(self) -> str:
        """The file that a person starts: of the stick, or of a scanner to carry."""
        return manifest.STARTER if self.is_for_checks else manifest.SCANNER

    @property
    def is_for_checks(self) -> bool:
        """Whether it checks machines; a scanner to carry only scans logs."""
        return manifest.SCANNER not in self.told.files

    def lists(self) -> list[str]:
        """The lists of malicious addresses in the folder for them."""
        folder = self.root / manifest.LISTS
        found = folder.iterdir() if folder.is_dir() else ()
        return [str(path) for path in sorted(found) if path.is_file() and not path.name.startswith(".")]

    @property
    def with_pack(self) -> list[str]:
        """Arguments that trust the signer of the verified pack, but no other file in its place."""
        return [] if self.pack is None else ["--trust", self.pack.signer.hex()]

    def result(self, name: str) -> str:
        """A path for a result; its folder is made on demand."""
        folder = self.root / manifest.RESULTS
        folder.mkdir(exist_ok=True)
        return str(folder / name)


def run(stick: Stick, arguments: Sequence[str]) -> int:
    """Scan the given files, or run one command, or show the menu.

    The exit code is that of the command; 2 where a pack must not be used.
    """
    say.call(f"{stick.starter} --")
    language.share()
    try:
        _greet(stick)
        if arguments and arguments[0] == "--":
            return cli.run(list(arguments[1:]))
        is_check = bool(arguments) and arguments[0] == "check"
        _choose_pack(stick, is_asking=not is_check)
        if is_check:
            return _check(stick, ["--yes", *arguments[1:]])
        if arguments:
            return _scan(stick, list(arguments))
        if not stick.is_for_checks:
            return _scan(stick, _asked_paths(stick))
        if stick.pack is not None:
            known = results.of_this_machine(stick.root)
            if known:
                _tell_known(known[-1])
            else:
                code = _check_first(stick, stick.pack)
                if code is not None and not stick.root.is_dir():
                    return code
        return _menu(stick)
    except Refused as error:
        say.error(error.worded())
        return cli.INCOMPLETE
    except (click.Abort, EOFError, KeyboardInterrupt):
        return cli.INCOMPLETE


def _greet(stick: Stick) -> None:
    build = f" · {_('test build, not for use in an office')}" if stick.told.is_test_build else ""
    click.echo(say.styled(f"Quét Sạch {__version__}{build}", bold=True))
    click.echo(_("This stick is signed with the key %(key)s.") % {"key": keys.fingerprint(stick.told.key)})


def _choose_pack(stick: Stick, *, is_asking: bool) -> None:
    """Choose the newest usable pack; a refused pack only causes a warning."""
    found: list[tuple[Pack, Path]] = []
    there = list(manifest.packs(stick.root))
    for path in there:
        try:
            told = packfile.read(path, _trusted(stick, path), is_asking=is_asking)
        except Refused as error:
            say.warning(_not_used(error))
        else:
            found.append((told, path))
            _keep_answer(stick, told, path)
    if not found and (stick.is_for_checks or there):
        message = (
            _("Without a good pack the campaign's addresses are not compared. Download it again.")
            if there
            else _("There is no pack of a campaign here. Put the pack from the portal beside this program.")
        )
        say.warning(message)
    if not found:
        return
    stick.pack, stick.pack_path = max(found, key=lambda one: (one[0].created, one[0].version))
    click.echo(visible(packfile.described(stick.pack)))
    _tell_answer(stick, stick.pack, stick.pack_path)


def _trusted(stick: Stick, path: Path) -> list[str]:
    """The keys that the stick trusts since it was built, and the key that a person confirmed for a pack."""
    kept = confirmed.read(path)
    return [*stick.told.trusted, *([kept.key.hex()] if kept is not None else [])]


def _is_built_in(stick: Stick, told: Pack) -> bool:
    return told.signer.hex() in stick.told.trusted


def _keep_answer(stick: Stick, told: Pack, path: Path) -> None:
    """Keep the answer about a pack's key, so that the next machine is not asked again."""
    kept = confirmed.read(path)
    if _is_built_in(stick, told) or (kept is not None and kept.key == told.signer):
        return
    import platform

    answer = confirmed.Confirmed(told.signer, date.today(), platform.node())
    try:
        confirmed.write(path, answer)
    except OSError:
        say.warning(_("Your answer cannot be kept here; it will be asked for again at the next start."))


def _tell_answer(stick: Stick, told: Pack, path: Path) -> None:
    """Show who answered for the pack's key: any program may have written that file on the stick."""
    kept = confirmed.read(path)
    if kept is None or _is_built_in(stick, told):
        return
    message = _(
        "The key of this pack, %(key)s, was confirmed by a person on %(date)s at the machine %(machine)s. If"
        " it was none of you, leave and delete the file %(name)s."
    ) % {
        "key": keys.fingerprint(told.signer),
        "date": f"{kept.day:%d/%m/%Y}",
        "machine": visible(kept.machine),
        "name": visible(confirmed.place(path).name),
    }
    click.echo(say.wrapped(message))


def _not_used(error: Refused) -> str:
    if error.code != "pack_key":
        return error.worded()
    return (
        _(
            "%(name)s: not used, because nobody has confirmed its signing key: %(fingerprint)s. Ask the"
            " coordinator, then start again."
        )
        % error.values
    )


def _menu(stick: Stick) -> int:
    code = cli.NOTHING
    while True:
        choices = _choices(stick)
        click.echo()
        for key, (text, _act) in choices.items():
            click.echo(f"  {key}  {text}")
        asked = click.prompt(_("Your choice"), default="1", show_default=True).strip().upper()
        if asked not in choices:
            click.echo(_("There is no such choice."))
            continue
        act = choices[asked][1]
        if act is None:
            return code
        click.echo()
        try:
            code = act()
        except OSError as error:
            say.problem(error)
            code = cli.INCOMPLETE
        if not stick.root.is_dir():
            raise FileNotFoundError(stick.root)


def _choices(stick: Stick) -> dict[str, tuple[str, Callable[[], int] | None]]:
    """Key → text and action; leaving has no action. Only actions that this stick can do are offered."""
    found: dict[str, tuple[str, Callable[[], int] | None]] = {
        "1": (_("Check this machine (quick)"), lambda: _check(stick, [])),
        "2": (_("Check this machine (every file, longer)"), lambda: _check(stick, ["--full"])),
        "3": (_("Scan log files"), lambda: _scan(stick, _asked_paths(stick))),
        "4": (_("Put results of many machines into one sheet"), lambda: _merge(stick)),
    }
    if _can_collect():
        found["5"] = (_("Collect reports into one sheet"), lambda: _collect(stick))
    if stick.pack is not None and _is_web(stick.pack.portal):
        found["6"] = (
            _("Open the portal: %(url)s") % {"url": visible(stick.pack.portal)},
            lambda: _open(stick),
        )
        if hand_in.is_possible(stick.pack.portal):
            found["7"] = (_("Send the results on this stick to the portal"), lambda: _send(stick))
    found["8"] = (_("For IT staff: clean this machine, a plan first"), lambda: _clean(stick))
    found["9"] = (_("For IT staff: take the last clean-up back"), _take_back)
    found["L"] = (_name_of_other_language(), _other_language)
    found["0"] = (_("Leave"), None)
    return found


def _check_first(stick: Stick, pack: Pack) -> int | None:
    """Check a machine that has no result on this stick, after one question; None where a person wants the
    menu instead.

    A person who goes from machine to machine only answers it: the last question may stay open
    when the stick is pulled out.
    """
    # Imported now, like all that is needed after the stick may have been pulled out.
    from quetsach.cli.commands import check_send

    while True:
        click.echo()
        click.echo(say.wrapped(_("This stick has no result of this machine yet: it is checked now.")))
        click.echo(f"  M  {_('Show the menu instead')}")
        click.echo(f"  L  {_name_of_other_language()}")
        asked = click.prompt(_("How many people use this machine?"), default="1", show_default=True)
        match asked.strip().upper():
            case "M":
                return None
            case "L":
                _other_language()
            case number if number.isdecimal() and len(number) < 5:
                break
            case _other:
                click.echo(_("Type a number, such as 2."))
    click.echo()
    code = _check(stick, ["--yes", "--people", number])
    saved = results.of_this_machine(stick.root)
    if saved:
        message = _(
            "The result is on the stick. Pull it out and go on with the next machine: all results can be"
            " handed in together at the end."
        )
        click.echo(say.styled(say.wrapped(message), bold=True))
        check_send.offer(saved[-1].path, pack)
    return code


def _tell_known(known: results.Saved) -> None:
    """Tell why a menu opens: many offices have machines of one name, copied from one disk."""
    message = _(
        "This stick has a result of a machine with the name %(machine)s, of %(time)s. To check it again, or"
        " another machine of the same name, take choice 1."
    ) % {"machine": visible(known.machine), "time": f"{known.at:%d/%m/%Y %H:%M}"}
    click.echo()
    click.echo(say.wrapped(message))


def _check(stick: Stick, arguments: list[str]) -> int:
    stamp = results.stem(datetime.now())
    given = ["check", *arguments, *stick.with_pack]
    if stick.pack_path is not None:
        given += ["--pack", str(stick.pack_path)]
    try:
        given += ["--html", stick.result(f"{stamp}.html")]
        if stick.pack is not None:
            given += ["--seal", stick.result(f"{stamp}.qsresult")]
        else:
            given += ["--json", stick.result(f"{stamp}.json")]
    except OSError:
        # The stick may be write-protected, or a read-only share: the answer still counts.
        say.warning(_("Nothing can be saved here; write the conclusion down, or copy the folder elsewhere."))
        given = given[: given.index("--html")] if "--html" in given else given
    return cli.run(given)


def _asked(
    stick: Stick, question: str, *, is_folder: bool = False, is_either: bool = False, default: str = ""
) -> Path | None:
    """An existing file or folder; None where the person goes back with Enter."""
    while True:
        given = click.prompt(say.wrapped(question), default=default, show_default=bool(default))
        path = stick.root / given.strip().strip('"') if given.strip() else None
        if path is None or (path.is_dir() if is_folder else path.is_file() or (is_either and path.is_dir())):
            return path
        message = (
            _("There is no such folder: %(path)s. Drag it into this window; Enter alone goes back.")
            if is_folder
            else _("There is no such file: %(path)s. Drag it into this window; Enter alone goes back.")
        )
        click.echo(say.wrapped(message % {"path": visible(str(path))}))
        default = ""


def _asked_paths(stick: Stick) -> list[str]:
    question = _("Drag the log file, or a folder of logs, into this window, then press Enter")
    path = _asked(stick, question, is_either=True)
    return [] if path is None else [str(path)]


def _asked_list(stick: Stick) -> list[str]:
    path = _asked(stick, _("Drag the list of malicious addresses into this window, then press Enter"))
    return [] if path is None else [str(path)]


def _scan(stick: Stick, paths: list[str]) -> int:
    if not paths:
        return cli.NOTHING
    lists = stick.lists() + ([] if stick.pack_path is None else [str(stick.pack_path)])
    if not lists and not stick.is_for_checks:
        lists = _asked_list(stick)
    if not lists:
        message = _(
            "Without a pack, or a list in the folder %(name)s, there is nothing to compare the logs with."
        )
        say.error(message % {"name": manifest.LISTS})
        return cli.INCOMPLETE
    wanted = [part for path in lists for part in ("-i", path)]
    return cli.run(["scan", *wanted, *stick.with_pack, *_saved(stick), "--", *paths])


def _saved(stick: Stick) -> list[str]:
    """Arguments that save the answer as a page, unless nothing can be written here."""
    try:
        return ["-o", stick.result(f"log-{datetime.now():%Y%m%d-%H%M%S}.html")]
    except OSError:
        say.warning(_("Nothing can be saved here; write the conclusion down, or copy the folder elsewhere."))
        return []


def _merge(stick: Stick) -> int:
    folder = _asked(
        stick,
        _("Drag the folder with the results into this window, then press Enter"),
        is_folder=True,
        default=manifest.RESULTS if stick.root.joinpath(manifest.RESULTS).is_dir() else "",
    )
    if folder is None:
        return cli.NOTHING
    kinds = {path.suffix.lower() for path in folder.rglob("*")}
    if not kinds & {".json", suffixes.RESULT}:
        click.echo(_("There is no result in this folder. Check a machine first (choice 1)."))
        return cli.NOTHING
    key = _asked_key(stick) if suffixes.RESULT in kinds else None
    if key is None and ".json" not in kinds:
        return cli.NOTHING
    out = stick.result(f"tong-hop-may-{datetime.now():%Y%m%d-%H%M%S}.xlsx")
    given = ["check", "merge", str(folder), "-o", out]
    return cli.run([*given, *(["--key", str(key), *_known_packs(stick)] if key is not None else [])])


def _asked_key(stick: Stick) -> Path | None:
    """The file with the secret key; a person without a key is sent to the portal."""
    message = _(
        "There are sealed results here. The unit's secret key opens them: use it on your own, clean machine"
        " only."
    )
    click.echo(say.wrapped(message))
    while (
        path := _asked(stick, _("Drag the key file into this window; Enter if you have none"))
    ) is not None:
        try:
            keys.read(path, "sealing")
        except (Refused, OSError):
            message = _("%(name)s is no key that opens results. Drag the right file; Enter alone goes on.")
            click.echo(say.wrapped(message % {"name": visible(path.name)}))
        else:
            return path
    message = _("Without the key only the portal opens them: hand them in there.")
    click.echo(say.wrapped(message))
    return None


def _known_packs(stick: Stick) -> list[str]:
    """Arguments for all packs beside the program, also expired ones: results were made with them."""
    given: list[str] = []
    signers = [*stick.told.trusted, *([stick.pack.signer.hex()] if stick.pack is not None else [])]
    for path in manifest.packs(stick.root):
        with suppress(Refused):
            told = packfile.read(path, [*signers, *_trusted(stick, path)], is_expired_ok=True)
            given += ["--pack", str(path), "--trust", told.signer.hex()]
    return given


def _can_collect() -> bool:
    from quetsach.cli import root

    return "reports" in root.COMMANDS


def _collect(stick: Stick) -> int:
    folder = _asked(
        stick, _("Drag the folder with the reports into this window, then press Enter"), is_folder=True
    )
    if folder is None:
        return cli.NOTHING
    units = _asked(
        stick,
        _("Drag the list of units that should report (Excel, CSV) into this window; Enter if there is none"),
    )
    out = stick.result(f"tong-hop-bao-cao-{datetime.now():%Y%m%d-%H%M%S}.xlsx")
    given = ["reports", "collect", str(folder), "-o", out]
    return cli.run([*given, *(["--units", str(units)] if units is not None else [])])


def _send(stick: Stick) -> int:
    folder = stick.root / manifest.RESULTS
    if not folder.is_dir():
        click.echo(_("There is no result yet. Check a machine first."))
        return cli.NOTHING
    return cli.run(["check", "send", str(folder), "--pack", str(stick.pack_path), *stick.with_pack])


def _clean(stick: Stick) -> int:
    """Make a plan, and only then ask whether to apply it."""
    asked = _("Also switch on Windows' log of names asked for, for the next check? Type y, Enter if not")
    with_log = (
        ["--dns-log"] if say.is_yes(click.prompt(say.wrapped(asked), default="", show_default=False)) else []
    )
    path = stick.result(f"ke-hoach-{datetime.now():%Y%m%d-%H%M%S}.json")
    pack = ["--pack", str(stick.pack_path), *stick.with_pack] if stick.pack is not None else []
    code = cli.run(["check", "plan", path, *with_log, *pack])
    if code != cli.FOUND:
        return code
    click.echo()
    asked = _("To carry it out now, type the code of the plan; Enter leaves everything as it is")
    typed = click.prompt(say.wrapped(asked), default="", show_default=False).strip()
    return cli.run(["check", "apply", path, "--code", typed]) if typed else cli.NOTHING


def _take_back() -> int:
    asked = _("What was taken away comes back, malware too. Type y to do it, Enter if not")
    if not say.is_yes(click.prompt(say.wrapped(asked), default="", show_default=False)):
        return cli.NOTHING
    return cli.run(["check", "undo"])


def _is_web(address: str) -> bool:
    with suppress(ValueError):
        parts = urlsplit(address)
        return parts.scheme in ("https", "http") and bool(parts.hostname)
    return False


def _open(stick: Stick) -> int:
    import webbrowser

    assert stick.pack is not None
    webbrowser.open(stick.pack.portal)
    # Nobody knows whether a window opened: Windows reports success as soon as it has started a program.
    message = _("If no browser opens, type this address into one: %(url)s")
    click.echo(say.wrapped(message % {"url": visible(stick.pack.portal)}))
    return cli.NOTHING


def _name_of_other_language() -> str:
    return "English" if language.code() == "vi" else "Tiếng Việt"


def _other_language() -> int:
    language.use("en" if language.code() == "vi" else "vi")
    os.environ["QUETSACH_LANG"] = language.code()
    return cli.NOTHING
