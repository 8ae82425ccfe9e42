"""The bench of foreign lines takes the right answer from the authors' document; it tells failures apart."""

import json
import subprocess

import pytest

from bench.__main__ import main
from bench.foreign import corpus, truth
from bench.foreign.corpus import Line
from bench.foreign.judging import judge
from bench.foreign.truth import Override
from quetsach.scanning.engine import SourceResult
from quetsach.sightings.sighting import Coverage, Sighting

COVERAGE = Coverage("", "log", "", 0, 1, 0, 0, 0, None, None, "ok", "", {}, [])
TEXT = (
    "2026-03-04T05:06:07Z fw=192.168.9.9 natsrc=203.0.113.1 src=192.168.1.20 dst=198.51.100.7 "
    "host=www.bad.example"
)
DOCUMENT = {
    "@timestamp": "2026-03-04T05:06:07Z",
    "source.ip": "192.168.1.20",
    "source.nat.ip": "203.0.113.1",
    "source.port": 50000,
    "destination.ip": "198.51.100.7",
    "destination.port": 443,
    "url.domain": "www.bad.example",
    "observer.ip": "192.168.9.9",
}


def line(document, text=TEXT):
    return Line("c", "maker/product", "maker/product/tests/a.json", 0, text, document)


def hits(document, text=TEXT, corrections=()):
    return list(truth.hits_of(line(document, text), corrections))


def named(document, text=TEXT):
    return [(hit.kind, hit.indicator, set(hit.truth.machines)) for hit in hits(document, text)]


def seen(hit, **changes):
    row = Sighting(
        *("s", hit.indicator, "domain", "", hit.indicator, "host", "192.168.1.20", {}, ""),
        *(
            "2026-03-04",
            "2026-03-04T05:06:07.000000Z",
            "2026-03-04T05:06:07.000000Z",
            1,
            [[18_367_000_000, 18_367_000_000, 1]],
            "unknown",
            "x.y",
            "",
        ),
    )._replace(**changes)
    return judge(hit, SourceResult([row], COVERAGE))


def test_each_destination_is_one_hit_of_the_client():
    assert named(DOCUMENT) == [
        ("host", "www.bad.example", {"192.168.1.20"}),
        ("address", "198.51.100.7", {"192.168.1.20"}),
    ]


def test_of_dns_the_name_alone_counts_and_an_answer_goes_to_the_client():
    text = "192.168.9.53:53 -> 192.168.1.20:50000 bad.example"
    answer = {
        "dns.question.name": "bad.example",
        "source.ip": "192.168.9.53",
        "source.port": 53,
        "destination.ip": "192.168.1.20",
        "destination.port": 50000,
    }
    assert named(answer, text) == [("query", "bad.example", {"192.168.1.20"})]


@pytest.mark.parametrize(
    "document",
    [
        {**DOCUMENT, "event.category": ["email"]},
        {**DOCUMENT, "email.from.address": "a@bad.example"},
        {**DOCUMENT, "event.category": ["authentication", "iam"]},
        {**DOCUMENT, "source.port": 443, "destination.port": 50000},
        {**DOCUMENT, "source.ip": "192.168.1.99"},
    ],
    ids=["mail", "mail-fields", "accounts", "answer", "machine-elsewhere"],
)
def test_lines_that_tell_of_no_call_are_left_out(document):
    assert hits(document) == []


def test_what_no_list_holds_and_what_the_line_does_not_show_is_no_destination():
    inside = {**DOCUMENT, "destination.ip": "192.168.2.1", "url.domain": "ad.example"}
    assert hits(inside, TEXT + " dst=192.168.2.1 www.bad.example notad.example") == []


def test_the_host_is_the_machine_where_the_line_shows_no_address_but_never_the_sender():
    text = "pc-7 gw-1 anna asked www.bad.example"
    told = {"url.domain": "www.bad.example", "host.name": "PC-7", "user.name": "anna"}
    assert named(told, text) == [("host", "www.bad.example", {"pc-7"})]
    assert named({**told, "observer.name": "pc-7"}, text) == [("host", "www.bad.example", {"anna"})]


def test_a_correction_says_who_it_was_or_leaves_the_line_out():
    paths = ("maker/*/a.json",)
    other = Override("why", paths, machine=truth.re.compile(r"fw=(\S+)"))
    assert {machine for hit in hits(DOCUMENT, TEXT, [other]) for machine in hit.truth.machines} == {
        "192.168.9.9"
    }
    assert hits(DOCUMENT, TEXT, [Override("why", paths, leave_out=True)]) == []
    assert len(hits(DOCUMENT, TEXT, [Override("why", ("other/*",), leave_out=True)])) == 2


