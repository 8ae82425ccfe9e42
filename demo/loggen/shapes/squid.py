"""Squid's native access.log (wiki.squid-cache.org, Features/LogFormat)."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import override

from demo.loggen import names, spelling
from demo.loggen.listed import Item
from demo.loggen.shapes import SECOND, Seen, Shape
from demo.loggen.world import Client, World

_TYPES = ("text/html", "image/png", "application/javascript", "text/css", "application/octet-stream", "-")
_RESULTS = ("TCP_MISS/200", "TCP_MISS/200", "TCP_MEM_HIT/200", "TCP_REFRESH_UNMODIFIED/304", "TCP_MISS/404")
_DENIED = "TCP_DENIED/403"


class Squid(Shape):
    """One line for each request: target, outcome and the server that the proxy asked."""

    kind = "squid"
    file_name = "access.log"
    kinds = frozenset({"domain", "ipv4", "ipv6", "cidr", "ip-port", "url"})
    digits = 3
    lines_per_event = 1.0

    @override
    def header(self, start: datetime, marked: bool) -> str:
        return ""

    @override
    def stamp(self, second: int) -> str:
        return str(second)

    @override
    def benign(self, world: World, rng: Random, micro: int) -> list[str]:
        client = world.client(rng)
        server = world.answer6(rng) if rng.random() < 0.1 else world.answer4(rng)
        if rng.random() < 0.6:
            return [_tunnel(client, rng, micro, f"{world.name(rng)}:443", server)]
        host, path = world.visit(rng)
        return [_get(client, rng, micro, f"http://{host}{path}", server)]

    @override
    def can_show(self, item: Item) -> bool:
        return item.kind in self.kinds

    @override
    def hits(self, item: Item, client: Client, world: World, rng: Random, micro: int) -> list[Seen | str]:
        denied = rng.random() < 0.25
        action = "blocked" if denied else "allowed"
        server, style = world.answer4(rng), rng.random()
        if item.kind == "domain":
            spelled, matched = spelling.covered_name(item, world, rng, trailing_dot=True)
            if style < 0.5:
                line = _tunnel(client, rng, micro, f"{spelled}:443", server, denied)
            else:
                # Each call of a machine has a number of its own.
                path = f"{rng.choice(('/', '/gate.php', '/a'))}?id={rng.getrandbits(24)}"
                if world.listed.url(matched, path):
                    path = "/"
                shown_port = ":8080" if style > 0.85 else ""
                line = _get(client, rng, micro, f"http://{spelled}{shown_port}{path}", server, denied)
            return [Seen(line, item, client.address, "host", matched, action)]
        if item.kind == "url":
            return [_url_hit(item, client, world, rng, micro, server, denied)]
        if item.kind == "ip-port":
            address, _, _ = item.value.rpartition(":")
            if style < 0.5:
                line = _tunnel(client, rng, micro, item.value, address, denied)
            else:
                line = _get(client, rng, micro, f"http://{item.value}/up?x=1", address, denied)
            return (
                [Seen(line, item, client.address, "host", item.value, action)]
                if world.listed.address(address) is None
                else []
            )
        address = spelling.covered_address(item, world, rng)
        if style < 0.5:
            tunnel_port = rng.choice((443, 2083))
            if world.listed.endpoint(address, tunnel_port) is not item:
                return []
            spelled = spelling.any_spelling(address, rng, mapped=False)
            target = f"[{spelled}]:{tunnel_port}" if ":" in spelled else f"{spelled}:{tunnel_port}"
            line = _tunnel(client, rng, micro, target, address, denied)
            return [Seen(line, item, client.address, "host", address, action)]
        if world.listed.endpoint(address, 80) is not item:
            return []
        if style < 0.7:
            shown = f"[{address}]" if ":" in address else address
            line = _get(client, rng, micro, f"http://{shown}/gate.php", address, denied)
            return [Seen(line, item, client.address, "host", address, action)]
        host, path = world.visit(rng)
        line = _get(client, rng, micro, f"http://{host}{path}", address)
        return [Seen(line, item, client.address, "destination", address, "allowed")]

    @override
    def traps(self, item: Item, world: World, rng: Random, micro: int) -> tuple[list[str], int]:
        client, server = world.client(rng), world.answer4(rng)
        host, path = world.visit(rng)

        def get(url: str) -> str:
            return _get(client, rng, micro, url, server)

        if item.kind == "domain":
            lines = [
                _tunnel(client, rng, micro, f"{name}:443", server)
                for name in spelling.near_names(item, world, rng)
            ]
            return [
                *lines,
                get(f"http://{host}/?q={item.value}"),
                get(f"http://{host}/go/{item.value}/x"),
                get(f"http://{host}/r?u=http://{item.value}/"),
            ], 0
        if item.kind == "url":
            shown = spelling.near_urls(item, world, host)
            listed_host = item.value.partition("/")[0]
            lines = [get(f"http://{h}{p}") for h, p in shown]
            if world.listed.name(listed_host) is None:
                # A tunnel shows no path.
                lines.append(_tunnel(client, rng, micro, f"{listed_host}:443", server))
            return lines, 0
        near = [a for a in spelling.near_addresses(item, world) if world.listed.endpoint(a, 80) is None]
        lines = [get(f"http://[{a}]/" if ":" in a else f"http://{a}/") for a in near]
        if item.kind == "ip-port":
            address, _, _ = item.value.rpartition(":")
            if world.listed.endpoint(address, 444) is None:
                lines.append(_tunnel(client, rng, micro, f"{address}:444", server))
            return lines, 0
        address = spelling.covered_address(item, world, rng)
        inbound = Client(address, "", "-", "")
        return [
            *lines,
            get(f"http://{host}/ping?ip={address}"),
            get(f"http://{address.replace(':', '-')}.5/"),
            _get(inbound, rng, micro, f"http://{host}{path}", server),
        ], 1


def _request(
    client: Client, rng: Random, micro: int, result: str, method: str, target: str, peer: str, content: str
) -> str:
    bits = rng.getrandbits(40)
    user = client.user if bits & 3 == 0 else "-"
    return (
        f"{SECOND}.{micro // 1000:03} {bits % 4000:6} {client.address} {result} {bits >> 20} {method} "
        f"{target} {user} {peer} {content}"
    )


def _tunnel(client: Client, rng: Random, micro: int, target: str, server: str, denied: bool = False) -> str:
    if denied:
        return _request(client, rng, micro, _DENIED, "CONNECT", target, "HIER_NONE/-", "text/html")
    return _request(client, rng, micro, "TCP_TUNNEL/200", "CONNECT", target, f"HIER_DIRECT/{server}", "-")


def _get(client: Client, rng: Random, micro: int, url: str, server: str, denied: bool = False) -> str:
    if denied:
        return _request(client, rng, micro, _DENIED, "GET", url, "HIER_NONE/-", "text/html")
    result = rng.choice(_RESULTS)
    return _request(client, rng, micro, result, "GET", url, f"HIER_DIRECT/{server}", rng.choice(_TYPES))


def _url_hit(
    item: Item, client: Client, world: World, rng: Random, micro: int, server: str, denied: bool
) -> Seen:
    host, _, rest = item.value.partition("/")
    tails = (
        ("", f"?id={rng.getrandbits(16)}", "/more")
        if not rest.endswith("/")
        else ("", f"{names.word(rng)}.bin", "?q=1")
    )
    path = f"/{rest}{rng.choice(tails)}"
    if world.listed.url(host, path) is not item:
        path = f"/{rest}"
    line = _get(
        client, rng, micro, f"http://{host.upper() if rng.random() < 0.2 else host}{path}", server, denied
    )
    return Seen(line, item, client.address, "url", item.value, "blocked" if denied else "allowed")
