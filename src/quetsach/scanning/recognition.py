"""The log format of a file, and how many logs of a scan have each format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from quetsach.files import openers
from quetsach.files.source import HEAD_BYTES, Source, is_capture, no_text
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind
from quetsach.scanning import engine
from quetsach.scanning.engine import Matcher
from quetsach.scanning.result import ScanResult

_TEXT, _BINARY = "text", "binary"
_START_BYTES = 1 << 16


def log_format(path: Path) -> str:
    """The log format of a file of lines, by its first bytes.

    "" for free text, binary data, a capture, and a file that an opener must unpack or convert first.
    """
    name = _begins_as(path, _recogniser())
    return "" if name in (_TEXT, _BINARY) else name


def by_format(result: ScanResult, matcher: Matcher, forced: str | None) -> dict[str, int]:
    """How many of the logs have each format: by their sightings, else by their first bytes.

    A log without sightings is left out if it is no file on disk, as in an archive. `forced` is the format in
    which all logs were read, None if each log's own format was sought.
    """
    found: Counter[str] = Counter()
    by_source: dict[str, Counter[str]] = {}
    for source, name, lines in _sighted_lines(result):
        by_source.setdefault(source, Counter())[name] += lines
    for log in result.coverage:
        if not log.lines:
            continue
        if forced is not None:
            found[forced] += 1
        elif log.source in by_source:
            found[by_source[log.source].most_common(1)[0][0]] += 1
        # A log in an archive is no file on disk: it is not unpacked again for this.
        elif Path(log.path).is_file() and (name := _begins_as(Path(log.path), matcher)):
            found[name] += 1
    return dict(found)


def _sighted_lines(result: ScanResult) -> Iterable[tuple[str, str, int]]:
    """Source, log format and number of lines, of each sighting or of all sightings that share both."""
    together = result.sightings.tally()
    if together is not None:
        return ((*key, lines) for key, lines in together.formats.items())
    return ((one.source, one.logformat, one.count) for one in result.sightings)


def _begins_as(path: Path, matcher: Matcher) -> str:
    """The format of a file of lines: a log format, `_TEXT` for free text, or `_BINARY` for what is no text.

    "" for a capture, and for a file that an opener must unpack or convert first.
    """
    start = b""
    for chunk in Source(path).chunks():
        start += chunk
        if len(start) >= _START_BYTES:
            break
    if is_capture(start) or any(kind.begins(start) for kind in openers.KINDS):
        return ""
    name = matcher.recognise(start)
    return _BINARY if name == _TEXT and (b"\0" in start or no_text(start[:HEAD_BYTES])) else name


@cache
def _recogniser() -> Matcher:
    """A matcher used only for its log formats. It is compiled for an indicator that plays no part."""
    return engine.choose().compile(IndicatorSet([Indicator("example.org", Kind.DOMAIN)]))
