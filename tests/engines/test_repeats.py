"""Lines that repeat another line are counted as if each were read by itself."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.logs import logformat
from tests.engines.both import compare, few
from tests.engines.native import DNS
from tests.engines.random_lines import ADDRESSES, LISTED, NAMES, URLS
from tests.engines.samples import SAMPLES, VALUE

pytestmark = pytest.mark.native

NO_EDGE = {"edge_bytes": 1}
"""The first lines of a log are read one by one."""
NUMBER = re.compile(r"(?<![\d.:/-])\d{2,5}(?![\d.:/-])")
"""A port, a size or an id."""


@st.composite
def repeated(draw: st.DrawFn) -> tuple[logformat.Sample, list[str]]:
    """A sample, and lines like it that differ in listed values or only in numbers, each several times."""
    _, _, sample = draw(st.sampled_from(SAMPLES))
    values = st.one_of(st.sampled_from(ADDRESSES), st.sampled_from(NAMES), st.sampled_from(URLS))
    numbers = st.sampled_from(("53", "67", "443", "1023", "1024", "4444", "50123", "99999"))
    pool = [sample.line]
    for _ in range(draw(st.integers(1, 3))):
        line = VALUE.sub(lambda m: draw(values) if draw(st.booleans()) else m[0], sample.line)
        pool.append(line)
        pool.append(NUMBER.sub(lambda m: draw(numbers) if draw(st.booleans()) else m[0], line))
    order = draw(st.lists(st.sampled_from(pool), min_size=8, max_size=30))
    return sample, [line.replace("\n", " ") for line in order]


@few
@given(
    values=st.lists(st.sampled_from(LISTED), min_size=1, max_size=8, unique=True),
    found=repeated(),
    row_bytes=st.sampled_from((2000, 1 << 20)),
    window=st.sampled_from((0, 1, 1 << 15)),
)
def test_repeated_lines_of_every_format(
    values: list[str], found: tuple[logformat.Sample, list[str]], row_bytes: int, window: int
) -> None:
    """The engine remembers no line, lines that repeat often, or all lines."""
    sample, lines = found
    data = "\n".join([*sample.header, *lines, ""]).encode("utf-8", "surrogatepass")
    compare(values, data, limits=NO_EDGE, native={"row_bytes": row_bytes, "window": window})


def dns(second: int, client: str, port: int, server: str = "192.0.2.53", answer: str = "-") -> bytes:
    ends = f"{client}\t{port}\t{server}\t53"
    return f"{second}.0\tC{second}\t{ends}\twww.evil.example\tNOERROR\t{answer}\n".encode()


def test_each_name_and_address_of_a_machine_is_told_apart() -> None:
    """Also by the fields that no condition reads."""
    day, names = 1_700_000_000, ("www.evil.example", "bad.co.test", "fine.test")
    ends = "\t192.168.1.20\t50000\t192.0.2.53\t53\t"
    lines = [f"{day + i}.0\tC{i}{ends}{names[i % 3]}\tNOERROR\t-\n".encode() for i in range(60)]
    found = compare(["evil.example", "bad.co.test"], DNS + b"".join(lines), limits=NO_EDGE)
    assert {s.indicator: s.count for s in found.sightings} == {"evil.example": 20, "bad.co.test": 20}
    # Squid: the proxy's peer is a server by its role alone.
    peers = ("203.0.113.9", "203.0.113.77", "192.0.2.1")
    proxied = [
        f"{day + i}.0 5 192.168.1.20 TCP_MISS/200 9 GET http://a.test/ - HIER_DIRECT/{peers[i % 3]} -"
        for i in range(60)
    ]
    found = compare(["203.0.113.9", "203.0.113.77"], "\n".join(proxied).encode(), limits=NO_EDGE)
    assert [s.count for s in found.sightings] == [20, 20]


def squid(second: int, target: str, code: str = "TCP_MISS") -> bytes:
    asked = f"192.168.1.20 {code}/200 {second} GET {target} - HIER_DIRECT/192.0.2.1 -"
    return f"{1_700_000_000 + second}.0 5 {asked}\n".encode()


def test_only_a_listed_path_makes_another_call_of_a_request() -> None:
    """Each request has an address of its own, by a proxy and with the host in a field of its own."""
    listed = ["shared.test/a", "bad.co.test", "203.0.113.9"]
    hosts, paths = ("shared.test", "bad.co.test", "203.0.113.9"), ("/a/1", "/b/2", "?a=3", "/a", "")
    wanted = {
        "shared.test/a": 36,  # /a/1 and /a, two of the five paths of 90 requests
        "bad.co.test": 90,
        "203.0.113.9": 90,
    }
    asked = [(hosts[i % 3], paths[i // 3 % 5]) for i in range(270)]
    proxied = [squid(i, f"http://{host}{path and f'{path}&n={i}'}") for i, (host, path) in enumerate(asked)]
    found = compare(listed, b"".join(proxied), limits=NO_EDGE)
    assert {s.indicator: s.count for s in found.sightings} == wanted
    seen = [
        eve(i, ("192.168.1.20", 40_000), ("192.0.2.1", 80), path and f"{path}&n={i}", host)
        for i, (host, path) in enumerate(asked)
    ]
    found = compare(listed, b"".join(seen), limits=NO_EDGE)
    assert {s.indicator: s.count for s in found.sightings} == wanted


def test_requests_to_a_server_without_a_name_are_told_apart_by_their_paths() -> None:
    lines = [
        eve(i, ("192.168.1.20", 40_000), ("203.0.113.9", 80), f"/{'ab'[i % 2]}/{i}", "") for i in range(60)
    ]
    found = compare(["203.0.113.9/a"], b"".join(lines), limits=NO_EDGE)
    assert [s.count for s in found.sightings] == [30]


def test_how_a_request_ended_is_told_by_its_rule_alone() -> None:
    codes = ("TCP_MISS", "TCP_DENIED", "TCP_MEM_HIT", "TCP_DENIED_REPLY")
    lines = [squid(i, "http://bad.co.test/", codes[i % 4]) for i in range(80)]
    found = compare(["bad.co.test"], b"".join(lines), limits=NO_EDGE)
    assert [(s.count, s.action) for s in found.sightings] == [(80, "allowed")]
    found = compare(["bad.co.test"], b"".join(lines[1::2]), limits=NO_EDGE)
    assert [(s.count, s.action) for s in found.sightings] == [(40, "blocked")]


def test_rows_that_were_put_aside_are_not_counted_on() -> None:
    """Each machine calls three times in a row, and again after its row went to a temporary file."""
    url, machines = "/" + "x" * 240, [f"192.168.1.{i}" for i in range(200)]
    lines = [eve(i, (machines[i // 3 % 200], 40_000), ("203.0.113.9", 80), url) for i in range(3000)]
    found = compare(["203.0.113.9"], b"".join(lines), limits=NO_EDGE, native={"row_bytes": 20_000})
    assert [s.count for s in found.sightings] == [15] * 200


@pytest.mark.parametrize("window", [0, 1 << 15])
def test_machines_that_were_put_aside_with_their_rows_are_told_apart(window: int) -> None:
    """Their rows are short, so machines take much of the memory, and go to a temporary file with their
    rows."""
    machines = [f"192.168.{i // 250}.{i % 250}" for i in range(1500)]
    lines = [dns(1_700_000_000 + i, machines[i % 1500], 50_000) for i in range(3000)]
    bounds = {"row_bytes": 20_000, "window": window}
    found = compare(["evil.example"], DNS + b"".join(lines), limits=NO_EDGE, native=bounds)
    assert {s.device: s.count for s in found.sightings} == dict.fromkeys(machines, 2)


def test_a_clients_port_makes_no_other_call_of_it() -> None:
    day = 1_700_000_000
    lines = [dns(day + i * 3600, "192.168.1.20", 50_000 + i) for i in range(40)]
    found = compare(["evil.example"], DNS + b"".join(lines), limits=NO_EDGE)
    assert [s.count for s in found.sightings] == [2, 24, 14]


def test_a_listed_client_is_inbound_by_its_port() -> None:
    day = 1_700_000_000
    lines = [dns(day + i, "203.0.113.9", (4444, 50_000)[i % 2]) for i in range(20)]
    found = compare(["evil.example", "203.0.113.9:4444"], DNS + b"".join(lines), limits=NO_EDGE)
    assert (sum(s.count for s in found.sightings), found.coverage.inbound) == (20, 10)


def eve(
    second: int,
    source: tuple[str, int],
    destination: tuple[str, int],
    url: str = "/a",
    host: str = "www.shared.test",
) -> bytes:
    """An HTTP request; in records of DNS the same fields belong to the answering server."""
    http = {"hostname": host, "url": url, "http_method": "GET", "status": 200}
    ends = dict(zip(("src_ip", "src_port", "dest_ip", "dest_port"), (*source, *destination), strict=True))
    stamp = f"2023-11-14T22:13:{second % 60:02}.000000+0000"
    told = {"timestamp": stamp, "event_type": "http", **ends, "proto": "TCP", "http": http}
    return json.dumps(told).encode() + b"\n"


def test_a_servers_port_makes_another_call_of_it_where_it_is_listed() -> None:
    ports = [4444, 9090, 4444, 50_000]
    lines = [eve(i, ("192.168.1.20", 40_000 + i), ("203.0.113.9", ports[i % 4])) for i in range(40)]
    found = compare(["203.0.113.9:4444"], b"".join(lines), limits=NO_EDGE)
    assert [s.count for s in found.sightings] == [20]


def test_an_answer_that_was_not_there_before_is_seen() -> None:
    day = 1_700_000_000
    answers = ["-", "198.51.100.7", "-", "203.0.113.9", "198.51.100.7", "203.0.113.9,198.51.100.7"]
    lines = [dns(day + i, "192.168.1.20", 50_000, answer=answers[i % 6]) for i in range(60)]
    found = compare(["evil.example", "203.0.113.9"], DNS + b"".join(lines), limits=NO_EDGE)
    assert {s.indicator: s.count for s in found.sightings} == {"evil.example": 60, "203.0.113.9": 20}
