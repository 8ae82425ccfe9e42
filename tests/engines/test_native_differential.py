"""Both engines give the same answer for random lines in every format, at every level and chunk border."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.engines.both import compare, few
from tests.engines.random_lines import (
    ZEEK,
    address,
    files,
    filler,
    indicators,
    mac,
    said,
    token,
    url,
    without_line_feeds,
)

pytestmark = pytest.mark.native

WAYS = ["utf-8", "utf-8", "utf-16-le"]
RESOLVER = "1663300800.1\tC\t192.168.1.5\t50000\t8.8.8.8\t53\tSF\t-"


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
@example(
    ["evil.example"],
    b"".join(
        b"%s dnsmasq[612]: query[A] evil.example from 203.0.113.9\n" % time
        for time in (b"Sep 16 11:00:00", b"Sep 16 06:59:59", b"Jan  1 00:00:01")
    ),
    False,
)
def test_native_says_what_portable_says(values: list[str], data: bytes, devices: bool) -> None:
    compare(values, data, devices=devices)


@few
@given(
    indicators,
    files(),
    st.lists(st.sampled_from(("utf-8", "utf-16-le", "utf-16-be")), min_size=1, max_size=9),
)
@example(
    ["evil.example"],
    b"".join(b"2026-01-02T03:04:05Z 10.0.0.%d asks evil.example\n" % n for n in range(9)),
    WAYS,
)
def test_lines_in_several_encodings_are_read_the_same_way(
    values: list[str], data: bytes, ways: list[str]
) -> None:
    lines = data.decode("utf-8", "replace").splitlines(keepends=True)
    compare(values, b"".join(line.encode(ways[n % len(ways)]) for n, line in enumerate(lines)))


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


ASKED = ("192.168.1.5", "10.9.8.7", "fd00::9", "198.51.7.7", "2001:db8::5", "mac:aa-bb-cc-dd-ee-ff")


@st.composite
def to_resolvers(draw: st.DrawFn) -> str:
    """Connections of machines that are asked about, most of them to port 53 or 853."""
    head, others = ZEEK["zeek.conn"]
    lines = [*head]
    for _ in range(draw(st.integers(1, 6))):
        client, server = draw(st.sampled_from(ASKED[:5])), draw(address)
        number = draw(st.sampled_from(("53", "53", "853", "443")))
        state = draw(st.sampled_from(("SF", "S0", "OTH")))
        when = draw(st.sampled_from(("1663300800.1", "1663301400.2", "1663387200.5")))
        lines.append("\t".join((when, "C", client, "50000", server, number, state, draw(mac))))
        lines.append(draw(others))
    return "\n".join(lines)


@few
@given(
    indicators,
    to_resolvers(),
    st.lists(st.sampled_from(ASKED), min_size=1, max_size=4, unique=True),
    st.sampled_from(((), ("own:8.8.8.0/24",), ("own:2001:db8::/32", "own:203.0.113.0/24"))),
)
@example(["evil.example"], "\n".join((*ZEEK["zeek.conn"][0], RESOLVER)), ["192.168.1.5"], ())
def test_foreign_resolvers_of_machines_asked_about_are_the_same(
    values: list[str], lines: str, asked: list[str], own: tuple[str, ...]
) -> None:
    compare(values, lines.encode(), asked=(*asked, *own))


def test_a_foreign_resolver_is_told_of_a_machine_that_is_asked_about() -> None:
    """And not of another machine, nor where the resolver is an own one."""
    log = "\n".join((*ZEEK["zeek.conn"][0], RESOLVER)).encode()
    (row,) = compare(["evil.example"], log, asked=("192.168.1.5",)).bypasses
    assert (row.kind, row.device, row.matched, row.count) == ("dns", "192.168.1.5", "8.8.8.8:53", 1)
    assert not list(compare(["evil.example"], log, asked=("192.168.1.6",)).bypasses)
    assert not list(compare(["evil.example"], log, asked=("192.168.1.5", "own:8.8.8.0/24")).bypasses)


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
