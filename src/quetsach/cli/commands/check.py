"""`quetsach check`: one machine, one verdict. It reads and changes nothing; it sends nothing unasked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quetsach.cli import FOUND, INCOMPLETE, NOTHING, check_targets, list_options, packfile, say
from quetsach.cli import root as _root
from quetsach.cli.commands import check_watch
from quetsach.results.output import OutputError, replacing
from quetsach.text import words
from quetsach.text.language import code
from quetsach.text.language import gettext as _

if TYPE_CHECKING:
    from quetsach.endpoint.checking import Options, Result
    from quetsach.endpoint.machine import Machine
    from quetsach.endpoint.pack import Pack
    from quetsach.endpoint.wanted import Wanted

_MOST_EVIDENCE = 3


class _Check(click.Group):
    """Without a subcommand it checks; the subcommands change a machine, or work on results."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invoke_without_command = True

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._fill()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._fill()
        return super().get_command(ctx, cmd_name)

    def _fill(self) -> None:
        from quetsach.cli.commands import check_act, check_merge, check_send

        if not self.commands:
            for one in (*check_act.commands(), check_merge.command(), check_send.command()):
                self.add_command(one)


def command() -> click.Command:
    """The command in the language in use."""
    made = _root.command(
        "check",
        _run,
        [
            click.Option(
                ["--root"],
                metavar="DIR",
                type=click.Path(path_type=Path),
                help=_("Check the disk of a machine that is off, mounted or copied at DIR; or a recording."),
            ),
            click.Option(
                ["--machine", "called"],
                metavar="NAME",
                help=_("With --root: the machine's name, if its disk does not hold it."),
            ),
            *check_targets.options(),
            check_targets.pack_option(),
            click.Option(
                ["--seal"],
                metavar="OUT",
                type=click.Path(path_type=Path),
                help=_("Save the result sealed: only the campaign and the unit of the pack can read it."),
            ),
            click.Option(
                ["--history"],
                is_flag=True,
                help=_("Compare the browser history too; only what is on a list is kept."),
            ),
            click.Option(
                ["--json", "json_out"],
                metavar="OUT",
                type=click.Path(path_type=Path),
                help=_("Save the result as JSON; - writes it to standard output."),
            ),
            click.Option(
                ["--html", "html_out"],
                metavar="OUT",
                type=click.Path(path_type=Path),
                help=_("Save the report as an HTML page."),
            ),
            click.Option(["--unit"], metavar="NAME", help=_("The unit whose machine it is.")),
            click.Option(
                ["--people"],
                metavar="N",
                type=_root.number(0, 9999),
                help=_("How many people use the machine."),
            ),
            click.Option(
                ["--yes"],
                is_flag=True,
                help=_("Start without questions. It never allows a change, and never sends."),
            ),
        ],
        _(
            "Check one machine for the campaign's addresses, for malware and for tampered activation. It"
            " reads only: nothing is changed, and nothing is sent unless you say so. Exit code: 0 no sign,"
            " 1 signs or traces, 2 not enough could be seen."
        ),
        "quetsach check -i indicators.csv --html result.html\n"
        "quetsach check --pack unit.qspack --trust KEY --seal result.qsresult\n"
        "quetsach check --root /mnt/disk --machine PC-07 --full --json result.json\n"
        "quetsach check merge results/ -o machines.xlsx",
        kind=_Check,
    )
    made.no_args_is_help = False
    return made


def _run(
    root: Path | None,
    is_full: bool,
    indicators: tuple[Path, ...],
    hashes: Path | None,
    rules: tuple[Path, ...],
    profile: Path | None,
    history: bool,
    json_out: Path | None,
    html_out: Path | None,
    pack: Path | None,
    seal: Path | None,
    called: str | None,
    unit: str | None,
    people: int | None,
    yes: bool,
    **given: Any,
) -> int:
    if click.get_current_context().invoked_subcommand is not None:
        return NOTHING
    outs = _Outs(json_out, html_out, seal)
    _refuse_unfit(root, called, pack, outs)
    if html_out is not None:
        _ahead(is_sealing=seal is not None)
    from quetsach.endpoint import machines
    from quetsach.endpoint.checking import Options
    from quetsach.endpoint.fact import Unavailable
    from quetsach.endpoint.reporting import wording

    outs.say(say.styled(wording.promise(), bold=True))
    is_asking = not yes and outs.to_screen and sys.stdin.isatty()
    is_other_given = bool(indicators or hashes or rules)
    packed = check_targets.packed(pack, given["trust"], is_asking=is_asking, is_other_given=is_other_given)
    if packed is not None:
        outs.say(words.visible(packfile.described(packed)))
    try:
        machine = _at(root, called, packed, is_asking=is_asking) if root is not None else machines.here()
    except Unavailable as error:
        say.error(_not_there(root, error.reason))
        return INCOMPLETE
    wanted = check_targets.read(indicators, hashes, rules, profile, list_options.choice_of(given), packed)
    if packed is not None:
        unit = unit or packed.unit.name
    answers = _answers(unit, people, is_asking=is_asking)
    seconds = check_watch.SECONDS[is_full] if wanted.indicators and root is None else 0.0
    options = Options(is_full=is_full, with_history=history, seconds=seconds)
    first = _say_first if outs.to_screen else None
    result = replace(_looked_at(machine, wanted, options, first, is_here=root is None), answers=answers)
    return _handed_out(result, machine, packed, outs, is_asking=is_asking)


