"""Single values: their indicators, and the reasons for refusals."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.indicators import reading
from quetsach.indicators.indicator import Kind, Scope
from quetsach.indicators.lists.item import parse
from quetsach.indicators.lists.refang import defang, refang
from quetsach.indicators.lists.remark import Reject
from quetsach.text.reasons import REJECTS


def one(text: str, scope: Scope = Scope.WITH_SUBDOMAINS, kind: str = "") -> tuple[str, str, list[str]]:
    items, warnings = parse(text, scope, kind)
    assert len(items) == 1
    return items[0].hashed, items[0].kind.value, warnings


@pytest.mark.parametrize(
    ("text", "hashed", "kind", "warnings"),
    [
        ("Evil.Example.", "evil.example", "domain", []),
        ("*.evil.example", "*.evil.example", "domain", []),
        (".evil.example", "*.evil.example", "domain", []),
        ("=evil.example", "=evil.example", "domain", []),
        ("_dmarc.evil.example", "_dmarc.evil.example", "domain", []),
        ("bücher.example", "xn--bcher-kva.example", "domain", []),
        ("\uff45vil\uff0done。example", "evil-one.example", "domain", []),
        ("l\u00b7la.example", "xn--lla-lga.example", "domain", []),
        ("“evil.example”", "evil.example", "domain", ["unquoted"]),
        ("«evil[.]example»;", "evil.example", "domain", ["unquoted"]),
        ('"203.0.113.9:80",', "203.0.113.9:80", "ip-port", ["unquoted"]),
        ("<http://evil.example/a>", "evil.example/a", "url", ["unquoted"]),
        ("evil.example:443", "evil.example", "domain", ["port-dropped"]),
        ("http://evil.example/", "evil.example", "domain", []),
        ("https://evil.example:8443", "evil.example", "domain", ["port-dropped"]),
        ("http://203.0.113.9", "203.0.113.9", "ipv4", []),
        ("http://203.0.113.9:8080/", "203.0.113.9:8080", "ip-port", []),
        ("203.0.113.9", "203.0.113.9", "ipv4", []),
        ("::ffff:203.0.113.9", "203.0.113.9", "ipv4", []),
        ("2001:0DB8::0001", "2001:db8::1", "ipv6", []),
        ("[2001:db8::1]:443", "[2001:db8::1]:443", "ip-port", []),
        ("203.0.113.9:08", "203.0.113.9:8", "ip-port", []),
        ("203.0.113.9:8080/tcp", "203.0.113.9:8080", "ip-port", []),
        ("[2001:db8::1]:53/UDP", "[2001:db8::1]:53", "ip-port", []),
        ("http://203.0.113.9:8080/tcp", "203.0.113.9:8080/tcp", "url", []),
        ("203.0.113.9/tcp", "203.0.113.9/tcp", "url", []),
        ("1.2.3.4-5a.example", "1.2.3.4-5a.example", "domain", []),
        ("203.0.113.0/24", "203.0.113.0/24", "cidr", []),
        ("203.0.113.9/24", "203.0.113.0/24", "cidr", ["host-bits"]),
        ("203.0.113.0/255.255.255.0", "203.0.113.0/24", "cidr", []),
        ("203.0.113.8–203.0.113.9", "203.0.113.8/31", "cidr", ["range"]),
        ("203.0.113.9/32", "203.0.113.9", "ipv4", []),
        ("2001:db8::1/64", "2001:db8::/64", "cidr", ["host-bits"]),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24", "cidr", []),
        ("HTTP://Evil.Example/Path?Q=1", "evil.example/Path?Q=1", "url", []),
        ("evil.example/gate.php", "evil.example/gate.php", "url", []),
        ("evil.example:81/a", "evil.example:81/a", "url", []),
        ("http://u:p@evil.example/a#frag", "evil.example/a", "url", ["fragment-dropped"]),
        ("http://[2001:DB8::1]:80/a", "[2001:db8::1]:80/a", "url", []),
        ("http://evil.example\\@good.example/a", "evil.example/@good.example/a", "url", []),
        ("evil.example?x=1", "evil.example/?x=1", "url", []),
        ("hxxp://evil[.]example/a", "evil.example/a", "url", []),
        ("evil\u200b.example", "evil.example", "domain", []),
    ],
)
def test_a_value_becomes_canonical(text: str, hashed: str, kind: str, warnings: list[str]) -> None:
    assert one(text) == (hashed, kind, warnings)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("/gate.php", "no-host"),
        ("http:///gate.php", "no-host"),
        ("//gate.php", "no-host"),
        ("010.0.0.1", "bad-address"),
        ("0x7f.1", "bad-address"),
        ("1.2.3", "bad-address"),
        ("1.2.3.256", "bad-address"),
        ("203.0.113.0/33", "bad-network"),
        ("203.0.113.9:0", "bad-port"),
        ("203.0.113.9:70000", "bad-port"),
        ("evil.example:70000", "bad-port"),
        ("203.0.113.20-203.0.113.10", "bad-range"),
        ("203.0.113.20-2001:db8::1", "bad-range"),
        ("203.0.113.20-10", "bad-range"),
        ("5.0.0.1-5.1.0.1", "wide-range"),
        ("2a00::1-2a00:1::1", "wide-range"),
        ("203.0.113.20-256", "bad-range"),
        ("203.0.113.20-30-40", "bad-range"),
        ("evil.1-", "bad-name"),
        ("localhost", "single-label"),
        ("http://localhost/a", "single-label"),
        ("evil..example", "bad-name"),
        ("http://evil.example/clients/pass.php…", "cut-off"),
        ("https://bafybeia.ipfs.w3…", "cut-off"),
        ("evil example.test", "bad-name"),
        ("“evil.example", "bad-name"),
        ("evil.example，other.example", "bad-name"),
        ("evil–one.example", "bad-name"),
        ("a" * 64 + ".example", "bad-name"),
        ("d41d8cd98f00b204e9800998ecf8427e", "hash"),
        ("someone@evil.example", "email"),
        ("@@||good.example^", "exception"),
        ("||evil.example^", "bad-name"),
        ("\u200b", "no-value"),
    ],
)
def test_a_wrong_value_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(Reject) as reject:
        parse(text, Scope.WITH_SUBDOMAINS)
    assert reject.value.code == code


def test_a_type_that_is_not_searched_is_refused() -> None:
    with pytest.raises(Reject, match="unknown-type"):
        parse("evil.exe", Scope.EXACT, "filename")


@given(st.integers(0, 2**32 - 1), st.integers(0, 1000))
def test_a_range_becomes_exactly_its_addresses(first: int, size: int) -> None:
    last = min(first + size, 2**32 - 1)
    spelled = f"{ipaddress.IPv4Address(first)}-{ipaddress.IPv4Address(last)}"
    items, warnings = parse(spelled, Scope.EXACT)
    nets = [ipaddress.IPv4Network(i.value) for i in items]
    assert sorted(int(a) for n in nets for a in n) == list(range(first, last + 1))
    assert warnings == ["range"]


def test_a_range_in_a_list_may_have_the_dash_of_a_word_processor() -> None:
    for dash in "-–—":
        found = reading.read_text(f"203.0.113.8 {dash} 203.0.113.9\n")
        assert [i.value for i in found.indicators] == ["203.0.113.8/31"]


def test_a_range_may_tell_only_the_last_number_of_its_end() -> None:
    """The spelling of nmap and many lists; with a hyphen in its last part it once passed for a name."""
    assert parse("203.0.113.10-13", Scope.EXACT) == parse("203.0.113.10-203.0.113.13", Scope.EXACT)


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("5.0.0.0-5.255.255.255", ["5.0.0.0/8"]),  # the guard rails judge it, and a person may override them
        ("5.0.128.0-5.1.127.255", ["5.0.128.0/17", "5.1.0.0/17"]),
    ],
)
def test_a_range_that_is_a_network_or_no_wider_than_a_16_is_taken(text: str, networks: list[str]) -> None:
    assert [item.value for item in parse(text, Scope.EXACT)[0]] == networks


LABEL = st.from_regex(r"[a-z0-9_]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
DOMAIN = st.tuples(
    st.lists(LABEL, min_size=1, max_size=3), st.sampled_from(["example", "test", "com", "vn"])
).map(lambda t: ".".join([*t[0], t[1]]))
DOTS = st.sampled_from([".", "[.]", "(.)", "{.}", "[dot]", "(dot)", "\\.", "[.", ".]"])
SCHEMES = st.sampled_from(
    ["http://", "hxxp://", "hXXp://", "hxtp://", "h[tt]p://", "meow://", "http[:]//", "hxxp[://]"]
)


@given(DOMAIN, st.data())
def test_a_defanged_domain_is_the_domain(domain: str, data: st.DataObject) -> None:
    dots = [data.draw(DOTS) for _ in range(domain.count("."))]
    labels = domain.split(".")
    spelled = labels[0] + "".join(d + label for d, label in zip(dots, labels[1:], strict=True))
    assert one(spelled) == one(domain)
    assert one(spelled.upper().replace("DOT", "dot")) == one(domain)
    assert one(data.draw(SCHEMES) + spelled + "/a/b") == (f"{domain}/a/b", "url", [])


@given(DOMAIN, st.sampled_from(["", "/a?b=c"]), st.sampled_from(["", "http://"]))
def test_defanging_is_undone(domain: str, path: str, scheme: str) -> None:
    assert refang(defang(scheme + domain + path)) == scheme + domain + path


@given(st.text(max_size=60))
def test_any_text_is_an_indicator_or_a_known_reject(text: str) -> None:
    try:
        items, _ = parse(text, Scope.WITH_SUBDOMAINS)
    except Reject as reject:
        assert reject.code in REJECTS
        return
    for item in items:
        again, _ = parse(item.hashed, Scope.WITH_SUBDOMAINS)
        assert again == [item]
        if item.kind is Kind.DOMAIN:
            assert item.value.isascii()