def test_every_correction_of_the_bench_gives_its_reason():
    corrections = truth.overrides()
    assert corrections and all(len(one.why) > 20 for one in corrections)


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("192.168.1.20", ("right", "")),
        (None, ("lost", "")),
        ("192.168.9.9", ("wrong", "sender")),
        ("203.0.113.1", ("wrong", "translated")),
        ("192.168.1.99", ("wrong", "another value of the line")),
    ],
)
def test_the_machine_is_judged(device, expected):
    answer = seen(hits(DOCUMENT)[0], device=device)
    assert (answer.machine, answer.why) == expected


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("2026-03-04T05:06:07.900000Z", ("right", "")),
        (None, ("none", "")),
        ("2026-03-03T22:06:07.000000Z", ("wrong", "zone")),
        ("2025-03-04T05:06:07.000000Z", ("wrong", "day or clock")),
    ],
)
def test_the_time_is_judged(first, expected):
    answer = seen(hits(DOCUMENT)[0], first_seen=first)
    assert (answer.time, answer.why_time) == expected


def test_a_year_that_the_line_does_not_show_is_not_judged_and_a_missing_clock_is_no_missing_time():
    without_year = hits(DOCUMENT, TEXT.replace("2026-03-04T05:06:07Z", "Mar  4 05:06:07"))[0]
    assert seen(without_year, first_seen="2019-03-04T05:06:07.000000Z").time == "right"
    without_clock = hits(DOCUMENT, TEXT.replace("2026-03-04T05:06:07Z", ""))[0]
    assert seen(without_clock, first_seen=None).time == ""


@pytest.mark.parametrize(
    ("coverage", "expected"), [({}, "missed"), ({"not_understood": 1}, "told"), ({"inbound": 1}, "inbound")]
)
def test_a_line_without_a_row_is_missed_unless_the_coverage_speaks_of_it(coverage, expected):
    answer = judge(hits(DOCUMENT)[0], SourceResult([], COVERAGE._replace(**coverage)))
    assert (answer.machine, answer.recognised) == (expected, False)


FORTIGATE = (
    'date=2026-03-04 time=05:06:07 devname="gw" logid="0000000013" type="traffic" subtype="forward" '
    "srcip=192.168.1.20 srcport=50000 dstip=198.51.100.7 dstport=443 proto=6 action=accept"
)
EXPECTED = {
    "source": {"ip": "192.168.1.20", "port": 50000},
    "destination": {"ip": "198.51.100.7", "port": 443},
}


@pytest.fixture
def collection(tmp_path):
    """One git directory with all three layouts; the line of the module stands in the intake already."""

    def put(path, text):
        file = tmp_path / "tree" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text if isinstance(text, str) else json.dumps(text))

    put("Maker/wall/tests/a.json", {"input": {"message": FORTIGATE}, "expected": EXPECTED})
    put("Maker/post/tests/a.json", {"input": {"message": FORTIGATE + " x"}, "expected": EXPECTED})
    put("Maker/post/_meta/manifest.yml", "name: Post\ndata_sources:\n  Mail server: mails\n")
    suite = "packages/dice/data_stream/log/_dev/test/pipeline/test-"
    lines = ["client 192.168.1.20 threw 198.51.100.7", "nothing", "1.2.3.4 took 198.51.100.8"]
    last = {"source": {"ip": "1.2.3.4"}, "destination": {"ip": "198.51.100.8"}}
    put(f"{suite}a.log", "\n".join(lines))
    put(f"{suite}a.log-expected.json", {"expected": [EXPECTED, None, last]})
    put(f"{suite}generated.log", lines[0] + "!")
    put(f"{suite}generated.log-expected.json", {"expected": [EXPECTED]})
    put("filebeat/module/wall/log/test/a.log", FORTIGATE)
    put("filebeat/module/wall/log/test/a.log-expected.json", [corpus.flat(EXPECTED)])
    git = ["git", "-C", str(tmp_path / "tree"), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "a"]):
        subprocess.run([*git, *command], check=True)
    return tmp_path / "tree/.git"


def test_a_collection_is_read_scanned_and_counted(collection, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        "sys.argv", ["bench", "foreign", "--corpus", str(collection), "--folder", str(tmp_path / "out")]
    )
    assert main() == 0
    told = json.loads((tmp_path / "out/foreign.json").read_text())["products"]
    assert set(told) == {"all", "Maker/wall", "dice"}
    wall, dice = told["Maker/wall"], told["dice"]
    assert (wall["hits"], wall["recognised"], wall["right"], wall["lost"]) == (1, 1, 1, 0)
    assert (dice["hits"], dice["recognised"], dice["right"], dice["lost"]) == (2, 0, 1, 1)
    answers = [json.loads(one) for one in (tmp_path / "out/foreign.jsonl").read_text().splitlines()]
    assert [(one["number"], one["in_file"]["machine"]) for one in answers if one["product"] == "dice"] == [
        (1, "right"),
        (3, "lost"),
    ]
    assert "Maker/wall" in capsys.readouterr().out


def test_a_folder_without_git_is_refused_in_words(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["bench", "foreign", "--corpus", str(tmp_path)])
    assert main() == 2
    assert "cannot be read" in capsys.readouterr().err
