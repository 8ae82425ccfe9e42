"""Units on the machines of a Ray cluster, or on processes of this one (docs.ray.io, Ray Core, actors).

An actor reads one unit at a time and returns its outcomes in batches, which are passed on as they come. The
next unit lies with it already, so it does not wait for us between two units. If a worker dies, another worker
reads its unit again, and the outcomes of the first reading do not count.
"""

from __future__ import annotations

import importlib
import io
import itertools
import logging
import os
import pickle
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stdout
from typing import Any, NamedTuple

from quetsach import __version__
from quetsach.errors import ScanError
from quetsach.logs import logformat
from quetsach.logs.fieldmap import FieldMap
from quetsach.scanning import engine, reading
from quetsach.scanning.engine import Matcher, ScanOptions
from quetsach.scanning.executor import Done, Unit
from quetsach.scanning.executors import nodes
from quetsach.scanning.reading import INTERRUPTED, Reading
from quetsach.scanning.transfer import Row, to_rows

LOCAL, AUTO = "local", "auto"
MOST_ATTEMPTS = 3
_READ = "read"
_BATCH_BYTES = 8 << 20
_START_SECONDS = 120
_KNOCK_SECONDS = 10
_COUNT_SECONDS = 0.5
"""Seconds between two questions for a worker's counts: each answer costs the workers processor time."""


class _Answer(NamedTuple):
    """A batch of a unit's rows; `counts` are its bytes read and hits so far."""

    rows: list[Row]
    is_last: bool
    counts: tuple[int, int]


def _reads[M: Callable[..., Any]](method: M) -> M:
    """The mark of `ray.method`: these methods run one after another, and beside all others. It is set by
    hand, as Ray is imported later, and a scan through `ray://` cannot name the group at each call."""
    method.__ray_concurrency_group__ = _READ  # type: ignore[attr-defined]
    return method


class _Worker:
    """Lives in a process of its own, perhaps on another machine. Methods marked `_reads` run one after
    another, all other methods beside them."""

    def __init__(
        self,
        version: tuple[str, str],
        engine_name: str,
        options: ScanOptions,
        fields: FieldMap | None,
        shipped: bytes,
    ) -> None:
        if version != _version():
            here, there = (f"{number} with log formats {digest}" for number, digest in (version, _version()))
            raise ScanError(f"this machine has quetsach {here}, a worker {there}; install the same")
        self._engine = engine.choose(engine_name)
        self._matcher: Matcher = pickle.loads(shipped)  # noqa: S301 -- from the process that started us
        self._options, self._fields = options, fields
        self._reading: Reading | None = None
        self._rows: Iterator[Row] = iter(())
        self._is_cancelled = False
        self._is_open = False
        self._lock = threading.Lock()
        self._begun = -1
        self._withdrawn: set[int] = set()

    @_reads
    def begin(self, number: int, unit: Unit, *, is_file: bool) -> _Answer | None:
        """The unit's first batch; None where the unit was withdrawn, or the unit before it has more batches.

        Numbers rise. Raises FileNotFoundError for a file that is not here.
        """
        with self._lock:
            if number in self._withdrawn or self._is_open:
                self._withdrawn.discard(number)
                return None
            self._begun = number
        if is_file and not unit.log.path.exists():
            raise FileNotFoundError(f"{unit.log.path}: this machine lacks it")
        self._reading = Reading(self._engine)
        if self._is_cancelled:
            self._reading.cancel()
        said = reading.read(unit, self._matcher, self._options, self._reading, self._fields)
        self._rows = (row for outcome in said for row in to_rows(outcome))
        return self.more()

    @_reads
    def more(self) -> _Answer:
        """The next batch."""
        batch: list[Row] = []
        size = 0
        for row in self._rows:
            batch.append(row)
            size += len(row[1])
            if size >= _BATCH_BYTES:
                self._is_open = True
                return _Answer(batch, False, self.counts())
        self._is_open = False
        return _Answer(batch, True, self.counts())

    def withdraw(self, number: int) -> bool:
        """Withdraw a unit; False where reading had already started."""
        with self._lock:
            if self._begun >= number:
                return False
            self._withdrawn.add(number)
            return True

    def counts(self) -> tuple[int, int]:
        """Bytes read and hits of the current unit."""
        now = self._reading
        return (now.bytes_read, now.hits) if now is not None else (0, 0)

    def cancel(self) -> None:
        self._is_cancelled = True
        if self._reading is not None:
            self._reading.cancel()


