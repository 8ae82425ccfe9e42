"""`import quetsach`: the scan as one call."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import quetsach
from quetsach import api
from quetsach.endpoint import keys, pack
from quetsach.endpoint.refusal import Refused
from quetsach.errors import IndicatorError, ScanError
from quetsach.indicators import setfile
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind
from quetsach.results import frames
from quetsach.results.output import OutputError
from quetsach.sightings.scanfile import read
from quetsach.sightings.sighting import Sighting
from tests.endpoint.packs import PACK, SIGNING

LINES = (
    "2026-01-02T03:04:05Z 10.0.0.7 asks a.evil.example\n"
    "2026-01-02T04:00:00Z 10.0.0.7 asks evil.example\n"
    "no time at all, 10.0.0.8 asks evil.example\n"
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "dns.log"
    path.write_text(LINES)
    return path


def test_importing_the_package_loads_nothing_that_scans() -> None:
    code = "import sys, quetsach; print(sorted(m for m in sys.modules if m.startswith('quetsach')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['quetsach']"


def test_the_function_stays_after_its_module_is_loaded(log: Path) -> None:
    result = quetsach.scan([log], ["evil.example"], guard_rails=False)
    assert [(s.device, s.count) for s in result.sightings] == [("10.0.0.7", 2), ("10.0.0.8", 1)]
    assert len(quetsach.scan(log, ["evil.example"], guard_rails=False).sightings) == 2
    with pytest.raises(AttributeError):
        quetsach.nothing  # noqa: B018


def test_what_cannot_be_read_is_an_error_of_the_result(tmp_path: Path) -> None:
    result = quetsach.scan([tmp_path / "missing.log"], ["evil.example"], guard_rails=False)
    assert result.errors == [(str(tmp_path / "missing.log"), "no such file or folder")]


def test_bad_questions_raise(log: Path) -> None:
    with pytest.raises(ScanError, match="not a time zone"):
        quetsach.scan(log, ["evil.example"], tz="Mars/Olympus", guard_rails=False)
    with pytest.raises(ScanError, match="named is not a log format"):
        quetsach.scan(log, ["evil.example"], format="named", guard_rails=False)
    with pytest.raises(ScanError, match="jobs=-1"):
        quetsach.scan(log, ["evil.example"], jobs=-1, guard_rails=False)
    for read_list in (quetsach.read_indicators, lambda path: quetsach.scan(log, path)):
        with pytest.raises(IndicatorError, match="cannot be read"):
            read_list(log.with_name("missing.csv"))
    with pytest.raises(IndicatorError, match="no dot here"):
        quetsach.scan(log, ["no dot here"])
    with pytest.raises(OutputError):
        quetsach.scan(log, ["evil.example"], guard_rails=False).save("result.doc")


def test_lists_and_compiled_sets_are_taken_by_their_path(log: Path, tmp_path: Path) -> None:
    from quetsach.scanning import engine

    plain = tmp_path / "list.txt"
    plain.write_text("evil.example\n")
    items = quetsach.read_indicators(plain, guard_rails=False)
    for chosen in (plain, items):
        result = quetsach.scan(log, chosen, guard_rails=False)
        assert sum(s.count for s in result.sightings) == 3
    if engine.choose().name == "native":
        engine.choose().compile(items).save(tmp_path / "set.qs")  # type: ignore[attr-defined]
        assert sum(s.count for s in quetsach.scan(log, tmp_path / "set.qs").sightings) == 3


@pytest.mark.parametrize("is_file", [False, True])
def test_what_is_ones_own_is_not_looked_for_with_a_set_either(
    log: Path, tmp_path: Path, is_file: bool
) -> None:
    items = IndicatorSet([Indicator(name, Kind.DOMAIN) for name in ("evil.example", "other.example")])
    file = tmp_path / "set.qs"
    setfile.write(file, items)
    chosen = file if is_file else items
    result = quetsach.scan(log, chosen, own=["evil.example"])
    assert not len(result.sightings)
    assert [(note.level, note.text) for note in result.notes] == [("stop", "evil.example")]
    assert [one.value for one in quetsach.read_indicators(file, own=["evil.example"])] == ["other.example"]
    with pytest.raises(IndicatorError, match="is compiled, and scope cannot change it"):
        quetsach.scan(log, chosen, scope="exact")


def test_a_set_beside_a_list_keeps_what_was_decided_when_it_was_made(tmp_path: Path) -> None:
    made, listed = tmp_path / "set.qs", tmp_path / "list.txt"
    setfile.write(made, IndicatorSet([Indicator("10.1.2.3", Kind.IPV4)]))
    listed.write_text("evil.example\n10.1.2.4\n")
    both = quetsach.read_indicators([made, listed])
    assert [one.value for one in both] == ["10.1.2.3", "evil.example"]
    assert [one.value for one in quetsach.read_indicators([made, listed], own=["x.example"])] == [
        "evil.example"
    ]


def test_a_result_tells_in_one_line_whether_it_is_complete(log: Path) -> None:
    result = quetsach.scan([log, log.with_name("gone.log")], ["evil.example"], guard_rails=False)
    assert repr(result) == "<ScanResult: sightings: 2, logs: 2, errors: 1>"


def test_columns_are_counted_from_1(tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("indicator,url\nevil.example,other.example\n")
    for number in (0, 3):
        with pytest.raises(IndicatorError, match=f"has no column '{number}'"):
            quetsach.read_indicators(listed, columns={"indicator": number})
    found = quetsach.read_indicators(listed, columns={"indicator": 2})
    assert [one.value for one in found] == ["other.example"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.csv", "indicator,url\nevil.example,ramnit\n"),
        ("list.jsonl", '{"indicator": "evil.example", "url": "ramnit"}\n'),
    ],
)
def test_a_chosen_column_that_is_missing_is_named(tmp_path: Path, name: str, text: str) -> None:
    listed = tmp_path / name
    listed.write_text(text)
    for column in ("họ", 3):
        with pytest.raises(IndicatorError, match=f"has no column '{column}'"):
            quetsach.read_indicators(listed, columns={"indicator": "indicator", "family": column})
    for column in ("url", 2):
        found = quetsach.read_indicators(listed, columns={"indicator": "indicator", "family": column})
        assert [one.family for one in found] == ["ramnit"]


def test_a_chosen_column_that_no_sheet_has_is_named(tmp_path: Path) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    listed = tmp_path / "list.xlsx"
    with xlsxwriter.Workbook(listed) as book:
        book.add_worksheet("about").write_row(0, 0, ["Danh sách"])
        sheet = book.add_worksheet("list")
        sheet.write_row(0, 0, ["indicator", "url"])
        sheet.write_row(1, 0, ["evil.example", "ramnit"])
    with pytest.raises(IndicatorError, match="has no column 'họ'"):
        quetsach.read_indicators(listed, columns={"indicator": "indicator", "family": "họ"})
    found = quetsach.read_indicators(listed, columns={"indicator": "indicator", "family": "url"})
    assert [one.family for one in found] == ["ramnit"]


def test_what_is_saved_is_a_document(log: Path, tmp_path: Path) -> None:
    result = quetsach.scan(log, ["evil.example"], guard_rails=False)
    result.save(tmp_path / "result.jsonl")
    with (tmp_path / "result.jsonl").open("rb") as file:
        assert [r for _, r in read(file) if isinstance(r, Sighting)] == list(result.sightings)


@pytest.mark.parametrize("kind", ["arrow", "polars"])
def test_frames_hold_the_rows_in_blocks(kind: str, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip({"arrow": "pyarrow"}.get(kind, kind), reason=f"{kind} is not installed")
    monkeypatch.setattr(frames, "_BLOCK_ROWS", 1)
    result = quetsach.scan(log, ["evil.example"], guard_rails=False)
    rows = result.to_arrow().to_pylist() if kind == "arrow" else result.to_polars().to_dicts()
    assert [row["device"] for row in rows] == [s.device for s in result.sightings]
    row = next(row for row in rows if row["device"] == "10.0.0.7")
    assert row["first_seen"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert row["count"] == 2 and row["identity"] == dict.fromkeys(("host", "mac", "user", "nat"))
    assert next(row for row in rows if row["device"] == "10.0.0.8")["first_seen"] is None
    none = quetsach.scan(log, ["other.example"], guard_rails=False)
    assert len(none.to_arrow() if kind == "arrow" else none.to_polars()) == 0


def test_a_missing_library_is_named(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ScanError, match="pip install polars"):
        quetsach.scan(log, ["evil.example"], guard_rails=False).to_polars()
    monkeypatch.delitem(sys.modules, "polars")
    (tmp_path / "polars.py").write_text("raise ImportError('this processor lacks AVX2')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ScanError, match="installed but cannot be used here: this processor"):
        quetsach.scan(log, ["evil.example"], guard_rails=False).to_polars()


def test_the_examples_of_the_documentation_hold(request: pytest.FixtureRequest) -> None:
    found = doctest.testmod(api, extraglobs={"getfixture": request.getfixturevalue})
    assert (found.failed, found.attempted) == (0, 16)


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ({}, []),
        ({"scope": "exact"}, ["--scope", "exact"]),
        ({"fields": "client=who,query=name,time=at"}, ["--fields", "client=who,query=name,time=at"]),
    ],
)
def test_the_call_answers_as_the_command_line(
    asked: dict[str, str], options: list[str], tmp_path: Path
) -> None:
    from quetsach.cli import run

    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "table.csv").write_text(
        "at,who,name\n2026-11-24T04:30:00Z,10.0.0.5,a.evil.example\n2026-11-24T04:30:00Z,10.0.0.5,evil.example\n"
    )
    listed, leases = tmp_path / "list.txt", tmp_path / "dhcpd.log"
    listed.write_text("evil.example\n")
    leases.write_text(
        "2026-11-24T04:00:00Z gw dhcpd[7]: DHCPACK on 10.0.0.5 to 02:00:00:00:00:0a (pc-a) via eth1\n"
    )
    called = quetsach.scan(logs, listed, source_name="x", leases=leases, guard_rails=True, **asked)
    out = tmp_path / "result.jsonl"
    arguments = ["scan", str(logs), "-i", str(listed), "--source-name", "x", "--leases", str(leases)]
    assert run([*arguments, *options, "-o", str(out)]) == 1
    with out.open("rb") as file:
        expected = [r for _, r in read(file) if isinstance(r, Sighting)]
    assert list(called.sightings) == expected
    assert {seen.count for seen in expected} == {1 if "scope" in asked else 2}
    assert {seen.identity["host"] for seen in expected} == {"pc-a"}


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ({}, []),
        ({"own": ["ours.example.com"]}, ["--own", "ours.example.com"]),
        ({"own": "ours.example.com"}, ["--own", "ours.example.com"]),
        ({"override": "kept.csv"}, ["--override", "kept.csv"]),
        ({"warning_lists": "warning"}, ["--warning-lists", "warning"]),
        ({"columns": {"indicator": 2, "family": "tên"}}, ["--column", "indicator=2,family=tên"]),
        ({"list_format": "csv"}, ["--list-format", "csv"]),
    ],
)
def test_lists_are_read_and_judged_as_on_the_command_line(
    asked: dict[str, Any], options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kept entries, and the notes on all others: JSON Lines hold no notes on lists, so the CSV is
    compared."""
    from quetsach.cli import run

    monkeypatch.chdir(tmp_path)
    names = ("a.evil.com", "ours.example.com", "tool.gov.vn", "second.evil.net", "many.evil.org")
    Path("dns.log").write_text("".join(f"2026-01-02T03:04:05Z 10.0.0.7 asks {name}\n" for name in names))
    # A second column of names is asked about, unless a column was chosen.
    others = reversed(names) if "columns" in asked else range(len(names))
    rows = zip(names, others, strict=True)
    Path("list.csv").write_text("indicator,other,tên\n" + "".join(f"{a},{b},họ\n" for a, b in rows))
    Path("kept.csv").write_text("indicator,reason,who,date\ntool.gov.vn,giả mạo,an,2026-01-02\n")
    Path("warning").mkdir()
    Path("warning/list.json").write_text(
        '{"name": "Many", "type": "hostname", "matching_attributes": ["domain"], "list": ["many.evil.org"]}'
    )
    result = quetsach.scan("dns.log", "list.csv", source_name="x", **asked)
    result.save("called.csv")
    result.save("called.xlsx")
    scan = ["scan", "dns.log", "-i", "list.csv", "--source-name", "x", "-o", "told.csv", "-o", "told.jsonl"]
    assert run([*scan, *options]) == 1
    assert Path("called.csv").read_bytes() == Path("told.csv").read_bytes()
    with Path("told.jsonl").open("rb") as file:
        assert [r for _, r in read(file) if isinstance(r, Sighting)] == list(result.sightings)
    stopped = {note.text for note in result.notes if note.level == "stop"}
    assert ("tool.gov.vn" in stopped) == ("override" not in asked)
    assert ("ours.example.com" in stopped) == ("own" in asked)
    seen = {one.indicator for one in result.sightings}
    assert seen == set(names) - stopped
    assert {one.value for one in quetsach.read_indicators("list.csv", **asked)} == seen


