"""Zeek dns.log (docs.zeek.org, base/protocols/dns)."""

from __future__ import annotations

from random import Random
from typing import override

from demo.loggen import spelling
from demo.loggen.listed import Item
from demo.loggen.shapes import SECOND, SERIAL, Seen
from demo.loggen.shapes.zeek import CONNECTION, Zeek
from demo.loggen.world import Client, World

_NUMBERS = {"A": 1, "AAAA": 28, "PTR": 12, "TXT": 16, "HTTPS": 65, "SRV": 33}
_CODES = {"NOERROR": 0, "SERVFAIL": 2, "NXDOMAIN": 3}


class ZeekDns(Zeek):
    """One line a lookup: question, outcome and answers together."""

    kind = "zeek-dns"
    path = "dns"
    file_name = "dns.log"
    kinds = frozenset({"domain", "ipv4", "ipv6", "cidr", "ip-port"})
    columns = (
        *CONNECTION,
        ("proto", "enum"),
        ("trans_id", "count"),
        ("rtt", "interval"),
        ("query", "string"),
        ("qclass", "count"),
        ("qclass_name", "string"),
        ("qtype", "count"),
        ("qtype_name", "string"),
        ("rcode", "count"),
        ("rcode_name", "string"),
        ("AA", "bool"),
        ("TC", "bool"),
        ("RD", "bool"),
        ("RA", "bool"),
        ("Z", "count"),
        ("answers", "vector[string]"),
        ("TTLs", "vector[interval]"),
        ("rejected", "bool"),
    )

    @override
    def benign(self, world: World, rng: Random, micro: int) -> list[str]:
        client, style = world.client(rng), rng.random()
        if style < 0.62:
            name, answers = (
                world.name(rng),
                [world.answer4(rng) for _ in range(1 + int(3 * rng.random() ** 3))],
            )
            if rng.random() < 0.25:
                answers.insert(0, world.name(rng))
            return [_line(world, rng, micro, client.address, name, "A", answers)]
        if style < 0.82:
            answers = [world.answer6(rng)] if rng.random() < 0.6 else []
            return [_line(world, rng, micro, client.address, world.name(rng), "AAAA", answers)]
        if style < 0.89:
            return [_line(world, rng, micro, client.address, world.name(rng), "HTTPS", [])]
        if style < 0.93:
            other = world.client(rng)
            reverse = (
                ".".join(reversed(other.address.split("."))) + ".in-addr.arpa"
                if "." in other.address
                else "b.ip6.arpa"
            )
            return [_line(world, rng, micro, client.address, reverse, "PTR", [other.host])]
        if style < 0.95:
            return [
                _line(
                    world,
                    rng,
                    micro,
                    client.address,
                    world.name(rng),
                    "TXT",
                    ["TXT 21 v=spf1 mx include: -all"],
                )
            ]
        missing = (
            f"{world.name(rng).partition('.')[0]}-{rng.getrandbits(20):x}.{client.host.partition('.')[2]}"
        )
        return [_line(world, rng, micro, client.address, missing, "A", [], "NXDOMAIN")]

    @override
    def can_show(self, item: Item) -> bool:
        return item.kind in self.kinds and (item.kind != "ip-port" or item.value.endswith(":53"))

    @override
    def hits(self, item: Item, client: Client, world: World, rng: Random, micro: int) -> list[Seen | str]:
        if item.kind == "domain":
            spelled, matched = spelling.covered_name(item, world, rng, trailing_dot=True)
            return [_asked(item, client, world, rng, micro, spelled, matched)]
        if item.kind == "ip-port":
            address = item.value.rpartition(":")[0]
            line = _line(
                world, rng, micro, client.address, world.name(rng), "A", [world.answer4(rng)], server=address
            )
            return [Seen(line, item, client.address, "destination", item.value, "allowed")]
        address = spelling.covered_address(item, world, rng)
        if rng.random() < 0.1 and world.listed.endpoint(address, 53) is item:
            line = _line(
                world,
                rng,
                micro,
                client.address,
                world.name(rng),
                "A",
                [world.answer4(rng)],
                server=spelling.any_spelling(address, rng, mapped=False),
            )
            return [Seen(line, item, client.address, "destination", address, "allowed")]
        answers = [world.name(rng), world.answer4(rng), spelling.any_spelling(address, rng)][
            int(3 * rng.random()) :
        ]
        kind = "AAAA" if ":" in answers[-1] else "A"
        line = _line(world, rng, micro, client.address, world.name(rng), kind, answers)
        return [Seen(line, item, client.address, "answer", address, "allowed")]

    @override
    def traps(self, item: Item, world: World, rng: Random, micro: int) -> tuple[list[str], int]:
        client = world.client(rng).address
        benign, answer = world.name(rng), world.answer4(rng)
        if item.kind == "domain":
            asked = [
                _line(world, rng, micro, client, name, "A", [answer])
                for name in spelling.near_names(item, world, rng)
            ]
            text = f"TXT {20 + len(item.value)} v=spf1 a:{item.value} ?all"
            return [*asked, _line(world, rng, micro, client, benign, "TXT", [text])], 0
        if item.kind == "url":
            host = item.value.partition("/")[0]
            return [_line(world, rng, micro, client, host, "A", [answer])] if world.listed.name(
                host
            ) is None else [], 0
        lines = [
            _line(world, rng, micro, client, benign, "A", [address])
            for address in spelling.near_addresses(item, world)
        ]
        if item.kind == "ip-port":
            address, _, _ = item.value.rpartition(":")
            if world.listed.address(address) is None:
                lines.append(_line(world, rng, micro, client, benign, "A", [address]))
            return lines, 0
        address = spelling.covered_address(item, world, rng)
        if "." in address:
            reverse = ".".join(reversed(address.split(".")))
            lines += [
                _line(world, rng, micro, client, f"{name}", "A", ["127.0.0.2"])
                for name in (
                    f"{reverse}.in-addr.arpa",
                    f"{reverse}.zen.{benign}",
                    f"{address}.5",
                    f"{address}.{benign}",
                )
            ]
        return [*lines, _line(world, rng, micro, address, benign, "A", [answer], server="10.0.0.53")], 1


