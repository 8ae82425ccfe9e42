"""The hand-written cases of going around (docs/contract.md 2), by both engines, and what must not change."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from quetsach.bypass import providers
from quetsach.bypass.providers import Providers
from quetsach.indicators import setfile
from quetsach.indicators.indicator import IndicatorSet
from quetsach.scanning.engine import ScanOptions, SourceResult, explain
from quetsach.scanning.engines.portable import LIMITS, Limits, PortableEngine, PortableMatcher
from quetsach.sightings.sighting import dump
from tests.engines.both import few
from tests.engines.indicator_sets import make_set
from tests.engines.random_lines import files, indicators

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
    options = ScanOptions(asked=tuple(case.get("asked", ())))
    return matcher.scan(log_of(case, folder), options, PortableEngine().progress())


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
    found = native.scan(matcher, log_of(case, tmp_path), asked=case.get("asked", ()), **bounds)
    check(case, found)
    expected = portable(case, tmp_path, LIMITS)
    assert list(found.bypasses) == list(expected.bypasses)
    assert found.coverage == expected.coverage


NO_PROVIDERS = Providers(IndicatorSet(()))


def told(result: SourceResult) -> tuple[list[bytes], dict[str, Any]]:
    """All that a scan says of indicators: sightings as bytes, and the coverage but for the times of lines."""
    coverage = result.coverage._asdict()
    for of_lines in ("first", "last", "time", "zone"):
        del coverage[of_lines]
    return [dump(one) for one in result.sightings], coverage


@pytest.mark.native
@few
@given(indicators, files(), st.booleans(), st.sampled_from(({}, {"long_line": 150, "parsed_part": 90})))
def test_indicators_say_the_same_without_providers(
    values: list[str], data: bytes, devices: bool, bounds: dict[str, int]
) -> None:
    native = pytest.importorskip("tests.engines.native")
    items = make_set(values)
    asked = ScanOptions(devices=devices)
    with tempfile.TemporaryDirectory() as folder:
        path = native.write(folder, data)
        results = [
            PortableMatcher(items, replace(LIMITS, **bounds), None, around).scan(
                path, asked, PortableEngine().progress()
            )
            for around in (NO_PROVIDERS, providers.load())
        ]
        results += [
            native.scan(native.NativeEngine((), around).compile(items), path, devices=devices, **bounds)
            for around in (NO_PROVIDERS, providers.load())
        ]
    if list(results[-1].bypasses):
        event("ways around")
    assert not list(results[0].bypasses) + list(results[2].bypasses)
    assert all(told(one) == told(results[0]) for one in results[1:])


def test_the_set_is_the_same_with_providers(tmp_path: Path) -> None:
    """Its id, its count, and the entries of its file."""
    native = pytest.importorskip("tests.engines.native")
    items = make_set(["evil.example", "203.0.113.9"])
    for around in (NO_PROVIDERS, providers.load()):
        matcher = native.NativeEngine((), around).compile_to(items, tmp_path / "set.qs")
        assert (matcher.set_id, matcher.count) == (items.id, 2)
        assert setfile.read(tmp_path / "set.qs").items == items.items


def test_a_set_made_with_other_providers_looks_for_those_of_this_version(tmp_path: Path) -> None:
    native = pytest.importorskip("tests.engines.native")
    log = native.write(
        tmp_path, b"2026-11-01T15:00:00+07:00 gw dnsmasq[612]: query[A] dns.google from 192.168.1.20\n"
    )
    native.NativeEngine((), NO_PROVIDERS).compile_to(make_set(["evil.example"]), tmp_path / "set.qs")
    for around, count in ((providers.load(), 1), (NO_PROVIDERS, 0)):
        matcher = native.NativeEngine((), around).load(tmp_path / "set.qs")
        assert len(list(native.scan(matcher, log).bypasses)) == count


ALONE = [case for case in CASES if len(case["lines"]) == 1 and not case.get("asked")]


@pytest.mark.parametrize("case", ALONE, ids=lambda case: case["id"])
def test_explain_tells_the_same_ways(case: dict[str, Any]) -> None:
    told = explain(case["lines"][0], make_set(case["indicators"]), header=case["header"])
    assert {(way.provider.name, way.provider.kind) for way in told.ways} == {
        (row["provider"], row["kind"]) for row in case["bypasses"]
    }
    assert bool(told.hits) is bool(case["rows"])
