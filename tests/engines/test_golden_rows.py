"""The hand-written rows of docs/contract.md 2 to 4 (`who`, runs, leases), by both engines."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from quetsach.logs import logformat
from quetsach.machines.leases.leaseformat import Event
from quetsach.machines.leases.naming import Leases
from quetsach.scanning import engine
from quetsach.scanning.engines.portable import LIMITS, Limits, PortableEngine, PortableMatcher
from quetsach.sightings.sighting import Sighting
from tests.engines.indicator_sets import make_set

GOLDEN = Path(__file__).parents[1] / "data/golden-rows.jsonl"
CASES = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
every_case = pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])


def micros(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp()) * 1_000_000


def log_of(case: dict[str, Any], folder: Path) -> Path:
    log = folder / "log"
    log.write_text("\n".join([*case["header"], *case["lines"]]) + "\n", encoding="utf-8")
    if "mtime" in case:
        seconds = micros(case["mtime"]) // 1_000_000
        os.utime(log, (seconds, seconds))
    return log


def named(case: dict[str, Any], sightings: Iterable[Sighting]) -> list[Sighting]:
    leases = Leases()
    for lease in case.get("leases", ()):
        times = {"at": micros(lease["at"]), "until": micros(lease["until"])}
        leases.add([Event(**{**lease, **times})])
    return list(leases.name(sightings))


def check(case: dict[str, Any], sightings: Iterable[Sighting]) -> None:
    found = named(case, sightings)
    said = [
        {key: getattr(sighting, key) for key in row}
        for sighting, row in zip(found, case["rows"], strict=False)
    ]
    assert said == case["rows"]
    assert len(found) == len(case["rows"])
    assert {sighting.logformat for sighting in found} == {case["format"]}
    assert [s.key() for s in found] == sorted({s.key() for s in found})


def options(case: dict[str, Any]) -> engine.ScanOptions:
    """A format that the case brings along is no format of the package, so it must be named."""
    return engine.ScanOptions(format=case["format"] if "extra" in case else None)


def portable(case: dict[str, Any], folder: Path, limits: Limits) -> Iterable[Sighting]:
    extra = [logformat.parse(case["extra"], "test")] if "extra" in case else []
    items = make_set(case["indicators"])
    matcher = PortableMatcher(items, limits, {one.name: one for one in extra})
    return matcher.scan(log_of(case, folder), options(case), PortableEngine().progress()).sightings


@every_case
def test_golden_rows(case: dict[str, Any], tmp_path: Path) -> None:
    check(case, portable(case, tmp_path, LIMITS))


@every_case
def test_golden_rows_of_spilled_rows(case: dict[str, Any], tmp_path: Path) -> None:
    check(case, portable(case, tmp_path, replace(LIMITS, rows=1)))


@pytest.mark.native
@pytest.mark.parametrize("bounds", [{}, {"row_bytes": 1, "chunk": 1}, {"chunk": 200, "spare": 3}], ids=str)
@every_case
def test_golden_rows_of_the_native_engine(
    case: dict[str, Any], bounds: dict[str, int], tmp_path: Path
) -> None:
    native = pytest.importorskip("tests.engines.native")
    made = native.NativeEngine([case["extra"]]) if "extra" in case else native.ENGINE
    matcher = made.compile(make_set(case["indicators"]))
    path = log_of(case, tmp_path)
    check(case, native.scan(matcher, path, format=options(case).format, **bounds).sightings)
