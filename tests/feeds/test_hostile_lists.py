"""A broken list raises only IndicatorError, and every entry is accounted for."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.errors import IndicatorError
from quetsach.indicators import forms, reading
from quetsach.indicators.forms_in import table
from quetsach.indicators.lists import listing
from quetsach.indicators.reading import FeedResult
from quetsach.text.reasons import REJECTS, WARNINGS
from tests.feeds.samples import SAMPLES

PIECES = st.sampled_from(
    [
        "evil.example", "203.0.113.9", ":80", "/", "@@", "||", "^", "$", "$ORIGIN", "@", "SOA", "CNAME", ".",
        "*.", "(", ")", '"', "'", ",", ";", "\t", " ", "\n", "#", "#fields\tindicator\tindicator_type\n", "=",
        "address=/", "local-zone: ", "rpz-ip", "zz", "[", "]", "{", "}", "LmV2aWwuY29t", "\\", "0.0.0.0 ",
        "||a.example^", "indicator,type\n", "ü", "\u202e", "\x00", "\ud800", "999999999999", "-", "|", "²",
        "# Reference: x\n", "timestamp,src_ip,infection\n", "ioc_value,ioc_type,fk_malware\n",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200)


def check(result: FeedResult) -> None:
    assert all(r.code in REJECTS and r.reason for r in result.rejects)
    assert all(w.code in WARNINGS for w in result.warnings)
    assert sum(r.accepted for r in result.recognised) >= len(result.indicators)
    assert sum(r.rejected for r in result.recognised) == len(result.rejects)
    found = result.origins.of(result.indicators)
    assert len(found) == len(result.indicators)


@pytest.mark.parametrize("name", [None, *forms.NAMES])
@given(text=TEXTS)
@settings(max_examples=60)
def test_any_text_as_any_form(name: str | None, text: str) -> None:
    with contextlib.suppress(IndicatorError):
        check(reading.read_text(text, format=name))


@pytest.mark.parametrize("title", SAMPLES)
@given(data=st.data())
@settings(max_examples=25)
def test_a_damaged_sample(title: str, data: st.DataObject) -> None:
    text = SAMPLES[title][1]
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(len(text), at + 20)))
    with contextlib.suppress(IndicatorError):
        check(reading.read_text(text[:at] + data.draw(PIECES) + text[end:]))


@given(
    raw=st.binary(max_size=300)
    | st.sampled_from([b"PK\x03\x04", b"BZh9", b"\xfd7zXZ\x00", b"\x1f\x8b", b"\xff\xfea"]).flatmap(
        lambda magic: st.binary(max_size=100).map(lambda rest: magic + rest)
    )
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(raw)
    try:
        check(reading.read(path))
    except IndicatorError as error:
        assert str(path) in str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["indicator", "bundle"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["type", "objects", "pattern", "Event", "Attribute", "Object", "value", "to_ids",
                         "id", "response", "Tag", "name", "ip_address", "port", "valid_until"])
        | st.text(max_size=3),
        inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(document=JSON)
@settings(max_examples=300)
def test_any_json(document: object) -> None:
    with contextlib.suppress(IndicatorError):
        check(reading.read_text(json.dumps(document)))


def test_deep_json_is_no_crash() -> None:
    result = reading.read_text("[" * 200_000 + "]" * 200_000)
    assert not result.indicators.items


@pytest.mark.parametrize(
    "text",
    ["||" + "a" * 300_000, "[domain-name:value = '" + "\\" * 300_000, "(" * 300_000, "-" * 300_000,
     "a." * 150_000,
     "[.]" * 100_000, "\\" * 300_000, "://" * 100_000, "a[" * 150_000, " " * 300_000 + "x", ";" * 300_000,
     "local-zone: " + '"' * 300_000, "address=/" + "/" * 300_000,
     '{"type":"bundle","objects":[]}' + " " * 300_000,
     "$TTL 60\nevil.example " + "1" * 300_000 + "x CNAME .", 'indicator,note\n' + '"a\n' * 100_000],
    ids=lambda text: text[:8],
)  # fmt: skip
@pytest.mark.parametrize("name", [None, "adblock", "dnsmasq", "unbound", "rpz", "maltrail", "zeek.intel"])
def test_a_line_without_end_takes_no_time_without_end(name: str | None, text: str) -> None:
    with contextlib.suppress(IndicatorError):
        reading.read_text(text + "\nevil.example\n", format=name)


@pytest.mark.parametrize("text", ["evil.example " * 400_000, "," * 1_000_000])
def test_a_line_without_end_is_no_table(text: str) -> None:
    """Splitting it for each dialect and delimiter once took minutes."""
    assert [one.format for one in reading.read_text(text).recognised] == ["plain"]


JSON_GROUPS = [
    "[" + "[]," * 20 + "[]]",
    "[" + "[]," * 20,
    '{"Event":{"Attribute":[' + "{}," * 20 + "{}]}}",
    '{"indicator":"evil.example","x":[' + "{}," * 20 + "{}]}\n" + '{"indicator":"a.example"}',
    "[" + "1.5," * 20 + "1]",
    '{"indicator":"evil.example"}\n[' + "1," * 20 + "1]",
]


@pytest.mark.parametrize("text", JSON_GROUPS, ids=range(len(JSON_GROUPS)))
@pytest.mark.parametrize("name", [None, "json", "misp", "stix"])
def test_json_of_more_than_memory_is_there_for_is_refused_before_it_is_read(
    text: str, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """98 KB of gzip became 5 GB. A text that only starts like JSON is read into memory, too."""
    monkeypatch.setattr(listing, "MOST_GROUPS", 10)
    monkeypatch.setattr(listing, "MOST_ITEMS", 15)
    loads = json.loads

    def counted(part: str) -> object:
        assert part.count(",") <= 15
        return loads(part)

    monkeypatch.setattr(json, "loads", counted)
    if name in ("misp", "stix") and text[0] + text[-1] not in ("{}", "[]"):
        reading.read_text(text, format=name)  # neither is read line by line
        return
    with pytest.raises(IndicatorError, match="limits of memory and time; unpack it, or split it"):
        reading.read_text(text, format=name)


def test_the_contents_of_a_feed_that_are_more_than_memory_is_there_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_GROUPS", 10)
    (tmp_path / "manifest.json").write_text("[" + "[]," * 20 + "[]]")
    with pytest.raises(IndicatorError, match="limits of memory and time"):
        reading.read(tmp_path)


@pytest.mark.parametrize("cell", ["", '"x"'])
@pytest.mark.parametrize("above", ["", "indicator,type\nevil.example,domain\n", "sep=,\n"])
@pytest.mark.parametrize("below", ["", "\nindicator,type\nb.example,domain"])
def test_a_row_wider_than_any_table_is_told_and_taken_apart_by_nobody(
    cell: str, above: str, below: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def reader(lines: list[str], **given: object) -> object:
        taken.append(len(lines[0]))
        return csv_reader(lines, **given)

    csv_reader = table.csv.reader
    monkeypatch.setattr(table.csv, "reader", reader)
    wide = ",".join([cell] * 20_000)
    result = reading.read_text(f"{above}{wide}{below}\n")
    assert any(wide[1:100] in one.text for one in result.rejects)
    assert {one.canonical for one in result.indicators} >= ({"evil.example"} if "evil" in above else set())
    assert all(length < len(wide) for length in taken)
    assert table.cells_of(wide, ",") is None


def test_the_contents_of_a_feed_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8-sig")
    assert not reading.read(tmp_path).recognised
