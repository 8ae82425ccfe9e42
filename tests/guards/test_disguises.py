"""An entry is judged as what it blocks, however a list spells it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from quetsach.indicators import guard, reading, writing
from quetsach.indicators.draft import Draft
from quetsach.indicators.guard import Group, Organisation
from quetsach.indicators.indicator import IndicatorSet

ROOTS = (
    "www.google.com/?", "google.com//", "google.com/.", "google.com/..", "http://chinhphu.vn/?q=1",
    "https://GOOGLE.com:443//", "http://user:pass@google.com/?", "google.com/%2e/", "google.com/%2E%2e/?a",
    "google.com/a/..", "google.com/a/b/../../#x", "http://google.com/\\", "google.com./?", "google.com/;",
    "google.com:8443/./?q=1", "http://ｇｏｏｇｌｅ.com/?", "com.vn/?", "laichau.gov.vn//", "pages.dev/?x=1",
    "8.8.8.8/?", "93.184.220.29:80//", "[2606:4700::1111]/?q", "http://[::ffff:8.8.8.8]/?",
)  # fmt: skip
"""Spellings of the root of a host that many use (RFC 3986, 5.2.4 and 6.2)."""
DEEP = (
    "drive.google.com/uc?id=1Ab", "docs.google.com/document/d/1", "google.com/a/../b", "8.8.8.8/a.exe",
    "github.com/evil/-/raw", "google.com/%61?x", "93.184.220.29/%C4%91",
)  # fmt: skip
BLOCKING = sorted(name for name, form in writing.FORMS.items() if form.blocks)
DAY = writing.Settings(day=date(2026, 10, 15))


def judge(text: str, organisation: Organisation | None = None) -> guard.GuardResult:
    found = reading.read_text(text)
    assert len(found.indicators) == 1 and not found.rejects, found.rejects
    return guard.apply(found.indicators, organisation=organisation)


@pytest.mark.parametrize("text", ROOTS)
def test_the_root_of_a_host_is_judged_as_the_host(text: str) -> None:
    (stopped,) = judge(text).stopped
    assert stopped.group is Group.MANY


@pytest.mark.parametrize("text", DEEP)
def test_a_page_on_a_host_that_many_share_stays_an_entry_of_its_own(text: str) -> None:
    result = judge(text)
    assert len(result.kept) == 1 and not result.stopped


@pytest.mark.parametrize("text", ["//google.com/#x", "www%2egoogle.com/?", "/?q=google.com"])
def test_what_names_no_host_is_no_entry(text: str) -> None:
    found = reading.read_text(f"indicator,type\n{text},url\n")
    assert not len(found.indicators) and len(found.rejects) == 1


def test_the_root_of_an_unknown_host_or_of_a_customers_is_kept() -> None:
    assert [one.value for one in judge("evil.vn/?q=1").kept] == ["evil.vn/?q=1"]
    (warned,) = judge("x.pages.dev/?").warned
    assert warned.group is Group.RENTED
    (own,) = judge("portal.example.vn//", Organisation(("portal.example.vn",))).stopped
    assert own.code == "own"


@pytest.mark.parametrize("form", BLOCKING)
def test_no_form_that_blocks_holds_such_a_root(form: str) -> None:
    """Not even where a person keeps them all: the set is judged anew for such a form."""
    listed = reading.read_text("\n".join((*ROOTS, "evil.vn/a", "evil.vn", "45.77.10.11"))).indicators
    written = writing.write(IndicatorSet(listed), writing.by_name(form), DAY)
    text = "".join(written.parts)
    assert "google" not in text and "chinhphu" not in text and "8.8.8.8" not in text
    assert written.losses.withheld == len(listed) - 3


EDGECAST = ("2606:2800:220:1:248:1893:25c8:1946", "2606:2800:11f:17a5:191a:18d5:537:22f9", "2a02:16d8:103::1")
RESOLVERS = (
    "203.113.131.1", "203.113.131.2", "203.113.188.1", "116.97.90.127", "2402:800:20ff:109c::1",
    "203.162.4.190", "203.162.4.191", "123.23.23.23", "123.26.26.26", "2001:ee0:26::26",
    "210.245.24.20", "210.245.24.22", "210.245.0.11", "203.119.36.106", "203.119.8.106",
)  # fmt: skip
NAME_SERVERS = (
    "194.0.1.18", "203.119.73.105", "203.119.38.105", "203.119.44.105", "203.119.60.105", "203.119.68.105",
    "204.61.216.115", "2001:678:4::12", "2001:dc8:1:2::105", "2001:dc8:c000:7::105", "2001:dc8:1000:2::105",
    "2001:dc8:d000:2::105", "2001:500:14:6115:ad::1",
    "198.41.0.4", "170.247.170.2", "199.7.83.42", "2001:503:ba3e::2:30", "192.5.6.30", "2001:503:a83e::2:30",
)  # fmt: skip


@pytest.mark.parametrize("text", [*EDGECAST, *RESOLVERS, *NAME_SERVERS, "203.162.4.191:53", "64.12.64.9"])
def test_what_offices_here_depend_on_is_guarded(text: str) -> None:
    (stopped,) = judge(text).stopped
    assert stopped.code == "shared"


@pytest.mark.parametrize("text", ["203.113.131.19", "203.162.4.1", "210.245.24.21", "203.162.57.106"])
def test_neighbours_of_a_resolver_are_not_guarded(text: str) -> None:
    assert len(judge(text).kept) == 1


EMBEDDED = {
    "::93.184.220.29": "shared", "64:ff9b::93.184.220.29": "shared", "2002:5db8:dc1d::1": "shared",
    "::ffff:93.184.220.29": "shared", "::ffff:0:93.184.220.29": "shared",
    "64:ff9b::5db8:dc00/120": "shared", "2002:5db8:dc00::/40": "shared", "[64:ff9b::808:808]:53": "shared",
    "http://[::8.8.8.8]/": "shared", "2002:a01:203::1": "special-purpose",
    "64:ff9b::c0a8:101": "special-purpose",
    "::12.34.56.78": "placeholder", "2002:c000:204::": "special-purpose",
    "64:ff9b::/96": "special-purpose", "2002::/16": "special-purpose", "::/96": "special-purpose",
    "::ffff:0:0:0/96": "special-purpose", "2002:400::/22": "too-wide", "64:ff9b::400:0/102": "too-wide",
    "::1": "special-purpose", "::": "special-purpose", "64:ff9b:1::a01:203": "special-purpose",
}  # fmt: skip
"""RFC 4291 2.5.5, RFC 2765, RFC 6052, RFC 3056: the address that the spelling holds, worked out by hand."""


@pytest.mark.parametrize(("text", "code"), EMBEDDED.items())
def test_an_ipv4_address_within_ipv6_is_judged_as_itself(text: str, code: str) -> None:
    assert [one.code for one in judge(text).stopped] == [code]


@pytest.mark.parametrize(
    "text", ["::45.77.10.11", "64:ff9b::45.77.10.11", "2002:2d4d:a0b::1", "[64:ff9b::2d4d:a0b]:443"]
)
def test_a_malicious_address_within_ipv6_stays(text: str) -> None:
    result = judge(text)
    assert len(result.kept) == 1 and not result.stopped and not result.warned


def test_ones_own_network_is_found_within_ipv6() -> None:
    (stopped,) = judge("64:ff9b::103.9.200.7", Organisation((), ("103.9.200.0/24",))).stopped
    assert stopped.code == "own"


@pytest.mark.parametrize(
    "path",
    ["%2", "%", "%zz/..", "index.php", "Index.HTML", "default.htm", "default.aspx?x=1", ";jsessionid=1",
     "*.exe", "*", "./index.jsp;jsessionid=1?q"],
)  # fmt: skip
def test_the_page_that_stands_for_the_root_is_judged_as_the_host(path: str) -> None:
    for host in ("google.com", "chinhphu.vn"):
        (stopped,) = judge(f"http://{host}/{path}").stopped
        assert stopped.group is Group.MANY
    assert len(judge(f"http://evil.vn/{path}").kept) == 1


@pytest.mark.parametrize(
    "path", ["a/index.php", "index.php/evil", "indexer.exe", "index.exe", "100%25.exe", "a;b"]
)
def test_a_page_deeper_down_stays_an_entry_of_its_own(path: str) -> None:
    result = judge(f"http://google.com/{path}")
    assert len(result.kept) == 1 and not result.stopped


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("184.93.in-addr.arpa", "shared"),
        ("29.220.184.93.in-addr.arpa", "shared"),
        ("host.29.220.184.93.in-addr.arpa", "shared"),
        ("8.in-addr.arpa", "too-wide"),
        ("8.8.8.8.in-addr.arpa", "shared"),
        ("1.168.192.in-addr.arpa", "special-name"),
        ("0.0.7.4.6.0.6.2.ip6.arpa", "shared"),
        ("f.f.ip6.arpa", "special-purpose"),
    ],
)
def test_a_reverse_name_is_judged_as_its_network(text: str, code: str) -> None:
    (stopped,) = judge(text).stopped
    assert stopped.group is Group.MANY
    assert stopped.code == code


def test_the_reverse_name_of_a_malicious_address_stays() -> None:
    assert len(judge("9.205.155.45.in-addr.arpa").kept) == 1


@pytest.mark.parametrize(
    "text",
    [
        "::5efe:93.184.220.29",
        "::200:5efe:8.8.8.8",
        "2001:db9:1:2:0:5efe:8.8.8.8",
        "[2a00:1::200:5efe:8.8.8.8]:443",
    ],
)
def test_an_address_of_isatap_is_judged_as_the_address_in_it(text: str) -> None:
    (stopped,) = judge(text).stopped
    assert stopped.group is Group.MANY
    assert len(judge("2a00:1::5efe:45.155.205.9").kept) == 1


@pytest.mark.parametrize(
    "text",
    [
        "0x5d.0xb8.0xdc.0x1d",
        "93.184.220.0x1d",
        "0x5d.184.0334.0X1D",
        "http://0x5d.0xb8.0xdc.0x1d/a",
        "0x5db8dc1d",
        "0x5d.0xb8dc1d",
        "evil.0x1",
        "0135.0270.0334.035",
        "evil.0x",
    ],
)
def test_a_hexadecimal_address_is_refused_as_an_octal_one(text: str, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(f"{text}\nevil.vn\n")
    for draft in (None, Draft()):
        found = reading.read_many([path], draft=draft)
        assert [one.value for one in found.indicators] == ["evil.vn"]
        assert [one.code for one in found.rejects] in (["bad-address"], ["single-label"]), found.rejects
