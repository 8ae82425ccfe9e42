"""STIX patterns: the searchable part, after the examples of STIX 2.1, 9.8."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.indicators.forms_in.stix_pattern import PatternError, values


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("[domain-name:value = 'evil.example']", ["evil.example"]),
        ("[ipv4-addr:value ISSUBSET '203.0.113.0/24']", ["203.0.113.0/24"]),
        ("[ipv4-addr:value = '203.0.113.0/24']", ["203.0.113.0/24"]),
        ("[ipv4-addr:value IN ('203.0.113.1', '203.0.113.2')]", ["203.0.113.1", "203.0.113.2"]),
        ("[url:value = 'http://evil.example/a\\'b' OR domain-name:value = 'x.example']",
         ["http://evil.example/a'b", "x.example"]),
        ("[network-traffic:dst_ref.value = '203.0.113.7' AND network-traffic:dst_port = 443]",
         ["203.0.113.7:443"]),
        ("[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '2001:DB8::7'"
         " AND network-traffic:protocols[*] = 'tcp' AND network-traffic:dst_port IN (80, 443)]",
         ["[2001:db8::7]:80", "[2001:db8::7]:443"]),
        ("[domain-name:value = 'a.example'] OR ([ipv6-addr:value = '2001:db8::1'])",
         ["a.example", "2001:db8::1"]),
        ("([domain-name:value='a.example'])", ["a.example"]),
        ("[(domain-name:value = 'a.example' OR domain-name:value = 'b.example')]",
         ["a.example", "b.example"]),
        # One file by several hashes, in the form of MISP and others; lower case as in OASIS's report on APT1.
        (f"[file:hashes.MD5 = '{'1' * 32}' AND file:hashes.'SHA-256' = '{'2' * 64}']", ["2" * 64]),
        (f"[file:hashes.md5 = '{'1' * 32}']", ["1" * 32]),
    ],
)  # fmt: skip
def test_what_can_be_searched(pattern: str, found: list[str]) -> None:
    assert values(pattern) == found


@pytest.mark.parametrize(
    "pattern",
    [
        "[domain-name:value != 'good.example']",
        "[NOT domain-name:value = 'good.example']",
        "[domain-name:value NOT = 'good.example']",
        "[domain-name:value LIKE '%.example']",
        "[domain-name:value MATCHES '^evil']",
        "[domain-name:value ISSUBSET '203.0.113.0/24']",
        "[domain-name:value = 'a.example' AND ipv4-addr:value = '203.0.113.1']",
        "[domain-name:value = 'a.example'] AND [domain-name:value = 'b.example']",
        "[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']",
        "[domain-name:value = 'a.example'] REPEATS 5 TIMES WITHIN 10 SECONDS",
        "[domain-name:value = 'a.example' AND network-traffic:dst_port = 443]",
        "[network-traffic:src_ref.value = '203.0.113.7']",
        "[network-traffic:dst_port = 443]",
        "[ipv4-addr:value ISSUPERSET '203.0.113.0/24']",
        "[file:hashes.'SHA-256' = 'aa']",
        f"[file:hashes.MD5 = '{'1' * 32}' AND file:name = 'a.exe']",
        "[domain-name:value = 'a.example'",
        "[domain-name:value = 'a.example']]",
        '[domain-name:value = "a.example"]',
        "",
        "(" * 10_000,
        "[" + "(" * 10_000,
        "[domain-name:value IN (" + "'a'," * 30_000,
    ],
)
def test_what_cannot_is_refused_whole(pattern: str) -> None:
    with pytest.raises(PatternError):
        values(pattern)


@given(st.text(alphabet="[]()'=,.:\\ ABCINORDdomain-value0123456789", max_size=80) | st.text(max_size=80))
def test_no_text_surprises(pattern: str) -> None:
    with contextlib.suppress(PatternError):
        values(pattern)


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=4))
def test_any_constant_comes_back(texts: list[str]) -> None:
    quoted = ", ".join("'" + t.replace("\\", "\\\\").replace("'", "\\'") + "'" for t in texts)
    assert values(f"[domain-name:value IN ({quoted})]") == texts
