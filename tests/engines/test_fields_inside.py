"""JSON inside a field, the words of a text, keys of CEF by their labels: both engines read them alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.scanning.engines.decoders import DECODERS
from quetsach.scanning.engines.shapes import inside
from tests.engines.both import compare, few

key = st.sampled_from(("query", "host", "answers", "a", "Result"))
word = st.sampled_from(("evil.example", "203.0.113.9", "x", "", 'é"\\', "c2.evil.example"))
value = st.recursive(
    st.one_of(word, st.none(), st.booleans(), st.integers(0, 99)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(key, inner, max_size=3)),
    max_leaves=8,
)
LISTED = ["evil.example", "203.0.113.9", "203.0.113.9:8080", "shared.test/a"]


def scalars(told: Any) -> list[str]:
    """The values of a field that is `told`, in order (docs/log-formats.md 2)."""
    if isinstance(told, list):
        return [one for item in told for one in scalars(item)]
    if isinstance(told, bool):
        return ["true" if told else "false"]
    return [str(told)] if isinstance(told, (str, int)) and told != "" else []


@given(st.dictionaries(key, value, max_size=4), key, key)
def test_a_path_into_a_text_finds_what_json_says(told: dict[str, Any], first: str, second: str) -> None:
    text = json.dumps(told).encode()
    assert [v.decode() for v in inside(text, first)] == scalars(told.get(first))
    below = told.get(first)
    wanted = scalars(below.get(second)) if isinstance(below, dict) else []
    assert [v.decode() for v in inside(text, f"{first}.{second}")] == wanted
    each = (
        [scalars(item.get(second)) for item in below if isinstance(item, dict)]
        if isinstance(below, list)
        else []
    )
    assert [v.decode() for v in inside(text, f"{first}[].{second}")] == [one for part in each for one in part]


@pytest.mark.parametrize("text", [b"", b"evil.example", b'{"a":', b"[1]", b'{"a":1} x'])
def test_a_text_that_is_no_object_has_nothing_inside(text: bytes) -> None:
    assert inside(text, "a") == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r"Object: https://evil.example/a?b=1\r\nResult: Blocked", ["https://evil.example/a?b=1"]),
        ("TCP from 203.0.113.9 at 10.0.0.1:445.", ["http://203.0.113.9", "http://10.0.0.1:445"]),
        ("url=https://evil.example, (www.example.org);", ["https://evil.example", "http://www.example.org"]),
        (r"User: XA-A\an.nguyen (an@example.org) C:\a.exe a=b.example", []),
        (
            "Object: evil.example#015#012Next: 2001:db8::9",
            ["http://evil.example#015#012Next", "http://2001:db8::9"],
        ),
        ('see "evil.example" <b.example> end.', ["http://evil.example", "http://b.example"]),
        ("", []),
    ],
)
def test_what_a_text_mentions(text: str, wanted: list[str]) -> None:
    assert [v.decode() for v in DECODERS["mentioned"](text.encode())] == wanted


pieces = st.sampled_from(
    (
        *(
            "evil.example",
            "https://shared.test/a",
            "203.0.113.9",
            "203.0.113.9:8080",
            "[2001:db8::9]:443",
            "x",
        ),
        *(
            " ",
            ", ",
            "\\r\\n",
            "#015#012",
            "\\\\",
            "(",
            ")",
            ".",
            ":",
            '"',
            "<",
            ">",
            "@",
            "=",
            "://",
            "{",
            "}",
        ),
        *("Object: ", "Result: Blocked", " Result description: Allowed", "é", "\t"),
    )
)


@pytest.mark.native
@few
@given(st.lists(pieces, max_size=10), st.booleans())
def test_both_engines_read_the_text_of_an_event_alike(parts: list[str], by_syslog: bool) -> None:
    text = "".join(parts)
    if by_syslog:
        line = (
            '<28>1 2026-10-06T02:10:12Z KSC KES|12.1.0.0 - GNRL_EV_X [event@23668 p1="x" et="X" tdn="W" '
            f'etdn="Name" hdn="PC-07" hip="10.1.2.3" gn="Xa A"] {text}'
        )
    else:
        line = f"CEF:0|KasperskyLab|SecurityCenter|14|X|Name|4|msg={text} rt=1791252612000 dst=10.1.2.3"
    compare(LISTED, f"{line}\nthe end".encode(), devices=True)


@pytest.mark.native
@few
@given(st.dictionaries(key, value, max_size=4), st.integers(0, 40), st.booleans(), st.booleans())
def test_both_engines_read_json_inside_a_text_alike(
    told: dict[str, Any], cut: int, whole: bool, as_table: bool
) -> None:
    text = json.dumps(told)
    text = text if whole else text[:cut]
    row = {
        "DeviceName": "pc-07",
        "ActionType": "DnsConnectionInspected",
        "Timestamp": "2026-10-06T02:10:12Z",
        "LocalIP": "10.1.2.3",
        "AdditionalFields": text,
    }
    if as_table:
        quoted = ",".join('"' + v.replace('"', '""') + '"' for v in row.values())
        data = f"{','.join(row)}\n{quoted}\n"
    else:
        data = json.dumps({"category": "AdvancedHunting-DeviceNetworkEvents", "properties": row}) + "\n"
    compare(LISTED, data.encode(), devices=True)


labels = st.sampled_from(("query_name", "fqdn", "request", "src", "dst", "x", "", "a b"))


@pytest.mark.native
@few
@given(
    st.lists(st.tuples(st.sampled_from(("cs1", "cs2", "c6a3", "dst")), word, labels), max_size=4),
    st.booleans(),
)
def test_both_engines_name_the_keys_of_cef_by_their_labels_alike(
    told: list[tuple[str, str, str]], before: bool
) -> None:
    parts = [
        f"{name}Label={label} {name}={shown}" if before else f"{name}={shown} {name}Label={label}"
        for name, shown, label in told
    ]
    line = " ".join(("CEF:0|Maker|Box|1|9|Event|3|src=10.1.2.3 request=x", *parts))
    compare(LISTED, f"{line}\n".encode(), devices=True)


@pytest.mark.parametrize(
    ("extension", "wanted"),
    [
        ("cs4=evil.example cs4Label=query_name", {"evil.example": "query"}),
        ("cs4Label=query_name cs4=evil.example", {"evil.example": "query"}),
        # A key of that name is the maker's own word.
        ("query_name=good.example cs4=evil.example cs4Label=query_name", {}),
        ("cs4=evil.example cs4Label=Policy", {}),
        ("cs4= cs4Label=query_name cs5=evil.example cs5Label=query_name", {}),
    ],
)
@pytest.mark.native
def test_a_label_names_the_value_of_its_key(extension: str, wanted: dict[str, str]) -> None:
    line = f"CEF:0|Maker|Box|1|9|Event|3|src=10.1.2.3 dst=10.0.0.53 {extension}"
    found = compare(LISTED, f"{line}\n".encode()).sightings
    assert {s.indicator: s.field for s in found} == wanted
