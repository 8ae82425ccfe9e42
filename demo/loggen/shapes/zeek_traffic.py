"""Zeek conn.log, http.log and ssl.log: connections, and the names and pages requested in them."""

from __future__ import annotations

from random import Random
from typing import override

from demo.loggen import names, spelling
from demo.loggen.listed import Item
from demo.loggen.shapes import SECOND, SERIAL, Seen
from demo.loggen.shapes.zeek import CONNECTION, Zeek
from demo.loggen.world import AGENTS, Client, World

_STATES = {
    **dict.fromkeys(("SF", "S1", "S2", "S3", "RSTO", "RSTR"), "allowed"),
    **dict.fromkeys(("S0", "REJ", "RSTOS0", "RSTRH", "SH", "SHR"), "attempt"),
    "OTH": "unknown",
}


class ZeekConn(Zeek):
    """One line a connection."""

    kind = "zeek-conn"
    path = "conn"
    file_name = "conn.log"
    kinds = frozenset({"ipv4", "ipv6", "cidr", "ip-port"})
    columns = (
        *CONNECTION,
        ("proto", "enum"),
        ("service", "string"),
        ("duration", "interval"),
        ("orig_bytes", "count"),
        ("resp_bytes", "count"),
        ("conn_state", "string"),
        ("history", "string"),
    )

    @override
    def benign(self, world: World, rng: Random, micro: int) -> list[str]:
        client = world.client(rng)
        return [_conn(client.address, rng, micro, _server(client, world, rng), 443, _usual_state(rng))]

    @override
    def hits(self, item: Item, client: Client, world: World, rng: Random, micro: int) -> list[Seen | str]:
        met = _endpoint_of(item, world, rng)
        if met is None:
            return []
        state = rng.choice(list(_STATES))
        line = _conn(client.address, rng, micro, *met[:2], state)
        return [Seen(line, item, client.address, "destination", met[2], _STATES[state])]

    @override
    def traps(self, item: Item, world: World, rng: Random, micro: int) -> tuple[list[str], int]:
        client = world.client(rng).address
        if item.kind not in self.kinds:
            return [], 0
        near = [a for a in spelling.near_addresses(item, world) if not world.listed.endpoint(a, 443)]
        lines = [_conn(client, rng, micro, address, 443, "SF") for address in near]
        if item.kind == "ip-port":
            address, _, port = item.value.rpartition(":")
            if world.listed.endpoint(address, 444) is None:
                lines.append(_conn(client, rng, micro, address, 444, "SF"))
                lines.append(_conn(client, rng, micro, address, 444, "SF", client_port=int(port)))
            return lines, 0
        initiator = spelling.covered_address(item, world, rng)
        return [*lines, _conn(initiator, rng, micro, "10.0.0.80", 443, "SF")], 1


class ZeekHttp(Zeek):
    """One line a request."""

    kind = "zeek-http"
    path = "http"
    file_name = "http.log"
    kinds = frozenset({"domain", "ipv4", "ipv6", "cidr", "ip-port", "url"})
    columns = (
        *CONNECTION,
        ("trans_depth", "count"),
        ("method", "string"),
        ("host", "string"),
        ("uri", "string"),
        ("referrer", "string"),
        ("user_agent", "string"),
        ("request_body_len", "count"),
        ("response_body_len", "count"),
        ("status_code", "count"),
        ("status_msg", "string"),
    )

    @override
    def benign(self, world: World, rng: Random, micro: int) -> list[str]:
        client, (host, path) = world.client(rng), world.visit(rng)
        return [_http(client, rng, micro, host, path, _server(client, world, rng))]

    @override
    def hits(self, item: Item, client: Client, world: World, rng: Random, micro: int) -> list[Seen | str]:
        if item.kind == "domain":
            spelled, matched = spelling.covered_name(item, world, rng, trailing_dot=False)
            path = "/" if world.listed.url(matched, "/gate.php") else rng.choice(("/", "/gate.php?x=1"))
            shown = f"{spelled}:8080" if rng.random() < 0.1 else spelled
            line = _http(client, rng, micro, shown, path, _server(client, world, rng), 8080)
            return [Seen(line, item, client.address, "host", matched, "allowed")]
        if item.kind == "url":
            host, _, rest = item.value.partition("/")
            path = f"/{rest}{rng.choice(('', f'?id={rng.getrandbits(12)}', '#a'))}"
            path = path if world.listed.url(host, path) is item else f"/{rest}"
            line = _http(client, rng, micro, host.title(), path, _server(client, world, rng))
            return [Seen(line, item, client.address, "url", item.value, "allowed")]
        met = _endpoint_of(item, world, rng, port=80)
        if met is None:
            return []
        address, port, matched = met
        if rng.random() < 0.5 and item.kind != "ip-port":
            shown = f"[{address}]" if ":" in address else address
            line = _http(client, rng, micro, shown, "/gate.php", address, port)
            return [Seen(line, item, client.address, "host", matched, "allowed")]
        host, path = world.visit(rng)
        line = _http(client, rng, micro, host, path, address, port)
        return [Seen(line, item, client.address, "destination", matched, "allowed")]

    @override
    def traps(self, item: Item, world: World, rng: Random, micro: int) -> tuple[list[str], int]:
        client, server, (host, path) = world.client(rng), world.answer4(rng), world.visit(rng)
        if item.kind == "domain":
            lines = [
                _http(client, rng, micro, name, "/", server) for name in spelling.near_names(item, world, rng)
            ]
            return [
                *lines,
                _http(client, rng, micro, host, f"/r?u=http://{item.value}/", server),
                _http(client, rng, micro, host, f"/go/{item.value}/x", server),
                _http(client, rng, micro, host, path, server, referrer=f"http://{item.value}/"),
                _http(client, rng, micro, host, path, server, agent=f"bot ({item.value})"),
            ], 0
        if item.kind == "url":
            shown = spelling.near_urls(item, world, host)
            return [_http(client, rng, micro, h, p, server) for h, p in shown], 0
        near = [a for a in spelling.near_addresses(item, world) if not world.listed.endpoint(a, 80)]
        lines = [_http(client, rng, micro, host, path, address) for address in near]
        if item.kind == "ip-port":
            return lines, 0
        initiator = Client(spelling.covered_address(item, world, rng), "", "", "")
        lines.append(_http(client, rng, micro, host, f"/ping?ip={initiator.address}", server))
        return [*lines, _http(initiator, rng, micro, host, path, "10.0.0.80")], 1


