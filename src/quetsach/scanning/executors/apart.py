"""Talks to a cluster from a process of its own. Ray ends the process that speaks with it when this machine's
node dies, and a scan must still report its sightings.

The process gets units and returns the output of `RayWorkers`, in pickles over its standard input and output.
When it dies, another process gets the open units.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from quetsach.errors import QuetsachError, ScanError
from quetsach.files.spool import no_room
from quetsach.logs.fieldmap import FieldMap
from quetsach.scanning.engine import Engine, Matcher, ScanOptions
from quetsach.scanning.executor import Done, Outcome, Unit
from quetsach.scanning.executors.ray import LOCAL, MOST_ATTEMPTS, Anew, RayWorkers
from quetsach.scanning.reading import INTERRUPTED
from quetsach.scanning.transfer import Assembly, Row

_READY, _FAILED, _SAID, _COUNTS, _END = "ready", "failed", "said", "counts", "end"
_SUBMIT, _CANCEL, _CLOSE = "submit", "cancel", "close"
_TICK_SECONDS = 0.1
_NEXT_SECONDS = 0.005
_MOST_WAITING = 2
"""Messages that are read but not yet used: each is at most about 8 MiB."""
_DIED = "its process or its machine died"
_RAY = {"RAY_NUM_REDIS_GET_RETRIES": "3"}
"""How often Ray asks for the first machine of a cluster, up to half a minute each time; Ray's own value is
20. Ray reads this when it is imported."""


@dataclass(slots=True)
class _Open:
    """A unit in the other process, and its outcomes so far; `lost` says why they cannot be kept, else ""."""

    unit: Unit
    outcomes: list[Outcome] = field(default_factory=list)
    lost: str = ""
    _assembly: Assembly = field(default_factory=Assembly)

    def take(self, rows: list[Row]) -> None:
        try:
            for row in [] if self.lost else rows:
                outcome = self._assembly.put(*row)
                if outcome is not None:
                    self.outcomes.append(outcome)
        except OSError as error:
            self.lost = no_room(error)
            self.outcomes.clear()
            self._assembly = Assembly()


class Apart:
    """Workers on Ray (see `RayWorkers`) in a process of their own.

    Raises ScanError as `RayWorkers` does.
    """

    def __init__(
        self,
        address: str,
        engine_used: Engine,
        matcher: Matcher,
        options: ScanOptions,
        jobs: int | None,
        fields: FieldMap | None = None,
    ) -> None:
        self._given = pickle.dumps((address, engine_used.name, pickle.dumps(matcher), options, jobs, fields))
        self._environment = {} if address == LOCAL else _RAY
        self._open: dict[int, _Open] = {}
        self._number = self._deaths = 0
        self._counts = (0, 0)
        self._is_cancelled = False
        self._why_gone = ""
        """Why no process is left to read further units."""
        self._start()

    def _start(self) -> None:
        """Raises ScanError where the process cannot start, or died each time."""
        kind, *rest = self._begin()
        while kind == _END and self._deaths + 1 < MOST_ATTEMPTS:
            self._deaths += 1
            self._leave()
            kind, *rest = self._begin()
        if kind != _READY:
            self._leave()
            raise ScanError(
                rest[0] if kind == _FAILED else f"the workers of the cluster cannot start: {_DIED}"
            )
        self.notes: list[str] = rest[0]
        """The machines that take no part, and why."""

    def _begin(self) -> tuple[Any, ...]:
        """Start a process and return its first message."""
        code = f"from {__name__} import serve; serve()"
        path = os.pathsep.join(filter(None, sys.path))
        environment = {**self._environment, **os.environ, "PYTHONPATH": path}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._events: queue.Queue[tuple[Any, ...]] = queue.Queue(_MOST_WAITING)
        assert self._process.stdout is not None
        threading.Thread(target=_read, args=(self._process.stdout, self._events), daemon=True).start()
        self._send(self._given)
        return self._events.get()

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        # A dead process is noticed by the end of its output; it cannot be written to.
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def submit(self, unit: Unit) -> None:
        """See `Executor`."""
        self._number += 1
        self._open[self._number] = _Open(unit)
        self._send(pickle.dumps((_SUBMIT, self._number, unit)))

    def events(self, seconds: float) -> Iterator[tuple[Unit, Outcome | Done]]:
        """See `Executor`."""
        if self._why_gone:
            yield from self._refused()
            return
        try:
            message = self._events.get(timeout=seconds)
            while True:
                yield from self._taken(*message)
                message = self._events.get_nowait()
        except queue.Empty:
            return

    def _taken(self, kind: str, *rest: Any) -> Iterator[tuple[Unit, Outcome | Done]]:
        if kind == _COUNTS:
            self._counts = rest[0]
        elif kind == _SAID:
            number, said = rest
            found = self._open[number]
            if isinstance(said, Anew):
                self._open[number] = _Open(found.unit)
            elif isinstance(said, Done):
                del self._open[number]
                lost = said.lost or found.lost
                for outcome in [] if lost else found.outcomes:
                    yield found.unit, outcome
                yield found.unit, said._replace(lost=lost)
            else:
                found.take(said)
        elif kind == _END:
            yield from self._died()

    def _died(self) -> Iterator[tuple[Unit, Outcome | Done]]:
        """Give the open units to another process; if none can start, refuse them."""
        self._deaths += 1
        self._counts = (0, 0)
        why = f"its worker failed {self._deaths} times ({_DIED}); it was not looked at"
        if self._deaths < MOST_ATTEMPTS and not self._is_cancelled:
            units = [one.unit for one in self._open.values()]
            self._leave()
            try:
                self._start()
                self._open.clear()
                for unit in units:
                    self.submit(unit)
                return
            except ScanError as error:
                why = f"no worker of the cluster could be started ({error}); it was not looked at"
        self._why_gone = why
        yield from self._refused()

    def _refused(self) -> Iterator[tuple[Unit, Outcome | Done]]:
        """Refuse all open units, also units submitted later (when a span ends, its neighbours may be)."""
        units = [one.unit for one in self._open.values()]
        self._open.clear()
        for unit in units:
            yield unit, Done(INTERRUPTED if self._is_cancelled else self._why_gone)

    def running(self) -> tuple[int, int]:
        """See `Executor`."""
        return self._counts

    def cancel(self) -> None:
        """See `Executor`."""
        self._is_cancelled = True
        self._send(pickle.dumps((_CANCEL,)))

    def close(self) -> None:
        """Waits for the process, which ends its workers."""
        self._send(pickle.dumps((_CLOSE,)))
        self._leave()

    def _leave(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        while self._process.poll() is None:
            with contextlib.suppress(queue.Empty):
                self._events.get(timeout=_TICK_SECONDS)


def _read(stream: BinaryIO, into: queue.Queue[tuple[Any, ...]]) -> None:
    """Hand on all messages, and last the message that the stream has ended."""
    with stream:
        try:
            while True:
                into.put(pickle.load(stream))  # noqa: S301 -- from a process of our own
        except (EOFError, pickle.UnpicklingError, OSError):
            into.put((_END,))


def serve() -> None:
    """The main function of the other process: runs `RayWorkers` for the process that started it."""
    # Ctrl-C reaches the scan, which then cancels. Ray may print to standard output; that is no message.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 1)

    def say(*message: Any) -> None:
        pickle.dump(message, out)
        # Messages of one round travel together: `_COUNTS` ends the round and flushes.
        if message[0] != _SAID:
            out.flush()

    given = pickle.load(sys.stdin.buffer)  # noqa: S301 -- from the process that started us
    try:
        workers = RayWorkers(*given)
    except QuetsachError as error:
        say(_FAILED, str(error))
        return
    say(_READY, workers.notes)
    try:
        _serve(workers, say)
    except BrokenPipeError:
        pass
    finally:
        workers.close()


def _serve(workers: RayWorkers, say: Any) -> None:
    asked: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    numbers: dict[Unit, int] = {}
    while True:
        # Units come one after another: the others shall not wait for the first unit's output.
        seconds = _TICK_SECONDS
        try:
            while True:
                kind, *rest = asked.get(block=not numbers)
                if kind == _CLOSE:
                    return
                if kind == _CANCEL:
                    workers.cancel()
                else:
                    numbers[rest[1]] = rest[0]
                    workers.submit(rest[1])
                    seconds = _NEXT_SECONDS
        except queue.Empty:
            pass
        for unit, said in workers.said(seconds):
            say(_SAID, numbers.pop(unit) if isinstance(said, Done) else numbers[unit], said)
        say(_COUNTS, workers.running())


def _listen(into: queue.SimpleQueue[tuple[Any, ...]]) -> None:
    try:
        while True:
            into.put(pickle.load(sys.stdin.buffer))  # noqa: S301 -- from the process that started us
    except (EOFError, pickle.UnpicklingError):
        into.put((_CLOSE,))
