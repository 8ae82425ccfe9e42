"""Each accepted kind is found in each format that can show it, in every place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from quetsach.scanning import engine

V4, V6 = "203.0.113.9", "2001:db8::9"
ADDRESSES = {
    "ipv4": (V4, V4),
    "ipv6": (V6, "2001:0DB8:0:0:0:0:0:9"),
    "cidr": ("203.0.113.0/28", V4),
    "cidr6": ("2001:db8::/64", V6),
}
NAME = {"domain": ("evil.example", "a.EVIL.example")}


def zeek(path: str, **values: str) -> str:
    columns = {
        "ts": "1663300800.000000", "id.orig_h": "10.1.2.3", "id.orig_p": "50000", "id.resp_h": "10.0.0.1",
        "id.resp_p": "53", "query": "fine.test", "rcode_name": "NOERROR", "answers": "-", "trans_id": "1",
        "conn_state": "SF", "method": "GET", "host": "-", "uri": "-", "established": "T", "server_name": "-",
    }  # fmt: skip
    columns |= {key.replace("__", "."): value for key, value in values.items()}
    head = f"#separator \\x09\n#path\t{path}\n#fields\t" + "\t".join(columns)
    return head + "\n" + "\t".join(columns.values()) + "\n"


def zeek_json(path: str, **values: str) -> str:
    columns: dict[str, object] = {
        "_path": path, "ts": 1663300800.5, "id.orig_h": "10.1.2.3", "id.orig_p": 50000,
        "id.resp_h": "10.0.0.1",
        "id.resp_p": 53,
    }  # fmt: skip
    columns |= {key.replace("__", "."): [v] if key == "answers" else v for key, v in values.items()}
    return json.dumps(columns) + "\n"


def eve(event: str, dest: str = "10.0.0.1", port: int = 53, **body: object) -> str:
    record = {
        "timestamp": "2022-09-16T11:00:00+0700",
        "event_type": event,
        "src_ip": "10.1.2.3",
        "src_port": 50000,
    }
    return json.dumps({**record, "dest_ip": dest, "dest_port": port, **body}) + "\n"


def eve_answer(value: str) -> str:
    answers = [{"rrname": "fine.test", "rrtype": "A", "rdata": value}]
    return eve("dns", dns={"version": 2, "type": "answer", "rcode": "NOERROR", "answers": answers})


def dnsmasq(text: str) -> str:
    return f"Sep 16 11:00:00 dnsmasq[1]: {text}\n"


def squid(target: str, peer: str = "-") -> str:
    return f"1663300800.123 2 10.1.2.3 TCP_MISS/200 5 GET {target} - HIER_DIRECT/{peer} text/html\n"


def bracket(value: str) -> str:
    return f"[{value}]" if ":" in value else value


Writer = Callable[[str], str]
NAMES: dict[str, Writer] = {
    "zeek.dns query": lambda v: zeek("dns", query=v),
    "zeek.dns answer": lambda v: zeek("dns", answers=f"198.51.100.1,{v}"),
    "zeek.dns json": lambda v: zeek_json("dns", query=v),
    "zeek.http": lambda v: zeek("http", host=v, uri="/"),
    "zeek.http absolute": lambda v: zeek("http", uri=f"http://{v}/x"),
    "zeek.http connect": lambda v: zeek("http", method="CONNECT", uri=f"{v}:443"),
    "zeek.ssl": lambda v: zeek("ssl", server_name=v),
    "zeek.ssl json": lambda v: zeek_json("ssl", server_name=v, established="T"),
    "eve v1": lambda v: eve("dns", dns={"type": "query", "rrname": v}),
    "eve v3": lambda v: eve("dns", dns={"version": 3, "type": "request", "queries": [{"rrname": v}]}),
    "eve cname": eve_answer,
    "eve http": lambda v: eve("http", http={"hostname": v, "url": "/"}),
    "eve tls": lambda v: eve("tls", tls={"sni": v}),
    "eve quic": lambda v: eve("quic", quic={"sni": v}),
    "eve alert": lambda v: eve("alert", tls={"sni": v}),
    "dnsmasq query": lambda v: dnsmasq(f"query[A] {v} from 10.1.2.3"),
    "dnsmasq forwarded": lambda v: dnsmasq(f"forwarded {v} to 10.0.0.1"),
    "dnsmasq reply": lambda v: dnsmasq(f"reply {v} is 198.51.100.1"),
    "dnsmasq answer": lambda v: dnsmasq(f"reply fine.test is {v}"),
    "dnsmasq config": lambda v: dnsmasq(f"config {v} is NXDOMAIN"),
    "squid": lambda v: squid(f"http://{v}/x"),
    "squid connect": lambda v: squid(f"{v}:443"),
    "text": lambda v: f"something {v}, else\n",
}
PLACES: dict[str, Writer] = {
    "zeek.dns answer": lambda v: zeek("dns", answers=v),
    "zeek.dns resolver": lambda v: zeek("dns", id__resp_h=v),
    "zeek.conn": lambda v: zeek("conn", id__resp_h=v, id__resp_p="443"),
    "zeek.conn json": lambda v: zeek_json("conn", id__resp_h=v, conn_state="SF"),
    "zeek.http host": lambda v: zeek("http", host=bracket(v), uri="/"),
    "zeek.http destination": lambda v: zeek("http", id__resp_h=v, uri="/"),
    "zeek.ssl": lambda v: zeek("ssl", id__resp_h=v),
    "eve answer": eve_answer,
    "eve resolver": lambda v: eve("dns", dest=v, dns={"type": "query", "rrname": "fine.test"}),
    "eve flow": lambda v: eve("flow", dest=v, port=443, flow={"state": "closed"}),
    "eve http": lambda v: eve("http", http={"hostname": bracket(v), "url": "/"}),
    "eve tls": lambda v: eve("tls", dest=v, port=443, tls={"version": "TLS 1.3"}),
    "eve other": lambda v: eve("ssh", dest=v, port=22),
    "dnsmasq answer": lambda v: dnsmasq(f"reply fine.test is {v}"),
    "dnsmasq upstream": lambda v: dnsmasq(f"forwarded fine.test to {v}"),
    "squid host": lambda v: squid(f"http://{bracket(v)}/"),
    "squid peer": lambda v: squid("http://fine.test/", v),
    "text": lambda v: f"went to {v} at once\n",
}
ENDPOINTS: dict[str, Callable[[str, int], str]] = {
    "zeek.dns resolver": lambda v, p: zeek("dns", id__resp_h=v, id__resp_p=str(p)),
    "zeek.conn": lambda v, p: zeek("conn", id__resp_h=v, id__resp_p=str(p)),
    "zeek.conn json": lambda v, p: zeek_json("conn", id__resp_h=v, id__resp_p=str(p), conn_state="SF"),
    "zeek.http host": lambda v, p: zeek("http", host=f"{bracket(v)}:{p}", uri="/"),
    "zeek.ssl": lambda v, p: zeek("ssl", id__resp_h=v, id__resp_p=str(p)),
    "eve flow": lambda v, p: eve("flow", dest=v, port=p, flow={"state": "closed"}),
    "eve http": lambda v, p: eve("http", http={"hostname": bracket(v), "http_port": p, "url": "/"}),
    "squid": lambda v, p: squid(f"http://{bracket(v)}:{p}/"),
    "squid connect": lambda v, p: squid(f"{bracket(v)}:{p}"),
    "text": lambda v, p: f"went to {bracket(v)}:{p} at once\n",
}
URLS: dict[str, Writer] = {
    "zeek.http": lambda v: zeek("http", host=v.partition("/")[0], uri="/" + v.partition("/")[2]),
    "zeek.http absolute": lambda v: zeek("http", uri=f"http://{v}"),
    "eve http": lambda v: eve(
        "http", http={"hostname": v.partition("/")[0], "url": "/" + v.partition("/")[2]}
    ),
    "squid": lambda v: squid(f"https://{v}"),
    "text": lambda v: f"GET http://{v} and more\n",
    "text bare": lambda v: f"GET {v} and more\n",
}


def found(indicator: str, log: str, folder: Path) -> list[str]:
    """Indicators in a log of this line and, before it, a canary that must be found, too."""
    path = folder / "log"
    path.write_text(log, encoding="utf-8")
    matcher = engine.compile([indicator], guard_rails=False, name="portable")
    result = matcher.scan(path, engine.ScanOptions(), engine.choose("portable").progress())
    assert result.coverage.not_understood == 0
    return [s.indicator for s in result.sightings]


@pytest.mark.parametrize("place", NAMES)
@pytest.mark.parametrize("kind", NAME)
def test_a_name_is_found(kind: str, place: str, tmp_path: Path) -> None:
    indicator, shown = NAME[kind]
    assert found(indicator, NAMES[place](shown), tmp_path) == [indicator]
    assert found(indicator, NAMES[place]("notevil.example"), tmp_path) == []
    assert found(indicator, NAMES[place]("evil.example.test"), tmp_path) == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ADDRESSES)
def test_an_address_is_found(kind: str, place: str, tmp_path: Path) -> None:
    indicator, shown = ADDRESSES[kind]
    assert found(indicator, PLACES[place](shown), tmp_path) == [indicator]
    assert found(indicator, PLACES[place]("198.51.100.1"), tmp_path) == []


@pytest.mark.parametrize("place", ENDPOINTS)
@pytest.mark.parametrize("address", [V4, V6])
def test_an_endpoint_is_found(address: str, place: str, tmp_path: Path) -> None:
    indicator = f"{bracket(address)}:8443"
    assert found(indicator, ENDPOINTS[place](address, 8443), tmp_path) == [indicator]
    assert found(indicator, ENDPOINTS[place](address, 443), tmp_path) == []


@pytest.mark.parametrize("place", URLS)
@pytest.mark.parametrize("indicator", ["shared.test/a/gate.php", "203.0.113.9/a/gate.php", "shared.test/a/"])
def test_a_url_is_found(indicator: str, place: str, tmp_path: Path) -> None:
    assert found(indicator, URLS[place](f"{indicator}?id=7"), tmp_path) == [indicator]
    assert found(indicator, URLS[place]("shared.test/b/gate.php"), tmp_path) == []


@pytest.mark.parametrize("place", ["zeek.dns query", "eve v1", "dnsmasq query", "zeek.ssl", "squid connect"])
def test_a_url_never_matches_a_line_without_a_path(place: str, tmp_path: Path) -> None:
    assert found("shared.test/a/gate.php", NAMES[place]("shared.test"), tmp_path) == []


@pytest.mark.parametrize("place", ["zeek.http", "zeek.http absolute", "eve http", "squid"])
def test_a_port_of_a_url_must_be_shown(place: str, tmp_path: Path) -> None:
    assert found("shared.test:8080/a", URLS[place]("shared.test:8080/a"), tmp_path) == ["shared.test:8080/a"]
    assert found("shared.test:8080/a", URLS[place]("shared.test:81/a"), tmp_path) == []