def test_an_unknown_column_or_form_of_a_list_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("ioc\nevil.com\n")
    with pytest.raises(IndicatorError, match="ioc: there are indicator, type, family"):
        quetsach.read_indicators(file, columns={"ioc": "indicator"})
    with pytest.raises(IndicatorError, match="no form of list"):
        quetsach.read_indicators(file, list_format="excel")


def test_what_is_offered_is_listed_and_there() -> None:
    assert set(api.__all__) == set(quetsach.__all__) - {"__version__"}
    assert all(getattr(quetsach, name) is getattr(api, name) for name in api.__all__)


def test_an_unknown_scope_or_two_ways_to_read_are_refused(log: Path) -> None:
    with pytest.raises(IndicatorError, match="exact or subdomains"):
        quetsach.scan(log, ["evil.example"], scope="wide")
    with pytest.raises(ScanError, match="exclude"):
        quetsach.scan(log, ["evil.example"], format="zeek.dns", fields="client=a,query=b")


def test_a_log_in_place_of_a_list_is_refused(tmp_path: Path) -> None:
    line = "Nov 24 11:30:00 gw dnsmasq[7]: query[A] {}.example.org from 10.0.0.{}\n"
    log = tmp_path / "dns.log"
    log.write_text("".join(line.format(name, n) for n, name in enumerate("abcdefgh")))
    with pytest.raises(IndicatorError, match=r"is a log \(dnsmasq\), not a list"):
        quetsach.scan(log, log)


