"""A broken list raises only IndicatorError, and every entry is accounted for."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.errors import IndicatorError
from quetsach.indicators import forms, loading, reading
from quetsach.indicators.forms_in import rows, table
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


@pytest.mark.parametrize("text", ["evil.example " * 80_000, "," * 1_000_000])
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

    csv_reader = rows.csv.reader
    monkeypatch.setattr(rows.csv, "reader", reader)
    wide = ",".join([cell] * 20_000)
    result = reading.read_text(f"{above}{wide}{below}\n")
    assert any(wide[1:100] in one.text for one in result.rejects)
    assert {one.canonical for one in result.indicators} >= ({"evil.example"} if "evil" in above else set())
    assert all(length < len(wide) for length in taken)
    assert rows.cells_of(wide, ",") is None


def test_the_contents_of_a_feed_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8-sig")
    assert not reading.read(tmp_path).recognised


def test_what_gives_no_entry_is_refused_before_all_of_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two million lines that nobody can use took a minute and gigabytes."""
    monkeypatch.setattr(reading, "FIRST_LEFT_OUT", 10)
    monkeypatch.setattr(reading, "MOST_LEFT_OUT", 20)
    for text in ("x\n" * 11, "a@b\n" * 11, "[" + "1," * 11 + "1]", "indicator,type\n" + "x,\n" * 11):
        with pytest.raises(
            IndicatorError, match=r"^list: 11 of its entries cannot be used and 0 can; .* line 1"
        ):
            reading.read_text(text, "list")
    # A real list with much that cannot be used, and one of hashes, which a check compares.
    good = "".join(f"a{n}.example\n" for n in range(30))
    assert len(reading.read_text(good + "x\n" * 29).rejects) == 29
    assert len(reading.read_text("a.example\n" + "x\n" * 20).rejects) == 20
    assert len(reading.read_text("".join(f"{n:064x}\n" for n in range(50))).hashes) == 50
    with pytest.raises(IndicatorError, match="21 of its entries cannot be used and 1 can"):
        reading.read_text("a.example\n" + "x\n" * 21)


def test_bounded_reading_ends_after_so_many_entries_or_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.txt"
    path.write_text("A.example:80\n" * 600)
    assert len(reading.read(path, is_bounded=True).indicators) == 1
    monkeypatch.setattr(reading, "MOST_VALUES", 500)
    assert len(reading.read(path).indicators) == 1
    with pytest.raises(IndicatorError, match="takes too long to read; split the list"):
        reading.read(path, is_bounded=True)
    monkeypatch.setattr(reading, "MOST_VALUES", 1_000)
    monkeypatch.setattr(reading, "MOST_SECONDS", 0.0)
    with pytest.raises(IndicatorError, match="takes too long"):
        reading.read(path, is_bounded=True)


@pytest.mark.parametrize("name", [None, *(one for one in forms.NAMES if one != "xlsx")])
def test_a_line_of_megabytes_is_refused_before_any_form_is_tried(name: str | None) -> None:
    """100 MB in one line stopped all threads for half a minute."""
    long = "a" * (listing.LONGEST_LINE + 1)
    for line in (long, f"evil.example,{long}", f"[{'9' * len(long)}]"):
        for end in ("\n", "\r", "\r\n"):
            with pytest.raises(IndicatorError, match=r"^list: line 2 is longer than 1048576 characters"):
                reading.read_text(f"indicator,note{end}{line}{end}b.example", "list", format=name)
    with pytest.raises(IndicatorError, match="line 1 is longer"):
        reading.read_text(f"[{'9' * len(long)}]", format=name)


def test_a_long_line_of_json_is_no_line() -> None:
    records = ", ".join(f'{{"indicator": "a{n}.example", "note": "{"x" * 100}"}}' for n in range(10_000))
    assert len(records) > listing.LONGEST_LINE
    assert len(reading.read_text(f"[{records}]").indicators) == 10_000
    found = reading.read_text(f'["evil.example", "{"a." * 2_000_000}"]')
    assert [one.code for one in found.rejects] == ["mangled"] and len(found.indicators) == 1


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_so_many_lines_are_refused_before_they_are_taken_apart(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_LINES", 20)
    assert len(reading.read_text(f"a.example{end}" * 20).indicators) == 1
    for line in ("", "##", "a.example"):
        with pytest.raises(IndicatorError, match=r"^list: more than 20 lines; split the list$"):
            reading.read_text(f"{line}{end}" * 21, "list")


def test_a_column_is_guessed_among_the_first_of_a_wide_table_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """50 rows of 16,000 columns took 15 seconds."""
    looked: list[str] = []
    is_listed = table.is_listed
    monkeypatch.setattr(table, "is_listed", lambda text: looked.append(text) or is_listed(text))
    row = ",".join(("x", "evil.example", *("y" * 6_000)))
    assert [one.canonical for one in reading.read_text(f"{row}\n" * 5).indicators] == ["evil.example"]
    assert len(looked) < 100_000


def test_a_log_in_place_of_a_list_is_called_a_log_however_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "FIRST_LEFT_OUT", 10)
    path = tmp_path / "list.txt"
    path.write_text("Nov a b\n" * 50)
    for told, said in (
        ("dnsmasq", "is a log \\(dnsmasq\\), not a list"),
        ("", "11 of its entries cannot be used"),
    ):
        with pytest.raises(IndicatorError, match=said):
            loading.read([path], loading.Choice(), log_format=lambda _path, told=told: told)
