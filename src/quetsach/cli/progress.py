"""The bar of a running scan: files, MB/s, hits, time left; on standard error, on a terminal only.

It appears only after a moment: a bar that vanishes at once could not be read.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from quetsach.cli import say
from quetsach.scanning.result import Snapshot
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext

_MOMENT_SECONDS = 0.5


@contextmanager
def bar() -> Iterator[Callable[[Snapshot], None] | None]:
    """A function that shows a snapshot, or None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    with ExitStack() as stack:
        shown: list[Callable[[Snapshot], None]] = []

        def update(now: Snapshot) -> None:
            if now.seconds < _MOMENT_SECONDS and not shown:
                return
            if not shown:
                shown.append(stack.enter_context(_drawn()))
            shown[0](now)

        yield update


@contextmanager
def _drawn() -> Iterator[Callable[[Snapshot], None]]:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(_("Scanning")),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TextColumn(_("left")),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=say.console(is_error=True), transient=True) as shown:
        task = shown.add_task("", total=None, told="")

        def update(now: Snapshot) -> None:
            hits = ngettext("%(n)s hit", "%(n)s hits", now.hits) % {"n": words.number(now.hits)}
            message = _("%(done)s of %(files)s, %(rate)s/s, %(hits)s") % {
                "done": words.number(now.files),
                "files": words.files(now.files_total),
                "rate": words.size(now.bytes / now.seconds if now.seconds > 0 else 0),
                "hits": hits,
            }
            shown.update(task, completed=now.bytes, total=now.bytes_total or None, told=message)

        yield update


@contextmanager
def stop_on_interrupt() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second one ends the program at once."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
