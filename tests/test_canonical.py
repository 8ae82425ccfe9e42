"""Names, addresses and URL hosts against ipaddress and naive readings."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.text.canonical import address, is_numeric_name, name, split_authority, split_url, url_covers
from quetsach.text.machine_address import machine_address

V4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)


def _spellings(a: ipaddress.IPv6Address) -> list[str]:
    groups = a.exploded.split(":")
    dotted = ":".join(groups[:6]) + ":" + str(ipaddress.IPv4Address(int(a) & 0xFFFFFFFF))
    plain = [
        a.exploded,
        a.compressed,
        a.exploded.upper(),
        ":".join(g.lstrip("0") or "0" for g in groups),
        dotted,
    ]
    return plain + [f"[{p}]" for p in plain] + [f"{a.compressed}%eth0"]


@given(V6)
def test_every_spelling_of_an_ipv6_address_is_one(a: ipaddress.IPv6Address) -> None:
    wanted = str(a.ipv4_mapped) if a.ipv4_mapped else a.compressed
    assert {address(s) for s in _spellings(a)} == {wanted}


@given(V4)
def test_mapped_ipv4_is_folded(a: ipaddress.IPv4Address) -> None:
    number = f"{int(a):08x}"
    spelled = [
        str(a),
        f"::ffff:{a}",
        f"::FFFF:{a}",
        f"::ffff:{number[:4]}:{number[4:]}",
        f"0:0:0:0:0:ffff:{a}",
    ]
    assert {address(s) for s in spelled} == {str(a)}


@given(st.text("0123456789abf:.[]%x", max_size=24))
def test_only_addresses_are_addresses(text: str) -> None:
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        if not text.startswith("[") and "%" not in text:
            assert address(text) is None
        return
    assert address(text) is not None
    if isinstance(parsed, ipaddress.IPv4Address):
        assert address(text) == str(parsed)


@pytest.mark.parametrize(
    "text", ["010.0.0.1", "0x7f.1", "1.2.3", "1.2.3.4.5", "1.2.3.256", " 1.2.3.4", "1.2.3.4 ", ""]
)
def test_lax_spellings_are_refused(text: str) -> None:
    assert address(text) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("EVIL.Example.", "evil.example"),
        ("evil.example..", "evil.example."),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("faß.de", "xn--fa-hia.de"),
        ("test。example", "test.example"),
        ("_sip._tcp.evil.example", "_sip._tcp.evil.example"),
        ("☃.evil.example", "xn--n3h.evil.example"),
        ("việt.vn", "xn--vit-hq5a.vn".replace("xn--vit-hq5a", "xn--" + "việt".encode("punycode").decode())),
    ],
)
def test_names_are_canonical(text: str, wanted: str) -> None:
    assert name(text) == wanted


@given(st.text(max_size=40))
def test_a_name_is_canonical_for_good_and_never_raises(text: str) -> None:
    assert name(text).isascii() or not text.isascii()
    if text.isascii():
        assert name(text) == text.lower().removesuffix(".")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("evil.example:80", ("evil.example", 80)),
        ("EVIL.example.:80", ("evil.example", 80)),
        ("u:p@evil.example", ("evil.example", None)),
        ("good.example@evil.example:8080", ("evil.example", 8080)),
        ("[2001:DB8::1]:443", ("2001:db8::1", 443)),
        ("[2001:db8::1]", ("2001:db8::1", None)),
        ("2001:db8::1", ("2001:db8::1", None)),
        ("[::ffff:1.2.3.4]:80", ("1.2.3.4", 80)),
        ("1.2.3.4:65536", ("1.2.3.4:65536", None)),
        ("evil.example:", ("evil.example", None)),
    ],
)
def test_an_authority_is_split(text: str, wanted: tuple[str, int | None]) -> None:
    assert split_authority(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("http://evil.example\\@good.example/", ("evil.example", None, "/@good.example/")),
        ("HTTP://EVIL.EXAMPLE./", ("evil.example", None, "/")),
        ("https://evil.example?a=b", ("evil.example", None, "/?a=b")),
        ("http://u@h.example:81/a?b#c", ("h.example", 81, "/a?b#c")),
        ("ftp://h.example", ("h.example", None, "")),
        ("/a/b", None),
        ("h.example:443", None),
    ],
)
def test_a_url_is_split(text: str, wanted: tuple[str, int | None, str] | None) -> None:
    assert split_url(text) == wanted


@pytest.mark.parametrize(
    ("path", "rest", "covers"),
    [
        ("/a", "/a", True),
        ("/a", "/a/b", True),
        ("/a", "/a?x", True),
        ("/a", "/a#x", True),
        ("/a", "/a&x", True),
        ("/a", "/ab", False),
        ("/a", "/A", False),
        ("/a/", "/a/b", True),
        ("/a/", "/a", False),
        ("/a?id=", "/a?id=7", True),
        ("/a?id=1", "/a?id=17", False),
        ("/a?id=1", "/a?id=1&b", True),
    ],
)
def test_a_path_covers_up_to_a_border(path: str, rest: str, covers: bool) -> None:
    assert url_covers(path, rest) is covers


def test_four_numbers_are_no_name() -> None:
    assert is_numeric_name("1.2.3.444")
    assert not is_numeric_name("9.113.0.203.zen.test")


def test_an_address_of_no_machine_is_known_by_its_first_number():
    """RFC 6890: 0/8 and 127/8, groups from 224 and reserved ones from 240; 255.255.255.255."""
    refused = [one for one in range(256) if machine_address(f"{one}.1.2.3") is None]
    assert refused == [0, 127, *range(224, 256)]
    assert [machine_address(one) for one in ("::", "::1", "ff02::1", "::ffff:127.0.0.1")] == [None] * 4
    assert machine_address("::ffff:192.168.1.7") == "192.168.1.7"
    assert machine_address("2001:DB8::1") == "2001:db8::1"
