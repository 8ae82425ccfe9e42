"""`quetsach check plan`, `apply` and `undo`: the only commands that change a machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quetsach.cli import FOUND, INCOMPLETE, NOTHING, check_targets, list_options, say
from quetsach.cli import root as _root
from quetsach.cli.commands import check_watch
from quetsach.text.language import gettext as _
from quetsach.text.words import command_line, visible

if TYPE_CHECKING:
    from quetsach.endpoint.act.ground import Ground
    from quetsach.endpoint.act.plan import Plan


def commands() -> list[click.Command]:
    """The three commands in the language in use."""
    return [_plan_command(), _apply_command(), _undo_command()]


def _place_options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--root"],
            metavar="DIR",
            type=click.Path(path_type=Path),
            help=_("The disk of a machine that is off, mounted at DIR."),
        ),
        click.Option(
            ["--store"],
            metavar="DIR",
            type=click.Path(path_type=Path),
            help=_(
                "Folder of the kept files and the journal, if it is not the usual folder of that machine."
            ),
        ),
    ]


def _plan_command() -> click.Command:
    return _root.command(
        "plan",
        _plan,
        [
            click.Argument(["out"], metavar="OUT", type=click.Path(path_type=Path)),
            _place_options()[0],
            *check_targets.options(),
            check_targets.pack_option(),
            click.Option(
                ["--also"],
                metavar="SIGN",
                multiple=True,
                help=_("Also plan steps for a sign that is only a question, such as FILE-01."),
            ),
            click.Option(
                ["--without"],
                metavar="SIGN",
                multiple=True,
                help=_("Leave a sign or an indicator out of the plan."),
            ),
            click.Option(
                ["--dns-log", "with_log"],
                is_flag=True,
                help=_(
                    "Also switch on Windows' log of names asked for, so that a later check can look back."
                ),
            ),
        ],
        _(
            "Check one machine and write to OUT the plan of its clean-up, step by step, each with its"
            " reason, its backup, its read-back and its undo. Nothing is changed. Exit code: 0 nothing to"
            " do, 1 a plan was written, 2 it could not be made."
        ),
        "quetsach check plan plan.json -i indicators.csv\n"
        "quetsach check plan plan.json --pack unit.qspack --trust KEY",
    )


def _apply_command() -> click.Command:
    return _root.command(
        "apply",
        _apply,
        [
            click.Argument(["path"], metavar="PLAN", type=click.Path(path_type=Path)),
            click.Option(
                ["--code"],
                metavar="CODE",
                required=True,
                help=_("The code at the end of the plan, which shows that this very plan was read."),
            ),
            *_place_options(),
        ],
        _(
            "Carry a plan out. Everything is looked at again first: where the machine is not as the plan"
            " says, nothing is done. A word must be typed; no option answers for it. Exit code: 0 all done, 1"
            " some steps failed, 2 nothing was done."
        ),
        "quetsach check apply plan.json --code '1234 5678 9abc'",
    )


def _undo_command() -> click.Command:
    made = _root.command(
        "undo",
        _undo,
        [
            click.Option(
                ["--run"], metavar="NAME", default="", help=_("Which clean-up; the last one if not given.")
            ),
            *_place_options(),
        ],
        _(
            "Take the last clean-up back, also one that a power cut ended half-way, also days later. What was"
            " changed by something else since is left as it is and named. Exit code: 0 all is back, 1 some is"
            " not, 2 there is nothing to undo."
        ),
        "quetsach check undo",
    )
    made.no_args_is_help = False
    return made


def _ground(root: Path | None) -> Ground:
    from quetsach.endpoint.act import grounds

    return grounds.here() if root is None else grounds.at(root)


def _plan(
    out: Path,
    root: Path | None,
    is_full: bool,
    indicators: tuple[Path, ...],
    hashes: Path | None,
    rules: tuple[Path, ...],
    profile: Path | None,
    pack: Path | None,
    also: tuple[str, ...],
    without: tuple[str, ...],
    with_log: bool,
    **given: Any,
) -> int:
    from quetsach.cli.progress import stop_on_interrupt
    from quetsach.endpoint import checking
    from quetsach.endpoint.act import asleep, choosing, plan
    from quetsach.endpoint.act.errors import ActError
    from quetsach.endpoint.reporting import wording
    from quetsach.results.output import replacing

    _line(wording.promise(), bold=True)
    try:
        ground = _ground(root)
        asleep.refuse(ground.machine)
        is_other_given = bool(indicators or hashes or rules)
        packed = check_targets.packed(
            pack, given["trust"], is_asking=sys.stdin.isatty(), is_other_given=is_other_given
        )
        wanted = check_targets.read(indicators, hashes, rules, profile, list_options.choice_of(given), packed)
        seconds = 0.0 if root is not None or not wanted.indicators else check_watch.SECONDS[is_full]
        options = checking.Options(is_full=is_full, seconds=seconds)
        with stop_on_interrupt() as stop, check_watch.bar() as (on_probe, on_file, on_wait):
            result = checking.check(
                ground.machine, wanted, options,
                stop=stop, on_probe=on_probe, on_file=on_file, on_wait=on_wait,
            )  # fmt: skip
        if stop.is_set():
            raise click.Abort
        chosen = choosing.choose(result, ground, also, without, with_log=with_log)
        made = plan.make(
            ground, str(result.verdict), chosen.warnings, chosen.steps, chosen.advice, str(root or "")
        )
    except ActError as error:
        return _refused(error)
    _line()
    _line(wording.verdict(result), bold=True)
    _tell_plan(made)
    if not made.steps:
        return NOTHING
    with replacing(out) as part:
        part.write_text(json.dumps(plan.document(made), ensure_ascii=True, indent=1) + "\n", encoding="ascii")
    _tell_next(out, made, root)
    return FOUND


def _apply(path: Path, code: str, root: Path | None, store: Path | None) -> int:
    from quetsach.endpoint.act import applying, plan, wording
    from quetsach.endpoint.act.errors import ActError

    try:
        one = plan.read(path)
        ground = _ground(root)
        applying.admit(one, ground, code)
        _tell_plan(one)
        _line()
        _line(_("Nothing was changed yet. To carry the plan out, type: %(word)s") % {"word": wording.word()})
        if not wording.is_word(_typed()):
            raise ActError("wrong_word")
        outcome = applying.apply(
            one, ground, code, store, lambda step, why: _told(step.act, step.target, why)
        )
    except ActError as error:
        return _refused(error)
    _line()
    numbers = {"done": len(outcome.done), "all": len(one.steps)}
    _line(_("Done: %(done)d of %(all)d steps.") % numbers, bold=True)
    for number, failure in sorted(outcome.failed.items()):
        _line(f"  {number}. {wording.problem(failure)}", fg="yellow")
    _line(_("Clean-up %(run)s; end of the journal: %(head)s") % {"run": outcome.run, "head": outcome.head})
    if not outcome.begun:
        _line(
            _(
                "Nothing was changed on this machine, so there is nothing to check again and nothing to take"
                " back. Mend what is named above, then carry the plan out again."
            )
        )
        return INCOMPLETE
    if outcome.done:
        message = _("Check the machine once more now. To take everything back: %(command)s")
    else:
        message = _(
            "No step was completed. Mend what is named above, then carry the plan out again. To take back"
            " what was begun: %(command)s"
        )
    given = ["check", "undo", *_option("--root", root), *_option("--store", store)]
    _line(message % {"command": _command(given)})
    return NOTHING if len(outcome.done) == len(one.steps) else FOUND


def _undo(run: str, root: Path | None, store: Path | None) -> int:
    from quetsach.endpoint.act import undoing, wording
    from quetsach.endpoint.act.errors import ActError

    try:
        outcome = undoing.undo(
            _ground(root),
            store,
            run,
            lambda entry, why: _told(entry["act"], entry["target"], why, is_back=True),
        )
    except ActError as error:
        return _refused(error)
    _line()
    if outcome.failed:
        for number, failure in sorted(outcome.failed.items()):
            _line(f"  {number}. {wording.problem(failure)}", fg="yellow")
        _line(_("Not everything is back. Mend what is named, then undo once more."), bold=True)
    else:
        _line(_("Everything is as it was before the clean-up."), bold=True)
    _line(_("Clean-up %(run)s; end of the journal: %(head)s") % {"run": outcome.run, "head": outcome.head})
    return FOUND if outcome.failed else NOTHING


def _tell_plan(one: Plan) -> None:
    from quetsach.endpoint.act import wording

    for name in one.warnings:
        _line()
        _line(wording.warning(name), fg="yellow")
    part = ""
    for step in one.steps:
        if step.phase != part:
            part = step.phase
            _line()
            _line(wording.phase(part), bold=True)
        for text in wording.step(step):
            _line(f"  {text}")
    if one.advice:
        _line()
        _line(_("Left to a person:"), bold=True)
        for advice in one.advice:
            _line(f"  {wording.advice(advice)}")


def _tell_next(out: Path, made: Plan, root: Path | None) -> None:
    from quetsach.endpoint.act import wording

    given = ["check", "apply", str(out), "--code", wording.digits(made), *_option("--root", root)]
    _line()
    _line(_("The plan was saved; nothing was changed. Read it, then within seven days:"))
    _line(f"  {_command(given)}", bold=True)


def _option(name: str, given: Path | None) -> list[str]:
    return [] if given is None else [name, str(given)]


def _command(given: list[str]) -> str:
    return f"{say.called()} {command_line(given)}"


def _typed() -> str:
    # Not click.prompt: it would ask for ever where nobody is there to answer.
    sys.stdout.flush()
    return sys.stdin.readline()


def _told(act: str, target: Any, why: str, *, is_back: bool = False) -> None:
    from quetsach.endpoint.act import wording

    message = wording.done(act, target, why)
    if is_back and not why:
        message = _("Taken back: %(step)s") % {"step": message}
    _line(f"  {'✗' if why else '✓'} {message}")


def _refused(error: Any) -> int:
    from quetsach.endpoint.act import wording

    say.error(wording.problem(error))
    return INCOMPLETE


def _line(text: str = "", **style: Any) -> None:
    click.echo(say.styled(visible(text), **style) if style else visible(text))
