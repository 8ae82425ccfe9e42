"""Seeded indicator lists of any size: four fifths names, the rest addresses, networks, endpoints and URLs.

A longer list of the same seed starts with the shorter list, so one log can be scanned with each of them, and
the truth for the shortest list stays valid. No item is one that the guard rails stop.
"""

from __future__ import annotations

import csv
import ipaddress
from collections.abc import Callable
from pathlib import Path
from random import Random

from demo.loggen import names
from demo.loggen.listed import Item

FAMILIES = (
    "ramnit",
    "andromeda",
    "sality",
    "conficker",
    "necurs",
    "njrat",
    "plugx",
    "remcos",
    "lokibot",
    "formbook",
    "agenttesla",
    "mirai",
    "gamarue",
    "quakbot",
)
PORTS = (443, 8080, 4444, 8443, 53, 1337, 80, 6667, 9001)
_PAGES = (
    "gate.php",
    "panel/",
    "b/load.exe",
    "upd/stage2.bin",
    "c/index.php",
    "wp-content/x.dll",
    "go/Gate.php",
)
_MIX = (
    ("domain", 0.776),
    ("url", 0.024),
    ("ipv4", 0.179),
    ("ip-port", 0.010),
    ("ipv6", 0.001),
    ("cidr", 0.010),
)
_OPENING = ("domain", "ipv4", "cidr", "ipv6", "ip-port", "url", "domain", "domain", "ip-port", "cidr") * 3


def make_indicators(count: int, seed: int) -> list[Item]:
    """`count` different items, the same for the same seed."""
    rng = Random(f"indicators {seed}")
    order = Random(f"kinds {seed}")
    weights = [share for _, share in _MIX]
    kinds = _OPENING + tuple(
        order.choices([kind for kind, _ in _MIX], weights, k=max(0, count - len(_OPENING)))
    )
    items: list[Item] = []
    seen: set[str] = set()
    past: dict[str, list[str]] = {kind: [] for kind, _ in _MIX}
    for kind in kinds[:count]:
        value = _MAKERS[kind](rng, past)
        while value in seen:
            value = _MAKERS[kind](rng, past)
        seen.add(value)
        past[kind].append(value)
        items.append(Item(value, kind, FAMILIES[int(len(FAMILIES) * rng.random() ** 2)]))
    return items


def write_plain(items: list[Item], path: Path) -> None:
    """One value a line and nothing else, so that grep-like tools can read the file."""
    path.write_text("".join(f"{item.value}\n" for item in items), encoding="ascii")


def write_csv(items: list[Item], path: Path) -> None:
    """Columns indicator, type, family; URLs with their scheme, as in published lists."""
    with path.open("w", encoding="ascii", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("indicator", "type", "family"))
        table.writerows(
            ("http://" + i.value if i.kind == "url" else i.value, i.kind, i.family) for i in items
        )


def _domain(rng: Random, past: dict[str, list[str]]) -> str:
    style = rng.random()
    if style < 0.02 and past["domain"]:
        return f"{names.host_label(rng)}.{rng.choice(past['domain'])}"
    if style < 0.12:
        return f"{names.word(rng)}{rng.getrandbits(7)}.{rng.choice(names.SHARED_PARENTS)}"
    if style < 0.30:
        return f"{names.host_label(rng)}.{names.word(rng)}{rng.getrandbits(10)}.{names.code(rng)}"
    if style < 0.45:
        return f"{names.generated_label(rng)}.{names.code(rng)}"
    joint = "-" if style < 0.60 else ""
    number = str(rng.getrandbits(10)) if style > 0.75 else ""
    return f"{names.word(rng)}{joint}{names.word(rng)}{number}.{names.code(rng)}"


def _url(rng: Random, _past: dict[str, list[str]]) -> str:
    host = (
        rng.choice(names.SHARED_HOSTS)
        if rng.random() < 0.5
        else f"{names.word(rng)}-{names.word(rng)}.{names.code(rng)}"
    )
    return f"{host}/{names.word(rng)}{rng.getrandbits(12)}/{rng.choice(_PAGES)}"


def _ipv4(rng: Random, _past: dict[str, list[str]]) -> str:
    return names.ipv4(rng)


def _ipv6(rng: Random, _past: dict[str, list[str]]) -> str:
    return names.ipv6(rng)


def _endpoint(rng: Random, _past: dict[str, list[str]]) -> str:
    return f"{names.ipv4(rng)}:{rng.choice(PORTS)}"


def _network(rng: Random, past: dict[str, list[str]]) -> str:
    if rng.random() < 0.1:
        return str(ipaddress.ip_network((names.ipv6(rng), rng.choice((48, 56, 64))), strict=False))
    around = rng.choice(past["ipv4"]) if past["ipv4"] and rng.random() < 0.1 else names.ipv4(rng)
    return str(ipaddress.ip_network((around, rng.choice((24, 24, 25, 26, 27, 28, 29))), strict=False))


_MAKERS: dict[str, Callable[[Random, dict[str, list[str]]], str]] = {
    "domain": _domain,
    "url": _url,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "ip-port": _endpoint,
    "cidr": _network,
}