class ZeekSsl(Zeek):
    """One line a TLS handshake."""

    kind = "zeek-ssl"
    path = "ssl"
    file_name = "ssl.log"
    kinds = frozenset({"domain", "ipv4", "ipv6", "cidr", "ip-port"})
    columns = (
        *CONNECTION,
        ("version", "string"),
        ("cipher", "string"),
        ("curve", "string"),
        ("server_name", "string"),
        ("resumed", "bool"),
        ("last_alert", "string"),
        ("next_protocol", "string"),
        ("established", "bool"),
        ("subject", "string"),
        ("issuer", "string"),
    )

    @override
    def benign(self, world: World, rng: Random, micro: int) -> list[str]:
        client = world.client(rng)
        name = world.name(rng) if rng.random() < 0.9 else "-"
        return [_ssl(client.address, rng, micro, name, _server(client, world, rng))]

    @override
    def hits(self, item: Item, client: Client, world: World, rng: Random, micro: int) -> list[Seen | str]:
        if item.kind == "domain":
            spelled, matched = spelling.covered_name(item, world, rng, trailing_dot=False)
            line = _ssl(client.address, rng, micro, spelled, _server(client, world, rng))
            return [Seen(line, item, client.address, "server_name", matched, "allowed")]
        met = _endpoint_of(item, world, rng)
        if met is None:
            return []
        line = _ssl(client.address, rng, micro, world.name(rng), met[0], met[1])
        return [Seen(line, item, client.address, "destination", met[2], "allowed")]

    @override
    def traps(self, item: Item, world: World, rng: Random, micro: int) -> tuple[list[str], int]:
        client, server = world.client(rng).address, world.answer4(rng)
        if item.kind == "domain":
            near = spelling.near_names(item, world, rng)
            lines = [_ssl(client, rng, micro, name, server) for name in near]
            return [*lines, _ssl(client, rng, micro, "-", server, subject=item.value)], 0
        if item.kind not in self.kinds or item.kind == "ip-port":
            return [], 0
        initiator = spelling.covered_address(item, world, rng)
        near = [a for a in spelling.near_addresses(item, world) if not world.listed.endpoint(a, 443)]
        lines = [_ssl(client, rng, micro, world.name(rng), address) for address in near]
        return [*lines, _ssl(initiator, rng, micro, world.name(rng), "10.0.0.80")], 1


def _server(client: Client, world: World, rng: Random) -> str:
    return world.answer6(rng) if ":" in client.address else world.answer4(rng)


def _usual_state(rng: Random) -> str:
    return "SF" if rng.random() < 0.85 else rng.choice(list(_STATES))


def _endpoint_of(item: Item, world: World, rng: Random, port: int = 443) -> tuple[str, int, str] | None:
    """(address, port, matched) of a connection that the item covers, None where another item takes it."""
    if item.kind == "ip-port":
        address, _, shown = item.value.rpartition(":")
        return address, int(shown), item.value
    address = spelling.covered_address(item, world, rng)
    return (address, port, address) if world.listed.endpoint(address, port) is item else None


def _head(client: str, rng: Random, micro: int, server: str, port: int, client_port: int = 0) -> str:
    own = client_port or 1024 + rng.getrandbits(15)
    return f"{SECOND}.{micro:06}\tC{rng.getrandbits(24):06x}{SERIAL}\t{client}\t{own}\t{server}\t{port}"


def _conn(
    client: str, rng: Random, micro: int, server: str, port: int, state: str, client_port: int = 0
) -> str:
    head = _head(client, rng, micro, server, port, client_port)
    tail = f"{rng.getrandbits(6)}.{rng.getrandbits(16):06}\t{rng.getrandbits(14)}\t{rng.getrandbits(18)}"
    return f"{head}\ttcp\t{'ssl' if port == 443 else '-'}\t{tail}\t{state}\tShADadfF"


def _http(
    client: Client, rng: Random, micro: int, host: str, path: str, server: str, port: int = 80,
    *, referrer: str = "-", agent: str = "",
) -> str:  # fmt: skip
    head = _head(client.address, rng, micro, server, port)
    sizes = f"0\t{rng.getrandbits(16)}\t200\tOK"
    return f"{head}\t1\tGET\t{host}\t{path}\t{referrer}\t{agent or rng.choice(AGENTS)}\t{sizes}"


def _ssl(
    client: str, rng: Random, micro: int, name: str, server: str, port: int = 443, subject: str = ""
) -> str:
    head = _head(client, rng, micro, server, port)
    named = f"CN={subject or (name if name != '-' else names.word(rng) + '.internal')}"
    issuer = f"CN=Demo CA {rng.getrandbits(3)},O=Demo Trust,C=VN"
    return f"{head}\tTLSv12\tTLS_AES_128_GCM_SHA256\tx25519\t{name}\tF\t-\th2\tT\t{named}\t{issuer}"