class _Nowhere(io.TextIOBase):
    # A library that asks for the encoding of the screen gets an answer.
    encoding = "utf-8"

    def write(self, text: str) -> int:
        return len(text)


def _knock(address: str) -> None:
    """Try a connection first: Ray itself would try for minutes. Raises OSError.

    For `auto` with a cluster on this machine Ray finds the place, and retries as often as `apart` lets it.
    """
    host, colon, port = (os.environ.get("RAY_ADDRESS", "") if address == AUTO else address).rpartition(":")
    if colon and port.isdecimal() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK_SECONDS).close()


class _Task(NamedTuple):
    """A unit in the hands of an actor; `asked` is Ray's reference to its next answer."""

    number: int
    unit: Unit
    asked: Any
    has_spoken: bool = False


class Anew(NamedTuple):
    """A unit is read again from its start; its outcomes so far do not count."""


type Said = list[Row] | Anew | Done
"""The output of a unit, in this order: rows in batches, perhaps `Anew` and rows again, and last `Done`."""


class RayWorkers:
    """As many workers as the cluster has processors, or `jobs` processes here for the address `local`.

    `shipped` is the pickled matcher. It is not unpickled here, as a set can be large.

    Raises ScanError where Ray is missing, the cluster cannot be reached or its workers cannot start.
    """

    def __init__(
        self,
        address: str,
        engine_name: str,
        shipped: bytes,
        options: ScanOptions,
        jobs: int | None,
        fields: FieldMap | None = None,
    ) -> None:
        self._ray: Any = _ray()
        self._options, self._fields = options, fields
        self.notes: list[str] = []
        """The machines that take no part, and why."""
        # Ray prints news of dying workers to standard output, where the result may go.
        self._quiet = ExitStack()
        self._quiet.enter_context(redirect_stdout(_Nowhere()))
        self._connect(address, jobs)
        try:
            self._workers, chosen = self._join(address)
            # Ray keeps one copy a node, however many workers use it.
            self._shipped = self._ray.put(shipped)
            made = self._ray.remote(num_cpus=1, max_restarts=0, concurrency_groups={_READ: 1}, **chosen)
            self._class = made(_Worker)
            self._engine_name = engine_name
            self._hands: dict[Any, deque[_Task]] = {}
            """The units of each living actor: the unit that it reads, and perhaps the next."""
            self._why_none = "no processor was free"
            self._actors: list[Any] = []
            # An actor that has not answered yet may wait for a processor whose machine is gone.
            self._starting: dict[Any, Any] = {}
            self._failed_starts = 0
            self._start_first()
        except ScanError:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise ScanError(f"the workers of the cluster cannot start: {_told(error)}") from error
        self._heard = self._counted = time.monotonic()
        self._queue: deque[Unit] = deque()
        self._numbers = itertools.count()
        self._withdrawals: dict[Any, tuple[Any, int]] = {}
        self._attempts: Counter[Unit] = Counter()
        self._counting: dict[Any, Any] = {}
        self._counts: dict[Any, tuple[int, int]] = {}
        self._is_cancelled = False

    def _connect(self, address: str, jobs: int | None) -> None:
        quiet = {"log_to_driver": False, "configure_logging": False}
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # Ray's own value is 15: beside any other work on this machine a scan took two to three times as long.
        os.environ.setdefault("RAY_worker_niceness", "0")
        # Its warning explains how to switch authentication off.
        logging.getLogger("ray._private.authentication").setLevel(logging.ERROR)
        try:
            if address == LOCAL:
                self._ray.init("local", num_cpus=jobs, include_dashboard=False, **quiet)
            else:
                _knock(address)
                self._ray.init(address, **quiet)
        except Exception as error:
            self._quiet.close()
            raise ScanError(
                f"the cluster {address} cannot be reached: {_told(error)}; give the command on a machine of "
                "the cluster, or see docs/en/cluster.md"
            ) from error

    def _join(self, address: str) -> tuple[int, dict[str, Any]]:
        """The number of workers, and their options. Raises ScanError where no machine can be used."""
        processors = self._ray.cluster_resources().get("CPU", 1)
        idle: list[nodes.Node] = []
        if address != LOCAL:
            all_ = nodes.ask(self._ray, _version())
            idle = [node for node in all_ if node.why_idle]
            self.notes = [node.why_idle for node in idle]
            if idle and len(idle) == len(all_):
                raise ScanError(f"the workers of the cluster cannot start: {self.notes[0]}")
            processors -= sum(node.processors for node in idle)
        return max(1, int(processors)), nodes.without(idle)

    def _start_first(self) -> None:
        """Start one worker; raises Ray's error where that fails each time, as further workers would fail
        too."""
        for left in reversed(range(MOST_ATTEMPTS)):
            self._start()
            try:
                self._ray.get(list(self._starting), timeout=_START_SECONDS)
                return
            except self._ray.exceptions.RayActorError:
                if not left:
                    raise
                self._starting.clear()
                self._actors.clear()

    def _start(self) -> None:
        actor = self._class.remote(_version(), self._engine_name, self._options, self._fields, self._shipped)
        self._actors.append(actor)
        self._starting[actor.counts.remote()] = actor

    def submit(self, unit: Unit) -> None:
        """See `Executor`."""
        self._queue.append(unit)

    def said(self, seconds: float) -> Iterator[tuple[Unit, Said]]:
        """The output of units; waits at most `seconds` for the first."""
        while self._is_cancelled and self._queue:
            yield self._queue.popleft(), Done(INTERRUPTED)
        self._hand_out()
        reading = {hand[0].asked: actor for actor, hand in self._hands.items() if hand}
        waiting = [*reading, *self._starting, *self._withdrawals]
        ready = self._ray.wait(waiting, num_returns=1, timeout=seconds)[0] if waiting else []
        for asked in ready:
            self._heard = time.monotonic()
            if asked in self._starting:
                self._started(asked)
            elif asked in self._withdrawals:
                self._given_back(asked)
            else:
                yield from self._answered(reading[asked])
        if time.monotonic() - self._counted > _COUNT_SECONDS:
            self._count()
        if not self._hands:
            yield from self._given_up()

    def _started(self, asked: Any) -> None:
        """A worker reports that it lives, or has failed to start."""
        actor = self._starting.pop(asked)
        try:
            self._ray.get(asked)
            self._hands[actor] = deque()
            self._failed_starts = 0
        except Exception as error:
            self._actors.remove(actor)
            self._failed_starts += 1
            self._why_none = _told(error)

    def _given_up(self) -> Iterator[tuple[Unit, Said]]:
        """Give up the waiting units once no worker can be had any more."""
        is_silent = time.monotonic() - self._heard > _START_SECONDS
        if self._failed_starts < MOST_ATTEMPTS and not is_silent:
            return
        why = f"no worker of the cluster could be started ({self._why_none}); it was not looked at"
        while self._queue:
            yield self._queue.popleft(), Done(why)

    def _hand_out(self) -> None:
        idle = [actor for actor, hand in self._hands.items() if not hand]
        lacking = min(len(self._queue) - len(idle) - len(self._starting), self._workers - len(self._actors))
        for _ in range(lacking if self._failed_starts < MOST_ATTEMPTS else 0):
            self._start()
        while self._queue and idle:
            self._hand(idle.pop())
        for actor, hand in self._hands.items():
            if self._queue and len(hand) == 1 and not self._stands_alone(hand[0], self._queue[0]):
                self._hand(actor)
        if idle:
            self._withdraw(len(idle) - len(self._withdrawals))

    def _stands_alone(self, now: _Task, after: Unit) -> bool:
        """Whether no second unit may wait behind the current unit, so that a death can be blamed on one
        unit."""
        return now.has_spoken or bool(self._attempts[now.unit] or self._attempts[after])

    def _hand(self, actor: Any) -> None:
        unit, number = self._queue.popleft(), next(self._numbers)
        asked = actor.begin.remote(number, unit, is_file=unit.log.path.exists())
        self._hands[actor].append(_Task(number, unit, asked))

    def _withdraw(self, most: int) -> None:
        """Ask back the largest units that wait behind others, for workers that have nothing to do."""
        asked_before = {number for _actor, number in self._withdrawals.values()}
        waiting = [
            (actor, hand[1])
            for actor, hand in self._hands.items()
            if len(hand) > 1 and hand[1].number not in asked_before
        ]
        waiting.sort(key=lambda one: -_size(one[1].unit))
        for actor, task in waiting[: max(0, most)]:
            self._withdrawals[actor.withdraw.remote(task.number)] = (actor, task.number)

    def _given_back(self, asked: Any) -> None:
        actor, number = self._withdrawals.pop(asked)
        try:
            is_free: bool = self._ray.get(asked)
        except Exception:
            # The actor died; the reference to its current unit will report that.
            return
        hand = self._hands.get(actor, deque())
        for task in [task for task in hand if is_free and task.number == number]:
            hand.remove(task)
            self._queue.appendleft(task.unit)

    def _answered(self, actor: Any) -> Iterator[tuple[Unit, Said]]:
        hand = self._hands[actor]
        task = hand[0]
        try:
            answer: _Answer | None = self._ray.get(task.asked)
        except Exception as error:
            yield from self._failed(actor, error)
            return
        hand.popleft()
        if answer is None:
            self._queue.appendleft(task.unit)
            return
        if answer.is_last:
            # Hand out a new unit before its answer is used: the worker goes on meanwhile.
            self._counts.pop(actor, None)
            self._hand_out()
        else:
            self._counts[actor] = answer.counts
            # The actor refused the units behind this unit.
            self._queue.extendleft(other.unit for other in hand)
            hand.clear()
            hand.append(task._replace(asked=actor.more.remote(), has_spoken=True))
        yield task.unit, answer.rows
        if answer.is_last:
            size, hits = answer.counts
            yield task.unit, Done("", max(size, _size(task.unit)), hits)

    def _failed(self, actor: Any, error: Exception) -> Iterator[tuple[Unit, Said]]:
        """The worker or its machine died, or lacks the file: other workers take its units."""
        task, *behind = self._hands.pop(actor)
        self._queue.extendleft(other.unit for other in behind)
        self._actors.remove(actor)
        self._counts.pop(actor, None)
        self._ray.kill(actor)
        if isinstance(error, FileNotFoundError) and self._actors:
            # Such a worker would fail on each log at once, and so take most logs from the other workers.
            self._workers -= 1
            self._queue.append(task.unit)
            yield task.unit, Anew()
            return
        self._attempts[task.unit] += 1
        if self._attempts[task.unit] < MOST_ATTEMPTS and not self._is_cancelled:
            self._queue.append(task.unit)
            yield task.unit, Anew()
            return
        is_dead = isinstance(error, self._ray.exceptions.RayActorError)
        reason = "its process or its machine died" if is_dead else _told(error)
        why = f"its worker failed {self._attempts[task.unit]} times ({reason}); it was not looked at"
        yield task.unit, Done(INTERRUPTED if self._is_cancelled else why)

    def _count(self) -> None:
        """Ask the busy workers for their counts, with at most one open question each."""
        self._counted = time.monotonic()
        asked_before = list(self._counting)
        answered: list[Any] = []
        if asked_before:
            answered, _later = self._ray.wait(asked_before, num_returns=len(asked_before), timeout=0)
        busy = {actor for actor, hand in self._hands.items() if hand}
        for asked in answered:
            actor = self._counting.pop(asked)
            try:
                if actor in busy:
                    self._counts[actor] = self._ray.get(asked)
            except Exception:  # noqa: S112 -- its unit will report that it died
                continue
        for actor in busy - set(self._counting.values()):
            self._counting[actor.counts.remote()] = actor

    def running(self) -> tuple[int, int]:
        """See `Executor`."""
        return sum(n for n, _ in self._counts.values()), sum(hits for _, hits in self._counts.values())

    def cancel(self) -> None:
        """See `Executor`."""
        self._is_cancelled = True
        for actor in self._actors:
            actor.cancel.remote()

    def close(self) -> None:
        """Ends the workers; a cluster that was there before stays."""
        self._ray.shutdown()
        self._quiet.close()


def _version() -> tuple[str, str]:
    """The numbers of log formats travel between workers, so the formats must be the same as well."""
    return __version__, logformat.digest()


def _ray() -> Any:
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise ScanError(
            "--cluster needs the extra 'cluster'; install it with: pip install 'quetsach[cluster]'"
        ) from None


def _size(unit: Unit) -> int:
    span = unit.span
    if span is None:
        return unit.log.size
    return (unit.log.size if span.end is None else span.end) - span.start


def _told(error: Exception) -> str:
    """The last line with text in it: Ray puts whole traces into its messages."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1] if lines else ''}"[:300]