@dataclass(frozen=True)
class _Outs:
    """The files for the result; unless the JSON goes to standard output, the screen shows the result too."""

    json: Path | None
    html: Path | None
    seal: Path | None

    @property
    def to_screen(self) -> bool:
        return self.json is None or str(self.json) != "-"

    def say(self, text: str) -> None:
        """Print to the screen, unless standard output belongs to the JSON."""
        if self.to_screen:
            click.echo(text)


def _refuse_unfit(root: Path | None, called: str | None, pack: Path | None, outs: _Outs) -> None:
    """Refuse options that do not fit together before the machine is looked at, not after."""
    from quetsach.endpoint import naming

    for path in (outs.json, outs.html, outs.seal):
        if path is not None and not path.parent.is_dir():
            raise OutputError("folder", path, "no such folder")
    if pack is None and outs.seal is not None:
        raise click.UsageError(_("--seal needs --pack: it holds the keys that the result is sealed for."))
    if called is not None and (root is None or not naming.given(called)):
        raise click.UsageError(
            _("--machine gives the name of a disk at --root: one line of at most 100 letters.")
        )


def _looked_at(
    machine: Machine,
    wanted: Wanted,
    options: Options,
    on_verdict: Callable[[Result], None] | None,
    *,
    is_here: bool,
) -> Result:
    """Run the check with its progress bar; Ctrl-C ends it with the facts so far."""
    from quetsach.cli.progress import stop_on_interrupt
    from quetsach.endpoint import checking
    from quetsach.endpoint.machines import live

    if is_here:
        live.work_quietly()
    with stop_on_interrupt() as stop, check_watch.bar() as (on_probe, on_file, on_wait):
        return checking.check(
            machine, wanted, options,
            stop=stop, on_probe=on_probe, on_file=on_file, on_wait=on_wait, on_verdict=on_verdict,
        )  # fmt: skip


def _handed_out(
    result: Result, machine: Machine, packed: Pack | None, outs: _Outs, *, is_asking: bool
) -> int:
    """Show the result, save it, offer to send it; returns the exit code."""
    from quetsach.endpoint import sealing
    from quetsach.endpoint.reporting import result as document

    if outs.to_screen:
        # Shown before it is saved: a full disk must not cost the answer.
        _tell(result)
    else:
        document.write(sys.stdout, result)
    data = b""
    if packed is not None and outs.seal is not None:
        _tell_sealed(outs.say)
        data = sealing.seal(
            document.as_table(result), packed, sealing.machine_id(machine, packed.campaign.id)
        )
    unsaved = _save(
        outs.say,
        (outs.seal, lambda part: part.write_bytes(data)),
        (outs.json if outs.to_screen else None, lambda part: _write_json(part, result)),
        (outs.html, lambda part: _write_html(part, result)),
    )
    if outs.to_screen and outs.seal is not None:
        # Repeated at the end: in a small window the first lines are gone by now.
        _conclude(result)
    if packed is not None and (contact := packed.text("contact", code())):
        outs.say(_("Ask and hand in: %(contact)s") % {"contact": words.visible(contact)})
    if packed is not None and outs.seal is not None and is_asking and outs.seal not in unsaved:
        from quetsach.cli.commands import check_send

        check_send.offer(outs.seal, packed)
    return INCOMPLETE if unsaved else _code(result)


def _ahead(*, is_sealing: bool) -> None:
    """Import modules for after the check: a stick pulled out during it must not cost the answer."""
    from quetsach.endpoint.reporting import report  # noqa: F401
    from quetsach.indicators import guard  # noqa: F401
    from quetsach.indicators.lists import remark  # noqa: F401

    if is_sealing:
        from nacl import public, secret, utils  # noqa: F401


def _not_there(root: Path | None, reason: str) -> str:
    if reason == "damaged":
        return _("%(path)s: is no recording of a machine.") % {"path": root}
    return _("%(path)s: holds no system. Give the folder that holds Windows and Users, or etc and usr.") % {
        "path": root
    }


