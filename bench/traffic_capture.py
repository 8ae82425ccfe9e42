"""`python -m bench.traffic_capture`: a seeded capture of an office's traffic, with planted contacts.

Look-ups, TLS and HTTP connections with the data behind them, QUIC-like datagrams, connections without an
answer, and packets that are not IP; a few hundred conversations at a time, so that their packets interleave.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import ipaddress
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import IO

from demo.loggen import SourceTruth, Truth, make_indicators
from demo.loggen.__main__ import counts, size
from demo.loggen.indicators import write_plain
from demo.loggen.listed import Item, Listed
from demo.loggen.measured import START
from demo.loggen.spelling import covered_address, covered_name
from demo.loggen.truth import Row
from demo.loggen.world import World, clients_of, office_networks
from tests.traffic import packets as p

Conversation = Iterator[tuple[int, bytes]]
"""Microseconds to wait, then a packet from the IP layer on; an empty packet is only a wait."""
CONCURRENT = 300
SEGMENT = 1448
_NOISE = Random("noise").randbytes(1 << 16)


class Traffic:
    """Draws conversations, most of them benign."""

    def __init__(self, world: World, seed: int, truth: Truth, file: str) -> None:
        self.world = world
        self.rng = Random(f"traffic {seed}")
        self.truth = truth
        self.macs: dict[bytes, str] = {}
        """The hardware address of each sender, by its address."""
        self.file = file
        self.now = 0
        self.planted = 0

    def benign(self) -> Conversation:
        """A conversation that matches nothing."""
        rng, world = self.rng, self.world
        client = world.client(rng).address
        server = world.answer6(rng) if ":" in client else world.answer4(rng)
        draw = rng.random()
        if draw < 0.42:
            return self._lookup(client, world.name(rng), server)
        if draw < 0.72:
            hello = p.client_hello(world.name(rng), padding=rng.choice((200, 200, SEGMENT)))
            return self._connection(client, server, 443, hello, rng.choice((4, 30, 30, 400)))
        if draw < 0.80:
            host, path = world.visit(rng)
            return self._connection(client, server, 80, p.request(host, path), rng.choice((3, 20, 200)))
        if draw < 0.90:
            return self._datagrams(client, server, rng.choice((10, 60, 300)))
        if draw < 0.96:
            return self._unanswered(client, server, rng.choice((22, 445, 8291)))
        return iter([(0, b"\0\x01\x08\0\x06\x04\0\x01" + bytes(20))])

    def listed(self, item: Item) -> Conversation:
        """A conversation that the item covers, recorded in the truth."""
        rng, world = self.rng, self.world
        is_six = item.kind == "ipv6" or (item.kind in ("cidr", "ip-port") and item.value.count(":") > 1)
        clients = [c.address for c in world.clients if (":" in c.address) == is_six]
        client = rng.choice(clients)
        server = world.answer6(rng) if is_six else world.answer4(rng)
        if item.kind == "domain":
            spelled, name = covered_name(item, world, rng, trailing_dot=False)
            if rng.random() < 0.6:
                return self._told(item, client, "query", name, self._lookup(client, spelled, server), (0, 1))
            hello = p.client_hello(spelled, padding=SEGMENT)
            return self._told(
                item, client, "server_name", name, self._connection(client, server, 443, hello, 20), (4,)
            )
        if item.kind == "url":
            authority, _, path = item.value.partition("/")
            made = self._connection(client, server, 80, p.request(authority, f"/{path}"), 5)
            return self._told(item, client, "url", item.value, made, (3,))
        if item.kind == "ip-port":
            host, _, port = item.value.rpartition(":")
            server, target = host.strip("[]"), int(port)
        else:
            server, target = covered_address(item, world, rng), 443
        matched = item.value if item.kind == "ip-port" else server
        if rng.random() < 0.3:
            return self._told(
                item, client, "destination", matched, self._unanswered(client, server, target), (0,)
            )
        made = self._connection(client, server, target, _NOISE[:200], 5)
        return self._told(item, client, "destination", matched, made, (0,))

    def _told(
        self, item: Item, client: str, field: str, matched: str, made: Conversation, hits: Sequence[int]
    ) -> Conversation:
        """Pass the packets on, and record the times of those in `hits`."""
        for number, (wait, packet) in enumerate(made):
            yield wait, packet
            if number in hits:
                self.planted += 1
                when = datetime.fromtimestamp(self.now // 1_000_000, UTC)
                shown = f"{when:%Y-%m-%dT%H:%M:%S}.{self.now % 1_000_000:06}Z"
                key = (self.file, item.canonical, item.kind, item.family, client, shown[:10])
                # A reply does not show the client's hardware address.
                mac = self.macs[ipaddress.ip_address(client).packed]
                who = "" if (hits, number) == ((0, 1), 1) else f"mac:{mac}"
                self.truth.add(Row(*key, 1, shown, shown, field, matched, "", who))

    def _lookup(self, client: str, name: str, answer: str) -> Conversation:
        rng = self.rng
        resolver = self.world.resolvers[2] if ":" in client else self.world.resolvers[0]
        port, number = rng.randrange(32_768, 61_000), rng.getrandbits(16)
        kind = 28 if ":" in answer else 1
        data = ipaddress.ip_address(answer).packed
        question = p.dns_query(name, kind=kind, number=number)
        reply = p.dns_reply(name, [(kind, data)] * rng.choice((1, 1, 3)), kind=kind, number=number)
        yield 0, p.ip(client, resolver, p.UDP, p.udp(port, 53, question))
        yield rng.randrange(500, 40_000), p.ip(resolver, client, p.UDP, p.udp(53, port, reply), hops=63)

    def _connection(self, client: str, server: str, target: int, first: bytes, segments: int) -> Conversation:
        """A handshake, `first` from the client in one or more segments, then data from the server."""
        rng = self.rng
        port, seq, ack = rng.randrange(32_768, 61_000), rng.getrandbits(32), rng.getrandbits(32)
        trip = rng.randrange(2_000, 60_000)

        def out(data: bytes = b"", flags: int = p.ACK) -> bytes:
            made = p.tcp(port, target, data, seq=seq % (1 << 32), ack=ack % (1 << 32), flags=flags)
            return p.ip(client, server, p.TCP, made)

        def back(data: bytes = b"", flags: int = p.ACK) -> bytes:
            made = p.tcp(target, port, data, seq=ack % (1 << 32), ack=seq % (1 << 32), flags=flags)
            return p.ip(server, client, p.TCP, made, hops=54)

        yield 0, out(flags=p.SYN)
        seq += 1
        yield trip, back(flags=p.SYN | p.ACK)
        ack += 1
        yield 100, out()
        for at in range(0, len(first), SEGMENT):
            part = first[at : at + SEGMENT]
            yield 50, out(part, p.ACK | p.PSH)
            seq += len(part)
        for number in range(segments):
            at = rng.randrange(len(_NOISE) - SEGMENT)
            yield trip if number == 0 else 120, back(_NOISE[at : at + SEGMENT])
            ack += SEGMENT
            if number % 2:
                yield 20, out()
        yield 200, out(flags=p.ACK | p.FIN)
        yield trip, back(flags=p.ACK | p.FIN)

    def _datagrams(self, client: str, server: str, count: int) -> Conversation:
        rng = self.rng
        port = rng.randrange(32_768, 61_000)
        for number in range(count):
            at = rng.randrange(len(_NOISE) - 1250)
            if number % 3 == 0:
                yield 300, p.ip(client, server, p.UDP, p.udp(port, 443, _NOISE[at : at + 60]))
            else:
                yield 150, p.ip(server, client, p.UDP, p.udp(443, port, _NOISE[at : at + 1250]), hops=54)

    def _unanswered(self, client: str, server: str, target: int) -> Conversation:
        port, seq = self.rng.randrange(32_768, 61_000), self.rng.getrandbits(32)
        for wait in (0, 1_000_000, 2_000_000):
            yield wait, p.ip(client, server, p.TCP, p.tcp(port, target, seq=seq, flags=p.SYN))


def write(path: Path, items: Sequence[Item], *, total_bytes: int, hit_rate: float, seed: int) -> Truth:
    """Write about `total_bytes` of traffic and return the truth.

    About `hit_rate` of the conversations are with one of `items`; no other conversation is.
    """
    truth = Truth()
    breadth = min(60_000, max(2000, total_bytes // 2000))
    world = World(Listed(items), clients_of(office_networks(seed), seed), seed, breadth)
    traffic = Traffic(world, seed, truth, path.name)
    with path.open("wb", buffering=1 << 20) as file:
        count = _write(file, traffic, items, total_bytes, hit_rate)
    with path.open("rb") as file:
        source = hashlib.sha256(file.read(4096)).hexdigest()
    length = path.stat().st_size
    truth.sources[path.name] = SourceTruth(path.name, source, length, count, 0, traffic.planted)
    return truth


def _write(file: IO[bytes], traffic: Traffic, items: Sequence[Item], total: int, hit_rate: float) -> int:
    rng = traffic.rng
    macs = traffic.macs
    record: Callable[[int, bytes], bytes] = p.pcap_record
    count = 0
    now = int(START.timestamp()) * 1_000_000
    active: list[tuple[int, int, bytes, Conversation]] = []
    begun = 0
    written = file.write(p.pcap_header())
    while active or written < total:
        while written < total and len(active) < CONCURRENT:
            made = traffic.listed(rng.choice(items)) if rng.random() < hit_rate else traffic.benign()
            begun += 1
            wait, packet = next(made)
            heapq.heappush(active, (now + wait + rng.randrange(200_000), begun, packet, made))
        now, number, packet, made = heapq.heappop(active)
        traffic.now = now
        if packet[:1] and packet[0] >> 4 in (4, 6):
            sender = packet[12:16] if packet[0] >> 4 == 4 else packet[8:24]
            mac = macs.setdefault(sender, f"02:00:{len(macs) >> 24 & 255:02x}:{len(macs) >> 16 & 255:02x}:"
                                          f"{len(macs) >> 8 & 255:02x}:{len(macs) & 255:02x}")  # fmt: skip
            frame = p.ethernet(packet, source=mac)
        else:
            frame = p.ethernet(packet, kind=0x0806)
        written += file.write(record(now, frame))
        count += 1
        following = next(made, None)
        if following is not None:
            heapq.heappush(active, (now + following[0], number, following[1], made))
    return count


def main() -> None:
    """Write a capture, a list and the truth into a folder."""
    parser = argparse.ArgumentParser(prog="python -m bench.traffic_capture", description=__doc__)
    parser.add_argument("--size", type=size, default=size("256M"))
    parser.add_argument("--indicators", type=counts, default=counts("100k"))
    parser.add_argument("--hit-rate", type=float, default=0.001, help="share of conversations")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("-o", "--out", type=Path, required=True)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    items = make_indicators(asked.indicators[-1], asked.seed)
    write_plain(items, asked.out / "indicators.txt")
    truth = write(
        asked.out / "traffic.pcap", items, total_bytes=asked.size, hit_rate=asked.hit_rate, seed=asked.seed
    )
    truth.write(asked.out / "truth.jsonl")


if __name__ == "__main__":
    main()
