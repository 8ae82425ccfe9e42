"""Names that count in a line of no known format, and names that are only mentioned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.scanning.engines import freetext
from quetsach.text.canonical import endpoint


def tokens(line: str) -> set[str]:
    found = freetext.read(line.encode())
    return {
        (endpoint(t.value, t.port) if t.port is not None else t.value) + t.rest
        for t in found.tokens
        if t.kind != "url" or t.rest
    }


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("reached evil.example.", {"evil.example"}),
        ("(evil.example), [203.0.113.9]:443;", {"evil.example", "203.0.113.9"}),
        ("dst=203.0.113.9:8080 src:10.0.0.1", {"203.0.113.9:8080", "10.0.0.1"}),
        ("192.168.88.50:51234->93.184.216.34:443, len 60", {"192.168.88.50:51234", "93.184.216.34:443"}),
        ("outside:100.66.205.104/80", {"100.66.205.104", "100.66.205.104/80"}),
        (
            "1.2.3.44.5 11.2.3.444 010.0.0.1 x1.2.3.4 1.2.3.4x 1.2.3.4-5",
            {"1.2.3.44.5", "x1.2.3.4", "1.2.3.4x", "1.2.3.4-5"},
        ),
        (
            "to 2001:DB8::1, [2001:db8::2]:443 fe80::1%eth0 ::ffff:1.2.3.4",
            {"2001:db8::1", "[2001:db8::2]:443", "fe80::1", "1.2.3.4"},
        ),
        ("dst:2001:db8::1. std::dead cafe80::1", {"2001:db8::1"}),
        ("at 11:00:00 mac aa:bb:cc:00:11:22", set()),
        ("A (4)evil(7)example(0) end", {"evil.example"}),
        (
            "see http://u:p@good.test/evil.example/x?bad.test=1 now",
            {"good.test", "good.test/evil.example/x?bad.test=1"},
        ),
        ("evil.example/a?bad.test more", {"evil.example", "evil.example/a?bad.test"}),
        ("?evil.example good.test", {"good.test"}),
        ('"GET http://a.test/x HTTP/1.1" 200 "http://evil.example/ref" "Mozilla"', {"a.test", "a.test/x"}),
        ('"GET /x HTTP/1.1" 200 "http://evil.example/ref"', set()),
        ('{"url":"http://a.test/x","referer":"http://evil.example/"}', {"a.test", "a.test/x"}),
        ('"url":"http://a.test/?u=http://evil.example/"', {"a.test", "a.test/?u=http://evil.example/"}),
        ("user@evil.example", {"evil.example"}),
    ],
)
def test_tokens_of_a_line(line: str, wanted: set[str]) -> None:
    assert tokens(line) - {"1.1"} == wanted


def test_the_first_private_address_is_told() -> None:
    found = freetext.read(b"8.8.8.8 172.32.0.1 172.31.0.9 10.0.0.1 fd00::1")
    assert found.private == ("172.31.0.9", "10.0.0.1", "fd00::1")


PIECES = st.lists(
    st.sampled_from(["a.b", "?", " ", '"', "http://", "1.2.3.4", ":80", "/x", "\\", "@", "é", "\udcff"])
)


@given(st.binary(max_size=200) | PIECES.map(lambda parts: "".join(parts).encode("utf-8", "surrogateescape")))
def test_whatever_counts_is_among_the_words_of_the_line(line: bytes) -> None:
    counted = {t.value for t in freetext.read(line).tokens if t.kind != "url"}
    assert counted <= {t.value for t in freetext.words(line)}


@given(PIECES)
def test_masking_keeps_every_place(parts: list[str]) -> None:
    line = "".join(parts)
    assert len(freetext.mask(line)) == len(line)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a.",
        "? ",
        "(1)a",
        "a.b/",
        "1.2.3.4/",
        "http://",
        "http://a.b/c?",
        '"http://a ',
        "::",
        "é.",
        "refer",
        "1:",
    ],
)
def test_a_long_hostile_line_is_read_to_its_end(unit: str) -> None:
    """A quadratic step in the reader would make this test run for ever."""
    line = unit * (300_000 // len(unit)) + '" bad.test'
    found = freetext.read(line.encode(), {"a.b": 1})
    assert "bad.test" in {t.value for t in found.tokens}