def _at(root: Path, called: str | None, packed: Pack | None, *, is_asking: bool) -> Machine:
    """The machine of a disk, with a name: a result without a name could not be matched to its machine."""
    from quetsach.endpoint import machines, naming

    machine = machines.at(root)
    if machine.name:
        if called is not None and naming.given(called).casefold() != machine.name.casefold():
            say.warning(
                _("The disk tells its machine's name: %(name)s. That one is used.") % {"name": machine.name}
            )
        return machine
    name = naming.given(called or "") or naming.of_disk(machine, packed.campaign.id if packed else "")
    if called is None and is_asking:
        asked = click.prompt(
            _("This disk does not tell its machine's name. What is it called?"), default=name
        )
        name = naming.given(asked) or name
    elif called is None:
        message = _(
            "This disk does not tell its machine's name; the result says %(name)s. --machine gives another."
        )
        say.warning(message % {"name": name})
    return machines.at(root, name)


def _answers(unit: str | None, people: int | None, *, is_asking: bool) -> dict[str, str]:
    """Ask two questions; Enter is a valid answer to both."""
    while is_asking and people is None:
        asked = click.prompt(_("How many people use this machine?"), default="1", show_default=True).strip()
        if asked.isdecimal() and len(asked) < 5:
            people = int(asked)
        else:
            click.echo(_("Type a number, such as 2."))
    if is_asking and unit is None:
        unit = click.prompt(_("Which unit does it belong to?"), default="", show_default=False)
    found = {"unit": unit or "", "people": "" if people is None else str(people)}
    return {name: value for name, value in found.items() if value}


def _save(screen: Callable[[str], None], *files: tuple[Path | None, Callable[[Path], object]]) -> set[Path]:
    """Write each file, the most important first; reports and returns the paths that could not be written."""
    unsaved = set()
    for path, write in files:
        if path is None:
            continue
        try:
            with replacing(path) as part:
                write(part)
        except OutputError as error:
            say.problem(error)
            unsaved.add(path)
        else:
            screen(_("Saved: %(path)s") % {"path": path})
    return unsaved


def _write_json(path: Path, result: Result) -> None:
    from quetsach.endpoint.reporting import result as document

    with path.open("w", encoding="utf-8", newline="\n") as out:
        document.write(out, result)


def _write_html(path: Path, result: Result) -> None:
    from quetsach.endpoint.reporting import report

    with path.open("wb") as page:
        report.write(page, result)


def _tell_sealed(screen: Callable[[str], None]) -> None:
    """Say what the sealed file holds before it is written: it is the only file meant to leave the machine."""
    from quetsach.endpoint.reporting import wording

    screen("")
    screen(say.styled(_("In the sealed result, which only the campaign and the unit can read:"), bold=True))
    for text in wording.leaves():
        screen(say.wrapped(f"  + {text}"))
    screen(say.styled(_("Not in it:"), bold=True))
    for text in wording.stays():
        screen(say.wrapped(f"  - {text}"))


def _tell(result: Result) -> None:
    from quetsach.endpoint.reporting import wording

    def line(text: str = "", **style: Any) -> None:
        message = say.wrapped(words.visible(text))
        click.echo(say.styled(message, **style) if style else message)

    _conclude(result)
    line(wording.looked_at(result))
    for one in result.findings:
        line()
        line(f"  {one.sign or '•'}  {wording.finding(one, result)}")
        line(f"     {wording.confidence(one)}, {wording.kind(one)}")
        for seen in one.evidence[:_MOST_EVIDENCE]:
            line(f"     {wording.evidence(seen)}")
    if result.unseen:
        line()
        line(_("Not checked:"))
        for name in result.unseen:
            gaps = "; ".join(wording.gap(gap) for gap in result.observed[name].gaps[:_MOST_EVIDENCE])
            line(f"  {wording.probe(name)}: {gaps}")
    if others := wording.not_seen(result):
        line()
        line(_("Not looked at, or not wholly; the conclusion does not rest on it: %(names)s.")
             % {"names": ", ".join(others)})  # fmt: skip
    line()
    line(_("What to do now:"), bold=True)
    for number, step in enumerate(wording.next_steps(result), 1):
        line(f"  {number}. {step}")


def _conclude(result: Result) -> None:
    from quetsach.endpoint.reporting import wording

    colour = {"found": "red", "check": "yellow", "traces": "yellow", "clean": "green"}
    click.echo()
    message = say.wrapped(words.visible(wording.verdict(result)))
    click.echo(say.styled(message, bold=True, fg=colour.get(str(result.verdict))))


def _say_first(result: Result) -> None:
    """The conclusion as soon as all but the watch of connections is done."""
    _conclude(result)
    message = _("The connections are still watched; what they show is added. Ctrl+C ends the watch.")
    click.echo(say.wrapped(message))


def _code(result: Result) -> int:
    from quetsach.endpoint.verdict import Verdict

    if result.verdict is Verdict.UNKNOWN:
        return INCOMPLETE
    return NOTHING if result.verdict is Verdict.CLEAN else FOUND
