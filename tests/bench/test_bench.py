"""The bench tells right answers from wrong answers, and charges a process only with its own cost."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import matching
from bench.__main__ import main
from bench.measure import Cost, RunFailedError, run
from bench.overview import Told, measured, shown, told
from bench.peers import DuckDb, Quetsach, Verdict, judge
from bench.plan import Goal, Measurement
from bench.report import Result, table
from bench.scan import generate
from demo.loggen import KINDS, Truth, make_indicators, write_bench_logs
from demo.loggen.indicators import write_plain


@pytest.fixture
def planted(tmp_path):
    truth = write_bench_logs(
        tmp_path, ["squid"], make_indicators(40, 1), total_bytes=60_000, hit_rate=0.05, seed=2
    )
    records = [{"type": "scan", "schema": 2}]
    records += [
        {
            "type": "sighting",
            "indicator": row.indicator,
            "device": row.device or None,
            "who": row.who,
            "day": row.day,
            "count": row.count,
            "first_seen": row.first,
            "last_seen": row.last,
        }
        for row in truth.rows.values()
    ]
    return truth, records, tmp_path / "out.jsonl"


def judged(planted):
    truth, records, out = planted
    out.write_text("".join(json.dumps(record) + "\n" for record in records))
    return judge(out, truth, "access.log")


def test_the_truth_itself_is_right(planted):
    assert judged(planted) == Verdict("rows", len(planted[0].rows), len(planted[0].rows), 0, 0)
    assert judged(planted).is_right


@pytest.mark.parametrize(
    ("spoil", "missing", "extra", "wrong"),
    [
        (lambda records: records.pop(), 1, 0, 0),
        (lambda records: records[1].update(count=records[1]["count"] + 1), 1, 0, 1),
        (lambda records: records[1].update(last_seen="2026-10-06T00:00:00.000000Z"), 1, 0, 1),
        (lambda records: records[1].update(device="10.0.0.1"), 1, 1, 0),
        (lambda records: records.append(records[1]), 0, 1, 0),
    ],
)
def test_a_spoilt_answer_is_wrong(planted, spoil, missing, extra, wrong):
    spoil(planted[1])
    verdict = judged(planted)
    total = len(planted[0].rows)
    assert (verdict.expected, verdict.found, verdict.extra, verdict.wrong) == (
        total,
        total - missing,
        extra,
        wrong,
    )
    assert not verdict.is_right


def test_a_process_is_not_charged_for_the_memory_of_whoever_measures_it():
    ballast = bytearray(300 << 20)
    small, _ = run(["true"], (0,))
    large, _ = run([sys.executable, "-c", "x = bytearray(b'x') * (80 << 20)"], (0,))
    assert len(ballast) > small.peak_bytes
    assert small.peak_bytes < 60 << 20
    assert large.peak_bytes >= 80 << 20


def test_an_unexpected_end_is_an_error_that_shows_what_was_said():
    with pytest.raises(RunFailedError, match=r"ended with 3: .*disk on fire"):
        run([sys.executable, "-c", "import sys; print('disk on fire'); sys.exit(3)"], (0, 1))


def test_ratios_are_taken_round_by_round():
    def result(tool, seconds, verdict):
        costs = tuple(Cost(s, s, 10_000_000) for s in seconds)
        return Result("dns.log", 2_000_000_000, 10, tool, costs, (verdict,) * len(costs))

    ours = result("ours", (1.0, 2.0, 4.0), Verdict("rows", 7, 7, 0))
    theirs = result("rg", (10.0, 40.0, 12.0), Verdict("lines", 5, 5, 900))
    _, _, first, second = (
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in table([ours, theirs], ours.tool).splitlines()
    )
    assert first[3:] == ["1,000", "2.00 (1.00-4.00)", "1.0", "10", "right: 7 of 7 rows"]
    assert second[5:] == ["10.0", "10", "905 lines, 5 are true"]


def test_an_engine_that_is_not_here_says_so():
    assert "unknown engine" in Quetsach("imaginary").absent()
    assert Quetsach("portable").absent() == ""


def test_truth_survives_its_file(planted, tmp_path):
    planted[0].write(tmp_path / "truth.jsonl")
    assert Truth.read(tmp_path / "truth.jsonl") == planted[0]


def test_a_whole_bench_with_the_portable_engine(tmp_path, monkeypatch, capsys):
    options = ["--size", "100K", "--sizes", "40", "--kinds", "squid,zeek-dns", "--rounds", "2", "--alone"]
    options += ["--hit-rate", "0.02", "--engines", "portable", "--folder", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["bench", "scan", *options])
    assert main() == 0
    shown = capsys.readouterr().out
    assert shown.count("right: ") == 2
    kept = json.loads(next(tmp_path.glob("scan-*.json")).read_text())
    assert [len(result["costs"]) for result in kept["results"]] == [2, 2]
    assert next(tmp_path.glob("scan-*.md")).read_text() == shown


@pytest.mark.skipif(bool(DuckDb().absent()), reason=DuckDb().absent() or "-")
@pytest.mark.parametrize("kind", ["zeek-dns", "eve"])
def test_the_query_beside_which_we_are_measured_finds_what_it_can_spell(tmp_path, kind):
    items = make_indicators(400, 1)
    truth = write_bench_logs(tmp_path, [kind], items, total_bytes=400_000, hit_rate=0.02, seed=2)
    write_plain(items, tmp_path / "list.txt")
    _, verdict = DuckDb().scan(tmp_path / KINDS[kind].file_name, tmp_path / "list.txt", tmp_path, truth)
    assert verdict.extra == 0
    assert verdict.found * 10 >= verdict.expected * 7


def test_the_overview_reads_the_tables_of_every_measurement():
    text = (
        "{'cpu': 'x'}\n| run | MB/s | seconds (range) | times the first |\n| --- | --- | --- | --- |\n"
        "| igzip -dc | 800 | 1.00 (0.90-1.10) | 1.00 |\n\n"
        "| log | list | tool | MB/s | seconds (range) | quetsach native = 1 | peak MB | answer |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
        "| dns.log | 10 | rg -F -f | 5 | 2.00 (2.00-2.00) | 9.5 | 1 | 3 lines, 2 are true |\n"
    )
    first, second = told(text)
    assert first == {
        "run": "igzip -dc",
        "MB/s": "800",
        "seconds (range)": "1.00 (0.90-1.10)",
        "times the first": "1.00",
    }
    one = Measurement(
        "beside", (), {"rg": [Goal("quetsach native = 1", 12), Goal("peak MB", 2, is_least=False)]}
    )
    lines = list(shown(one, Told([first, second], ["DuckDB: not installed"], "")))
    assert lines == [
        "| beside | igzip -dc | 800 | 1.00 (0.90-1.10) | 1.00 (times the first) |  |  |  |",
        "| beside | dns.log 10 rg -F -f | 5 | 2.00 (2.00-2.00) | 9.5 (quetsach native = 1) | 1 "
        "| ≥ 12 times as long: MISSED; ≤ 2 peak MB: kept | 3 lines, 2 are true |",
        "| beside | absent: DuckDB: not installed |  |  |  |  |  |  |",
    ]


def test_what_the_matcher_alone_did_has_no_empty_cell(monkeypatch, capsys):
    """Building the example that measures takes minutes: this test only reads its output."""
    one = "   level matching with reading   lines  places  log\n avx2 3.236 2.595 100 5 /x/dns.log\n"
    two = "threads      one      all  times  log\n      2    2.760    5.495   1.99  /x/dns.log\n"

    def run(command, **_options):
        said = "          list 10\n" + (two if "--threads" in command else one)
        return subprocess.CompletedProcess(command, 0, said)

    class Ours:
        def __init__(self, *_arguments):
            pass

        def prepare(self, *_arguments):
            pass

        def compiled(self, *_arguments):
            return Path("set.qs")

    monkeypatch.setattr(matching, "machine", dict)
    monkeypatch.setattr(matching, "generate", lambda *_arguments: Path())
    monkeypatch.setattr(matching, "Quetsach", Ours)
    monkeypatch.setattr(matching.shutil, "which", lambda name: name)
    monkeypatch.setattr(matching.subprocess, "run", run)
    asked = argparse.Namespace(items=10, folder=Path(), size=1, seed=1, rounds=1)
    assert matching.matching(asked) == 0
    rows = [dict(row) for row in told(capsys.readouterr().out)]
    assert rows == [
        {"log": "dns.log", "tool": "avx2", "GB/s": "3.236", "with reading": "2.595"},
        {"log": "dns.log", "tool": "2 threads", "GB/s": "5.495", "times one thread": "1.99"},
    ]


def test_a_measurement_that_breaks_is_told_and_the_others_go_on(tmp_path):
    broken = measured(Measurement("x", ("dense", "--kind", "squid", "--size", "nonsense")), tmp_path)
    assert "nonsense" in broken.failure
    assert next(iter(shown(Measurement("x", ()), broken))).startswith("| x | failed: ")


def test_logs_that_were_written_for_more_serve_for_less(tmp_path):
    made = generate(tmp_path, ["squid", "zeek-dns"], 50_000, [20, 40], 7, 0.02)
    assert generate(tmp_path, ["squid"], 50_000, [40], 7, 0.02) == made
    assert generate(tmp_path, ["squid"], 50_000, [80], 7, 0.02) != made
    assert generate(tmp_path, ["squid"], 50_000, [40], 8, 0.02) != made


def test_logs_of_an_older_generator_make_room_for_new_ones(tmp_path):
    made = generate(tmp_path, ["squid"], 50_000, [20], 7, 0.02)
    other = generate(tmp_path, ["squid"], 50_000, [20], 8, 0.02)
    document = json.loads((made / "made.json").read_text(encoding="utf-8"))
    (made / "made.json").write_text(json.dumps({**document, "of": "an older one"}), encoding="utf-8")
    generate(tmp_path, ["squid"], 50_000, [20], 9, 0.02)
    assert (made.exists(), other.exists()) == (False, True)


def test_the_check_of_files_and_its_peers_find_what_is_planted(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(
        sys, "argv", ["bench", "endpoint", "--size", "2M", "--rounds", "1", "--folder", str(tmp_path)]
    )
    assert main() == 0
    out, err = capfd.readouterr()
    assert out.count("| right |") + err.count("absent: ") == 5
