"""The request for one scan; the command line, Python and the stick all make it.

Modules that only some scans need are imported where they are used: imports are most of the time and of the
memory that a scan of one small log takes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from quetsach import __version__
from quetsach.errors import ScanError
from quetsach.files import inputs
from quetsach.files.inputs import Inputs
from quetsach.indicators import draft, loading
from quetsach.indicators.indicator import IndicatorSet
from quetsach.indicators.loading import Choice, Lists, NothingLeftError
from quetsach.machines.leases.naming import Leases, gather
from quetsach.scanning import engine, recognition, work
from quetsach.scanning.engine import Engine, Matcher, ScanOptions
from quetsach.scanning.result import ScanResult, Snapshot
from quetsach.sightings.sighting import Scan

if TYPE_CHECKING:
    from quetsach.logs.fieldmap import FieldMap
    from quetsach.scanning.executor import Executor

TIME_ZONE = "Asia/Ho_Chi_Minh"
"""The zone of log times that name none."""


class Request(NamedTuple):
    """The logs and the lists of a scan, and its options.

    `paths` are files, folders, addresses of object storage, or - for standard input. `lists` are files that
    are read and judged by `choice`, or lists loaded before. `tz` is the zone of log times that name none;
    `log_format` and `fields` say how all logs are read; `leases` are DHCP files beside those among the logs,
    `lease_length` is the length in microseconds of leases whose file names only their end;
    `devices` notes the machines that were alive. `jobs` logs are read at once, all processors for None;
    `state` keeps what is finished; `cluster` is the address of a Ray cluster. `own` are files that this run
    writes, which are no logs. `asked` are machines, in the spelling of `quetsach.sightings.asked`, whose
    hours are looked for.
    """

    paths: Sequence[str]
    lists: Sequence[Path] | Lists
    source_name: str
    choice: Choice = Choice()
    tz: str = TIME_ZONE
    log_format: str | None = None
    fields: str | None = None
    leases: Sequence[Path] = ()
    devices: bool = False
    jobs: int | None = None
    state: Path | None = None
    cluster: str | None = None
    own: Sequence[Path] = ()
    asked: Sequence[str] = ()
    lease_length: int | None = None

    def check(self) -> FieldMap | None:
        """Refuse impossible requests before anything is read; returns the columns that `fields` names.

        Raises ScanError for an unknown zone or format, and for columns that play no role.
        """
        check_zone(self.tz)
        if self.log_format is not None:
            from quetsach.logs import logformat

            logformat.check(self.log_format)
        if self.fields is None:
            return None
        if self.log_format is not None:
            raise ScanError("--fields and --format exclude each other.")
        from quetsach.logs import fieldmap

        return fieldmap.parse(self.fields)

    def prepare(self) -> Prepared:
        """Load the lists and find the logs.

        Raises IndicatorError where a list cannot be read or no entry is left, SourceError for leases that
        cannot be read, ScanError as `check` does.
        """
        fields = self.check()
        chosen = engine.choose(extra_formats=fields.formats() if fields else ())
        matcher, lists = matcher_of(chosen, self.lists, self.choice)
        files = () if isinstance(self.lists, Lists) else self.lists
        kept = [self.state] if self.state is not None else []
        logs = inputs.discover(self.paths, own=[*files, *self.leases, *self.own, *kept])
        leases = gather(logs, self.leases, self.tz, self.lease_length)
        return Prepared(self, chosen, matcher, lists, fields, logs, leases)


class Prepared(NamedTuple):
    """A scan that can start: its lists are loaded, its logs are known."""

    request: Request
    engine: Engine
    matcher: Matcher
    lists: Lists
    fields: FieldMap | None
    logs: Inputs
    leases: Leases

    def run(
        self,
        on_progress: Callable[[Snapshot], None] | None = None,
        stop: threading.Event | None = None,
        on_note: Callable[[str], None] = lambda _note: None,
    ) -> ScanResult:
        """Scan. `on_note` gets the notes of a cluster before its machines start.

        Raises ScanError for a cluster that cannot be used, or a state file of another scan.
        """
        asked = self.request
        machines = tuple(asked.asked)
        options = ScanOptions(asked.tz, asked.log_format, asked.devices, asked.source_name, machines)
        header = Scan(
            f"quetsach {__version__}",
            self.matcher.set_id,
            self.matcher.count,
            asked.source_name,
            asked.tz,
            tuple(asked.paths),
            machines,
        )
        with ExitStack() as stack:
            state = None
            if asked.state is not None:
                from quetsach.scanning.state import State

                about = State.about(header, options, self.fields)
                state = stack.enter_context(closing(State(asked.state, about)))
            executor = self._cluster(options, on_note) if asked.cluster is not None else None
            split_bytes = None
            if state or executor:
                from quetsach.scanning.splitting import SPLIT_BYTES

                split_bytes = SPLIT_BYTES
            result = work.run(
                self.logs,
                self.engine,
                self.matcher,
                options,
                header,
                jobs=asked.jobs or os.cpu_count() or 1,
                executor=executor,
                split_bytes=split_bytes,
                state=state,
                on_progress=on_progress,
                stop=stop,
                leases=self.leases,
                fields=self.fields,
            )
        return result._replace(slow_because=engine.why_slow())

    def _cluster(self, options: ScanOptions, on_note: Callable[[str], None]) -> Executor:
        from quetsach.scanning.executors.apart import Apart

        assert self.request.cluster is not None
        executor = Apart(
            self.request.cluster, self.engine, self.matcher, options, self.request.jobs, self.fields
        )
        for note in executor.notes:
            on_note(note)
        return executor

    def formats(self, result: ScanResult) -> dict[str, int]:
        """How many of the logs have each format."""
        return recognition.by_format(result, self.matcher, self.request.log_format)


def matcher_of(chosen: Engine, files: Sequence[Path] | Lists, choice: Choice) -> tuple[Matcher, Lists]:
    """The matcher of lists that are read and judged, or were loaded before.

    Raises IndicatorError where a list cannot be read or no entry is left.
    """
    if isinstance(files, Lists):
        return chosen.compile(files.indicators), files
    compiled = loading.lone_set(files, choice)
    if compiled is not None:
        return chosen.load(compiled), Lists(IndicatorSet(()))
    lists = read(files, choice)
    if not len(lists.indicators):
        raise NothingLeftError(files, lists.left_out)
    return chosen.compile(lists.indicators), lists


def read(files: Sequence[Path], choice: Choice) -> Lists:
    """`loading.read`, with the native engine where it is available; a log given as a list is refused.

    Raises IndicatorError as it does.
    """
    return loading.read(files, choice, draft=draft.available, log_format=recognition.log_format)


def looked_for(files: Sequence[Path], choice: Choice) -> IndicatorSet:
    """The indicators that a scan with these lists searches for. Raises IndicatorError as `read` does."""
    from quetsach.indicators import setfile

    compiled = loading.lone_set(files, choice)
    return setfile.read(compiled) if compiled is not None else read(files, choice).indicators


def write_set(path: Path, indicators: IndicatorSet) -> None:
    """Write a compiled set. Raises IndicatorError for an empty set."""
    # The native engine adds the index, so a scan opens the file without building it.
    with_index = getattr(engine.choose(), "compile_to", None)
    if with_index is not None:
        with_index(indicators, path)
        return
    from quetsach.indicators import setfile

    setfile.write(path, indicators)


def check_zone(name: str) -> None:
    """Raises ScanError for an unknown time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ScanError(f"{name} is not a time zone; write it like Asia/Ho_Chi_Minh or UTC.") from None
