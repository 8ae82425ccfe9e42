"""The log of dnsmasq and Pi-hole (dnsmasq manual, log-queries): syslog times without year and zone."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import override

from demo.loggen import spelling
from demo.loggen.listed import Item
from demo.loggen.shapes import SECOND, Seen, Shape, local_minute
from demo.loggen.world import Client, World

_HEAD = f"{SECOND} dnsmasq[612]: "
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UPSTREAMS = ("10.0.0.53", "10.0.1.53")


class Dnsmasq(Shape):
    """Several lines for each look-up; only the first line names the client."""

    kind = "dnsmasq"
    file_name = "dnsmasq.log"
    kinds = frozenset({"domain", "ipv4", "ipv6", "cidr"})
    digits = 0
    lines_per_event = 2.2

    @override
    def header(self, start: datetime, marked: bool) -> str:
        return ""

    @override
    def stamp(self, second: int) -> str:
        minute = local_minute(second // 60)
        return (
            f"{_MONTHS[minute.month - 1]} {minute.day:2} {minute.hour:02}:{minute.minute:02}:{second % 60:02}"
        )

    @override
    def benign(self, world: World, rng: Random, micro: int) -> list[str]:
        name, style = world.name(rng), rng.random()
        kind, answer = ("A", world.answer4(rng)) if style < 0.7 else ("AAAA", world.answer6(rng))
        asked = _query(kind, name, world.client(rng))
        if rng.random() < 0.4:
            return [asked, f"{_HEAD}cached {name} is {answer}"]
        lines = [asked, f"{_HEAD}forwarded {name} to {_UPSTREAMS[style < 0.35]}"]
        if rng.random() < 0.05:
            return [*lines, f"{_HEAD}reply {name} is {'NXDOMAIN' if style < 0.5 else 'NODATA-IPv6'}"]
        if rng.random() < 0.2:
            other = world.name(rng)
            return [*lines, f"{_HEAD}reply {name} is <CNAME>", f"{_HEAD}reply {other} is {answer}"]
        return [*lines, f"{_HEAD}reply {name} is {answer}"]

    @override
    def can_show(self, item: Item) -> bool:
        return item.kind in self.kinds

    @override
    def hits(self, item: Item, client: Client, world: World, rng: Random, micro: int) -> list[Seen | str]:
        style = rng.random()
        if item.kind == "domain":
            spelled, matched = spelling.covered_name(item, world, rng, trailing_dot=False)

            def seen(rest: str, action: str) -> Seen:
                return Seen(f"{_HEAD}{rest}", item, "", "query", matched, action)

            asked = Seen(_query("A", spelled, client), item, client.address, "query", matched, "unknown")
            if style < 0.2:
                return [asked, seen(f"gravity blocked {spelled} is 0.0.0.0", "blocked")]
            if style < 0.4:
                return [asked, seen(f"cached {spelled} is {world.answer4(rng)}", "allowed")]
            sent = seen(f"forwarded {spelled} to {_UPSTREAMS[0]}", "unknown")
            if style < 0.6:
                return [asked, sent, seen(f"reply {spelled} is NXDOMAIN", "attempt")]
            return [asked, sent, seen(f"reply {spelled} is {world.answer4(rng)}", "allowed")]
        address = spelling.covered_address(item, world, rng)
        name = world.name(rng)
        asked_benign = _query("AAAA" if ":" in address else "A", name, client)
        said = "cached" if style < 0.3 else "reply"
        return [
            asked_benign,
            Seen(f"{_HEAD}{said} {name} is {address}", item, "", "answer", address, "allowed"),
        ]

    @override
    def traps(self, item: Item, world: World, rng: Random, micro: int) -> tuple[list[str], int]:
        client, name = world.client(rng), world.name(rng)
        if item.kind == "domain":
            near = spelling.near_names(item, world, rng)
            return [
                line
                for n in near
                for line in (_query("A", n, client), f"{_HEAD}reply {n} is {world.answer4(rng)}")
            ], 0
        if item.kind in ("url", "ip-port"):
            host = item.value.partition("/")[0] if item.kind == "url" else name
            bare = item.value.rpartition(":")[0] if item.kind == "ip-port" else world.answer4(rng)
            if world.listed.name(host) or world.listed.address(bare):
                return [], 0
            return [_query("A", host, client), f"{_HEAD}reply {host} is {bare}"], 0
        lines = [f"{_HEAD}reply {name} is {address}" for address in spelling.near_addresses(item, world)]
        address = spelling.covered_address(item, world, rng)
        if "." in address:
            reverse = ".".join(reversed(address.split(".")))
            lines += [
                _query("PTR", f"{reverse}.in-addr.arpa", client),
                _query("A", f"{address}.5", client),
                _query("A", f"{reverse}.zen.{name}", client),
            ]
        return [*lines, _query("A", name, Client(address, "", "", ""))], 1


def _query(kind: str, name: str, client: Client) -> str:
    return f"{_HEAD}query[{kind}] {name} from {client.address}"
