"""Both engines give the same answer for random lines in every format, at every level and chunk border."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.engines.both import compare, few
from tests.engines.random_lines import files, filler, indicators, said, token, url, without_line_feeds

pytestmark = pytest.mark.native


@few
@given(indicators, files(), st.booleans())
@example(["203.0.113.9"], b"seen --203.0.113.9-- and ..203.0.113.9. today\n", False)
@example(["solo"], b"host solo and x.solo\n", False)
@example(
    ["2001:db8::1"],
    b"DrayTek [CSM_AE][Block][FTP][@S:R=13:1, 2001:db8::1:21->192.168.1.11:50337][TCP]"
    b"[HLen=20, TLen=1061, Flag=AP, Seq=3406493667, Ack=527650905, Win=2904]\n",
    False,
)
@example(["evil.example"], "a ｅｖｉｌ。ｅｘａｍｐｌｅ b\n".encode(), False)
def test_native_says_what_portable_says(values: list[str], data: bytes, devices: bool) -> None:
    compare(values, data, devices=devices)


@few
@given(
    indicators,
    st.lists(st.one_of(token, url, filler), min_size=1, max_size=60),
    st.sampled_from((" ", "", "-")),
)
def test_free_text_is_cut_the_same_way(values: list[str], parts: list[str], glue: str) -> None:
    compare(values, without_line_feeds(glue.join(parts)).encode("utf-8", "surrogatepass"))


@few
@given(indicators, st.lists(said().map(without_line_feeds), min_size=1, max_size=8))
@example(["evil.example"], ['"httpſ://evil.example/x" "GET /x HTTP/1.1" "http://evil.example/y"'])
@example(["evil.example"], ["a " + '{"a":' * 40 + '"src":"10.1.2.3" evil.example 2024-03-05T08:00:00Z'])
@example(["evil.example"], ['{"a":{"src":"10.1.2.3"},"b":"evil.example \\'])
def test_masks_sides_and_times_of_free_text_are_the_same(values: list[str], lines: list[str]) -> None:
    compare(values, "\n".join(lines).encode("utf-8", "surrogatepass"))


@few
@given(indicators, files())
def test_long_lines_are_treated_the_same_way(values: list[str], data: bytes) -> None:
    compare(values, data, limits={"long_line": 150, "parsed_part": 90})


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (["http://evil.example/x", "evil.example"], f"a{'1' * 39}://evil.example/x"),
        (["evil.example"], f"a{'1' * 39}://fine.test/evil.example"),
        (["evil.example"], f"a{'1' * 31}://fine.test/evil.example"),
        ([f"http://evil.example/{'p' * 2_100}"], f"to evil.example/{'p' * 2_100} end"),
        ([f"http://evil.example/{'p' * 2_047}"], f"to evil.example/{'p' * 2_100} end"),
        (["http://evil.example/x", "http://evil.example:443/x"], "to evil.example:٤٤٣/x end"),
    ],
)
def test_bounds_of_urls_in_free_text_are_the_same(values: list[str], line: str) -> None:
    compare(values, f"{line}\n".encode())


def test_a_value_of_cef_ends_before_the_spaces_that_a_key_follows() -> None:
    line = "CEF:0|Vendor|Product|1|5|dns|3|src=10.0.0.7   dhost=evil.example   act=blocked   msg=a  b\n"
    (found,) = compare(["evil.example"], line.encode()).sightings
    assert (found.device, found.matched, found.field) == ("10.0.0.7", "evil.example", "host")
