"""The log format of a file, and how many logs of a scan have each format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from quetsach.files import openers
from quetsach.files.source import Source, is_capture
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind
from quetsach.scanning import engine
from quetsach.scanning.engine import Matcher
from quetsach.scanning.result import ScanResult

_TEXT, _BINARY = "text", "binary"
_START_BYTES = 1 << 16


def log_format(path: Path) -> str:
    """The log format of a file that lies unpacked, "" for free text and for a file that holds no lines."""
    name = _begins_as(path, _recogniser())
    return "" if name in (_TEXT, _BINARY) else name


def by_format(result: ScanResult, matcher: Matcher, forced: str | None) -> dict[str, int]:
    """How many of the logs have each format: by their sightings, else by their first bytes.

    `forced` is the format in which all logs were read.
    """
    found: Counter[str] = Counter()
    by_source: dict[str, Counter[str]] = {}
    for source, name, lines in _seen(result):
        by_source.setdefault(source, Counter())[name] += lines
    for seen in result.coverage:
        if not seen.lines:
            continue
        if forced is not None:
            found[forced] += 1
        elif seen.source in by_source:
            found[by_source[seen.source].most_common(1)[0][0]] += 1
        elif Path(seen.path).is_file() and (name := _begins_as(Path(seen.path), matcher)):
            # A log in an archive is not unpacked again for this.
            found[name] += 1
    return dict(found)


def _seen(result: ScanResult) -> Iterable[tuple[str, str, int]]:
    """Source, log format and lines of sightings."""
    together = result.sightings.tally()
    if together is not None:
        return ((*key, lines) for key, lines in together.formats.items())
    return ((one.source, one.logformat, one.count) for one in result.sightings)


def _begins_as(path: Path, matcher: Matcher) -> str:
    """The format of a file of lines; "" for a file that is no plain text on disk."""
    start = b""
    for chunk in Source(path).chunks():
        start += chunk
        if len(start) >= _START_BYTES:
            break
    if is_capture(start) or any(kind.begins(start) for kind in openers.KINDS):
        return ""
    name = matcher.recognise(start)
    return _BINARY if name == _TEXT and b"\0" in start else name


@cache
def _recogniser() -> Matcher:
    """A matcher used only for its log formats."""
    return engine.choose().compile(IndicatorSet([Indicator("example.org", Kind.DOMAIN)]))
