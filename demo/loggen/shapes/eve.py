"""Suricata eve.json (docs.suricata.io, EVE JSON format): dns, tls, http and flow records.

Version 2 of the dns layout writes answers in flow direction (Suricata 5.0.1 to 7), version 3 (Suricata 8) in
packet direction, according to the manual and the sources of those releases.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any, override

from demo.loggen import names, spelling
from demo.loggen.listed import Item
from demo.loggen.shapes import SECOND, SERIAL, Seen, Shape, local_minute
from demo.loggen.world import AGENTS, Client, World

Record = dict[str, Any]
_STATES = ("closed", "established", "new", "established")


class Eve(Shape):
    """One JSON object a line."""

    kind = "eve"
    file_name = "eve.json"
    kinds = frozenset({"domain", "ipv4", "ipv6", "cidr", "ip-port", "url"})
    digits = 6
    lines_per_event = 1.25

    def __init__(self, version: int = 2) -> None:
        """`version` of the dns layout: 2 or 3."""
        self._version = version
        if version == 3:
            self.kind, self.file_name = "eve-v3", "eve-v3.json"

    @override
    def header(self, start: datetime, marked: bool) -> str:
        return ""

    @override
    def stamp(self, second: int) -> str:
        return f"{local_minute(second // 60).isoformat()[:17]}{second % 60:02}"

    @override
    def benign(self, world: World, rng: Random, micro: int) -> list[str]:
        client, style = world.client(rng), rng.random()
        if style < 0.35:
            name, kind = world.name(rng), ("A", "A", "AAAA")[rng.getrandbits(8) % 3]
            answers = [world.answer4(rng) if kind == "A" else world.answer6(rng)]
            return [
                self._query(client, world, rng, micro, name, kind),
                self._answer(client, world, rng, micro, name, kind, answers),
            ]
        if style < 0.40:
            return [self._answer(client, world, rng, micro, world.name(rng), "A", [], "NXDOMAIN")]
        if style < 0.60:
            return [_tls(client, rng, micro, world.name(rng), _server(client, world, rng))]
        if style < 0.75:
            host, path = world.visit(rng)
            return [_http(client, rng, micro, host, path, _server(client, world, rng))]
        return [
            _flow(client.address, rng, micro, _server(client, world, rng), 443, _STATES[rng.getrandbits(2)])
        ]

    @override
    def can_show(self, item: Item) -> bool:
        return item.kind in self.kinds

    @override
    def hits(self, item: Item, client: Client, world: World, rng: Random, micro: int) -> Sequence[Seen | str]:
        if item.kind == "domain":
            return self._name_hits(item, client, world, rng, micro)
        if item.kind == "url":
            return [_url_hit(item, client, world, rng, micro)]
        state = _STATES[rng.getrandbits(2)]
        action = "attempt" if state == "new" else "allowed"
        if item.kind == "ip-port":
            address, _, port = item.value.rpartition(":")
            line = _flow(client.address, rng, micro, address.strip("[]"), int(port), state)
            return [Seen(line, item, client.address, "destination", item.value, action)]
        address = spelling.covered_address(item, world, rng)
        style = rng.random()
        if style < 0.35:
            name, kind = world.name(rng), "AAAA" if ":" in address else "A"
            line = self._answer(client, world, rng, micro, name, kind, [world.answer4(rng), address])
            return [
                self._query(client, world, rng, micro, name, kind),
                Seen(line, item, client.address, "answer", address, "allowed"),
            ]
        if world.listed.endpoint(address, 443) is not item:
            return []
        if style < 0.55:
            line = _tls(client, rng, micro, world.name(rng), address)
            return [Seen(line, item, client.address, "destination", address, "allowed")]
        line = _flow(client.address, rng, micro, address, 443, state)
        return [Seen(line, item, client.address, "destination", address, action)]

    @override
    def traps(self, item: Item, world: World, rng: Random, micro: int) -> tuple[list[str], int]:
        client, server = world.client(rng), world.answer4(rng)
        host, path = world.visit(rng)
        if item.kind == "domain":
            lines = [_tls(client, rng, micro, name, server) for name in spelling.near_names(item, world, rng)]
            lines += [
                _http(client, rng, micro, host, f"/r?u=http://{item.value}/", server),
                _http(client, rng, micro, host, f"/go/{item.value}/x", server),
                _http(client, rng, micro, host, path, server, referrer=f"http://{item.value}/"),
                _http(client, rng, micro, host, path, server, agent=f"bot ({item.value})"),
                _tls(client, rng, micro, world.name(rng), server, subject=item.value),
            ]
            return [line for line in lines if line], 0
        if item.kind == "url":
            shown = spelling.near_urls(item, world, host)
            return [_http(client, rng, micro, h, p, server) for h, p in shown], 0
        lines = [
            _flow(client.address, rng, micro, near, 443, "closed")
            for near in spelling.near_addresses(item, world)
            if world.listed.endpoint(near, 443) is None
        ]
        if item.kind == "ip-port":
            address, _, port = item.value.rpartition(":")
            if world.listed.endpoint(address, 444) is None:
                lines.append(_flow(client.address, rng, micro, address, 444, "closed"))
                lines.append(_flow(client.address, rng, micro, address, 444, "closed", client_port=int(port)))
            return lines, 0
        address = spelling.covered_address(item, world, rng)
        lines += [
            _http(client, rng, micro, host, f"/ping?ip={address}", server),
            _flow(address, rng, micro, "10.0.0.80", 443, "closed"),
        ]
        return lines, 1

    def _name_hits(
        self, item: Item, client: Client, world: World, rng: Random, micro: int
    ) -> list[Seen | str]:
        spelled, matched = spelling.covered_name(item, world, rng, trailing_dot=False)
        style = rng.random()
        if style < 0.25:
            line = _tls(client, rng, micro, spelled, _server(client, world, rng))
            return [Seen(line, item, client.address, "server_name", matched, "allowed")]
        if style < 0.5:
            path = rng.choice(("/", "/gate.php", f"/{names.word(rng)}?id={rng.getrandbits(16)}"))
            if world.listed.url(matched, path) is not None:
                path = "/"
            line = _http(
                client,
                rng,
                micro,
                spelled,
                path,
                _server(client, world, rng),
                port=8080 if style > 0.4 else 80,
            )
            return [Seen(line, item, client.address, "host", matched, "allowed")]
        asked = Seen(
            self._query(client, world, rng, micro, spelled, "A"),
            item,
            client.address,
            "query",
            matched,
            "unknown",
        )
        if style < 0.6:
            return [asked]
        answers, code, action = [world.answer4(rng)], "NOERROR", "allowed"
        if style > 0.85:
            answers, code, action = [], "NXDOMAIN", "attempt"
        line = self._answer(client, world, rng, micro, spelled, "A", answers, code)
        return [asked, Seen(line, item, client.address, "query", matched, action)]

    def _query(self, client: Client, world: World, rng: Random, micro: int, name: str, kind: str) -> str:
        record = _record("dns", client.address, world.resolver(client, rng), 53, rng, micro, proto="UDP")
        question = {"rrname": name, "rrtype": kind}
        dns: Record = {"type": "query", "id": rng.getrandbits(16), **question, "tx_id": 0, "opcode": 0}
        if self._version == 3:
            dns = {"version": 3, "type": "request", "tx_id": 0, "id": rng.getrandbits(16), "flags": "100"}
            dns |= {"rd": True, "opcode": 0, "rcode": "NOERROR", "queries": [question]}
        return _written({**record, "dns": dns}, rng)

    def _answer(
        self, client: Client, world: World, rng: Random, micro: int, name: str, kind: str,
        addresses: list[str], code: str = "NOERROR",
    ) -> str:  # fmt: skip
        record = _record("dns", client.address, world.resolver(client, rng), 53, rng, micro, proto="UDP")
        question = {"rrname": name, "rrtype": kind}
        dns: Record = {"version": self._version, "type": "answer", "id": rng.getrandbits(16), "flags": "8180"}
        dns |= {"qr": True, "rd": True, "ra": True, "opcode": 0}
        answers: list[Record] = []
        grouped: dict[str, list[str]] = {}
        for address in addresses:
            kind_of = "AAAA" if ":" in address else "A"
            shown = names.full_ipv6(address)
            answers.append(
                {"rrname": name, "rrtype": kind_of, "ttl": 60 + rng.getrandbits(9), "rdata": shown}
            )
            grouped.setdefault(kind_of, []).append(shown)
        if self._version == 3:
            dns |= {"type": "response", "rcode": code, "queries": [question]}
            for end in ("ip", "port"):
                here, there = f"src_{end}", f"dest_{end}"
                record[here], record[there] = record[there], record[here]
            return _written({**record, "dns": {**dns, **({"answers": answers} if answers else {})}}, rng)
        dns |= {**question, "rcode": code}
        if answers:
            dns |= {"answers": answers, "grouped": grouped}
        return _written({**record, "dns": dns}, rng)


def _record(
    event: str,
    client: str,
    server: str,
    port: int,
    rng: Random,
    micro: int,
    *,
    proto: str = "TCP",
    client_port: int = 0,
) -> Record:
    return {
        "timestamp": f"{SECOND}.{micro:06}+0700",
        "flow_id": 0,
        "in_iface": "eth1",
        "event_type": event,
        "src_ip": names.full_ipv6(client),
        "src_port": client_port or 1024 + rng.getrandbits(15),
        "dest_ip": names.full_ipv6(server),
        "dest_port": port,
        "proto": proto,
    }


def _written(record: Record, rng: Random) -> str:
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return text.replace('"flow_id":0', f'"flow_id":{1 + rng.getrandbits(20)}{SERIAL}', 1)


def _server(client: Client, world: World, rng: Random) -> str:
    return world.answer6(rng) if ":" in client.address else world.answer4(rng)


def _tls(client: Client, rng: Random, micro: int, name: str, server: str, subject: str = "") -> str:
    record = _record("tls", client.address, server, 443, rng, micro)
    record["tls"] = {
        "subject": f"CN={subject or name}",
        "issuerdn": f"C=VN, O=Demo Trust, CN=Demo CA {rng.getrandbits(3)}",
        "serial": f"{rng.getrandbits(64):X}",
        "sni": name,
        "version": f"TLS 1.{2 + rng.getrandbits(1)}",
        "notbefore": "2026-01-01T00:00:00",
        "notafter": "2027-01-01T00:00:00",
    }
    return _written(record, rng)


def _http(
    client: Client, rng: Random, micro: int, host: str, path: str, server: str, *, port: int = 80, agent:
    str = "", referrer: str = "",
) -> str:  # fmt: skip
    record = _record("http", client.address, server, port, rng, micro)
    record["http"] = {
        "hostname": host,
        **({"http_port": port} if port != 80 else {}),
        "url": path,
        "http_user_agent": agent or rng.choice(AGENTS),
        "http_content_type": "text/html",
        **({"http_refer": referrer} if referrer else {}),
        "http_method": "GET",
        "protocol": "HTTP/1.1",
        "status": 200,
        "length": rng.getrandbits(16),
    }
    text = _written(record, rng)
    # Some JSON writers escape the solidus (RFC 8259, section 7).
    return text.replace("/", "\\/") if rng.random() < 0.1 else text


def _flow(
    client: str, rng: Random, micro: int, server: str, port: int, state: str, client_port: int = 0
) -> str:
    record = _record("flow", client, server, port, rng, micro, client_port=client_port)
    packets, octets = rng.getrandbits(8), rng.getrandbits(18)
    record["app_proto"] = "tls"
    record["flow"] = {
        "pkts_toserver": packets,
        "pkts_toclient": packets + 3,
        "bytes_toserver": octets,
        "bytes_toclient": octets * 3,
        "start": f"{SECOND}.{micro:06}+0700",
        "end": f"{SECOND}.{micro:06}+0700",
        "age": 0,
        "state": state,
        "reason": "timeout",
        "alerted": False,
    }
    return _written(record, rng)


def _url_hit(item: Item, client: Client, world: World, rng: Random, micro: int) -> Seen:
    host, _, rest = item.value.partition("/")
    tails = (
        ("", f"?id={rng.getrandbits(16)}", "#top", "/more")
        if not rest.endswith("/")
        else ("", "deep/x.bin", "?q=1")
    )
    path = f"/{rest}{rng.choice(tails)}"
    if world.listed.url(host, path) is not item:
        path = f"/{rest}"
    spelled = host.upper() if rng.random() < 0.2 else host
    line = _http(client, rng, micro, spelled, path, _server(client, world, rng))
    return Seen(line, item, client.address, "url", item.value, "allowed")
