"""The benign side of the traffic: clients, names, addresses and paths that no indicator covers."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from demo.loggen import names
from demo.loggen.listed import Listed

_OFFICES = ("so-tttt", "so-tc", "so-yt", "ubnd-xa", "ubnd-phuong", "truong-thpt", "tram-yt", "vp")
_USERS = (
    "an.nv",
    "binh.tt",
    "chi.lt",
    "dung.pv",
    "giang.nt",
    "hoa.dt",
    "khanh.vn",
    "lan.ht",
    "minh.tq",
    "nga.bt",
)
_PATHS = (
    "/",
    "/index.html",
    "/tin-tuc/{}.html",
    "/static/app.{}.js",
    "/img/{}.png",
    "/api/v1/items?page={}",
    "/tim-kiem?q=van+ban+{}",
    "/files/{}.pdf",
    "/css/site.css?v={}",
    "/a/b/{}/c.json",
)
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:115.0) Gecko/20100101 Firefox/115.0",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
    "Microsoft-CryptoAPI/10.0",
    "Windows-Update-Agent/10.0.10011.16384 Client-Protocol/2.51",
    "curl/8.5.0",
)


@dataclass(frozen=True, slots=True)
class Client:
    """One machine. `address` is in canonical form; `unit` is its owner's key."""

    address: str
    host: str
    user: str
    unit: str


def clients_of(units: Mapping[str, Sequence[str]], seed: int) -> list[Client]:
    """The machines behind each unit's addresses, with host and user names."""
    rng = Random(f"clients {seed}")
    return [
        Client(
            str(ipaddress.ip_address(address)),
            f"PC-{index:02}.{rng.choice(_OFFICES)}.internal",
            rng.choice(_USERS),
            unit,
        )
        for unit, addresses in units.items()
        for index, address in enumerate(addresses, start=1)
    ]


def office_networks(seed: int, count: int = 12, machines: int = 40) -> dict[str, list[str]]:
    """Default clients: several /24 (every third unit also on its own IPv6 /64), `machines` in each."""
    rng = Random(f"networks {seed}")
    units: dict[str, list[str]] = {}
    for number in range(count):
        prefix = f"10.{20 + number}.{rng.getrandbits(7)}"
        units[f"unit-{number + 1:02}"] = [
            f"{prefix}.{host}" for host in sorted(rng.sample(range(10, 250), machines))
        ]
        if number % 3 == 0:
            units[f"unit-{number + 1:02}"] += [
                str(ipaddress.IPv6Address(f"fd00:20:{number:x}::{rng.getrandbits(16):x}"))
                for _ in range(machines // 5)
            ]
    return units


RESOLVERS = ("10.0.0.53", "10.0.1.53", "fd00:20::53")
"""Servers of DNS that the clients ask, by address family."""


class World:
    """Pools of names and addresses for every log shape."""

    def __init__(self, listed: Listed, clients: Sequence[Client], seed: int, breadth: int) -> None:
        """`breadth` is the number of different benign names; the other pools follow it."""
        rng = Random(f"world {seed}")
        self.listed = listed
        self.clients = clients
        self.resolvers = RESOLVERS
        parents = [f"{names.word(rng)}{names.word(rng)}.{names.code(rng)}" for _ in range(breadth // 4)]
        candidates = [_benign_name(rng, parents) for _ in range(breadth)]
        self.names = [name for name in dict.fromkeys(candidates) if listed.name(name) is None]
        self.ipv4 = [a for a in (names.ipv4(rng) for _ in range(breadth)) if listed.is_free(a)]
        self.ipv6 = [a for a in (names.ipv6(rng) for _ in range(breadth // 8)) if listed.is_free(a)]
        shared = [host for host in names.SHARED_HOSTS if listed.name(host) is None]
        paths = [pattern.format(rng.getrandbits(16)) for pattern in _PATHS for _ in range(50)]
        self.visits = [
            (rng.choice(shared) if rng.random() < 0.05 else self.name(rng), path) for path in paths * 8
        ]
        self.visits = [visit for visit in self.visits if listed.url(*visit) is None]

    def name(self, rng: Random) -> str:
        """A benign name; a few names are frequent, many are rare."""
        return self.names[int(len(self.names) * rng.random() ** 3)]

    def client(self, rng: Random) -> Client:
        """Some machine."""
        return self.clients[int(len(self.clients) * rng.random())]

    def resolver(self, client: Client, rng: Random) -> str:
        """A resolver in the client's address family."""
        return self.resolvers[2] if ":" in client.address else self.resolvers[rng.random() < 0.3]

    def answer4(self, rng: Random) -> str:
        """A benign public IPv4 address."""
        return self.ipv4[int(len(self.ipv4) * rng.random() ** 2)]

    def answer6(self, rng: Random) -> str:
        """A benign public IPv6 address, compressed."""
        return self.ipv6[int(len(self.ipv6) * rng.random() ** 2)]

    def visit(self, rng: Random) -> tuple[str, str]:
        """A benign host and path."""
        return self.visits[int(len(self.visits) * rng.random() ** 2)]


def _benign_name(rng: Random, parents: Sequence[str]) -> str:
    style = rng.random()
    if style < 0.03:
        return f"{names.word(rng)}.{names.word(rng)}.{rng.choice(names.SHARED_PARENTS)}"
    if style < 0.06:
        return rng.choice(names.SHARED_HOSTS)
    if style < 0.25:
        return rng.choice(parents)
    if style < 0.33:
        return f"{names.host_label(rng)}.{names.generated_label(rng)}.{rng.choice(parents)}"
    return f"{names.host_label(rng)}.{rng.choice(parents)}"
