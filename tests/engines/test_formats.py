"""The samples of every format file: reading gives exactly the values that the file promises."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from quetsach.errors import ScanError
from quetsach.logs import logformat, times
from quetsach.logs.logformat import Sample
from quetsach.logs.times import Yearless
from quetsach.scanning.engines.records import LineReader, Record, text
from quetsach.scanning.engines.tokens import tokens_of
from quetsach.text.canonical import endpoint
from tests.engines.samples import SAMPLES

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def _time(record: Record, sample: Sample) -> str | None:
    moment = record.time(ZONE)
    if moment is None:
        return None
    value = moment.value
    if isinstance(value, Yearless):
        assert sample.file_time is not None
        bound = datetime.fromisoformat(sample.file_time).timestamp()
        resolved = value.resolve(int(bound) * times.SECOND, ZONE)
        assert resolved is not None
        value = resolved
    return times.iso(value)


def _told(record: Record, sample: Sample) -> dict[str, Any]:
    tokens = tokens_of(record)

    def shown(kind: str, field: str) -> list[str]:
        chosen = [t for t in tokens if t.field == field and (t.kind == "url") == (kind == "url")]
        return [(endpoint(t.value, t.port) if t.port is not None else t.value) + t.rest for t in chosen]

    told = {
        "time": _time(record, sample),
        "client": record.client,
        "client_port": record.client_port,
        "server": record.server,
        "server_port": record.server_port,
        "query": [text(v) for v in record.role("query")],
        "answers": [text(v) for v in record.role("answers")],
        "host": shown("host", "host"),
        "url": shown("url", "url"),
        "server_name": shown("name", "server_name"),
        "identity": record.identity,
        "action": record.action,
    }
    return {key: value for key, value in told.items() if value not in (None, [], {})}


@pytest.mark.parametrize(("name", "number", "sample"), SAMPLES, ids=[f"{n}-{i}" for n, i, _ in SAMPLES])
def test_sample_is_read_as_its_file_says(name: str, number: int, sample: Sample) -> None:
    reader = LineReader(logformat.load_all())
    for line in sample.header:
        assert reader.is_directive(line.encode())
    record = reader.read(sample.line.encode(), [name])
    assert record is not None
    assert _told(record, sample) == dict(sample.expect)


BARE = [(n, i, s) for n, i, s in SAMPLES if not s.header and s.line[0] not in "<{"]


@pytest.mark.parametrize("wrapper", ["syslog", "json"])
@pytest.mark.parametrize(("name", "number", "sample"), BARE, ids=[f"{n}-{i}" for n, i, _ in BARE])
def test_a_sample_says_the_same_inside_a_wrapper(
    name: str, number: int, sample: Sample, wrapper: str
) -> None:
    if wrapper == "json":
        line = json.dumps({"message": sample.line, "@timestamp": "2026-11-27T03:00:00Z"})
    else:
        # A word before the client of a web server would be its virtual host.
        tag = "nginx: " if name == "web.access" else ""
        line = f"2026-11-27T10:00:00+07:00 gw {tag}{sample.line}"
    record = LineReader(logformat.load_all()).read(line.encode(), [name])
    assert record is not None
    told, expected = _told(record, sample), dict(sample.expect)
    if "time" not in expected or sample.file_time:
        told["time"] = expected["time"] = "the wrapper's, where it has the year"
    assert told == expected


@pytest.mark.parametrize(("name", "number", "sample"), SAMPLES, ids=[f"{n}-{i}" for n, i, _ in SAMPLES])
def test_sample_parses_by_no_other_format(name: str, number: int, sample: Sample) -> None:
    reader = LineReader(logformat.load_all())
    for line in sample.header:
        reader.is_directive(line.encode())
    others = [n for n in reader.readers if n != name and reader.read(sample.line.encode(), [n]) is not None]
    assert others == []


NO_MACHINE = {
    "fortinet.fortigate": 'logid="1" type="utm" subtype="new" vd="root" hostname="evil.example"',
    "fortinet.json": '{"logid":"1","type":"utm","subtype":"new","vd":"root","hostname":"evil.example"}',
    "sophos.sfos": 'log_type="New" log_component="New" source="10.1.2.3" url="evil.example"',
    "f5.afm": 'errdefs_msgno="1",name="evil.example"',
}


@pytest.mark.parametrize("name", NO_MACHINE)
def test_a_line_of_a_new_kind_is_left_to_be_told(name: str) -> None:
    """Were it understood without a machine and a target, its hit would be told nowhere."""
    assert LineReader(logformat.load_all()).read(NO_MACHINE[name].encode(), [name]) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('name = "x"\nshape = []\nvariant = []\nfoo = 1', "unknown key foo"),
        ('name = "x"\nvariant = []\n[[shape]]\ntype = "csv"', "unknown shape 'csv'"),
        ('name = "x"\nvariant = []\n[[shape]]\ntype = "pattern"\npatterns = ["("]', "pattern"),
        (
            'name = "x"\nshape = []\n[[variant]]\nname = "v"\nactions = [{ action = "lost" }]',
            "unknown action",
        ),
        ('name = "x"\nshape = []\n[[variant]]\nname = "v"\nwhen = [{ field = "a" }]', "without a test"),
        ("name =", "x.toml"),
    ],
)
def test_a_wrong_format_file_is_refused_by_name(text: str, problem: str) -> None:
    with pytest.raises(ScanError, match=r"x\.toml") as error:
        logformat.parse(text, "x.toml")
    assert problem in str(error.value)


def test_a_format_that_repeats_questions_has_lines_with_and_without_a_client() -> None:
    """Its file is found by its text alone, without being parsed."""
    formats = logformat.load_all()
    assert logformat.repeating() == {one.name for one in formats.values() if one.repeats} != set()
    for name in logformat.repeating():
        told = [one.expect for one in formats[name].samples if one.expect and "query" in one.expect]
        assert {"client" in one for one in told} == {False, True}, name


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(ScanError, match=r"squid.*text"):
        logformat.get("named")
