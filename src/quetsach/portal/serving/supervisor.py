"""The process that starts the worker processes, and replaces each that dies."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import Any

import django
from django.conf import settings

from quetsach.portal.serving.bounds import LONGEST_BODY, STOPPING
from quetsach.portal.serving.spool import clear
from quetsach.portal.serving.worker import work

_log = logging.getLogger(__name__)
_AT_ONCE = 10
"""So many deaths within `_LATELY` seconds are replaced at once; after that there is a pause before each."""
_LATELY = 10.0
_PAUSE = 1.0
_BACKLOG = 1024


class AddressError(Exception):
    """The server cannot listen on the address; the text is the system's reason."""


class DatabaseError(Exception):
    """The database does not answer, or, with `is_old`, lacks steps of `migrate`."""

    def __init__(self, reason: str = "", is_old: bool = False) -> None:
        super().__init__(reason)
        self.is_old = is_old


class StaticFilesError(Exception):
    """The pictures and style sheets of this version are not in the folder that the portal serves."""


def serve(host: str, port: int, processes: int, on_ready: Callable[[], None]) -> None:
    """Serve the portal until SIGTERM, SIGINT or Ctrl-C, and let running requests end.

    Where processes can be forked, the portal is loaded once, and they share its memory.

    Args:
        host: a name or an address.
        port: of TCP.
        processes: how many answer; Windows has one.
        on_ready: called when all have been started.

    Raises:
        AddressError: the address is in use or not this machine's.
        DatabaseError: nothing can be answered without it.
        StaticFilesError: no page can be drawn without them.
    """
    processes = 1 if sys.platform == "win32" else processes
    with listen(host, port) as listening:
        method = _method()
        django.setup()
        clear(settings.INCOMING, older_than=0)
        check_database()
        check_static_files()
        if method == "fork":
            _load()
        _Supervisor(listening, processes, multiprocessing.get_context(method)).run(on_ready)


def _method() -> str:
    return "spawn" if sys.platform in ("win32", "darwin") else "fork"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on this address."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _kind, _protocol, _name, address = found[0]
        # On Windows this option would let another program take the port over.
        listening = socket.socket(family)
        if sys.platform != "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        raise AddressError(error.strerror or str(error)) from error
    return listening


def _load() -> None:
    """Load the whole portal before forking: processes share its memory, also those started later."""
    from django.template.loader import get_template
    from django.utils import translation

    import quetsach.portal.wsgi  # noqa: F401

    for language in ("en", "vi"):
        with translation.override(language):
            translation.gettext("")
    get_template("kit/base.html")
    get_template("kit/refused.html")
    gc.collect()
    gc.freeze()


def check_database() -> None:
    """Raise DatabaseError if the database does not answer, or belongs to another version."""
    from django.db import Error, connection, connections
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        is_old = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except Error as error:
        raise DatabaseError(str(error).strip()) from error
    finally:
        # No process may use a connection that another process opened.
        connections.close_all()
    if is_old:
        raise DatabaseError(is_old=True)


def check_static_files() -> None:
    """Raise StaticFilesError if a file was added after the last `collectstatic`."""
    from django.contrib.staticfiles.finders import get_finders
    from django.contrib.staticfiles.storage import staticfiles_storage

    if settings.DEBUG:
        return
    storage: Any = staticfiles_storage
    for finder in get_finders():
        for name, _place in finder.list(["CVS", ".*", "*~"]):
            if storage.hash_key(name) not in storage.hashed_files:
                raise StaticFilesError(name)


class _Supervisor:
    def __init__(self, listening: socket.socket, processes: int, context: Any) -> None:
        self._listening, self._processes, self._context = listening, processes, context
        self._lifeline, self._other_end = context.Pipe(duplex=False)
        self._wakes, self._wake = multiprocessing.Pipe(duplex=False)
        self._workers: list[BaseProcess] = []
        self._died: deque[float] = deque(maxlen=_AT_ONCE)
        self._asked_to_end = 0

    def run(self, on_ready: Callable[[], None]) -> None:
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, self._ask_to_end)
        self._fill()
        on_ready()
        while not self._asked_to_end:
            # On Windows no signal wakes it.
            wait([self._wakes, *(worker.sentinel for worker in self._workers)], timeout=1.0)
            if not self._asked_to_end:
                self._replace()
        self._end()

    def _ask_to_end(self, *_: object) -> None:
        self._asked_to_end += 1
        self._wake.send_bytes(b"x")

    def _fill(self) -> None:
        while len(self._workers) < self._processes:
            given = (self._listening, self._lifeline, self._other_end, self._processes)
            worker = self._context.Process(target=work, args=given)
            try:
                worker.start()
            except OSError as error:  # no memory or no process left for another worker
                _log.error("no process can be started: %s", error)
                self._wakes.poll(_PAUSE)
                return
            self._workers.append(worker)

    def _replace(self) -> None:
        for worker in [worker for worker in self._workers if worker.exitcode is not None]:
            _log.error("process %s of the server ended (%s) and is replaced", worker.pid, worker.exitcode)
            self._workers.remove(worker)
            worker.close()
            clear(settings.INCOMING, older_than=2 * LONGEST_BODY)
            now = monotonic()
            if len(self._died) == _AT_ONCE and now - self._died[0] < _LATELY:
                self._wakes.poll(_PAUSE)
            self._died.append(now)
        if not self._asked_to_end:
            self._fill()

    def _end(self) -> None:
        """Let running requests end; a second signal ends them at once."""
        self._listening.close()
        self._other_end.close()
        until = monotonic() + STOPPING + 1
        while self._workers and self._asked_to_end == 1 and monotonic() < until:
            wait([worker.sentinel for worker in self._workers], timeout=0.1)
            self._workers = [worker for worker in self._workers if worker.exitcode is None]
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.join()
