"""The start of the stick: its files are compared first, and only then are other modules imported."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from quetsach import cli
from quetsach.endpoint import manifest
from quetsach.endpoint.refusal import Refused
from quetsach.text import language

_NO_PAUSE = "QUETSACH_NO_PAUSE"


def main(arguments: Sequence[str]) -> int:
    """Verify the stick, then scan the given files, or run one command, or show the menu.

    The exit code is that of the command; 2 where the stick or its pack must not be used. The window of a
    double click stays open until the person has read it: this program itself waits, because Windows reads the
    `.cmd` from the stick line by line, and cannot go on after the stick is pulled out.
    """
    language.use(language.choose(None, {"QUETSACH_LANG": os.environ.get("QUETSACH_LANG", "")}))
    # Imported now, like all that is needed after the stick may have been pulled out.
    gone = language.gettext("The stick cannot be read any more. Put it back in, then start again.")
    closing = language.gettext("Press Enter to close this window.")
    # The folder of the running program, never a variable: a variable could name another stick. Then the
    # files of that stick would be compared, and the files of this one would run.
    root = Path(sys.executable).parent.parent
    try:
        return _started(root, arguments)
    except Exception:
        if root.is_dir():
            traceback.print_exc()
        else:
            print(f"\n{gone}", file=sys.stderr)
        return cli.INCOMPLETE
    finally:
        if sys.stdin.isatty() and not os.environ.get(_NO_PAUSE):
            with suppress(EOFError, KeyboardInterrupt):
                input(f"\n{closing} ")


def _add_engine() -> None:
    """Let the fast engine be found, now that it is verified: Windows loads no module from an archive."""
    import quetsach

    quetsach.__path__.append(str(Path(sys.executable).parent / "lib" / "quetsach"))


def _started(root: Path, arguments: Sequence[str]) -> int:
    try:
        told = manifest.verify(root)
    except Refused as error:
        from quetsach.cli import say

        say.error(error.worded())
        return cli.INCOMPLETE
    _add_engine()
    from quetsach.stick import menu

    return menu.run(menu.Stick(root, told), arguments)
