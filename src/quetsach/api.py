"""The scan as a Python call, as small as the command line; what `import quetsach` offers.

>>> import quetsach
>>> logs = getfixture("tmp_path")
>>> _ = (logs / "dns.log").write_text("2026-01-02T03:04:05Z 10.0.0.7 asks a.evil.example\\n")
>>> result = quetsach.scan(logs, ["evil.example", "192.0.2.0/24"], guard_rails=False)
>>> [(seen.device, seen.indicator, seen.count) for seen in result.sightings]
[('10.0.0.7', 'evil.example', 1)]
>>> [seen.lines for seen in result.coverage], result.errors
([1], [])
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from quetsach import (
    __version__,
    engine,
    feed,
    fieldmap,
    frames,
    guard,
    inputs,
    logformat,
    output,
    setfile,
)
from quetsach.engine import Engine, Matcher, ScanOptions
from quetsach.errors import IndicatorError, ScanError
from quetsach.feeds.item import parse
from quetsach.feeds.remark import REJECTS, Reject
from quetsach.indicator import Indicator, IndicatorSet, Scope
from quetsach.leases.naming import gather
from quetsach.scanning import result as scanned
from quetsach.scanning import work
from quetsach.scanning.result import Sightings
from quetsach.scanning.splitting import SPLIT_BYTES
from quetsach.scanning.state import State
from quetsach.sighting import Coverage, Scan
from quetsach.source import is_set_file

if TYPE_CHECKING:
    import polars
    import pyarrow

type Paths = str | Path | Iterable[str | Path]
type Indicators = str | Path | IndicatorSet | Iterable[str]


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan saw. `sightings` can be iterated as often as wanted and may lie in a temporary file;
    `coverage` says for each log what was looked at; `errors` are pairs of path and what could not be read."""

    _result: scanned.ScanResult

    @property
    def sightings(self) -> Sightings:
        """Sorted by source, indicator, device, day."""
        return self._result.sightings

    @property
    def coverage(self) -> list[Coverage]:
        """One record for each log, sorted by source."""
        return self._result.coverage

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Where this is not empty, "nothing found" is no answer."""
        return self._result.errors

    def save(self, path: str | Path) -> None:
        """Write .jsonl, .csv, .xlsx or .html, as `quetsach scan -o` does.

        Raises OutputError where the ending is another one or the file cannot be written.
        """
        file = Path(path)
        output.check(file)
        output.save(file, output.Report(self._result))

    def to_arrow(self) -> pyarrow.Table:
        """The sightings as a table of Apache Arrow; times are microseconds in UTC.

        Raises ScanError where pyarrow is not installed.
        """
        return frames.to_arrow(self.sightings)

    def to_polars(self) -> polars.DataFrame:
        """The sightings as a data frame of Polars; times are microseconds in UTC.

        Raises ScanError where polars is not installed.
        """
        return frames.to_polars(self.sightings)


def read_indicators(paths: Paths, *, scope: str | None = None, guard_rails: bool = True) -> IndicatorSet:
    """The indicators of list files in any form that `quetsach scan -i` takes, or of a compiled set.

    `scope` is "exact" or "subdomains"; without it the kind of list decides. With `guard_rails` what may not
    be listed is left out (`quetsach indicators check` says what).
    Raises IndicatorError.

    >>> import quetsach
    >>> file = getfixture("tmp_path") / "list.csv"
    >>> _ = file.write_text("indicator\\nevil[.]example\\n192.0.2.7:443\\n")
    >>> [one.canonical for one in quetsach.read_indicators(file, guard_rails=False)]
    ['192.0.2.7:443', 'evil.example']
    """
    files = _paths(paths)
    if len(files) == 1 and _is_set(files[0]):
        return setfile.read(files[0])
    found = feed.read_many(files, scope=_scope(scope)).indicators
    return guard.apply(found).kept if guard_rails else found


def scan(
    paths: Paths,
    indicators: Indicators,
    *,
    source_name: str | None = None,
    tz: str = "Asia/Ho_Chi_Minh",
    format: str | None = None,
    fields: str | None = None,
    leases: Paths = (),
    devices: bool = False,
    jobs: int | None = None,
    scope: str | None = None,
    guard_rails: bool = True,
    state: str | Path | None = None,
    cluster: str | None = None,
) -> ScanResult:
    """Read logs and say which machines called a listed address: the same answer as `quetsach scan`.

    `paths` are files, folders or addresses of object storage; `indicators` the path of a list or of a
    compiled set, an `IndicatorSet`, or values as lists spell them. `fields` names the columns of tables as
    `--fields` does; `leases` are DHCP files beside those found among the logs. A log that cannot be read is
    no exception: it is in `errors`. Raises IndicatorError where a list cannot be read, nothing is left to
    look for or the scope is unknown, SourceError for leases that cannot be read, ScanError for an unknown
    zone or format, columns that play no role, a cluster that cannot be used, or a state file of another scan.
    """
    _check_zone(tz)
    if jobs is not None and jobs < 1:
        raise ScanError(f"jobs={jobs}: at least one log is read at a time")
    columns = _columns(fields, format)
    if format not in (None, "text"):
        logformat.get(format)
    chosen = engine.choose(extra_formats=columns.formats() if columns else ())
    matcher = _matcher(chosen, indicators, scope, guard_rails)
    places = [str(path) for path in _paths(paths)]
    name = socket.gethostname() if source_name is None else source_name
    options = ScanOptions(tz, format, devices, name)
    header = Scan(f"quetsach {__version__}", matcher.set_id, matcher.count, name, tz, tuple(places))
    given = _paths(leases)
    logs = inputs.discover(places, own=[*given, *([Path(state)] if state is not None else [])])
    found_leases = gather(logs, given, tz)
    with ExitStack() as stack:
        kept = None
        if state is not None:
            kept = stack.enter_context(closing(State(Path(state), State.about(header, options, columns))))
        executor = None
        if cluster is not None:
            from quetsach.scanning.executors.ray import RayWorkers

            executor = RayWorkers(cluster, chosen, matcher, options, jobs, columns)
        result = work.run(
            logs,
            chosen,
            matcher,
            options,
            header,
            jobs=jobs or os.cpu_count() or 1,
            executor=executor,
            split_bytes=SPLIT_BYTES if kept or executor else None,
            state=kept,
            leases=found_leases,
            fields=columns,
        )
    return ScanResult(result)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ScanError(f"{name} is not a time zone; write it like Asia/Ho_Chi_Minh or UTC") from error


def _columns(fields: str | None, format: str | None) -> fieldmap.FieldMap | None:
    if fields is None:
        return None
    if format is not None:
        raise ScanError("fields and format exclude each other")
    return fieldmap.parse(fields)


def _paths(paths: Paths) -> Sequence[Path]:
    return [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]


def _is_set(path: Path) -> bool:
    """Of a file that is not there the reader of lists tells."""
    return path.is_file() and is_set_file(path)


def _scope(name: str | None) -> Scope | None:
    try:
        return Scope(name) if name is not None else None
    except ValueError as error:
        raise IndicatorError(f"{name}: a scope is exact or subdomains") from error


def _matcher(
    chosen: Engine,
    indicators: Iterable[str] | IndicatorSet | str | Path,
    scope: str | None,
    guard_rails: bool,
) -> Matcher:
    if isinstance(indicators, str | Path):
        file = Path(indicators)
        if _is_set(file):
            return chosen.load(file)
        return chosen.compile(read_indicators(file, scope=scope, guard_rails=guard_rails))
    if not isinstance(indicators, IndicatorSet):
        default = _scope(scope) or Scope.WITH_SUBDOMAINS
        found = IndicatorSet(one for value in indicators for one in _spelled(value, default))
        indicators = guard.apply(found).kept if guard_rails else found
    return chosen.compile(indicators)


def _spelled(value: str, scope: Scope) -> list[Indicator]:
    try:
        return parse(value, scope)[0]
    except Reject as reject:
        raise IndicatorError(f"{value}: {REJECTS[reject.code]}") from reject
