"""The start of the stick: its files are compared first, and only then is anything else imported."""

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

_ROOT_VARIABLE = "QUETSACH_STICK"
_NO_PAUSE = "QUETSACH_NO_PAUSE"


def main(arguments: Sequence[str]) -> int:
    """Verify the stick, then scan the files given, or run one command, or show the menu.

    The exit code is that of the command; 2 where the stick or its pack must not be used. The window that a
    double click opened stays until somebody has read it: this program waits, because the `.cmd` is read from
    the stick line by line, and a stick that was pulled out has no next line.
    """
    language.use(language.choose(None, {"QUETSACH_LANG": os.environ.get("QUETSACH_LANG", "")}))
    # Looked up now, like all that is needed once nothing can be read any more.
    gone = language.gettext("The stick cannot be read any more. Put it back in, then start again.")
    closing = language.gettext("Press Enter to close this window.")
    root = Path(os.environ.get(_ROOT_VARIABLE) or Path(sys.executable).parent.parent)
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


def _started(root: Path, arguments: Sequence[str]) -> int:
    try:
        told = manifest.verify(root)
    except Refused as error:
        from quetsach.cli import say

        say.error(error.worded())
        return cli.INCOMPLETE
    from quetsach.stick import menu

    return menu.run(menu.Stick(root, told), arguments)
