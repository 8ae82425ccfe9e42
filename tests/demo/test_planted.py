"""Each engine reports exactly the planted rows of generated logs: every row and every figure."""

import pytest

from demo.loggen import KINDS, make_indicators, write_bench_logs
from demo.loggen.__main__ import write_variants
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind
from quetsach.scanning import engine as engines

ITEMS = make_indicators(400, seed=21)
INDICATORS = IndicatorSet(Indicator(item.value, Kind(item.kind), family=item.family) for item in ITEMS)
YEAR_LESS = {"dnsmasq"}


@pytest.fixture(scope="module")
def matcher(engine):
    return engine.compile(INDICATORS)


@pytest.fixture(scope="module", params=KINDS)
def logs(request, tmp_path_factory):
    """(folder, file, truth) of one kind: a hit in every fiftieth line, as many near misses."""
    folder = tmp_path_factory.mktemp(request.param)
    truth = write_bench_logs(folder, [request.param], ITEMS, total_bytes=1_500_000, hit_rate=0.02, seed=33)
    return folder, request.param, truth


def scan(engine, matcher, path):
    return matcher.scan(path, engines.ScanOptions(source_name="planted"), engine.progress())


def told(sightings, truth, file):
    """(reported, planted), each {(indicator, device, who, day): facts}; facts that the truth leaves open are
    left out."""
    planted = {row.key[1:]: row for row in truth.rows.values() if row.file == file}
    reported = {}
    for s in sightings:
        key = s.key()[1:]
        assert key not in reported
        settled = key in planted and planted[key].action
        action = s.action if settled else ""
        reported[key] = (
            s.runs,
            s.count,
            s.first_seen,
            s.last_seen,
            s.kind,
            s.family,
            s.field,
            s.matched,
            action,
        )
    expected = {
        key: (r.runs, r.count, r.first, r.last, r.kind, r.family, r.field, r.matched, r.action)
        for key, r in planted.items()
    }
    return reported, expected


def test_every_planted_row_and_nothing_else(engine, matcher, logs):
    folder, kind, truth = logs
    file = KINDS[kind].file_name
    source = truth.sources[file]
    result = scan(engine, matcher, folder / file)
    reported, expected = told(result.sightings, truth, file)
    assert reported == expected
    assert sum(row[1] for row in reported.values()) == source.planted
    assert {row.kind for row in truth.rows.values()} >= KINDS[kind].kinds - {"ip-port"}
    coverage = result.coverage
    assert (coverage.source, coverage.bytes, coverage.lines) == (source.source, source.bytes, source.lines)
    assert (coverage.inbound, coverage.not_understood, coverage.long_lines) == (source.inbound, 0, 0)
    assert coverage.errors == []
    assert coverage.time == ("assumed_year" if kind in YEAR_LESS else "ok")


def test_compressed_copies_say_the_same(engine, matcher, tmp_path):
    truth = write_bench_logs(tmp_path, ["squid"], ITEMS, total_bytes=200_000, hit_rate=0.05, seed=5)
    write_variants(tmp_path / "access.log")
    for name in ("access.log.gz", "access.log.zst"):
        result = scan(engine, matcher, tmp_path / name)
        reported, expected = told(result.sightings, truth, "access.log")
        assert reported == expected
        assert result.coverage.source == truth.sources["access.log"].source
        assert result.coverage.errors == []


def test_the_longer_list_finds_no_more_and_no_less(engine, tmp_path):
    truth = write_bench_logs(
        tmp_path, ["zeek-dns"], ITEMS, planted_from=80, total_bytes=200_000, hit_rate=0.05, seed=6
    )
    for count in (80, 400):
        some = engine.compile(
            IndicatorSet(Indicator(item.value, Kind(item.kind), family=item.family) for item in ITEMS[:count])
        )
        reported, expected = told(scan(engine, some, tmp_path / "dns.log").sightings, truth, "dns.log")
        assert reported == expected


def test_a_log_that_is_mostly_hits(engine, matcher, tmp_path):
    truth = write_bench_logs(tmp_path, ["eve"], ITEMS, total_bytes=300_000, hit_rate=0.9, trap_rate=0, seed=7)
    source = truth.sources["eve.json"]
    assert source.planted > source.lines / 3
    reported, expected = told(scan(engine, matcher, tmp_path / "eve.json").sightings, truth, "eve.json")
    assert reported == expected
