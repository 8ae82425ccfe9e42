"""Logs of a believable outbreak for the demonstration."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from demo.loggen.kinds import KINDS, README
from demo.loggen.listed import IndicatorLike, Listed, items_of
from demo.loggen.plan import Infection, infection_events, plan_infections
from demo.loggen.shapes import Shape
from demo.loggen.stream import write_log
from demo.loggen.truth import Truth
from demo.loggen.world import World, clients_of

_SHARES = {"zeek-dns": 0.40, "eve": 0.35, "squid": 0.15, "dnsmasq": 0.10}
_POOL_BYTES = 8 << 20  # of different lines in a file


def write_demo_logs(
    folder: Path,
    indicators: Iterable[IndicatorLike | tuple[str, str, str]],
    clients: Mapping[str, Sequence[str]],
    start: datetime,
    days: int,
    total_bytes: int,
    seed: int,
    hits: Sequence[Infection] | None = None,
    *,
    kinds: Mapping[str, float] | None = None,
    parts: int = 2,
    gzipped: Sequence[str] = ("dnsmasq",),
    traps: int = 40,
) -> Truth:
    """Write marked demonstration logs into `folder` (made if missing); return the expected result of a scan.

    `indicators`  canonical: objects with `value`, `kind` and `family`, as in the library, or such triples;
    `clients`     private addresses of each unit's machines, by any key, in separate ranges;
    `start`       aware; days are counted from it, so midnight in Vietnam (17:00 UTC) is best;
    `days`        of traffic;
    `total_bytes` of all files together, decompressed;
    `hits`        infections; None leaves it to `plan_infections`: some go quiet, one comes back;
    `kinds`       share of the bytes by log kind (keys of `KINDS`), by default mostly Zeek and EVE;
    `parts`       files of each kind, one after the other in time, as rotation leaves them;
    `gzipped`     the kinds whose last part is compressed;
    `traps`       near misses and inbound contacts in each file, which must not be reported.

    Every machine appears in every log. Zeek logs say DEMO DATA in a comment, all files are named `demo-…`
    and a README.txt stands beside them. Lines of dnsmasq that name no client are reported without a device.
    Raises ValueError for a naive `start`, an infection of an unknown client, or an unknown kind.
    """
    if start.tzinfo is None:
        raise ValueError("start must carry a time zone")
    items = items_of(indicators)
    machines = clients_of(clients, seed)
    given = (address for addresses in clients.values() for address in addresses)
    by_address = dict(zip(given, machines, strict=True))
    families = sorted({item.family for item in items if item.kind in ("domain", "ipv4")})
    infections = plan_infections(clients, families, days, seed) if hits is None else hits
    shares = kinds or _SHARES
    _check(infections, by_address, shares)
    world = World(Listed(items), machines, seed, breadth=min(40_000, max(2000, total_bytes // 2000)))
    folder.mkdir(parents=True, exist_ok=True)
    truth = Truth()
    for kind, share in shares.items():
        shape = KINDS[kind]
        for part in _parts(days, parts):
            part_seed = seed * 1000 + part.start
            begin = start + timedelta(days=part.start)
            events = partial(
                infection_events,
                [_within(i, part) for i in infections],
                by_address,
                items,
                shape,
                begin,
                rng=Random(f"events {kind} {part_seed}"),
                seed=seed,
            )
            path = folder / _file_name(shape, part, is_packed=part.stop == days and kind in gzipped)
            truth.merge(
                write_log(
                    path,
                    shape,
                    world,
                    start=begin,
                    days=len(part),
                    total_bytes=round(total_bytes * share * len(part) / days),
                    seed=part_seed,
                    events=events,
                    traps=traps,
                    trap_items=items,
                    marked=True,
                    pool_bytes=_POOL_BYTES,
                )
            )
    (folder / "README.txt").write_text(README, encoding="utf-8")
    return truth


def _check(infections: Iterable[Infection], known: Container[str], shares: Mapping[str, float]) -> None:
    unknown = [one.client for one in infections if one.client not in known]
    if unknown:
        raise ValueError(f"infected client {unknown[0]} is no unit's machine")
    if not shares.keys() <= KINDS.keys():
        raise ValueError(f"unknown log kind: {', '.join(sorted(shares.keys() - KINDS.keys()))}")


def _file_name(shape: Shape, part: range, *, is_packed: bool) -> str:
    stem, _, suffix = shape.file_name.rpartition(".")
    return f"demo-{stem}-{part.start + 1:02}.{suffix}" + (".gz" if is_packed else "")


def _parts(days: int, parts: int) -> list[range]:
    count = max(1, min(parts, days))
    return [range(days * n // count, days * (n + 1) // count) for n in range(count)]


def _within(infection: Infection, part: range) -> Infection:
    """The infection in days of a part that starts later."""
    cut = (
        (max(first, part.start) - part.start, min(end, part.stop) - part.start)
        for first, end in infection.active
    )
    return replace(infection, active=tuple((first, end) for first, end in cut if first < end))
