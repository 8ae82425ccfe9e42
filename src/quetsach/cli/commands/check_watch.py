"""Watching a running check: for how many seconds, and the progress on the screen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from quetsach.cli import say
from quetsach.text.language import gettext as _

if TYPE_CHECKING:
    from quetsach.endpoint.files.filescan import Progress

SECONDS = {False: 20.0, True: 60.0}
"""Seconds for which sockets are watched; the key says whether the check is full."""


@contextmanager
def bar() -> Iterator[
    tuple[
        Callable[[str], None] | None,
        Callable[[Progress], None] | None,
        Callable[[float, float], None] | None,
    ]
]:
    """Show the current probe, then a bar with the time left; on a terminal only."""
    if not sys.stderr.isatty():
        yield None, None, None
        return
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Shown

    from quetsach.endpoint.reporting import wording

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
    )
    with Shown(*columns, console=say.console(is_error=True), transient=True) as shown:
        task = shown.add_task("", total=None, told="")

        def on_probe(name: str) -> None:
            shown.update(task, description=wording.probe(name))

        def on_file(now: Progress) -> None:
            told = "" if now.left is None else _left(now.left)
            shown.update(task, completed=now.work, total=now.work_total or None, told=told)

        def on_wait(left: float, total: float) -> None:
            text = _("Watching the connections")
            shown.update(task, description=text, completed=total - left, total=total, told=_left(left))

        yield on_probe, on_file, on_wait


def _left(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return _("%(time)s left") % {"time": f"{minutes}:{rest:02d}"}
