"""The hand-written cases of docs/contract.md 1 to 3, each with the format detected and with it forced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quetsach.scanning import engine
from quetsach.scanning.engines.portable import PortableMatcher

GOLDEN = Path(__file__).parents[1] / "data/golden.jsonl"
CASES = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("forced", [False, True], ids=["detected", "forced"])
@pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
def test_golden_case(case: dict[str, Any], forced: bool, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join([*case["header"], case["line"]]) + "\n", encoding="utf-8")
    portable = engine.choose("portable")
    matcher = engine.compile(case["indicators"], guard_rails=False, name="portable")
    options = engine.ScanOptions(format=case["format"] if forced else None)
    result = matcher.scan(log, options, portable.progress())
    found = {s.indicator: s for s in result.sightings}
    assert set(found) == {e["indicator"] for e in case["expect"]}
    for expected in case["expect"]:
        sighting = found[expected["indicator"]]
        assert {key: getattr(sighting, key) for key in expected} == expected
        assert (sighting.logformat, sighting.count) == (case["format"], 1)
    coverage = result.coverage
    assert (coverage.inbound, coverage.not_understood) == (
        case.get("inbound", 0),
        case.get("not_understood", 0),
    )
    assert coverage.lines == len(case["header"]) + 1
    assert not coverage.errors


@pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
def test_explain_agrees_with_the_scan(case: dict[str, Any]) -> None:
    matcher = engine.compile(case["indicators"], guard_rails=False, name="portable")
    assert isinstance(matcher, PortableMatcher)
    explanation = engine.explain(case["line"], matcher.index.indicators, header=case["header"])
    hits = {n.indicator.canonical: n.field for n in explanation.hits if n.indicator}
    assert hits == {e["indicator"]: e["field"] for e in case["expect"]}
    assert explanation.format == case["format"]
    assert explanation.inbound is bool(case.get("inbound", 0))
