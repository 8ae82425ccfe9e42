"""Tables of any make, read by a map of their columns; both engines read them alike."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.errors import ScanError, SourceError
from quetsach.files import inputs
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind
from quetsach.logs import fieldmap
from quetsach.scanning import work
from quetsach.scanning.engine import Engine, ScanOptions, choose
from quetsach.scanning.result import ScanResult
from quetsach.sightings.sighting import Scan, Sighting

SET = IndicatorSet([Indicator("evil.example", Kind.DOMAIN), Indicator("198.51.100.7", Kind.IPV4)])
MAP = "client=src ip,query=q?,server=dst,server_port=dport,time=ts,action=act,identity.host=pc?"
HEADER = Scan("quetsach test", "a" * 64, 1, "here", "UTC")


@pytest.fixture
def engine_name(engine: Engine) -> str:
    return engine.name


def run(engine_name: str, folder: Path, text: str = MAP) -> ScanResult:
    fields = fieldmap.parse(text)
    engine = choose(engine_name, fields.formats())
    found = inputs.discover([str(folder)])
    return work.run(found, engine, engine.compile(SET), ScanOptions(tz="UTC"), HEADER, fields=fields)


def facts(sighting: Sighting) -> tuple[object, ...]:
    return (
        sighting.indicator, sighting.field, sighting.device, sighting.first_seen, sighting.action,
        sighting.identity,
    )  # fmt: skip


WANTED = [
    ("198.51.100.7", "destination", "10.0.0.5", "2026-11-24T04:00:00.000000Z", "blocked", {"host": "pc, 5"}),
    ("evil.example", "query", "10.0.0.6", "2026-11-24T04:00:01.000000Z", "allowed", {}),
]
ROWS: list[dict[str, object]] = [
    {
        "ts": "2026-11-24 04:00:00", "src ip": "10.0.0.5", "q": "good.example", "dst": "198.51.100.7",
        "dport": 443,
        "act": "Deny", "pc": "pc, 5", "note": "evil.example",
    },
    {
        "ts": "2026-11-24 04:00:01", "src ip": "10.0.0.6", "q": "a.evil.example", "dst": "192.0.2.1",
        "dport": 53,
        "act": "allow", "pc": "", "note": "",
    },
]  # fmt: skip


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv(engine_name: str, tmp_path: Path, separator: str) -> None:
    lines = [separator.join(ROWS[0])]
    lines += [separator.join(f'"{value}"' if value else "" for value in row.values()) for row in ROWS]
    (tmp_path / "t.csv").write_text("\ufeff" + "\r\n".join(lines) + "\r\n")
    result = run(engine_name, tmp_path)
    assert result.errors == []
    assert sorted(map(facts, result.sightings)) == WANTED  # type: ignore[type-var]


def test_json_lines_flat(engine_name: str, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert sorted(map(facts, run(engine_name, tmp_path).sightings)) == WANTED  # type: ignore[type-var]


def test_json_lines_nested(engine_name: str, tmp_path: Path) -> None:
    rows = [{"ts": row["ts"], "net": {"src": row["src ip"]}, "dns": [{"q": row["q"]}]} for row in ROWS]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (sighting,) = run(engine_name, tmp_path, "client=net.src,query=dns[].q,time=ts").sightings
    assert (sighting.device, sighting.matched, sighting.logformat) == (
        "10.0.0.6",
        "a.evil.example",
        "fields.nested",
    )


def test_parquet(engine_name: str, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.Table.from_pylist(ROWS)
    parquet.write_table(table, tmp_path / "t.parquet")
    result = run(engine_name, tmp_path)
    assert result.errors == []
    assert sorted(map(facts, result.sightings)) == WANTED  # type: ignore[type-var]
    whole = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(whole[: len(whole) // 2])
    ((_path, problem),) = run(engine_name, tmp_path).errors
    assert "damaged" in problem


def test_a_column_that_is_not_there_is_told_with_those_that_are(engine_name: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("when;source;qname\n1;10.0.0.5;evil.example\n")
    (tmp_path / "b.jsonl").write_text('{"when":1,"source":"10.0.0.5","qname":"evil.example"}\n')
    result = run(engine_name, tmp_path, "client=src,query=qname,time=when?")
    assert sorted((Path(path).name, problem) for path, problem in result.errors) == [
        ("a.csv", "has no column src; it has: when, source, qname"),
        ("b.jsonl", "has no column src; it has: when, source, qname"),
    ]
    assert len(result.sightings) == 0


@pytest.mark.parametrize("text", ["client", "client=", "who=x", "client=src", "query=", ""])
def test_a_map_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ScanError, match="--fields"):
        fieldmap.parse(text)


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4), st.binary(max_size=200))
def test_any_column_name_makes_formats_that_both_engines_take(
    engine: Engine, names: list[str], head: bytes
) -> None:
    found = fieldmap.FieldMap({"query": tuple(names), "time": (names[0],), "identity.host": (names[-1],)})
    assert choose(engine.name, found.formats()).compile(SET).count == 2
    with contextlib.suppress(SourceError):
        found.choose(head)
