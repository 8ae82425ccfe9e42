"""The engine in Rust: a thin adapter over `quetsach._native`, which knows nothing of our types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quetsach import _native
from quetsach.bypass import listed
from quetsach.errors import IndicatorError, ScanError
from quetsach.files.source import ByteStream
from quetsach.scanning.engine import (
    Before,
    Judged,
    Part,
    Progress,
    ScanOptions,
    SourceResult,
    Span,
    SpanResult,
    SpareThreads,
)
from quetsach.sightings.sighting import Coverage
from quetsach.sightings.wire import WireBypasses, WireSightings

if TYPE_CHECKING:
    from quetsach.bypass.providers import Providers
    from quetsach.indicators.indicator import IndicatorSet

FORMATS = Path(__file__).parents[2] / "logs/formats"


@cache
def _formats(extra: tuple[str, ...]) -> _native.Formats:
    return _native.Formats(FORMATS, extra, None if FORMATS.is_dir() else _packed())


def _packed() -> list[str]:
    """The texts of all formats, where the program lies in an archive."""
    from quetsach.logs import logformat

    return list(logformat.texts().values())


@contextmanager
def _told() -> Iterator[None]:
    """Raises ScanError for what the engine refuses, and where it fails: other sources are still read."""
    try:
        yield
    except _native.OptionsError as error:
        raise ScanError(str(error)) from error
    except _native.Fault as error:
        raise ScanError(
            f"the fast engine failed on it ({error}); scan it with QUETSACH_ENGINE=portable, and tell its"
            " makers"
        ) from error


@lru_cache(maxsize=4)
def _asked(identifiers: tuple[str, ...]) -> _native.Asked | None:
    return _native.Asked(list(identifiers)) if identifiers else None


class NativeJudging:
    """Judges a file by its first lines."""

    def __init__(self, judging: _native.Judging) -> None:
        self._judging = judging

    def add(self, text: bytes) -> Judged:
        """See `quetsach.scanning.engine.Judging`."""
        with _told():
            return Judged(*self._judging.add(text))


class NativeMatcher:
    """A compiled set, shared by threads; a scan releases Python's lock (GIL)."""

    def __init__(self, matcher: _native.Matcher, extra_formats: Sequence[str] = ()) -> None:
        self._matcher = matcher
        self._extra_formats = tuple(extra_formats)
        self.count = matcher.count
        self.set_id = matcher.set_id

    def scan(
        self,
        path: Path | str,
        options: ScanOptions,
        progress: Progress,
        stream: ByteStream | None = None,
        mtime: float | None = None,
    ) -> SourceResult:
        """Read one source to its end (see `quetsach.scanning.engine.Matcher`)."""
        if not isinstance(progress, _native.Progress):
            raise TypeError("the native engine counts in the progress that it made itself")
        with _told():
            lines, coverage = self._matcher.scan(
                path,
                progress,
                tz=options.tz,
                format=options.format,
                devices=options.devices,
                source_name=options.source_name,
                stream=stream,
                changed=None if mtime is None else int(mtime * 1_000_000),
                asked=_asked(options.asked),
            )
        return _result(lines, _coverage(path, coverage))

    def judging(self, options: ScanOptions) -> NativeJudging:
        """See `quetsach.scanning.engine.Matcher`."""
        with _told():
            return NativeJudging(self._matcher.judging(options.format))

    def scan_span(
        self, path: Path | str, options: ScanOptions, progress: Progress, stream: ByteStream, before: Before
    ) -> SpanResult:
        """Read one span to its end (see `quetsach.scanning.engine.Matcher`)."""
        if not isinstance(progress, _native.Progress):
            raise TypeError("the native engine counts in the progress that it made itself")
        with _told():
            lines, coverage, header, hours = self._matcher.scan_span(
                path,
                progress,
                stream,
                start=before.start,
                judged=before.judged[:2],
                header=before.header,
                hours=before.hours,
                source=before.source,
                tz=options.tz,
                format=options.format,
                devices=options.devices,
                source_name=options.source_name,
                changed=None if before.mtime is None else int(before.mtime * 1_000_000),
                asked=_asked(options.asked),
            )
        seen = _coverage(path, coverage)
        found = SourceResult((), seen) if lines is None else _result(lines, seen)
        return SpanResult(found, header, hours)

    def scan_part(self, path: Path, options: ScanOptions, progress: Progress, span: Span) -> Part | None:
        """Read one span of a plain file (see `quetsach.scanning.engine.SplittingMatcher`)."""
        if not isinstance(progress, _native.Progress):
            raise TypeError("the native engine counts in the progress that it made itself")
        with _told():
            found = self._matcher.scan_part(
                path,
                progress,
                start=span.start,
                end=span.end,
                header=span.header,
                tz=options.tz,
                format=options.format,
                devices=options.devices,
                asked=_asked(options.asked),
            )
        return Part(*found) if found is not None else None

    def merge(
        self, path: Path, options: ScanOptions, bodies: Iterable[bytes], errors: list[str]
    ) -> SourceResult | None:
        """Put the parts of one file together (see `quetsach.scanning.engine.SplittingMatcher`)."""
        with _told():
            found = self._matcher.merge(
                path,
                bodies,
                errors,
                tz=options.tz,
                format=options.format,
                devices=options.devices,
                source_name=options.source_name,
                asked=_asked(options.asked),
            )
        if found is None:
            return None
        lines, coverage = found
        return _result(lines, _coverage(path, coverage))

    def __reduce__(self) -> tuple[Callable[..., NativeMatcher], tuple[bytes, tuple[str, ...]]]:
        """Pickle as the bytes of its set file: so it travels to the nodes of a cluster."""
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "set.qs")
            self._matcher.save(file)
            return _from_bytes, (file.read_bytes(), self._extra_formats)

    def recognise(self, start: bytes) -> str:
        """See `quetsach.scanning.engine.Matcher`."""
        return self._matcher.recognise(start)

    def save(self, path: Path) -> None:
        """Write the compiled set file in place of any older file, at once. Raises OSError."""
        self._matcher.save(path)


