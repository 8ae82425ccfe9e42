"""Rules of Suricata as a list: every rule is read or reported, and none is widened."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quetsach.indicators import reading
from quetsach.indicators.forms_in import signature
from quetsach.indicators.indicator import Indicator, Kind, Scope

LABEL = st.text("abc09-", min_size=1, max_size=4)
NAME = st.lists(LABEL, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "example"]))
WORDS = st.sampled_from(
    (
        "alert", "pass", "ip", "tcp", "dns", "any", "$HOME_NET", "203.0.113.7", "[203.0.113.7,!203.0.113.8]",
        "->", "<>", "443", "[80:82,!81]", "(", ")", "(sid:1;)", "msg:", '"', "\\", ";", "content:",
        "content:!", "|41 2", "dns.query;", "dotprefix;", "endswith;", "bsize:4;", "[", "]", "!", ",", "\n",
        "evil.example", "\0", "# ",
    )
)  # fmt: skip


def told(text: str) -> tuple[list[str], list[str]]:
    result = reading.read_text(text, format="suricata.rules")
    return sorted(i.hashed for i in result.indicators), [r.code for r in result.rejects]


@st.composite
def anchored(draw: st.DrawFn) -> tuple[str, str, bool, bool, bool]:
    """A rule, its content, and whether the name is dotted, and the content is the whole name or its end."""
    name = draw(NAME)
    text = draw(st.sampled_from((name, f".{name}")))
    is_dotted, is_start, is_end = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    spelled = "".join(f"|{ord(c):02x}|" if draw(st.booleans()) else c for c in text)
    start = draw(st.sampled_from(("startswith; ", f"depth:{len(text)}; "))) if is_start else ""
    end = draw(st.sampled_from(("endswith; ", "isdataat:!1,relative; "))) if is_end else ""
    if is_start and is_end and draw(st.booleans()):
        start, end = f"bsize:{len(text)}; ", ""
    buffer = draw(st.sampled_from(("dns.query", "tls.sni", "http.host", "dns_query")))
    dotted = "dotprefix; " if is_dotted else ""
    rule = (
        f'alert dns any any -> any any (msg:"m"; {buffer}; {dotted}content:"{spelled}"; {start}{end}sid:1;)'
    )
    return rule, text, is_dotted, is_start and is_end, is_end


def matches(query: str, text: str, *, dotted: bool, whole: bool) -> bool:
    """Whether the rule would alert (Suricata user guide: startswith, endswith, bsize, dotprefix)."""
    buffer = f".{query}" if dotted else query
    return buffer == text if whole else buffer.endswith(text)


def covers(one: Indicator, query: str) -> bool:
    is_below = query.endswith(f".{one.value}")
    return {
        Scope.EXACT: query == one.value,
        Scope.SUBDOMAINS_ONLY: is_below,
        Scope.WITH_SUBDOMAINS: is_below or query == one.value,
    }[one.scope]


@settings(max_examples=300)
@given(made=anchored(), extra=LABEL)
def test_a_name_covers_no_more_than_its_rule(made: tuple[str, str, bool, bool, bool], extra: str) -> None:
    rule, text, dotted, whole, is_end = made
    result = reading.read_text(rule, format="suricata.rules")
    name = text.removeprefix(".")
    for one in result.indicators:
        assert one.kind is Kind.DOMAIN
        for query in (name, f"{extra}.{name}", f"{extra}{name}", f"{name}.{extra}", extra):
            if covers(one, query):
                assert matches(query, text, dotted=dotted, whole=whole)
    assert len(result.indicators) + len(result.rejects) == 1
    is_possible = not whole or dotted == text.startswith(".")
    assert bool(len(result.indicators)) == (is_end and is_possible)


@given(words=st.lists(WORDS, max_size=40), glue=st.sampled_from(("", " ")))
def test_any_text_is_read_or_told(words: list[str], glue: str) -> None:
    text = glue.join(words)
    result = reading.read_text(text, format="suricata.rules")
    assert len(result.rejects) <= text.count("\n") + 1
    assert all(0 <= r.line <= text.count("\n") + 1 for r in (*result.rejects, *result.warnings))


@given(st.text(max_size=200))
def test_a_content_is_taken_apart_or_refused(text: str) -> None:
    found = signature.content(f'"{text}"')
    assert found is None or len(found.text) <= len(text)


@pytest.mark.parametrize(
    "rule",
    [
        "alert ip " + "[" * 60_000 + " (",
        "alert ip any any -> any any (" + '"' * 60_000 + ")",
        "alert ip any any -> any any (" + "\\" * 60_001 + ")",
        "alert ip any any -> any any (" + ";" * 60_001 + ")",
        "alert ip any any -> any any (" + 'a:"b;' * 12_000 + ")",
        "alert ip\n" * 60_000,
    ],
)
def test_a_hostile_rule_is_told(rule: str) -> None:
    items, codes = told(rule)
    assert not items and codes


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ('dns.query; content:"evil.example"; endswith; content:"x"; ', "condition"),
        ('dns.query; content:!"evil.example"; endswith; ', "condition"),
        ('dns.query; content:"evil.example"; offset:3; endswith; ', "condition"),
        ('dns.query; content:"evil.example"; endswith; flowbits:isset,x; ', "condition"),
        ('dns.query; content:"evil.example"; endswith; detection_filter: track by_src, count 9, seconds 9; ',
         "condition"),
        ('dns.query; content:"evil.example"; endswith; dns.opcode:0; ', "condition"),
        ('dns.query; dataset:isset,bad; ', "condition"),
        ('http.user_agent; content:"evil.example"; endswith; ', "condition"),
        ('dns.query; content:"evil.example"; startswith; ', "unanchored"),
        ('dns.query; content:".com"; endswith; ', "single-label"),
    ],
)  # fmt: skip
def test_a_rule_with_a_further_condition_is_left_to_the_sensor(options: str, why: str) -> None:
    assert told(f"alert dns any any -> any any ({options}sid:1;)") == ([], [why])


@pytest.mark.parametrize(
    ("head", "items"),
    [
        ("ip any any -> 203.0.113.7 any", ["203.0.113.7"]),
        ("ip 192.168.0.0/16 any -> 203.0.113.7 any", ["203.0.113.7"]),
        ("ip [$HOME_NET,10.0.0.0/8] any -> ! [ $HOME_NET, $DNS ] any", []),
        ("tcp $HOME_NET any -> [203.0.113.7,[2001:db8::7]] [80, 443]",
         ["203.0.113.7:443", "203.0.113.7:80", "[2001:db8::7]:443", "[2001:db8::7]:80"]),
        ("tcp $HOME_NET any -> 203.0.113.7 !443", []),
        ("tcp $HOME_NET any -> 203.0.113.7 1024:", []),
        ("tcp $HOME_NET any -> 203.0.113.0/28 443", []),
        ("icmp $HOME_NET any -> 203.0.113.7 any", []),
        ("ip 203.0.113.7 any -> 198.51.100.7 any", []),
        ("ip 203.0.113.7 443 <> $HOME_NET any", ["203.0.113.7:443"]),
    ],
)  # fmt: skip
def test_the_addresses_of_a_head(head: str, items: list[str]) -> None:
    found, codes = told(f"alert {head} (sid:1;)")
    assert found == items and bool(codes) == (not items)


def test_a_rule_is_called_by_its_number_and_message() -> None:
    result = reading.read_text('alert icmp any any -> any any (msg:"ET SCAN ping"; sid:2100366; rev:8;)')
    assert [(r.line, r.text) for r in result.rejects] == [(1, "sid 2100366 ET SCAN ping")]
