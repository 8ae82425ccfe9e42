"""Suricata eve.json (docs.suricata.io, EVE JSON format): dns, tls, http and flow records.

Version 2 of the dns layout writes answers in flow direction (Suricata 5.0.1 to 7), version 3 (Suricata 8) in
packet direction, as the manual and the sources of those releases do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from random import Random

from demo.loggen import names, spelling
from demo.loggen.listed import Item
from demo.loggen.shapes import LOCAL, SECOND, SERIAL, Seen
from demo.loggen.world import AGENTS, Client, World

_STATES = ("closed", "established", "new", "established")


class Eve:
    """One JSON object a line."""

    kind = "eve"
    file_name = "eve.json"
    kinds = frozenset({"domain", "ipv4", "ipv6", "cidr", "ip-port", "url"})
    digits = 6
    lines_per_event = 1.25

    def __init__(self, version: int = 2) -> None:
        """`version` is that of the dns layout, 2 or 3."""
        self._version = version
        if version == 3:
            self.kind, self.file_name = "eve-v3", "eve-v3.json"

    def header(self, start: datetime, marked: bool) -> str:
        return ""

    def stamp(self, second: int) -> str:
        return f"{datetime.fromtimestamp(second, LOCAL):%Y-%m-%dT%H:%M:%S}"

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
            return [_tls(client, world, rng, micro, world.name(rng), _server(client, world, rng))]
        if style < 0.75:
            host, path = world.visit(rng)
            return [_http(client, rng, micro, host, path, _server(client, world, rng))]
        return [
            _flow(client.address, rng, micro, _server(client, world, rng), 443, _STATES[rng.getrandbits(2)])
        ]

    def can_show(self, item: Item) -> bool:
        return item.kind in self.kinds

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
            line = _tls(client, world, rng, micro, world.name(rng), address)
            return [Seen(line, item, client.address, "destination", address, "allowed")]
        line = _flow(client.address, rng, micro, address, 443, state)
        return [Seen(line, item, client.address, "destination", address, action)]

    def traps(self, item: Item, world: World, rng: Random, micro: int) -> tuple[list[str], int]:
        client, server = world.client(rng), world.answer4(rng)
        host, path = world.visit(rng)
        if item.kind == "domain":
            lines = [
                _tls(client, world, rng, micro, name, server)
                for name in spelling.near_names(item, world, rng)
            ]
            lines += [
                _http(client, rng, micro, host, f"/r?u=http://{item.value}/", server),
                _http(client, rng, micro, host, f"/go/{item.value}/x", server),
                _http(client, rng, micro, host, path, server, referrer=f"http://{item.value}/"),
                _http(client, rng, micro, host, path, server, agent=f"bot ({item.value})"),
                _tls(client, world, rng, micro, world.name(rng), server, subject=item.value),
            ]
            return [line for line in lines if line], 0
        if item.kind == "url":
            listed_host, _, rest = item.value.partition("/")
            tried = [
                (listed_host, f"/{rest}x"),
                (listed_host, f"/{rest[:-1]}"),
                (f"x{listed_host}", f"/{rest}"),
                (listed_host, f"/{rest.swapcase()}"),
                (host, f"/?u=http://{item.value}"),
                (listed_host, "/"),
            ]
            shown = [
                (h, p) for h, p in tried if world.listed.url(h, p) is None and world.listed.name(h) is None
            ]
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
            line = _tls(client, world, rng, micro, spelled, _server(client, world, rng))
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
        serial = rng.getrandbits(16)
        head = _head(
            "dns",
            client.address,
            1024 + rng.getrandbits(15),
            world.resolver(client, rng),
            53,
            "UDP",
            rng,
            micro,
        )
        if self._version == 3:
            return (
                f'{head},"dns":{{"version":3,"type":"request","tx_id":0,"id":{serial},"flags":"100","rd":true,'
                f'"opcode":0,"rcode":"NOERROR","queries":[{{"rrname":"{name}","rrtype":"{kind}"}}]}}}}'
            )
        return f'{head},"dns":{{"type":"query","id":{serial},"rrname":"{name}","rrtype":"{kind}","tx_id":0,"opcode":0}}}}'

    def _answer(
        self,
        client: Client,
        world: World,
        rng: Random,
        micro: int,
        name: str,
        kind: str,
        addresses: list[str],
        code: str = "NOERROR",
    ) -> str:
        serial, port, resolver = rng.getrandbits(16), 1024 + rng.getrandbits(15), world.resolver(client, rng)
        records = ",".join(
            f'{{"rrname":"{name}","rrtype":"{"AAAA" if ":" in address else "A"}","ttl":{60 + rng.getrandbits(9)},'
            f'"rdata":"{names.full_ipv6(address)}"}}'
            for address in addresses
        )
        answers = f',"answers":[{records}]' if addresses else ""
        if self._version == 3:
            head = _head("dns", resolver, 53, client.address, port, "UDP", rng, micro)
            return (
                f'{head},"dns":{{"version":3,"type":"response","tx_id":1,"id":{serial},"flags":"8180","qr":true,"rd":true,'
                f'"ra":true,"opcode":0,"rcode":"{code}","queries":[{{"rrname":"{name}","rrtype":"{kind}"}}]{answers}}}}}'
            )
        head = _head("dns", client.address, port, resolver, 53, "UDP", rng, micro)
        by_type = {("AAAA" if ":" in address else "A"): [] for address in addresses}  # type: dict[str, list[str]]
        for address in addresses:
            by_type["AAAA" if ":" in address else "A"].append(names.full_ipv6(address))
        grouped = f',"grouped":{json.dumps(by_type, separators=(",", ":"))}' if addresses else ""
        return (
            f'{head},"dns":{{"version":2,"type":"answer","id":{serial},"flags":"8180","qr":true,"rd":true,"ra":true,'
            f'"opcode":0,"rrname":"{name}","rrtype":"{kind}","rcode":"{code}"{answers}{grouped}}}}}'
        )


def _head(
    event: str,
    source: str,
    source_port: int,
    target: str,
    target_port: int,
    proto: str,
    rng: Random,
    micro: int,
) -> str:
    return (
        f'{{"timestamp":"{SECOND}.{micro:06}+0700","flow_id":{1 + rng.getrandbits(20)}{SERIAL},"in_iface":"eth1",'
        f'"event_type":"{event}","src_ip":"{names.full_ipv6(source)}","src_port":{source_port},'
        f'"dest_ip":"{names.full_ipv6(target)}","dest_port":{target_port},"proto":"{proto}"'
    )


def _server(client: Client, world: World, rng: Random) -> str:
    return world.answer6(rng) if ":" in client.address else world.answer4(rng)


def _tls(
    client: Client, world: World, rng: Random, micro: int, name: str, server: str, subject: str = ""
) -> str:
    head = _head("tls", client.address, 1024 + rng.getrandbits(15), server, 443, "TCP", rng, micro)
    return (
        f'{head},"tls":{{"subject":"CN={subject or name}","issuerdn":"C=VN, O=Demo Trust, CN=Demo CA {rng.getrandbits(3)}",'
        f'"serial":"{rng.getrandbits(64):X}","sni":"{name}","version":"TLS 1.{2 + rng.getrandbits(1)}",'
        f'"notbefore":"2026-01-01T00:00:00","notafter":"2027-01-01T00:00:00"}}}}'
    )


def _http(
    client: Client,
    rng: Random,
    micro: int,
    host: str,
    path: str,
    server: str,
    *,
    port: int = 80,
    agent: str = "",
    referrer: str = "",
) -> str:
    head = _head("http", client.address, 1024 + rng.getrandbits(15), server, port, "TCP", rng, micro)
    shown = path.replace("/", "\\/") if rng.random() < 0.1 else path
    http_port = f'"http_port":{port},' if port != 80 else ""
    refer = f'"http_refer":"{referrer}",' if referrer else ""
    return (
        f'{head},"tx_id":0,"http":{{"hostname":"{host}",{http_port}"url":"{shown}","http_user_agent":"{agent or rng.choice(AGENTS)}",'
        f'"http_content_type":"text/html",{refer}"http_method":"GET","protocol":"HTTP/1.1","status":200,'
        f'"length":{rng.getrandbits(16)}}}}}'
    )


def _flow(
    client: str, rng: Random, micro: int, server: str, port: int, state: str, client_port: int = 0
) -> str:
    head = _head("flow", client, client_port or 1024 + rng.getrandbits(15), server, port, "TCP", rng, micro)
    packets, octets = rng.getrandbits(8), rng.getrandbits(18)
    return (
        f'{head},"app_proto":"tls","flow":{{"pkts_toserver":{packets},"pkts_toclient":{packets + 3},"bytes_toserver":{octets},'
        f'"bytes_toclient":{octets * 3},"start":"{SECOND}.{micro:06}+0700","end":"{SECOND}.{micro:06}+0700","age":0,'
        f'"state":"{state}","reason":"timeout","alerted":false}}}}'
    )


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