def test_the_list_of_a_pack_is_used_where_its_signer_is_trusted(log: Path, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    told = replace(
        PACK,
        indicators=IndicatorSet([Indicator("evil.example", Kind.DOMAIN)]),
        created=now - timedelta(days=1),
        expires=now + timedelta(days=1),
    )
    packed = tmp_path / "tan-phu.qspack"
    packed.write_bytes(pack.build(told, SIGNING))
    signer = keys.public("signing", SIGNING)
    for trusted in (signer.hex(), keys.fingerprint(signer)):
        result = quetsach.scan(log, packed, trust=[trusted])
        assert {seen.indicator for seen in result.sightings} == {"evil.example"}
    with pytest.raises(Refused) as refused:
        quetsach.scan(log, packed)
    assert refused.value.code == "pack_key"


def test_a_saved_page_is_that_of_the_command_line(log: Path, tmp_path: Path) -> None:
    from quetsach.cli import run
    from quetsach.text import language

    language.use("en")
    listed = tmp_path / "list.txt"
    listed.write_text("evil.example\n")
    quetsach.scan(log, listed, source_name="x").save(tmp_path / "called.html")
    run(
        [
            "scan",
            str(log),
            "-i",
            str(listed),
            "--source-name",
            "x",
            "--lang",
            "en",
            "-o",
            str(tmp_path / "told.html"),
        ]
    )
    called, told = (Path(tmp_path / name).read_text() for name in ("called.html", "told.html"))
    timed = re.compile(r"[\d.,]+ (?:s|ms)\b|\d\d/\d\d/\d{4} \d\d:\d\d(?::\d\d)?")
    assert timed.sub("", called) == timed.sub("", told)
