"""Real Zeek logs of one capture in two dialects give the same answer."""

from __future__ import annotations

import gzip
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from quetsach.indicators import draft, guard, reading
from quetsach.indicators.indicator import Indicator, IndicatorSet, Scope
from quetsach.indicators.lists.item import parse
from quetsach.indicators.lists.remark import Reject
from quetsach.scanning.engine import Engine, Matcher, ScanOptions, SourceResult, choose

DATA = Path(os.environ.get("QUETSACH_TEST_DATA", "../shared/data"))
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason="QUETSACH_TEST_DATA is not there"),
]
ALARMS: dict[str, dict[str, int]] = {"dns": {}, "ssl": {}}
"""Lines of benign traffic that the real list hits behind the guard rails; see docs/en/false-alarms.md."""
COLUMNS = {"dns": ("id.resp_h", "query", "answers"), "ssl": ("id.resp_h", "server_name")}


@pytest.fixture(scope="module")
def real_list() -> tuple[Engine, Matcher]:
    """The 1.3 million real rows, behind the guard rails, compiled; read as the command line reads them."""
    found = reading.read_many([DATA / "indicators/malware-indicators.csv.gz"], draft=draft.available())
    engine = choose()
    return engine, engine.compile(guard.apply(found.indicators).kept)


def _values(kind: str) -> set[str]:
    found: set[str] = set()
    names: list[str] = []
    for line in (
        gzip.decompress((DATA / f"zeek/{kind}.log.gz").read_bytes()).decode("utf-8", "replace").splitlines()
    ):
        if line.startswith("#fields\t"):
            names = line.split("\t")[1:]
        elif not line.startswith("#"):
            row = dict(zip(names, line.split("\t"), strict=False))
            for column in COLUMNS[kind]:
                found.update(row[column].split(","))
    return found


def _list(kind: str) -> IndicatorSet:
    values = sorted(_values(kind))
    items: list[Indicator] = []
    for value in random.Random(20_261_024).sample(values, min(200, len(values))):
        try:
            items += parse(value, Scope.WITH_SUBDOMAINS)[0]
        except Reject:
            continue
    return IndicatorSet(items)


def _facts(result: SourceResult) -> list[tuple[object, ...]]:
    return [
        (
            s.indicator,
            s.kind,
            s.matched,
            s.field,
            s.device,
            s.day,
            s.first_seen,
            s.last_seen,
            s.count,
            s.action,
            s.logformat,
        )
        for s in result.sightings
    ]


@pytest.mark.parametrize("kind", ["dns", "ssl"])
def test_both_dialects_give_the_same_sightings(engine: Engine, kind: str) -> None:
    told = _both(engine, kind, engine.compile(_list(kind)))
    assert len(_facts(told[0])) > 100
    assert _facts(told[0]) == _facts(told[1])
    first, second = (t.coverage for t in told)
    assert (first.inbound, first.not_understood, first.first, first.last) == (
        second.inbound, second.not_understood, second.first, second.last,
    )  # fmt: skip
    assert first.not_understood == 0


@pytest.mark.parametrize("kind", ["dns", "ssl"])
def test_both_dialects_say_the_same_of_the_real_list(kind: str, real_list: tuple[Engine, Matcher]) -> None:
    engine, matcher = real_list
    told = _both(engine, kind, matcher)
    assert _facts(told[0]) == _facts(told[1])
    assert told[0].coverage.lines > 10_000
    alarms: Counter[str] = Counter()
    for sighting in told[0].sightings:
        alarms[sighting.indicator] += sighting.count
    assert alarms == ALARMS[kind]


def _both(engine: Engine, kind: str, matcher: Matcher) -> list[SourceResult]:
    return [
        matcher.scan(DATA / f"zeek/{kind}.{end}.gz", ScanOptions(), engine.progress())
        for end in ("log", "json")
    ]


def test_the_infected_machine_of_the_real_capture_is_found(engine: Engine) -> None:
    """`zgrep` finds one listed name on 315 lines, asked by two clients."""
    log = gzip.decompress((DATA / "zeek-malicious/dns.log.gz").read_bytes()).decode()
    lines = [line.split("\t") for line in log.splitlines() if not line.startswith("#")]
    listed = {
        row.split(",")[0]
        for row in gzip.decompress((DATA / "indicators/malware-indicators.csv.gz").read_bytes())
        .decode()
        .splitlines()
        if ",domain," in row
    }
    asked = {line[8].lower() for line in lines}
    hit = {n for n in asked if any(".".join(n.split(".")[i:]) in listed for i in range(n.count(".")))}
    assert hit
    items = IndicatorSet(
        i for n in listed if any(h.endswith(n) for h in hit) for i in parse(n, Scope.WITH_SUBDOMAINS)[0]
    )
    result = engine.compile(items).scan(DATA / "zeek-malicious/dns.log.gz", ScanOptions(), engine.progress())
    wanted = sum(line[8].lower() in hit for line in lines)
    assert sum(s.count for s in result.sightings if s.field == "query") == wanted == 315
    assert {s.device for s in result.sightings} == {line[2] for line in lines if line[8].lower() in hit}
