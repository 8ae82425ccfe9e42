"""The scan as a Python call, as small as the command line: the names that `import quetsach` offers.

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

import socket
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quetsach.endpoint import packed_list
from quetsach.errors import IndicatorError, QuetsachError, ScanError
from quetsach.files.inputs import Skipped
from quetsach.indicators import loading
from quetsach.indicators.guard import Organisation
from quetsach.indicators.indicator import Indicator, IndicatorSet, Scope
from quetsach.indicators.loading import Choice, Lists
from quetsach.results import asking, frames, listnotes, output
from quetsach.results.output import ListNote
from quetsach.scanning import request
from quetsach.scanning.request import TIME_ZONE, Request
from quetsach.scanning.result import Bypasses, Sightings, Unattributed
from quetsach.sightings.sighting import Bypass, Coverage, Sighting

if TYPE_CHECKING:
    import polars
    import pyarrow

__all__ = [
    "Bypass",
    "Bypasses",
    "Coverage",
    "Indicator",
    "IndicatorSet",
    "ListNote",
    "QuetsachError",
    "ScanResult",
    "Sighting",
    "Sightings",
    "Skipped",
    "Unattributed",
    "read_indicators",
    "scan",
]

type Paths = str | Path | Iterable[str | Path]
type Indicators = str | Path | IndicatorSet | Iterable[str]


@dataclass(frozen=True, slots=True, repr=False)
class ScanResult:
    """The result of a scan: sightings, coverage, and errors of logs that could not be read. Made by `scan`
    only."""

    _report: output.Report

    def __repr__(self) -> str:
        counts = (("sightings", self.sightings), ("logs", self.coverage), ("errors", self.errors))
        return f"<ScanResult: {', '.join(f'{name}: {len(all_of)}' for name, all_of in counts)}>"

    @property
    def sightings(self) -> Sightings:
        """One `Sighting` for each source, indicator, device, `who` and UTC day, sorted by these, counted in
        lines.

        Has a length and can be iterated as often as wanted; beyond some MB it lies in a temporary file.
        """
        return self._report.result.sightings

    @property
    def bypasses(self) -> Bypasses:
        """One `Bypass` for each source, provider, kind, device, `who` and UTC day, sorted by these.

        These machines go around the place that wrote the log. They are no sightings. `bypasses.machines` sums
        them by machine.
        """
        return self._report.result.bypasses

    @property
    def coverage(self) -> list[Coverage]:
        """How far each log was read, sorted by source; `bytes` and `lines` count unpacked text."""
        return self._report.result.coverage

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Pairs of path and error. If there are any, an empty list of sightings does not mean a clean
        network."""
        return self._report.result.errors

    @property
    def unattributed(self) -> Unattributed:
        """The numbers of lines that name an indicator and no machine: `not_understood` lines, which no log
        format reads (`Coverage.unattributed` holds the first of each log), and `nameless` lines of sightings.

        Where it is true, an empty list of sightings does not mean that nothing was seen.
        """
        return self._report.result.unattributed

    @property
    def skipped(self) -> list[Skipped]:
        """Files that were not read on purpose, such as a copy of another log."""
        return self._report.result.skipped

    @property
    def notes(self) -> Sequence[ListNote]:
        """Entries that were left out of the lists (`level` is "reject" or "stop") or are doubtful ("warn"),
        and why.

        Empty for an `IndicatorSet` and for a compiled set that were used as they are.
        """
        return self._report.notes

    def save(self, path: str | Path) -> None:
        """Write .jsonl, .csv, .xlsx or .html, as `quetsach scan -o` does.

        Raises OutputError for another ending, or where the file cannot be written.
        """
        file = Path(path)
        output.check(file)
        output.save(file, self._report)

    def to_arrow(self) -> pyarrow.Table:
        """The sightings as a table of Apache Arrow: the columns of `Sighting`, one row each.

        `count` is int64, the times are timestamps in microseconds and UTC, `identity` is a struct, all others
        are text; a value that the log does not hold is null. Raises ScanError where pyarrow cannot be
        imported.
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
    trust: Sequence[str] = (),
) -> IndicatorSet:
    """The indicators of list files in any form that `quetsach scan -i` takes: compiled sets and packs, too.

    `scope` is "exact" or "subdomains"; without it the kind of list decides. `columns` are the columns of a
    table, by the names `indicator`, `type` and `family`: each a heading or a number from 1. `list_format` is
    the form of the lists; without it each list is recognised. With `guard_rails` entries that may not be
    listed are left out: `own` are domain names and networks of your organisation, `override` is a CSV of
    exceptions, `warning_lists` a folder or archive of misp-warninglists in place of the packaged lists.
    `trust` are signing keys, or their fingerprints, of campaigns whose packs are used.
    `quetsach indicators check` and `ScanResult.notes` show the entries left out.
    Raises IndicatorError where a list or another of these arguments cannot be used, Refused for a bad pack.

    >>> import quetsach
    >>> file = getfixture("tmp_path") / "list.csv"
    >>> _ = file.write_text("indicator\\nevil[.]example\\n192.0.2.7:443\\n")
    >>> [one.canonical for one in quetsach.read_indicators(file, guard_rails=False)]
    ['192.0.2.7:443', 'evil.example']
    """
    choice = _choice(scope, columns, list_format, guard_rails, own, override, warning_lists, trust)
    return request.looked_for(_paths(paths), choice)


def scan(
    paths: Paths,
    indicators: Indicators,
    *,
    source_name: str | None = None,
    tz: str = TIME_ZONE,
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
    trust: Sequence[str] = (),
    state: str | Path | None = None,
    cluster: str | None = None,
    asked: Iterable[str] = (),
) -> ScanResult:
    """Read logs and find the machines that called a listed address: the same answer as `quetsach scan`.

    `paths` are files, folders or addresses of object storage; `indicators` the path of a list or of a
    compiled set, an `IndicatorSet`, or values as lists spell them. `tz` is the zone of log times that name
    none. `fields` names the columns of tables as `--fields` does; `leases` are DHCP files beside those found
    among the logs. `devices` notes which machines were alive each day; `jobs` is how many files are read at
    once, all processors if not given. `scope`, `columns` and the others down to `trust` are those of
    `read_indicators`; an `IndicatorSet` and a compiled set are used as they are, unless `own`, `override` or
    `warning_lists` are given. `state` is a file that keeps
    what is finished, `cluster` the address of a Ray cluster, or "local". `asked` are machines, by address,
    hardware address or name: `coverage` says in which hours the logs show each (docs/contract.md 4).

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
    if jobs is not None and jobs < 1:
        raise ScanError(f"jobs={jobs}: at least one log is read at a time")
    choice = _choice(scope, columns, list_format, guard_rails, own, override, warning_lists, trust)
    prepared = Request(
        [str(path) for path in _paths(paths)],
        _lists(indicators, choice),
        socket.gethostname() if source_name is None else source_name,
        choice,
        tz,
        format,
        fields,
        _paths(leases),
        devices,
        jobs,
        Path(state) if state is not None else None,
        cluster,
        asked=asking.of(asked),
    ).prepare()
    result = prepared.run(on_note=lambda note: warnings.warn(note, stacklevel=4))
    return ScanResult(output.Report(result, lambda: prepared.formats(result), listnotes.of(prepared.lists)))


