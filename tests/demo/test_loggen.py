"""The generator's truth equals the content of its logs, for every kind."""

import gzip
import ipaddress
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from publicsuffixlist import PublicSuffixList

from demo.loggen import KINDS, Infection, Truth, make_indicators, write_bench_logs, write_demo_logs
from demo.loggen.__main__ import main
from tests.demo.slow_reader import by_kind, read

START = datetime(2026, 10, 5, 17, tzinfo=UTC)


def rows_of(truth, file):
    return {
        (r.indicator, r.device, r.day): [r.count, r.first, r.last, r.field]
        for r in truth.rows.values()
        if r.file == file
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_truth_is_what_a_slow_reader_finds(kind, tmp_path):
    items = make_indicators(60, seed=3)
    truth = write_bench_logs(tmp_path, [kind], items, total_bytes=250_000, hit_rate=0.05, seed=11)
    source = truth.sources[KINDS[kind].file_name]
    text = (tmp_path / source.file).read_text()
    rows, inbound = read(text, kind, by_kind(items), 2026)
    assert rows == rows_of(truth, source.file)
    assert inbound == source.inbound > 0
    assert (len(text), text.count("\n")) == (source.bytes, source.lines)
    kinds = {row.kind for row in truth.rows.values()}
    assert kinds >= KINDS[kind].kinds - {"ip-port"}


def test_what_is_planted_from_a_short_list_stays_true_for_a_longer_one(tmp_path):
    items = make_indicators(400, seed=5)
    assert items[:60] == make_indicators(60, seed=5)
    truth = write_bench_logs(
        tmp_path, ["squid"], items, planted_from=60, total_bytes=150_000, hit_rate=0.05, seed=2
    )
    text = (tmp_path / "access.log").read_text()
    for count in (60, 400):
        rows, inbound = read(text, "squid", by_kind(items[:count]), 2026)
        assert rows == rows_of(truth, "access.log")
        assert inbound == truth.sources["access.log"].inbound


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_writes_the_same_bytes(kind, tmp_path):
    items, written = make_indicators(100, seed=1), []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        write_bench_logs(tmp_path / name, [kind], items, total_bytes=60_000, hit_rate=0.01, seed=seed)
        written.append((tmp_path / name / KINDS[kind].file_name).read_bytes())
    assert written[0] == written[1]
    assert written[0][:4096] != written[2][:4096]


def test_no_indicator_is_a_public_suffix_or_of_special_purpose():
    suffixes = PublicSuffixList()
    items = make_indicators(20_000, seed=8)
    assert len({item.value for item in items}) == len(items)
    shares = defaultdict(int)
    for item in items:
        shares[item.kind] += 1
        if item.kind == "domain":
            assert not suffixes.is_public(item.value)
        elif item.kind in ("ipv4", "ipv6"):
            assert ipaddress.ip_address(item.value).is_global
        elif item.kind == "cidr":
            network = ipaddress.ip_network(item.value)
            assert network.is_global
            assert network.prefixlen >= (24 if network.version == 4 else 48)
    assert 0.75 < shares["domain"] / len(items) < 0.85
    assert min(shares[kind] for kind in ("ipv6", "cidr", "ip-port", "url")) >= 10


def test_lines_are_in_order_and_the_file_ends_when_its_last_line_does(tmp_path):
    write_bench_logs(
        tmp_path, ["zeek-dns"], make_indicators(50, 1), total_bytes=400_000, hit_rate=0.02, seed=4
    )
    path = tmp_path / "dns.log"
    times = [line.partition("\t")[0] for line in path.read_text().splitlines() if not line.startswith("#")]
    assert [t.partition(".")[0] for t in times] == sorted(t.partition(".")[0] for t in times)
    assert int(times[0].partition(".")[0]) >= START.timestamp()
    assert 0 < path.stat().st_mtime - float(times[-1]) <= 2


def test_demo_machines_fall_ill_go_quiet_and_come_back(tmp_path):
    units = {"a": ["10.1.0.5", "10.1.0.6"], "b": ["192.168.7.9"]}
    items = make_indicators(300, seed=1)
    ill = [
        Infection("10.1.0.5", "ramnit", ((0, 2), (5, 6)), per_day=9),
        Infection("192.168.7.9", "andromeda", ((3, 6),), per_day=4),
    ]
    truth = write_demo_logs(tmp_path, items, units, START, 6, 1_500_000, 9, ill)
    days = defaultdict(set)
    for row in truth.rows.values():
        if row.device:
            days[row.device, row.family].add((datetime.fromisoformat(row.first) - START) // timedelta(days=1))
            days[row.device, row.family].add((datetime.fromisoformat(row.last) - START) // timedelta(days=1))
    assert days == {("10.1.0.5", "ramnit"): {0, 1, 5}, ("192.168.7.9", "andromeda"): {3, 4, 5}}
    text = gzip.decompress((tmp_path / "demo-dnsmasq-04.log.gz").read_bytes()).decode()
    rows, _ = read(text, "dnsmasq", by_kind(items), 2026)
    assert rows == rows_of(truth, "demo-dnsmasq-04.log.gz") != {}
    assert "DEMO" in (tmp_path / "README.txt").read_text()
    assert "#comment\tDEMO DATA" in (tmp_path / "demo-dns-01.log").read_text()
    assert {path.name[:5] for path in tmp_path.iterdir()} == {"demo-", "READM"}


def test_demo_plans_an_outbreak_in_every_unit(tmp_path):
    units = {str(n): [f"10.{n}.0.{h}" for h in range(10, 30)] for n in range(1, 5)}
    triples = [(item.value, item.kind, item.family) for item in make_indicators(500, seed=1)]
    truth = write_demo_logs(tmp_path, triples, units, START, 8, 800_000, 3, kinds={"zeek-dns": 1}, parts=1)
    days = defaultdict(set)
    for row in truth.rows.values():
        days[row.device].add(row.day)
    assert {device.split(".")[1] for device in days} == {"1", "2", "3", "4"}
    assert any(len(seen) < (date(max(seen)) - date(min(seen))).days + 1 for seen in days.values())


def date(day):
    return datetime.fromisoformat(day)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"start": datetime(2026, 10, 5)}, "time zone"),
        ({"hits": [Infection("10.9.9.9", "ramnit", ((0, 1),))]}, r"10\.9\.9\.9"),
        ({"kinds": {"smoke-signals": 1.0}}, "smoke-signals"),
    ],
)
def test_demo_refuses_what_it_cannot_write(changed, said, tmp_path):
    given = {"start": START, "hits": None, "kinds": None} | changed
    with pytest.raises(ValueError, match=said):
        write_demo_logs(
            tmp_path,
            [],
            {"a": ["10.0.0.9"]},
            given["start"],
            2,
            10_000,
            1,
            given["hits"],
            kinds=given["kinds"],
        )


def test_the_command_writes_lists_logs_truth_and_compressed_copies(tmp_path, capsys):
    main(
        [
            "--kind",
            "squid",
            "--size",
            "60K",
            "--indicators",
            "50,80",
            "--hit-rate",
            "0.05",
            "--variants",
            "-o",
            str(tmp_path),
        ]
    )
    truth = Truth.read(tmp_path / "truth.jsonl")
    plain = (tmp_path / "access.log").read_bytes()
    assert gzip.decompress((tmp_path / "access.log.gz").read_bytes()) == plain
    listed = (tmp_path / "indicators-80.txt").read_text().split()
    assert listed[:50] == (tmp_path / "indicators-50.txt").read_text().split()
    assert {row.indicator for row in truth.rows.values()} <= set(listed[:50])
    assert (tmp_path / "indicators-50.csv").read_text().startswith("indicator,type,family\n")
    assert "access.log" in capsys.readouterr().out