def _asked(
    item: Item, client: Client, world: World, rng: Random, micro: int, spelled: str, matched: str
) -> Seen:
    style = rng.random()
    if style < 0.70:
        if rng.random() < 0.2:
            answers = [world.name(rng), item.value, world.answer4(rng)]
        else:
            answers = [world.answer4(rng)]
        line, action = _line(world, rng, micro, client.address, spelled, "A", answers), "allowed"
    elif style < 0.80:
        # Only the CNAME holds the name.
        line = _line(world, rng, micro, client.address, world.name(rng), "A", [spelled, world.answer4(rng)])
        return Seen(line, item, client.address, "answer", matched, "allowed")
    elif style < 0.92:
        code = "NXDOMAIN" if rng.random() < 0.7 else "SERVFAIL"
        line, action = _line(world, rng, micro, client.address, spelled, "A", [], code), "attempt"
    else:
        sinkhole = ["0.0.0.0"]  # noqa: S104
        line, action = _line(world, rng, micro, client.address, spelled, "A", sinkhole), "blocked"
    return Seen(line, item, client.address, "query", matched, action)


def _line(
    world: World,
    rng: Random,
    micro: int,
    client: str,
    query: str,
    kind: str,
    answers: list[str],
    code: str = "NOERROR",
    server: str = "",
) -> str:
    bits = rng.getrandbits(48)
    server = server or (world.resolvers[2] if ":" in client else world.resolvers[bits & 1])
    # The length in characters does not matter: a real dns.log repeats few time-to-live values.
    lives = ",".join(("60.000000", "300.000000", "3600.000000")[(bits >> i) % 3] for i in range(len(answers)))
    return (
        f"{SECOND}.{micro:06}\tC{bits & 0xFFFFFF:06x}{SERIAL}\t{client}\t{1024 + (bits >> 8) % 64000}"
        f"\t{server}\t53\tudp\t{bits >> 32}\t0.{bits & 0xFFFF:06}\t{query}\t1\tC_INTERNET\t{_NUMBERS[kind]}"
        f"\t{kind}\t{_CODES[code]}\t{code}\tF\tF\tT\tT\t0\t{','.join(answers) or '-'}\t{lives or '-'}\tF"
    )
