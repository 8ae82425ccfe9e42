"""The hand-written lines per hour and machines alive of docs/contract.md 4, by both engines."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.engines.portable import LIMITS, PortableEngine, PortableMatcher
from quetsach.sightings.sighting import Coverage
from tests.engines.indicator_sets import make_set

GOLDEN = Path(__file__).parents[1] / "data/golden-hours.jsonl"
CASES = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
every_case = pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])


def log_of(case: dict[str, Any], folder: Path) -> Path:
    log = folder / "log"
    log.write_text("\n".join([*case["header"], *case["lines"]]) + "\n", encoding="utf-8")
    if "mtime" in case:
        seconds = datetime.fromisoformat(case["mtime"]).timestamp()
        os.utime(log, (seconds, seconds))
    return log


def check(case: dict[str, Any], coverage: Coverage) -> None:
    assert (coverage.hours, coverage.order) == (case["hours"], case["order"])
    assert coverage.alive == case.get("alive")
    counted = sum(sum(lines) for lines in (coverage.hours or {}).values())
    assert counted == (coverage.lines if coverage.order else 0)


@pytest.mark.parametrize("block", [1, 100, LIMITS.block])
@every_case
def test_golden_hours(case: dict[str, Any], block: int, tmp_path: Path) -> None:
    matcher = PortableMatcher(make_set(["evil.example"]), replace(LIMITS, block=block))
    options = ScanOptions(tz=case.get("tz", "Asia/Ho_Chi_Minh"), asked=tuple(case.get("asked", ())))
    result = matcher.scan(log_of(case, tmp_path), options, PortableEngine().progress())
    check(case, result.coverage)


@pytest.mark.native
@pytest.mark.parametrize(
    "bounds",
    [{}, {"block": 1}, {"block": 100, "chunk": 1}, {"block": 64, "chunk": 200, "spare": 3}],
    ids=str,
)
@every_case
def test_golden_hours_of_the_native_engine(
    case: dict[str, Any], bounds: dict[str, int], tmp_path: Path
) -> None:
    native = pytest.importorskip("tests.engines.native")
    matcher = native.ENGINE.compile(make_set(["evil.example"]))
    options = {"tz": case.get("tz", "Asia/Ho_Chi_Minh"), "asked": case.get("asked", [])}
    check(case, native.scan(matcher, log_of(case, tmp_path), **options, **bounds).coverage)
