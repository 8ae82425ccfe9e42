"""One process of the server."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quetsach.portal.serving.listener import Listener

_FIRST_TO_GO = 300
"""Added to the score by which the kernel ends processes when memory is out: the supervisor survives them."""


def work(listening: socket.socket, lifeline: Pipe, other_end: Pipe, processes: int) -> None:
    """Answer until the supervisor ends or closes `other_end`, or SIGTERM comes.

    Args:
        listening: shared with the other processes.
        lifeline: ends when `other_end` is closed everywhere.
        other_end: this process's copy, which is closed at once.
        processes: how many there are, to share what they may hold in all.
    """
    other_end.close()
    # Ctrl-C reaches every process of the terminal; only the supervisor reacts to it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_FIRST_TO_GO))
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    listener = _listener(listening, processes)
    signal.signal(signal.SIGTERM, lambda *_: listener.stop())
    threading.Thread(target=_hold, args=(lifeline, listener), daemon=True, name="lifeline").start()
    listener.serve()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that still answer have had their time.
    os._exit(0)


def _hold(lifeline: Pipe, listener: Listener) -> None:
    with suppress(OSError, EOFError):
        lifeline.recv_bytes()
    listener.stop()


def _listener(listening: socket.socket, processes: int) -> Listener:
    from django.conf import settings

    from quetsach.files import opening
    from quetsach.portal.serving import bounds
    from quetsach.portal.serving.listener import Listener
    from quetsach.portal.wsgi import application

    largest = settings.MAX_UPLOAD_BYTES + bounds.BEYOND_FILES
    files = opening.open_files(4096)
    return Listener(
        application,
        listening,
        bounds.Bounds(
            patience=settings.PATIENCE_SECONDS,
            largest_body=largest,
            room=max(largest, bounds.BODIES_ON_DISK * largest // processes),
            connections=bounds.connections(files),
            folder=str(settings.INCOMING),
        ),
    )