def _choice(
    scope: str | None,
    columns: Mapping[str, str | int] | None,
    list_format: str | None,
    guard_rails: bool,
    own: Iterable[str],
    override: str | Path | None,
    warning_lists: str | Path | None,
    trust: Sequence[str],
) -> Choice:
    return Choice(
        _scope(scope),
        {name: str(column) for name, column in columns.items()} if columns else None,
        list_format,
        guard_rails,
        Organisation.of([own] if isinstance(own, str) else own),
        Path(override) if override is not None else None,
        Path(warning_lists) if warning_lists is not None else None,
        open_pack=packed_list.opener(trust),
    )


def _scope(name: str | None) -> Scope | None:
    try:
        return Scope(name) if name is not None else None
    except ValueError as error:
        raise IndicatorError(f"{name}: a scope is exact or subdomains") from error


def _paths(paths: Paths) -> Sequence[Path]:
    return [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]


def _lists(indicators: Indicators, choice: Choice) -> Sequence[Path] | Lists:
    if isinstance(indicators, str | Path):
        return [Path(indicators)]
    if isinstance(indicators, IndicatorSet):
        choice.refuse_shape(Path("the set"))
        return loading.judge(indicators, choice) if choice.judges else Lists(indicators)
    return loading.judge(loading.of_values(indicators, choice.scope or Scope.WITH_SUBDOMAINS), choice)
