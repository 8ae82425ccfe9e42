"""Different logs' spellings of an indicator, and near misses that must not count as the indicator."""

from __future__ import annotations

import ipaddress
from random import Random

from demo.loggen import names
from demo.loggen.listed import Item
from demo.loggen.world import World


def covered_name(item: Item, world: World, rng: Random, trailing_dot: bool) -> tuple[str, str]:
    """A name that the item covers in a possible spelling of a log, and its canonical form.

    The item itself or a name below it, in any case; `trailing_dot` allows one dot at the end.
    """
    style = rng.random()
    name = item.value
    if (style < 0.35 or item.scope == "subdomains-only") and item.scope != "exact":
        below = f"{rng.choice(('a', 'cdn7', '_sip._tcp', 'x.y', 'my-evil', '1.2.3.4'))}.{item.value}"
        name = below if world.listed.name(below) is item else name
    spelled = name
    if rng.random() < 0.25:
        spelled = (
            name.upper()
            if rng.random() < 0.5
            else "".join(c.upper() if rng.random() < 0.5 else c for c in name)
        )
    if trailing_dot and rng.random() < 0.2:
        spelled += "."
    return spelled, name


def covered_address(item: Item, world: World, rng: Random) -> str:
    """An address, in canonical form, that the item covers and no more specific item does."""
    if item.kind != "cidr":
        return item.value
    network = ipaddress.ip_network(item.value)
    for _ in range(200):
        address = str(network[rng.randrange(min(network.num_addresses, 1 << 52))])
        if world.listed.address(address) is item:
            return address
    raise ValueError(f"{item.value} is wholly covered by more specific indicators: nothing to plant")


def any_spelling(address: str, rng: Random, mapped: bool = True) -> str:
    """A legal spelling: IPv6 compressed, in full or in capitals; IPv4 as it is or mapped into IPv6."""
    if ":" not in address:
        return f"::ffff:{address}" if mapped and rng.random() < 0.15 else address
    full = ipaddress.IPv6Address(address).exploded
    short_groups = ":".join(group.lstrip("0") or "0" for group in full.split(":"))
    return rng.choice((address, full, full.upper(), short_groups, address.upper()))


def near_names(item: Item, world: World, rng: Random) -> list[str]:
    """Names that contain the listed name and that no indicator covers."""
    parent = item.value.partition(".")[2]
    tried = [
        f"not{item.value}",
        f"x{item.value}",
        f"my-{item.value}",
        f"{item.value}.{world.name(rng)}",
        f"{item.value}x",
        f"{item.value}.{names.CODES[0]}",
        item.value.replace(".", "-") + "." + names.CODES[1],
        parent if "." in parent else f"{parent}.{world.name(rng)}",
    ]
    return [name for name in tried if world.listed.name(name) is None]


def near_urls(item: Item, world: World, host: str) -> list[tuple[str, str]]:
    """Hosts and targets that resemble the listed URL, or hold it as a value on `host`; none is covered."""
    listed_host, _, rest = item.value.partition("/")
    tried = [
        (listed_host, f"/{rest}x"),
        (listed_host, f"/{rest[:-1]}"),
        (f"x{listed_host}", f"/{rest}"),
        (listed_host, f"/{rest.swapcase()}"),
        (host, f"/?u=http://{item.value}"),
        (listed_host, "/"),
    ]
    return [(h, p) for h, p in tried if world.listed.url(h, p) is None and world.listed.name(h) is None]


def near_addresses(item: Item, world: World) -> list[str]:
    """Addresses that share digits with the listed address, or lie beside the network, and are not covered."""
    if item.kind == "cidr":
        network = ipaddress.ip_network(item.value)
        edges = (int(network.network_address) - 1, int(network.broadcast_address) + 1)
        tried = [str(type(network.network_address)(edge)) for edge in edges]
    elif item.kind == "ipv6":
        tried = [item.value + "f", item.value[:-1] + ("0" if item.value[-1] != "0" else "1")]
    else:
        plain = item.value.partition(":")[0]
        tried = [f"{plain}{d}" for d in range(10)] + [f"{d}{plain}" for d in (1, 2)] + [plain[:-1], plain[1:]]
    return [
        address
        for address in tried
        if _is_public(address) and world.listed.address(str(ipaddress.ip_address(address))) is None
    ]


def _is_public(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False
