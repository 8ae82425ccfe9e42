"""A cluster from a process of its own: Ray ends the process that speaks with it when the node of this machine
dies, and a scan must still tell what it saw.

The process is given units and says what `RayWorkers` says, in pickles over its standard input and output.
When it dies, another one is given what was open.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

from quetsach import engine
from quetsach.engine import Engine, Matcher, ScanOptions, SourceResult
from quetsach.errors import QuetsachError, ScanError
from quetsach.fieldmap import FieldMap
from quetsach.scanning.executor import Done, Outcome, Unit
from quetsach.scanning.executors.ray import HELD_BYTES, MOST_ATTEMPTS, RayWorkers, unpickled
from quetsach.scanning.reading import INTERRUPTED, failed
from quetsach.scanning.transfer import to_outcomes, to_rows

_READY, _FAILED, _ROW, _DONE, _COUNTS, _END = "ready", "failed", "row", "done", "counts", "end"
_SUBMIT, _CANCEL, _CLOSE = "submit", "cancel", "close"
_TICK_SECONDS = 0.1
_NEXT_SECONDS = 0.005
_MOST_WAITING = 16
"""Messages that are read but not yet taken: each is at most about 1 MiB."""
_DIED = "its process or its machine died"


@dataclass(slots=True)
class _Open:
    """A unit in the other process; `said` are its rows so far, pickled one after another."""

    unit: Unit
    said: Any = field(default_factory=partial(tempfile.SpooledTemporaryFile, max_size=HELD_BYTES))


class Apart:
    """`RayWorkers` in a process of its own; the same arguments.

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
        self._options = options
        self._given = pickle.dumps((address, engine_used.name, matcher, options, jobs, fields))
        self._open: dict[int, _Open] = {}
        self._number = self._deaths = 0
        self._counts = (0, 0)
        self._is_cancelled = False
        self._start()

    def _start(self) -> None:
        """Raises ScanError where it cannot be, or died each time."""
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

    def _begin(self) -> tuple[Any, ...]:
        """The first word of a new process."""
        code = f"from {__name__} import serve; serve()"
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
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
        # Of its death the end of what it says tells.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def submit(self, unit: Unit) -> None:
        """See `Executor`."""
        self._number += 1
        self._open[self._number] = _Open(unit)
        self._send(pickle.dumps((_SUBMIT, self._number, unit)))

    def events(self, seconds: float) -> Iterator[tuple[Unit, Outcome | Done]]:
        """See `Executor`."""
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
        elif kind == _ROW:
            pickle.dump(rest[1], self._open[rest[0]].said)
        elif kind == _DONE:
            found = self._open.pop(rest[0])
            found.said.seek(0)
            for outcome in to_outcomes(unpickled(found.said)):
                yield found.unit, outcome
            found.said.close()
            yield found.unit, rest[1]
        elif kind == _END:
            yield from self._died()

    def _died(self) -> Iterator[tuple[Unit, Outcome | Done]]:
        """What was open is given to another process, or to none any more."""
        self._deaths += 1
        self._counts = (0, 0)
        units = [one.unit for one in self._open.values()]
        for one in self._open.values():
            one.said.close()
        self._open.clear()
        why = f"its worker failed {self._deaths} times ({_DIED}); it was not looked at"
        if self._deaths < MOST_ATTEMPTS and not self._is_cancelled:
            self._leave()
            try:
                self._start()
                for unit in units:
                    self.submit(unit)
                return
            except ScanError as error:
                why = f"no worker of the cluster could be started ({error}); it was not looked at"
        for unit in units:
            if self._is_cancelled:
                yield unit, SourceResult([], failed(unit.log, self._options, INTERRUPTED))
            yield unit, Done("" if self._is_cancelled else why)

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
    """Hand on all messages, and last that there will be none any more."""
    with stream:
        try:
            while True:
                into.put(pickle.load(stream))  # noqa: S301 -- from a process of our own
        except (EOFError, pickle.UnpicklingError, OSError):
            into.put((_END,))


def serve() -> None:
    """What the process does: `RayWorkers` for whoever started it."""
    # Ctrl-C reaches the scan, which then cancels; what Ray prints is no message.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 1)

    def say(*message: Any) -> None:
        pickle.dump(message, out)
        out.flush()

    given = pickle.load(sys.stdin.buffer)  # noqa: S301 -- from the process that started us
    address, name, matcher, options, jobs, fields = given
    try:
        workers = RayWorkers(address, engine.choose(name), matcher, options, jobs, fields)
    except QuetsachError as error:
        say(_FAILED, str(error))
        return
    say(_READY)
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
    counts = (0, 0)
    while True:
        seconds = None if not numbers else 0.0
        try:
            while True:
                kind, *rest = asked.get(timeout=seconds)
                # Units come one after another: what is behind this one shall not wait for an event.
                seconds = _NEXT_SECONDS
                if kind == _CLOSE:
                    return
                if kind == _CANCEL:
                    workers.cancel()
                else:
                    numbers[rest[1]] = rest[0]
                    workers.submit(rest[1])
        except queue.Empty:
            pass
        for unit, event in workers.events(_TICK_SECONDS):
            if isinstance(event, Done):
                say(_DONE, numbers.pop(unit), event)
            else:
                for row in to_rows(event):
                    say(_ROW, numbers[unit], row)
        if workers.running() != counts:
            counts = workers.running()
            say(_COUNTS, counts)


def _listen(into: queue.SimpleQueue[tuple[Any, ...]]) -> None:
    try:
        while True:
            into.put(pickle.load(sys.stdin.buffer))  # noqa: S301 -- from the process that started us
    except (EOFError, pickle.UnpicklingError):
        into.put((_CLOSE,))
