"""Scans of packed logs by each engine."""

from __future__ import annotations

from pathlib import Path

from quetsach.files import inputs
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind
from quetsach.scanning import work
from quetsach.scanning.engine import Engine, ScanOptions
from quetsach.scanning.result import ScanResult
from quetsach.sightings.sighting import Coverage, Scan, Sighting
from quetsach.text import problems

HEADER = Scan("quetsach test", "a" * 64, 1, "here", "Asia/Ho_Chi_Minh")
SET = IndicatorSet([Indicator("evil.example", Kind.DOMAIN)])


def read(path: Path | str, engine: Engine, jobs: int = 2) -> ScanResult:
    """The result of the whole way from a path; every error must have a translation."""
    found = inputs.discover([str(path)])
    result = work.run(found, engine, engine.compile(SET), ScanOptions(), HEADER, jobs=jobs)
    for shown, error in result.errors:
        sentence = error.removeprefix(f"{shown}: ")
        assert problems.is_known(sentence), error
    return result


def said(result: ScanResult) -> tuple[list[Sighting], list[Coverage]]:
    """Sightings and coverage without the paths."""
    return list(result.sightings), [seen._replace(path="", errors=[]) for seen in result.coverage]


def log(lines: int = 3, first: int = 0) -> bytes:
    """Lines of free text, each with a look-up of a listed name; other numbers make another source."""
    return b"".join(
        b"2026-01-02T03:04:05Z 10.0.0.%d asks n%d.evil.example\n" % (1 + n % 200, n)
        for n in range(first, first + lines)
    )
