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
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from quetsach import (
    __version__,
    draft,
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
from quetsach.errors import IndicatorError, QuetsachError, ScanError
from quetsach.feeds.item import parse
from quetsach.feeds.remark import REJECTS, Reject
from quetsach.guards import warninglists
from quetsach.indicator import Indicator, IndicatorSet, Scope
from quetsach.inputs import Skipped
from quetsach.leases.naming import gather
from quetsach.output import ListNote
from quetsach.outputs import listnotes
from quetsach.scanning import result as scanned
from quetsach.scanning import work
from quetsach.scanning.result import Sightings
from quetsach.scanning.splitting import SPLIT_BYTES
from quetsach.scanning.state import State
from quetsach.sighting import Coverage, Scan, Sighting
from quetsach.source import is_set_file

if TYPE_CHECKING:
    import polars
    import pyarrow

__all__ = [
    "Coverage",
    "Indicator",
    "IndicatorSet",
    "ListNote",
    "QuetsachError",
    "ScanResult",
    "Sighting",
    "Sightings",
    "Skipped",
    "read_indicators",
    "scan",
]

type Paths = str | Path | Iterable[str | Path]
type Indicators = str | Path | IndicatorSet | Iterable[str]

_COLUMNS = ("indicator", "type", "family")


class _Lists(NamedTuple):
    """How lists are read and judged; the options of the same names."""

    scope: str | None = None
    columns: Mapping[str, str | int] | None = None
    list_format: str | None = None
    guard_rails: bool = True
    own: Iterable[str] = ()
    override: str | Path | None = None
    warning_lists: str | Path | None = None

    def is_as_it_is(self) -> bool:
        """Whether nothing more is to be judged of what was read before: a set.

        Raises IndicatorError for options that say how a list is to be read.
        """
        given = {"scope": self.scope, "columns": self.columns, "list_format": self.list_format}
        if named := [name for name, value in given.items() if value]:
            raise IndicatorError(f"{', '.join(named)}: the set was read before; read its list with these")
        return not self.judges

    @property
    def judges(self) -> bool:
        """Whether the guard rails have more to say of a set than when it was made."""
        return bool(self.own or self.override or self.warning_lists)


@dataclass(frozen=True, slots=True, repr=False)
class ScanResult:
    """What a scan saw, what it looked at and what it could not look at. Made by `scan` only."""

    _result: scanned.ScanResult
    _notes: Sequence[ListNote] = ()

    def __repr__(self) -> str:
        counts = (("sightings", self.sightings), ("logs", self.coverage), ("errors", self.errors))
        return f"<ScanResult: {', '.join(f'{name}: {len(all_of)}' for name, all_of in counts)}>"

    @property
    def sightings(self) -> Sightings:
        """One `Sighting` for each source, indicator, device and UTC day, sorted by these, counted in lines.

        Has a length and can be iterated as often as wanted; beyond some MB it lies in a temporary file.
        """
        return self._result.sightings

    @property
    def coverage(self) -> list[Coverage]:
        """What was looked at in each log, sorted by source; `bytes` and `lines` are of what was unpacked."""
        return self._result.coverage

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Pairs of path and what could not be read. Where there are some, "nothing found" is no answer."""
        return self._result.errors

    @property
    def skipped(self) -> list[Skipped]:
        """Files that were not read on purpose, such as a copy of a log that was."""
        return self._result.skipped

    @property
    def notes(self) -> Sequence[ListNote]:
        """What was left out of the lists (`level` is "reject" or "stop") or is doubtful ("warn"), and why.

        Empty for an `IndicatorSet` and for a compiled set that were used as they are.
        """
        return self._notes

    def save(self, path: str | Path) -> None:
        """Write .jsonl, .csv, .xlsx or .html, as `quetsach scan -o` does.

        Raises OutputError where the ending is another one or the file cannot be written.
        """
        file = Path(path)
        output.check(file)
        output.save(file, output.Report(self._result, notes=self._notes))

    def to_arrow(self) -> pyarrow.Table:
        """The sightings as a table of Apache Arrow: the columns of `Sighting`, one row each.

        `count` is int64, the times are timestamps in microseconds and UTC, `identity` is a struct, all else
        is text; what the log does not tell is null. Raises ScanError where pyarrow cannot be imported.
        """
        return frames.to_arrow(self.sightings)

    def to_polars(self) -> polars.DataFrame:
        """The sightings as a data frame of Polars, in the same columns as `to_arrow`.

        Raises ScanError where polars cannot be imported.
        """
        return frames.to_polars(self.sightings)


def read_indicators(
    paths: Paths,
    *,
    scope: str | None = None,
    columns: Mapping[str, str | int] | None = None,
    list_format: str | None = None,
    guard_rails: bool = True,
    own: Iterable[str] = (),
    override: str | Path | None = None,
    warning_lists: str | Path | None = None,
) -> IndicatorSet:
    """The indicators of list files in any form that `quetsach scan -i` takes, or of a compiled set.

    `scope` is "exact" or "subdomains"; without it the kind of list decides. `columns` are the columns of a
    table, by the names `indicator`, `type` and `family`: each a heading or a number from 1. `list_format` is
    the form of the lists; without it each is recognised. With `guard_rails` what may not be listed is left
    out: `own` are domain names and networks of your organisation, `override` is a CSV of exceptions,
    `warning_lists` a folder or archive of misp-warninglists in place of those that come along.
    `quetsach indicators check` and `ScanResult.notes` say what is left out.
    Raises IndicatorError where a list or one of these cannot be used.

    >>> import quetsach
    >>> file = getfixture("tmp_path") / "list.csv"
    >>> _ = file.write_text("indicator\\nevil[.]example\\n192.0.2.7:443\\n")
    >>> [one.canonical for one in quetsach.read_indicators(file, guard_rails=False)]
    ['192.0.2.7:443', 'evil.example']
    """
    lists = _Lists(scope, columns, list_format, guard_rails, own, override, warning_lists)
    files = _paths(paths)
    if len(files) == 1 and _is_set(files[0]) and lists.is_as_it_is():
        return setfile.read(files[0])
    return _read(files, lists)[0]


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
    columns: Mapping[str, str | int] | None = None,
    list_format: str | None = None,
    guard_rails: bool = True,
    own: Iterable[str] = (),
    override: str | Path | None = None,
    warning_lists: str | Path | None = None,
    state: str | Path | None = None,
    cluster: str | None = None,
) -> ScanResult:
    """Read logs and say which machines called a listed address: the same answer as `quetsach scan`.

    `paths` are files, folders or addresses of object storage; `indicators` the path of a list or of a
    compiled set, an `IndicatorSet`, or values as lists spell them. `tz` is the zone of log times that name
    none. `fields` names the columns of tables as `--fields` does; `leases` are DHCP files beside those found
    among the logs. `devices` notes which machines were alive each day; `jobs` is how many files are read at
    once, all processors if not given. `scope`, `columns` and the others down to `warning_lists` are those of
    `read_indicators`; an `IndicatorSet` and a compiled set are used as they are, unless `own`, `override` or
    `warning_lists` are given. `state` is a file that keeps
    what is finished, `cluster` the address of a Ray cluster, or "local".

    A log that cannot be read is no exception: it is in `errors`. Raises IndicatorError where a list cannot be
    read, nothing is left to look for or the scope is unknown, SourceError for leases that cannot be read,
    ScanError for an unknown zone or format, columns that play no role, a cluster that cannot be used, or a
    state file of another scan.

    >>> import quetsach
    >>> log = getfixture("tmp_path") / "squid.log"
    >>> _ = log.write_text("2026-01-02T03:04:05Z 10.0.0.7 asks www.evil.com\\n")
    >>> result = quetsach.scan(log, ["evil.com", "example.vn"], own=["example.vn"])
    >>> [seen.indicator for seen in result.sightings]
    ['evil.com']
    >>> [(note.level, note.text, note.reason) for note in result.notes]
    [('stop', 'example.vn', 'belongs to the organisation itself: example.vn')]
    """
    _check_zone(tz)
    if jobs is not None and jobs < 1:
        raise ScanError(f"jobs={jobs}: at least one log is read at a time")
    table = _table(fields, format)
    if format not in (None, "text"):
        logformat.get(format)
    chosen = engine.choose(extra_formats=table.formats() if table else ())
    lists = _Lists(scope, columns, list_format, guard_rails, own, override, warning_lists)
    matcher, notes = _matcher(chosen, indicators, lists)
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
            kept = stack.enter_context(closing(State(Path(state), State.about(header, options, table))))
        executor = None
        if cluster is not None:
            from quetsach.scanning.executors.apart import Apart

            executor = Apart(cluster, chosen, matcher, options, jobs, table)
            for note in executor.notes:
                warnings.warn(note, stacklevel=2)
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
            fields=table,
        )
    return ScanResult(result, notes)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ScanError(f"{name} is not a time zone; write it like Asia/Ho_Chi_Minh or UTC") from error


def _table(fields: str | None, format: str | None) -> fieldmap.FieldMap | None:
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


def _read(files: Sequence[Path], lists: _Lists) -> tuple[IndicatorSet, list[ListNote]]:
    columns = {name: str(column) for name, column in (lists.columns or {}).items()}
    if unknown := columns.keys() - set(_COLUMNS):
        raise IndicatorError(f"columns: {', '.join(sorted(unknown))}: there are {', '.join(_COLUMNS)}")
    sets = [] if lists.judges else [file for file in files if _is_set(file)]
    if sets:
        rest, notes = _read(others, lists) if (others := [f for f in files if f not in sets]) else ((), [])
        return IndicatorSet(chain(*map(setfile.read, sets), rest)), notes
    found = feed.read_many(
        files,
        scope=_scope(lists.scope),
        columns=columns or None,
        format=lists.list_format,
        draft=draft.available(),
    )
    return _judged(found.indicators, lists, found)


def _judged(
    items: IndicatorSet, lists: _Lists, found: feed.FeedResult | None = None
) -> tuple[IndicatorSet, list[ListNote]]:
    """What the guard rails leave, and what there is to say."""
    exceptions = Path(lists.override) if lists.override is not None else None
    if not lists.guard_rails:
        return items, listnotes.of(guard.GuardResult(items, (), ()), found)
    guarded = guard.apply(
        items,
        organisation=guard.Organisation.of([lists.own] if isinstance(lists.own, str) else lists.own),
        overrides=guard.read_overrides(exceptions) if exceptions is not None else (),
        lists=warninglists.read(Path(lists.warning_lists)) if lists.warning_lists is not None else None,
    )
    return guarded.kept, listnotes.of(guarded, found, exceptions)


def _matcher(chosen: Engine, indicators: Indicators, lists: _Lists) -> tuple[Matcher, Sequence[ListNote]]:
    if isinstance(indicators, IndicatorSet):
        if lists.is_as_it_is():
            return chosen.compile(indicators), ()
        kept, notes = _judged(indicators, lists)
    elif isinstance(indicators, str | Path):
        file = Path(indicators)
        if _is_set(file) and lists.is_as_it_is():
            return chosen.load(file), ()
        kept, notes = _read([file], lists)
    else:
        scope = _scope(lists.scope) or Scope.WITH_SUBDOMAINS
        values = IndicatorSet(one for value in indicators for one in _spelled(value, scope))
        kept, notes = _judged(values, lists)
    return chosen.compile(kept), notes


def _spelled(value: str, scope: Scope) -> list[Indicator]:
    try:
        return parse(value, scope)[0]
    except Reject as reject:
        raise IndicatorError(f"{value}: {REJECTS[reject.code]}") from reject
