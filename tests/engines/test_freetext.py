"""Names that count in a line of no known format, and names that are only mentioned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quetsach.logs.times import SECOND, Moment
from quetsach.scanning.engines import attribution, freetext, moments
from quetsach.scanning.engines.index import Index, hits_of
from quetsach.scanning.engines.wrappers import Reading
from quetsach.text.canonical import endpoint
from tests.engines.indicator_sets import make_set
from tests.engines.moments import WHEN, ZONE


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


def naive_mask(line: str) -> str:
    """docs/log-formats.md 6.1, one quote after the other, for lines without `?`."""
    out = list(line)
    awaited = False
    at = line.find('"')
    while at >= 0:
        end = line.find('"', at + 1)
        end = len(line) if end < 0 else end
        value = line[at + 1 : end]
        words = value.split(" ")
        method = words[0]
        if value.lower().startswith(("http://", "https://")):
            ahead = line[max(0, at - 16) : at]
            named = ahead.rstrip("\\\"'").removesuffix(" ").endswith(("=", ":"))
            if "refer" in ahead.lower() or (awaited and not named):
                out[at + 1 : end] = " " * (end - at - 1)
                awaited = False
        elif (
            len(words) > 2
            and 3 <= len(method) <= 10
            and method.isascii()
            and method.isalpha()
            and words[1]
            and words[2].lower().startswith("http/")
            and words[2][5:6] in set("0123456789")
        ):
            awaited = True
        else:
            end = at + 1
        at = line.find('"', end)
    return "".join(out)


QUOTING = (
    '"', " ", "GET", "get well", "/x", " HTTP/1.1", " http/2", "http://a.b/c", "HTTPS://d.e", "=", ": ", "\\",
    "'", "url", "Referer", "refer", "200 512 ", "Nguyen Van A", "é", '"GET /x HTTP/1.1" ', ' "http://f.g',
)  # fmt: skip


@given(st.lists(st.sampled_from(QUOTING), max_size=14))
def test_a_url_is_masked_only_behind_a_request_line_or_refer(parts: list[str]) -> None:
    line = "".join(parts)
    assert freetext.mask(line) == naive_mask(line)


def machine(line: str, listed: str = "evil.example") -> tuple[str | None, bool]:
    """The machine of a line, and whether a hit is left."""
    index = Index(make_set([listed]))
    raw = line.encode()
    hits = hits_of(index, freetext.read(raw, index.urls).tokens)
    assert hits
    found = attribution.attribute(raw, hits, [Reading(raw)], lambda _: hits)
    return found.device, bool(found.hits)


CLIENTS = st.sampled_from(("10.1.2.3", "172.20.4.5", "192.168.7.8", "fd00::7"))
SENDERS = st.sampled_from(("10.9.9.9", "192.168.9.9", "fd00::9"))
HEADS = (
    "<134>Mar  5 08:00:00 {s} guard: ", "Mar  5 08:00:00 {s} guard[7]: ",
    "<134>1 2024-03-05T08:00:00Z {s} ", "{s} guard: ",
    "<134>Mar  5 08:00:00 relay <13>Mar  5 08:00:00 {s} guard: ", "origin={s} ", "fw={s} ", "dvc={s} ",
    '"devIp":"{s}", ', "Device IP Address: {s}; ", '"observer":{{"ip":"{s}"}}, ', "via {s} ",
    "gateway={s} ", "[{s}] guard: ", "2024 Mar 05 08:00:00 gw->{s} ", "snat={s} ", "natsrcip={s} ",
    "translated {s} ", "net={s} ", "App/{s} ", "lan {s}/24 ",
)  # fmt: skip
CLIENT_SAYS = (
    "src={c} ", '"srcIp":"{c}" ', "Source Address: {c} ", "client {c} ", "from {c} ",
    "{c} -> 192.0.2.9:80 ", "{c}:50123 > 10.0.0.80:8080 ", "id.orig_h={c} id.resp_h=10.0.0.80 ",
    "clientIPAddress = '{c}' ", '{{"source":{{"ip":"{c}"}}}} ', "c-ip={c} dst=10.0.0.80 ",
    'x: {{\\"src\\": \\"{c}\\"}} ',
)  # fmt: skip
NEUTRAL = ("asked by {c} ", "ip={c} ", "- {c} - ", "user an ({c}) ", "host={c} ")


@given(CLIENTS, SENDERS, st.sampled_from(HEADS), st.sampled_from(CLIENT_SAYS + NEUTRAL))
def test_the_sender_is_never_the_machine(client: str, sender: str, head: str, says: str) -> None:
    """Planted: the line names a sender and a client, in every form of both."""
    if ":" in client and "{c}:" in says:
        client = f"[{client}]"
    line = head.format(s=sender) + says.format(c=client) + "evil.example"
    assert machine(line) == (client.strip("[]"), True)
    assert machine(head.format(s=sender) + "evil.example") == (None, True)


@given(CLIENTS, CLIENTS, st.sampled_from(("{a} {b} ", "ip={a} ip={b} ", "src={a} client={b} ", "{b}, {a} ")))
def test_nobody_rather_than_a_guess(one: str, other: str, form: str) -> None:
    found, _ = machine("guard " + form.format(a=one, b=other) + "evil.example")
    assert found == (one if one == other else None)


SENT = (
    "src={l} dst={c}", "{l}:443 -> {c}:50123", "Source IP: {l} Destination IP: {c}",
    "src={c} dst={l} proto=icmp type=11", "ICMP unreachable {c} {l}",
)  # fmt: skip


@given(CLIENTS, st.sampled_from(SENT))
def test_what_nobody_called_is_no_sighting(client: str, form: str) -> None:
    if ":" in client and "{c}:" in form:
        client = f"[{client}]"
    assert machine("guard " + form.format(l="203.0.113.9", c=client), "203.0.113.9")[1] is False


FORMS = (
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d\t%H:%M:%S", "%Y/%m/%d %H:%M:%S",
    "%d/%b/%Y:%H:%M:%S", "%d-%b-%Y %H:%M:%S", "%Y %b %d %H:%M:%S", "%b %d %Y %H:%M:%S",
    "%d %b %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%Y:%m:%d-%H:%M:%S", "%m/%d/%Y-%H:%M:%S",
    "date=%Y-%m-%d time=%H:%M:%S", '"date":"%Y-%m-%d","time":"%H:%M:%S"',
)  # fmt: skip
PLACES = (
    "{t} evil.example", "guard[7]: [{t}] evil.example",
    '{{"a":{{"b":"evil.example","@timestamp":"{t}"}}}}', "guard {t}: evil.example",
    "not_after=2031-01-01T00:00:00Z evil.example ts='{t}'", "é{pad} {t} x",
)  # fmt: skip


def micros(when: datetime) -> int:
    return int((when - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


@given(WHEN, st.sampled_from(FORMS), st.sampled_from(PLACES), st.sampled_from((None, 0, 420, -330)))
def test_a_time_is_read_wherever_it_stands(
    when: datetime, form: str, place: str, minutes: int | None
) -> None:
    whole = when.replace(microsecond=0)
    assume(form[-2:] == "%S" or 1900 <= whole.year < 2100)
    own = ZONE if minutes is None else timezone(timedelta(minutes=minutes))
    text = whole.strftime(form)
    if minutes is not None and form.endswith("%S"):
        text += " UTC" if minutes == 0 else whole.replace(tzinfo=own).strftime(" %z")
    elif minutes is not None:
        own = ZONE
    line = place.format(t=text, pad="x" * 3_000)
    expected = Moment(micros(whole.replace(tzinfo=own).astimezone(UTC)), own is ZONE)
    assert moments.time(line.encode(), ZONE) == expected, line


@given(
    st.integers(1_000_000_000, 4_102_444_799),
    st.integers(0, 999_999_999),
    st.sampled_from(("ts", "eventTime", "@timestamp", "_time", "rt", "log.epoch", "start")),
    st.sampled_from(("{k}={n} ", '"{k}":{n},', '"{k}": "{n}"', "{k}: {n}")),
)
def test_an_epoch_counts_under_a_key_of_time(seconds: int, nanos: int, key: str, form: str) -> None:
    digits = f"{seconds}{nanos:09}"
    for length in (10, 13, 16, 19):
        line = "guard evil.example " + form.format(k=key, n=digits[:length])
        expected = int(digits[:length].ljust(19, "0")) // 1_000
        assert moments.time(line.encode(), ZONE) == Moment(expected, False)
        other = "guard evil.example " + form.format(k="session", n=digits[:length])
        assert moments.time(other.encode(), ZONE) is None
    assert seconds * SECOND <= int(digits) // 1_000


@pytest.mark.parametrize(
    "line",
    [
        "up 13:16:13, load", "uptime=2024-03-05T08:00:00Z", "expires 2024-03-05 08:00:00", "2024-03-05",
        "valid from 2024-03-05 08:00:00", "Not Before: Mar 05 2024 08:00:00 GMT", "01/02/2024 08:00:00",
        '{"certificate":{"from":"2024-03-05T08:00:00Z"}}', "notAfter=Jan 14 13:16:13 2030 GMT",
        "x2024-03-05T08:00:00",
        "ts=12345678901", "ts=0709600400", "ts=a1709600400", "http://a.b/2024-03-05T08:00:00Z",
        "2024-03-05 08:00:00:01",
        "lease until 2024-03-05 08:00:00", "file_mtime=1709600400", "built 2024", "2024-13-05 08:00:00",
    ],
)  # fmt: skip
def test_what_is_no_record_time(line: str) -> None:
    assert moments.time(line.encode(), ZONE) is None


@pytest.mark.parametrize(
    "unit",
    ['{"a":', '"', "12:34:56 ", "2024-03-05 08:00:00 ", "10.0.0.1 -> ", "1709600400 ", "a: ", "<1>", "\\"],
)
def test_a_long_hostile_line_is_attributed_and_dated_at_once(unit: str) -> None:
    """A quadratic step would make this test run for ever."""
    line = (unit * (300_000 // len(unit)) + " evil.example 10.1.2.3").encode()
    index = Index(make_set(["evil.example"]))
    hits = hits_of(index, freetext.read(line, index.urls).tokens)
    attribution.attribute(line, hits, [Reading(line)], lambda _: hits)
    moments.time(line, ZONE)
