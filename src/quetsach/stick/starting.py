"""The start of the stick: its files are compared first, and only then is anything else imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from quetsach import cli, language
from quetsach.endpoint.refusal import Refused
from quetsach.stick import manifest

_ROOT_VARIABLE = "QUETSACH_STICK"


def main(arguments: Sequence[str]) -> int:
    """Verify the stick, then scan the files given, or run one command, or show the menu.

    The exit code is that of the command; 2 where the stick or its pack must not be used.
    """
    language.use(language.choose(None, {"QUETSACH_LANG": os.environ.get("QUETSACH_LANG", "")}))
    root = Path(os.environ.get(_ROOT_VARIABLE) or Path(sys.executable).parent.parent)
    try:
        told = manifest.verify(root)
    except Refused as error:
        from quetsach.cli import say

        say.error(error.worded())
        return cli.INCOMPLETE
    from quetsach.stick import menu

    return menu.run(menu.Stick(root, told), arguments)
