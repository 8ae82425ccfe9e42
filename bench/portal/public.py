"""The pages of strangers: the self-check beside the front page, by the processor time of the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from django.db import connection

from bench.portal import seed
from bench.portal.load import Server, ask, said, serving
from bench.portal.measures import Figure
from bench.portal.pushes import scan_document
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.indicators.actions import Upload, prepare, publish_set
from quetsach.portal.sightings.actions import receive_chunk
from quetsach.portal.units.actions import issue_token
from quetsach.portal.units.models import Network

RANGES = 4_000
"""Units with a network of their own."""
ASKED = {"/": 20, "/tu-kiem-tra/": 400}
"""Requests for each page in one round: at this size the front page adds up the whole country."""
MOST_BYTES = 20_000
GOAL = 3.0
"""Answers of the self-check in the time of one front page."""
_NAMES = ["bench.example"]


def measure_public(root: CampaignNode, rounds: int) -> list[Figure]:
    """The self-check's answers for one front page, and the size of its largest page."""
    _plant(root)
    connection.close()
    ratios: list[float] = []
    statuses, largest = Counter[int](), 0
    with serving() as server:
        visitors = cycle(_visitors())
        for path in ASKED:
            for _ in range(5):
                ask(server.port, "GET", path, visitor=next(visitors))
        each: dict[str, list[float]] = {path: [] for path in ASKED}
        for _ in range(rounds):
            for path, costs in each.items():
                cost, found, size = _cost(server, path, visitors)
                costs.append(cost)
                statuses.update(found)
                largest = max(largest, size) if path != "/" else largest
            ratios.append(each["/"][-1] / each["/tu-kiem-tra/"][-1])
    shown = ", ".join(f"{path} {1 / median(costs):.1f}" for path, costs in each.items())
    limit = f"the largest self-check {largest:,} bytes (limit {MOST_BYTES:,})"
    note = f"{shown} a processor second; {said(statuses)}; {limit}"
    return [Figure(f"self-checks for one front page (at least {GOAL:g})", ratios, note=note)]


def _cost(server: Server, path: str, visitors: Iterator[str]) -> tuple[float, Counter[int], int]:
    """Processor seconds of one request, the statuses, and the bytes of the largest answer."""
    statuses, largest, before = Counter[int](), 0, server.cpu_seconds()
    for _ in range(ASKED[path]):
        answer = ask(server.port, "GET", path, visitor=next(visitors))
        statuses[answer.status] += 1
        largest = max(largest, len(answer.text.encode()))
    return (server.cpu_seconds() - before) / ASKED[path], statuses, largest


def _visitors() -> list[str]:
    """Visitors of all kinds: at home, in an office with and without logs, and at a machine with signs."""
    found = []
    for number in range(250):
        found += [f"198.51.{number}.7", f"10.1.{number}.9", f"10.0.{number}.200", f"10.0.{number}.5"]
    return found


def _plant(root: CampaignNode) -> None:
    """Networks of units, the logs of one of them, and one machine with a sign in each of its networks."""
    author = root.campaign.published_by
    assert author is not None
    nodes = CampaignNode.rows.filter(campaign=root.campaign, depth__gt=1).select_related("unit")
    one, *others = nodes.order_by("pk")[:RANGES]
    Network.rows.bulk_create(Network(unit=one.unit, cidr=f"10.0.{number}.0/24") for number in range(256))
    Network.rows.bulk_create(
        Network(unit=node.unit, cidr=f"10.{1 + (number >> 8)}.{number & 255}.0/24")
        for number, node in enumerate(others)
    )
    with TemporaryDirectory() as folder:
        listed = Path(folder, "list.txt")
        listed.write_text("\n".join(_NAMES))
        published = publish_set(
            prepare(root.campaign, [Upload("list.txt", listed, listed.stat().st_size)], author), author
        )
    token, _secret = issue_token(author, one.unit, "bench")
    devices = [f"10.0.{number}.5" for number in range(256)]
    receive_chunk(scan_document(devices, _NAMES, published.set_id), token, None)
    seed.analyse()
