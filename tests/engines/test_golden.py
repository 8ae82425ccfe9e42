"""The hand-written cases of docs/contract.md 1 to 3, each with the format detected and with it forced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quetsach.files import inputs
from quetsach.scanning import engine, work
from quetsach.scanning.engines.portable import PortableMatcher
from quetsach.sightings.sighting import Scan

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
    told = case.get("told", [])
    coverage = result.coverage
    lines = case.get("not_understood", len(told))
    assert (coverage.inbound, coverage.not_understood) == (case.get("inbound", 0), lines)
    assert coverage.unattributed == told if told else len(coverage.unattributed) == lines
    assert coverage.lines == len(case["header"]) + 1
    assert not coverage.errors


@pytest.mark.parametrize(
    ("name", "split_bytes"),
    [
        ("portable", None),
        pytest.param("native", None, marks=pytest.mark.native),
        pytest.param("native", 2 << 20, marks=pytest.mark.native),
    ],
)
def test_the_first_lines_of_a_source_are_shown_in_its_order(
    name: str, split_bytes: int | None, tmp_path: Path
) -> None:
    """Twenty of thirty lines, on two threads and in parts as well."""
    squid = next(case for case in CASES if case["id"] == "told-prose-in-squid")
    filler = "\n".join(squid["header"] * (1200 if split_bytes else 10)) + "\n"
    log = tmp_path / "log"
    log.write_text("".join(f"{filler}case {n}: evil.example\n" for n in range(30)), encoding="utf-8")
    matcher = engine.compile(["evil.example"], guard_rails=False, name=name)
    header = Scan("t", "0" * 64, 1, "s", "UTC")
    found = inputs.discover([str(log)])
    options = engine.ScanOptions()
    result = work.run(found, engine.choose(name), matcher, options, header, jobs=2, split_bytes=split_bytes)
    (coverage,) = result.coverage
    assert coverage.not_understood == 30 and not coverage.errors
    assert list(coverage.unattributed) == [f"case {n}: evil.example" for n in range(20)]


ATTRIBUTED = [case for case in CASES if "told" not in case]


@pytest.mark.parametrize("case", ATTRIBUTED, ids=[c["id"] for c in ATTRIBUTED])
def test_explain_agrees_with_the_scan(case: dict[str, Any]) -> None:
    matcher = engine.compile(case["indicators"], guard_rails=False, name="portable")
    assert isinstance(matcher, PortableMatcher)
    explanation = engine.explain(case["line"], matcher.index.indicators, header=case["header"])
    hits = {n.indicator.canonical: n.field for n in explanation.hits if n.indicator}
    assert hits == {e["indicator"]: e["field"] for e in case["expect"]}
    assert explanation.format == case["format"]
    assert explanation.inbound is bool(case.get("inbound", 0))