def _coverage(path: Path | str, told: dict[str, Any]) -> Coverage:
    """The coverage with the path as Python spells it: Rust shows a byte that is not UTF-8 as U+FFFD, which
    names no file."""
    shown, spelled = told["path"], str(path)
    if shown != spelled:
        told["path"] = spelled
        told["errors"] = [
            spelled + error[len(shown) :] if error.startswith(shown) else error for error in told["errors"]
        ]
    return Coverage(**told)


def _result(lines: _native.Lines, coverage: Coverage) -> SourceResult:
    ways = lines.bypasses()
    sightings = WireSightings(None, lines.read, lines)
    return SourceResult(sightings, coverage, WireBypasses(None, ways.read, ways))


def _from_bytes(data: bytes, extra_formats: Sequence[str]) -> NativeMatcher:
    import tempfile

    # The open file stays readable after its folder is gone.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "set.qs")
        file.write_bytes(data)
        return NativeEngine(extra_formats).load(file)


class NativeEngine:
    """The engine wherever its binary fits."""

    name = "native"

    def __init__(self, extra_formats: Sequence[str] = (), around: Providers | None = None) -> None:
        self._extra_formats = tuple(extra_formats)
        self._formats = _formats(self._extra_formats)
        self._around = around.listed if around is not None else listed.read()

    def compile(self, indicators: IndicatorSet) -> NativeMatcher:
        """Raises IndicatorError when the set is empty."""
        from quetsach.indicators.draft import PackedSet
        from quetsach.indicators.setfile import list_section

        if not len(indicators):
            raise IndicatorError("the indicator set is empty; there is nothing to look for")
        try:
            if isinstance(indicators, PackedSet):
                made = _native.Matcher.from_draft(indicators.draft.native, self._formats, self._around)
                indicators.id = made.set_id
            else:
                made = _native.Matcher.compile(list_section(indicators), self._formats, self._around)
            return NativeMatcher(made, self._extra_formats)
        except _native.SetError as error:
            raise IndicatorError(str(error)) from error

    def compile_to(self, indicators: IndicatorSet, path: Path) -> NativeMatcher:
        """Compile, and keep the set as a file that opens at once."""
        matcher = self.compile(indicators)
        matcher.save(path)
        return matcher

    def load(self, path: Path) -> NativeMatcher:
        """Open a compiled set file. Raises IndicatorError when it is damaged or empty."""
        try:
            loaded = _native.Matcher.load(path, self._formats, self._around)
            return NativeMatcher(loaded, self._extra_formats)
        except _native.SetError as error:
            raise IndicatorError(str(error)) from error

    def spare(self, threads: int, takers: int = 1) -> _native.SpareThreads:
        return _native.SpareThreads(threads, takers)

    def progress(self, spare: SpareThreads | None = None) -> _native.Progress:
        if spare is not None and not isinstance(spare, _native.SpareThreads):
            raise TypeError("the native engine borrows only threads that it counts itself")
        return _native.Progress(spare)
