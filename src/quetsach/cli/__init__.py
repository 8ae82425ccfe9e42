"""The command `quetsach`. Each command lives in its own module, imported when it is called.

Exit codes: 0 everything was looked at and nothing found, 1 sightings or lines without a machine, 2 some of it
could not be looked at, or the command line was wrong, 3 scanned but the push failed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

NOTHING, FOUND, INCOMPLETE, PUSH_FAILED = range(4)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    _open_closed_streams()
    _write_any_letter()
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def _open_closed_streams() -> None:
    """When started with `>&-` or `<&-`, Python has no stream objects: open the null device instead."""
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def _write_any_letter() -> None:
    """On a terminal or pipe without Vietnamese letters, plain letters are better than no answer."""
    for stream in (sys.stdout, sys.stderr):
        if not stream.encoding.lower().startswith("utf"):
            from quetsach.cli import letters

            letters.made_plain(stream)


def run(arguments: list[str]) -> int:
    """Run the command line; errors raised on purpose become one message on standard error."""
    if "scan" in arguments:
        from quetsach.scanning import engine

        engine.prepare()
    from quetsach.cli import say
    from quetsach.errors import QuetsachError
    from quetsach.text import language

    language.use(language.choose(_language_asked_for(arguments), os.environ))
    try:
        return _asked_of_click(arguments)
    except KeyboardInterrupt:
        say.error(language.gettext("Interrupted."))
        return INCOMPLETE
    except QuetsachError as error:
        say.problem(error)
        return INCOMPLETE
    except OSError as error:
        if say.is_of_output(error):
            say.output_failed(error)
        else:
            say.problem(error)
        return INCOMPLETE


def _asked_of_click(arguments: list[str]) -> int:
    from quetsach.text import language

    language.share()
    import click

    from quetsach.cli import root

    try:
        code = root.group().main(arguments, prog_name="quetsach", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return INCOMPLETE
    except click.Abort:
        raise KeyboardInterrupt from None
    return code if isinstance(code, int) else NOTHING


def _language_asked_for(arguments: list[str]) -> str | None:
    """The value of `--lang`, anywhere on the command line: the texts of the options depend on it."""
    for at, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
        if argument == "--lang" and at + 1 < len(arguments):
            return arguments[at + 1]
    return None
