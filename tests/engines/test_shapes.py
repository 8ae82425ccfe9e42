"""Lines split into cells and pairs, against the standards' examples and Python's own csv reader."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.logs.logformat import LogFormat, Recognise, Shape
from quetsach.scanning.engine import Engine, ScanOptions
from quetsach.scanning.engines.shapes.cells import cells
from quetsach.scanning.engines.shapes.pairs import PairsReader
from tests.engines.indicator_sets import make_set

CSV = "cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,flags"
FLOW = "1,2,1663300800123,1663300801123,6,192.168.1.20,51234,203.0.113.9,443,...AP.SF"
W3C = "#Fields: date time action protocol src-ip dst-ip src-port dst-port"
PACKET = "2023-11-26 22:27:57 DROP TCP 192.168.1.20 203.0.113.9 51234 443"


@given(st.lists(st.text(alphabet='ab1" ,.', max_size=6), min_size=1, max_size=6))
def test_cells_are_what_a_csv_writer_wrote(row: list[str]) -> None:
    written = ",".join('"' + value.replace('"', '""') + '"' for value in row)
    assert next(csv.reader([written])) == row
    assert [c.decode() for c in cells(written.encode(), b",")] == row


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('a, "b, c" ,"d""e",', ["a", "b, c", 'd"e', ""]),
        ('"open, and never closed', ["open, and never closed"]),
        ('"a"b,c "d"', ["ab", 'c "d"']),
        ("", [""]),
    ],
)
def test_cells_of_lines_that_no_writer_writes(line: str, wanted: list[str]) -> None:
    assert [c.decode() for c in cells(line.encode(), b",")] == wanted


def pairs(line: str, style: str, separator: str = " ") -> dict[str, str]:
    shape = Shape("pairs", separator=separator.encode(), pairs=style)
    values = PairsReader(LogFormat("x", frozenset(), Recognise(), (shape,), ()), shape).read(line.encode())
    assert values is not None
    names = ("a", "b", "src", "dst", "act", "msg", "SYN", "key")
    return {name: values(name)[0].decode() for name in names if values(name)}


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        # Common Event Format, version 25, "Character encoding".
        (
            "src=10.0.0.1 act=blocked a | dst=1.1.1.1",
            {"src": "10.0.0.1", "act": "blocked a |", "dst": "1.1.1.1"},
        ),
        (
            r"src=10.0.0.1 act=blocked a \\ dst=1.1.1.1",
            {"src": "10.0.0.1", "act": "blocked a \\", "dst": "1.1.1.1"},
        ),
        (
            r"src=10.0.0.1 act=blocked a \= dst=1.1.1.1",
            {"src": "10.0.0.1", "act": "blocked a =", "dst": "1.1.1.1"},
        ),
        (
            r"src=10.0.0.1 dst=2.1.2.2 msg=Detected a threat.\n No action needed.",
            {"src": "10.0.0.1", "dst": "2.1.2.2", "msg": "Detected a threat.\n No action needed."},
        ),
        ("a= b=2  src=", {"b": "2"}),
        ("a=1 a=2", {"a": "1"}),
        # Starts like a pair, but CEF does not allow its key.
        ("a|b=1 and no more", {}),
        ("a[0]=1 b=2", {"b": "2"}),
    ],
)
def test_the_extension_of_cef(line: str, wanted: dict[str, str]) -> None:
    assert pairs(line, "cef") == wanted


@pytest.mark.parametrize(
    ("line", "separator", "wanted"),
    [
        (
            r'a=1 msg="two words, a \" and a \\" b=3',
            " ",
            {"a": "1", "msg": 'two words, a " and a \\', "b": "3"},
        ),
        ('a=1,msg="x, y",b=', ",", {"a": "1", "msg": "x, y"}),
        ("a=1 SYN b=x=y", " ", {"a": "1", "SYN": "SYN", "b": "x=y"}),
        ('a=1 msg="open b=2', " ", {"a": "1", "msg": "open b=2"}),
        ('a=1 msg="open\\', " ", {"a": "1", "msg": "open"}),
        ('a="x"y b=2', " ", {"a": "x", "b": "2"}),
        ('a=""b c"" b=""e=f"" msg=1', " ", {"a": "b c", "b": "e=f", "msg": "1"}),
        ('x=1 a="" b="""" msg=""x""', " ", {"msg": "x"}),
        ('a=1 msg=""b c" b=1', " ", {"a": "1", "b": "1"}),
        ('a=1 msg=""b""c b=1', " ", {"a": "1", "b": "1"}),
        ('a=""b""', " ", {"a": "b"}),
        ('a=1,msg=""x, y"",b=2', ",", {"a": "1", "msg": "x, y", "b": "2"}),
    ],
)
def test_plain_pairs(line: str, separator: str, wanted: dict[str, str]) -> None:
    assert pairs(line, "quoted", separator) == wanted


@pytest.mark.parametrize("line", ["", "word a=1", "=1", '"a"=1', "a"])
@pytest.mark.parametrize("style", ["quoted", "cef"])
def test_a_line_that_begins_with_no_pair_does_not_fit(style: str, line: str) -> None:
    shape = Shape("pairs", separator=b" ", pairs=style)
    reader = PairsReader(LogFormat("x", frozenset(), Recognise(), (shape,), ()), shape)
    assert reader.read(line.encode()) is None


@pytest.mark.parametrize(
    ("lines", "formats"),
    [
        ([CSV, FLOW, W3C, PACKET], {"nfdump": 1, "windows.firewall": 1}),
        ([W3C, PACKET, CSV, FLOW], {"nfdump": 1, "windows.firewall": 1}),
        ([FLOW, CSV], {}),
        ([CSV, FLOW, "flows,bytes,packets", "1,203,9"], {"nfdump": 1}),
        # Names of columns are read in the first 64 KiB only.
        ([W3C, *[PACKET] * 1100, CSV, FLOW], {"windows.firewall": 1100}),
    ],
)
def test_a_header_holds_for_the_lines_after_it(
    engine: Engine, lines: list[str], formats: dict[str, int], tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_text("\n".join(lines) + "\n")
    matcher = engine.compile(make_set(["203.0.113.9"]))
    result = matcher.scan(path, ScanOptions(), engine.progress())
    found: dict[str, int] = {}
    for row in result.sightings:
        if row.field == "destination":
            found[row.logformat] = found.get(row.logformat, 0) + row.count
    assert found == formats


def test_who_it_was_is_told_in_the_contracts_order(engine: Engine, tmp_path: Path) -> None:
    log = tmp_path / "fw.log"
    log.write_text(
        'date=2026-03-22 time=00:15:31 logid="0000000013" type="traffic" subtype="forward" srcip=10.2.3.4'
        ' srcmac="aa:bb:cc:00:11:22" srcname="PC-07" user="AN" srcport=50001 dstip=192.0.2.7 dstport=443'
        ' action="accept" transip=203.0.113.9 transport=40000\n'
    )
    result = engine.compile(make_set(["192.0.2.7"])).scan(log, ScanOptions(), engine.progress())
    (seen,) = result.sightings
    assert list(seen.identity) == ["host", "mac", "user", "nat"]
