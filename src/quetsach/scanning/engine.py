"""The interface of both engines, and the choice between them; docs/contract.md says what they must answer.

An engine turns an indicator set into a `Matcher`; a matcher reads one source and returns its sightings.
Engines know nothing of output files, the terminal or the portal.
"""

import importlib
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast, runtime_checkable

from quetsach.errors import ScanError
from quetsach.files.source import ByteStream
from quetsach.sightings.sighting import Bypass, Coverage, Sighting

if TYPE_CHECKING:
    from quetsach.indicators.indicator import Indicator, IndicatorSet
    from quetsach.scanning.engines.explain import Explanation


class ScanOptions(NamedTuple):
    """How to read: `tz` names the zone of times without one, `format` forces a log format by its name,
    `devices` asks for the machines alive each day, `source_name` is the vantage point, `asked` are the
    machines whose hours are looked for (`quetsach.sightings.asked`)."""

    tz: str = "Asia/Ho_Chi_Minh"
    format: str | None = None
    devices: bool = False
    source_name: str = ""
    asked: tuple[str, ...] = ()


class Progress(Protocol):
    """Counters that a scan moves and another thread reads; `cancel()` asks it to stop soon."""

    @property
    def bytes_read(self) -> int: ...  # of the input as stored, compressed or not
    @property
    def hits(self) -> int: ...
    def cancel(self) -> None: ...


class SpareThreads(Protocol):
    """Idle threads that scans may borrow and give back."""

    def give(self) -> None:
        """Add a thread that found no more files to read."""
        ...


class SourceResult(NamedTuple):
    """One source, read to its end or as far as possible. `sightings` and `bypasses` are sorted by their
    keys."""

    sightings: Iterable[Sighting]
    coverage: Coverage
    bypasses: Iterable[Bypass] = ()


class Judged(NamedTuple):
    """How the lines of a file are read, as its beginning says: `format` is the name of their log format,
    `text` for none; `dates` what dates of two numbers and a year begin with in such a text, `day`, `month`
    or "". With `is_settled` a file that grows keeps both."""

    format: str
    dates: str
    is_settled: bool


class Judging(Protocol):
    """Judges a file by its first lines."""

    def add(self, text: bytes, /) -> Judged:
        """How the lines of the file are read, by those that come next and those before, of which the first
        64 KiB count. Only the last line may lack its end, and then none may follow."""
        ...


class Before(NamedTuple):
    """What stands before a span (docs/contract.md 4, Spans).

    `start` is the place of its first byte in the text of the file, at the beginning of a line; `judged` says
    how the lines of that file are read; `header` and `hours` are those of the span before, b"" at the
    beginning of a file. `source` is the id of the file. `mtime` bounds times without a year, in seconds since
    1970.
    """

    start: int
    judged: Judged
    header: bytes
    source: str
    mtime: float | None
    hours: bytes = b""


class SpanResult(NamedTuple):
    """The answer of a span. The next span needs `header` and `hours`, and only the same engine can read them:
    the header behind the span, and the hour in which its lines end, with the lines that wait for a first time
    and the order of all times."""

    result: SourceResult
    header: bytes
    hours: bytes


class Matcher(Protocol):
    """A compiled indicator set, shared by threads."""

    count: int
    set_id: str

    def recognise(self, start: bytes) -> str:
        """The log format of a file that begins with these bytes, `text` if none."""
        ...

    def scan(
        self,
        path: Path | str,
        options: ScanOptions,
        progress: Progress,
        stream: ByteStream | None = None,
        mtime: float | None = None,
    ) -> SourceResult:
        """Read one file (or `-`, standard input), or the `stream` of an opener; `path` is then only
        shown, and `mtime` is when its content was written, in seconds since 1970.

        Errors of reading go to `coverage.errors` and are not raised.
        """
        ...

    def judging(self, options: ScanOptions) -> Judging:
        """A judge of one file, for those who read it by spans."""
        ...

    def scan_span(
        self, path: Path | str, options: ScanOptions, progress: Progress, stream: ByteStream, before: Before
    ) -> SpanResult:
        """Read the lines that `stream` gives as text in UTF-8, as a part of a file; `path` is only shown."""
        ...


class Span(NamedTuple):
    """A range of a plain file, in bytes; both ends move on to the next end of a line, None is the end of the
    file.

    `header` is the header that the part before ended with; None lets the engine guess.
    """

    start: int
    end: int | None
    header: bytes | None = None


class Part(NamedTuple):
    """The result of one span. `start` and `end` are the ends of lines found, `source` the id of the file.

    Parts make up a whole file if each part starts at the end of the part before it, and its `before` header
    is the `after` header of that part. Only the engine that made `body` can read it.
    """

    start: int
    end: int
    source: str
    before: bytes
    after: bytes
    errors: list[str]
    body: bytes


