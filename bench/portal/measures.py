"""The cost of single acts and pages of the portal in this process, at the size of the country.

Django must be set up before this module is imported.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing import get_context
from statistics import median
from typing import Any

import django
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bench.portal import seed
from quetsach.documents.document import OfficialReport, render_pdf
from quetsach.portal.campaigns.cascade.actions import publish
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.reports.dashboard.queries import overview_snapshots
from quetsach.portal.reports.export.files import to_xlsx
from quetsach.portal.reports.export.papers import official_report
from quetsach.portal.reports.export.table import Export, Table, export
from quetsach.portal.reports.queries import form_of
from quetsach.portal.reports.rollup.queries import lines, total_of
from quetsach.portal.reports.rollup.snapshots import line_snapshots, missing_snapshots
from quetsach.portal.units.models import Role, Unit

PAGES = {
    "roll-up": ("rollup", True),
    "progress": ("progress_node", True),
    "chase": ("chase", True),
    "annex": ("report", True),
    "today": ("today", False),
}
"""The page's name, and whether its address names the node."""


@dataclass(frozen=True)
class Figure:
    """One measured thing: wall-clock and processor seconds of each round, and a note."""

    what: str
    seconds: list[float]
    limit: float | None = None
    cpu: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def middle(self) -> float:
        return median(self.seconds)


class Clock:
    """Wall-clock and processor time of a block."""

    wall = cpu = 0.0


@contextmanager
def clock() -> Any:
    """Time a block."""
    found, wall, cpu = Clock(), time.perf_counter(), time.process_time()
    yield found
    found.wall, found.cpu = time.perf_counter() - wall, time.process_time() - cpu


def repeated(what: str, act: Callable[[], object], rounds: int, limit: float | None = None) -> Figure:
    """Repeat the act, and time each round."""
    figure = Figure(what, [], limit)
    for _ in range(rounds):
        with clock() as took:
            act()
        figure.seconds.append(took.wall)
        figure.cpu.append(took.cpu)
    return figure


def measure_publish(size: str, campaign: Campaign, top: Unit) -> Figure:
    """Freeze the whole tree."""
    coordinator = seed.seat_people([top], Role.COORDINATOR)[top.pk]
    figure = repeated("publish", lambda: publish(campaign, coordinator), 1, {"t1": 15.0, "t2": 60.0}[size])
    seed.analyse()
    return figure


def measure_recompute(size: str, root: CampaignNode, rounds: int) -> list[Figure]:
    """The whole total from all accepted reports, and the same branch by branch."""
    form, limit = form_of(root), {"t1": 1.0, "t2": 5.0}[size]
    return [
        repeated("full recompute: total", lambda: total_of(root, form), rounds, limit),
        repeated("full recompute: every branch", lambda: lines(root), rounds, limit),
    ]


def measure_pages(root: CampaignNode, rounds: int) -> list[Figure]:
    """The pages of the top node and of the widest province, each read afresh and once more."""
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    coordinator = root.campaign.published_by
    assert coordinator is not None
    client.force_login(coordinator, settings.AUTHENTICATION_BACKENDS[0])
    figures = []
    for place, node in (("root", root), ("widest province", widest(root))):
        for name, (route, by_node) in PAGES.items():
            url = reverse(route, args=[root.campaign.slug, node.pk] if by_node else [root.campaign.slug])
            client.get(url)
            figures += [
                _measure_page(client, url, f"page {name}, {place}, {state}", rounds, before)
                for state, before in (("afresh", _forget), ("warm", lambda: None))
            ]
    return figures


def _measure_page(client: Client, url: str, what: str, rounds: int, before: Callable[[], None]) -> Figure:
    figure = Figure(what, [], 0.3)
    for _ in range(rounds):
        before()
        with clock() as took:
            client.get(url)
        figure.seconds.append(took.wall)
        figure.cpu.append(took.cpu)
    before()
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(url)
    note = f"{len(seen)} queries, {len(answer.content) / 1000:.0f} kB, {answer.status_code}"
    return replace(figure, note=note)


def _forget() -> None:
    for snapshots in (line_snapshots, missing_snapshots, overview_snapshots):
        snapshots.forget()


def widest(root: CampaignNode) -> CampaignNode:
    """A province with 168 units directly below: as wide as today's widest province."""
    from django.db.models import Count

    found = (
        CampaignNode.rows.filter(campaign=root.campaign, depth__gt=0)
        .annotate(n=Count("children"))
        .order_by("-n", "path")[0]
    )
    found.campaign = root.campaign
    return found


def measure_xlsx(root: CampaignNode, rounds: int) -> list[Figure]:
    """The figures of the top node, and a table of 11,000 units."""
    names = CampaignNode.rows.filter(campaign=root.campaign).order_by("path")[:11_000]
    rows = tuple((node.name, 3, 120, 2, 110, "Đã tiếp nhận", 1, 0, 1) for node in names)
    head = ("Đơn vị", "Dòng 1", "Dòng 2", "Dòng 3", "Dòng 4", "Báo cáo", "Nhánh", "Thiếu", "Đúng hạn")
    wide = Export("Tổng hợp", root.name, "", (Table("Theo đơn vị", head, rows),))
    return [
        repeated("XLSX of the root", lambda: to_xlsx(export(root, "")), rounds),
        repeated(f"XLSX of {len(rows):,} rows", lambda: to_xlsx(wide), rounds, 5.0),
    ]


def draw_many(papers: list[OfficialReport], at: datetime) -> int:
    """Draw each as a PDF; returns their bytes."""
    return sum(len(render_pdf(paper, at=at)) for paper in papers)


def measure_pdfs(root: CampaignNode, count: int, workers: int) -> list[Figure]:
    """`count` official reports: their data is read first, then all are drawn in one pool."""
    nodes = list(CampaignNode.rows.filter(campaign=root.campaign, kind=Unit.Kind.COMMUNE)[:count])
    with clock() as reading:
        papers = []
        for node in nodes:
            node.campaign = root.campaign
            papers.append(official_report(node))
    connection.close()
    at, size = timezone.now(), -(-len(papers) // (workers * 4))
    parts = [papers[start : start + size] for start in range(0, len(papers), size)]
    spawn = get_context("spawn")
    with clock() as drawing, ProcessPoolExecutor(workers, spawn, initializer=django.setup) as pool:
        drawn = sum(pool.map(draw_many, parts, [at] * len(parts)))
    whole = reading.wall + drawing.wall
    said = f"read {reading.wall:.1f} s, drawn {drawing.wall:.1f} s by {workers}, {drawn / 1e6:.0f} MB"
    return [Figure(f"{len(papers):,} report PDFs", [whole], 90.0 * len(papers) / 1000, note=said)]
