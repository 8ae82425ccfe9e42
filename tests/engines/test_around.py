"""The hand-written cases of going around (docs/contract.md 2), and what they must not change, by both engines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from quetsach.scanning.engine import ScanOptions, SourceResult
from quetsach.scanning.engines.portable import LIMITS, Limits, PortableEngine, PortableMatcher
from tests.engines.indicator_sets import make_set

GOLDEN = Path(__file__).parents[1] / "data/golden-bypass.jsonl"
CASES = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
every_case = pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])


def log_of(case: dict[str, Any], folder: Path) -> Path:
    log = folder / "log"
    log.write_text("\n".join([*case["header"], *case["lines"]]) + "\n", encoding="utf-8")
    return log


def said(found: Iterable[Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: getattr(one, key) for key in row} for one, row in zip(found, rows, strict=True)]


def check(case: dict[str, Any], result: SourceResult) -> None:
    sightings, bypasses = list(result.sightings), list(result.bypasses)
    assert said(sightings, case["rows"]) == case["rows"]
    assert said(bypasses, case["bypasses"]) == case["bypasses"]
    assert [one.key() for one in bypasses] == sorted({one.key() for one in bypasses})
    assert {one.source for one in bypasses} <= {result.coverage.source}
    assert (result.coverage.not_understood, list(result.coverage.unattributed)) == (0, [])
    assert not result.coverage.errors


def portable(case: dict[str, Any], folder: Path, limits: Limits) -> SourceResult:
    matcher = PortableMatcher(make_set(case["indicators"]), limits)
    return matcher.scan(log_of(case, folder), ScanOptions(), PortableEngine().progress())


@every_case
def test_going_around(case: dict[str, Any], tmp_path: Path) -> None:
    check(case, portable(case, tmp_path, LIMITS))


@every_case
def test_going_around_in_rows_put_aside(case: dict[str, Any], tmp_path: Path) -> None:
    check(case, portable(case, tmp_path, replace(LIMITS, rows=1)))


@pytest.mark.native
@pytest.mark.parametrize("bounds", [{}, {"row_bytes": 1, "chunk": 1}, {"chunk": 200, "spare": 3}], ids=str)
@every_case
def test_going_around_by_the_native_engine(
    case: dict[str, Any], bounds: dict[str, int], tmp_path: Path
) -> None:
    native = pytest.importorskip("tests.engines.native")
    matcher = native.ENGINE.compile(make_set(case["indicators"]))
    found = native.scan(matcher, log_of(case, tmp_path), **bounds)
    check(case, found)
    expected = portable(case, tmp_path, LIMITS)
    assert list(found.bypasses) == list(expected.bypasses)
    assert found.coverage == expected.coverage