@runtime_checkable
class SplittingMatcher(Matcher, Protocol):
    """A matcher that reads spans of a file, with the same answer."""

    def scan_part(self, path: Path, options: ScanOptions, progress: Progress, span: Span) -> Part | None:
        """Read one span; None where the result could differ from this span's share of the whole file's
        answer."""
        ...

    def merge(
        self, path: Path, options: ScanOptions, bodies: Iterable[bytes], errors: list[str]
    ) -> SourceResult | None:
        """The answer of the whole file from the bodies of its parts, in order; None without any parts."""
        ...


class Engine(Protocol):
    """`native` or `portable`."""

    name: str

    def compile(self, indicators: "IndicatorSet") -> Matcher: ...
    def load(self, path: Path) -> Matcher:
        """Open a compiled set file (`quetsach indicators compile`)."""
        ...

    def spare(self, threads: int, takers: int = 1) -> SpareThreads:
        """`threads` idle threads, besides the `takers` that read one file after another."""
        ...

    def progress(self, spare: SpareThreads | None = None) -> Progress:
        """The counters of one scan, which may use the spare threads besides its own."""
        ...


VARIABLE = "QUETSACH_ENGINE"
_CLASSES = {
    "native": ("quetsach.scanning.engines.native", "NativeEngine"),
    "portable": ("quetsach.scanning.engines.portable", "PortableEngine"),
}


def choose(name: str | None = None, extra_formats: Sequence[str] = ()) -> Engine:
    """The engine of that name, else of QUETSACH_ENGINE, else native where its binary fits, else portable.

    `extra_formats` are texts of further format files; a scan must ask for those formats by name.

    Raises ScanError when the name is unknown, or that engine cannot be used here.
    """
    wanted = name or os.environ.get(VARIABLE) or None
    if wanted is None:
        return _make("portable" if why_not_native() else "native", extra_formats)
    if wanted not in _CLASSES:
        raise ScanError(f"unknown engine '{wanted}'; {VARIABLE} is native or portable")
    try:
        return _make(wanted, extra_formats)
    except ImportError as error:
        raise ScanError(
            f"the {wanted} engine cannot be used here ({error}); build it with ./dev wheel, "
            f"or set {VARIABLE}=portable"
        ) from error


MISSING = "this installation has no compiled part for this system"


@cache
def why_not_native() -> str:
    """Why the fast engine cannot be used here, such as the system's words for a blocked module; else "".

    A scan says so: the portable engine gives the same answers, and takes about a hundred times as long.
    """
    try:
        importlib.import_module(_CLASSES["native"][0])
    except ImportError as error:
        # The error of a package that lacks a name is the package's; any other is of a file that is there.
        return MISSING if error.name == "quetsach" else str(error)
    return ""


def why_slow() -> str:
    """`why_not_native` where no engine is wanted by its name, so that the portable one reads; else ""."""
    return "" if os.environ.get(VARIABLE) else why_not_native()


def prepare() -> None:
    """Let the engine read its log formats while the caller still imports other modules."""
    with suppress(ScanError, ImportError):
        choose()


def compile(
    items: "Iterable[Indicator | str | Mapping[str, str]]",
    *,
    guard_rails: bool = True,
    name: str | None = None,
) -> Matcher:
    """A matcher from a few items: indicators, values as a list spells them, or `{"value": …, "scope": …}`.

    Raises IndicatorError when a value is no indicator, or nothing is left after the guard rails.
    """
    from quetsach.indicators import guard
    from quetsach.indicators.indicator import Indicator, IndicatorSet, Scope
    from quetsach.indicators.lists.item import spelled

    found: list[Indicator] = []
    for item in items:
        if isinstance(item, Indicator):
            found.append(item)
            continue
        told = {"value": item} if isinstance(item, str) else item
        found += spelled(told["value"], Scope(told.get("scope", Scope.WITH_SUBDOMAINS)))
    indicators = IndicatorSet(found)
    if guard_rails:
        indicators = guard.apply(indicators).kept
    return choose(name).compile(indicators)


def explain(
    line: str | bytes,
    indicators: "IndicatorSet",
    *,
    header: Sequence[str | bytes] = (),
    format: str | None = None,
) -> "Explanation":
    """How one line is read, which tokens match and why the others do not; always by the portable engine.

    `header` are lines that stand before it in its file. Raises ScanError for an unknown format.
    """
    from quetsach.scanning.engines.explain import explain as portable

    return portable(line, indicators, header, format)


def _make(name: str, extra_formats: Sequence[str]) -> Engine:
    module, attribute = _CLASSES[name]
    return cast(Engine, getattr(importlib.import_module(module), attribute)(extra_formats))
