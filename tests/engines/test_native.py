"""The native engine by itself: the golden cases at every level, damaged input, bounds."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from quetsach.engine import ScanOptions, SourceResult
from quetsach.errors import IndicatorError, ScanError
from quetsach.feeds.item import parse
from quetsach.indicator import IndicatorSet, Scope
from quetsach.sighting import Coverage, Sighting

_native = pytest.importorskip("quetsach._native", reason="the native engine is not built")
from quetsach import setfile  # noqa: E402
from quetsach.engines.native import NativeEngine  # noqa: E402

pytestmark = pytest.mark.native
ENGINE = NativeEngine()
GOLDEN = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data/golden.jsonl").read_text(encoding="utf-8").splitlines()
]


def make_set(values: list[Any]) -> IndicatorSet:
    found = []
    for value in values:
        if isinstance(value, str):
            found += parse(value, Scope.WITH_SUBDOMAINS)[0]
        else:
            found += parse(value["value"], Scope(value["scope"]))[0]
    return IndicatorSet(found)


def scan(matcher: Any, path: Path, **options: Any) -> SourceResult:
    """With the bounds that only tests may change: level, chunk, long_line, parsed_part."""
    arguments = {"tz": "Asia/Ho_Chi_Minh", **options}
    rows, coverage = matcher._matcher.scan(path, _native.Progress(), **arguments)
    return SourceResult(sorted((Sighting(**r) for r in rows), key=Sighting.key), Coverage(**coverage))


@pytest.mark.parametrize("level", _native.levels())
@pytest.mark.parametrize("case", GOLDEN, ids=[c["id"] for c in GOLDEN])
def test_golden_case(case: dict[str, Any], level: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes("\n".join([*case.get("header", []), case["line"]]).encode() + b"\n")
    result = scan(ENGINE.compile(make_set(case["indicators"])), path, level=level)
    found = {s.indicator: s for s in result.sightings}
    assert set(found) == {e["indicator"] for e in case["expect"]}
    for expected in case["expect"]:
        sighting = found[expected["indicator"]]
        assert sighting.logformat == case["format"]
        assert {key: getattr(sighting, key) for key in expected} == expected
    assert result.coverage.inbound == case.get("inbound", 0)
