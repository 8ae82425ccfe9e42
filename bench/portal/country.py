"""The portal at the size of the country, on SQLite or PostgreSQL: acts, pages, files, and load over HTTP."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import machine

if TYPE_CHECKING:
    from bench.portal.measures import Figure

PARTS = (
    "publish",
    "recompute",
    "pages",
    "xlsx",
    "pdfs",
    "pushes",
    "public",
    "memory",
    "siege",
    "load",
    "writers",
    "kills",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own, not on SQLite")
    parser.add_argument("--size", choices=("t1", "t2"), default="t1", help="28,453 or 121,090 units")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PARTS), metavar="PART,...",
                        help=f"of {', '.join(PARTS)}; publish is always done")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pdfs", type=int, default=1000)
    parser.add_argument("--machines", type=int, default=15_000, help="new ones, in one push")
    parser.add_argument("--seconds", type=int, default=60, help="of load")
    parser.add_argument("--submits", type=float, default=10, help="a second, under load")
    parser.add_argument("--reads", type=float, default=100, help="pages a second, under load")
    parser.add_argument("--writers", type=int, default=200, help="that submit at once")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="where the database lies; /dev/shm leaves the disk out")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)


def portal(asked: argparse.Namespace) -> int:
    """Measure in a process of its own, on a new database."""
    if asked.inside:
        return _measured(asked)
    command = [sys.executable, "-m", "bench", *sys.argv[1:], "--inside"]
    if asked.postgres:
        command = [sys.executable, "tools/with_postgres.py", "--durable", *command]
    with tempfile.TemporaryDirectory(prefix="quetsach-bench-", dir=asked.folder) as folder:
        return subprocess.run(command, env=_environment(Path(folder)), check=False).returncode


def _environment(folder: Path) -> dict[str, str]:
    """The environment of a portal with nothing of its own but the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUETSACH_")}
    ours = {"DATA_DIR": str(folder), "TRUSTED_PROXIES": "127.0.0.1"}
    settings = {"DJANGO_SETTINGS_MODULE": "quetsach.portal.settings"}
    return kept | settings | {f"QUETSACH_{name}": value for name, value in ours.items()}


def _measured(asked: argparse.Namespace) -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from bench.portal import load, measures, public, pushes, seed, siege
    from quetsach.portal.campaigns.models import CampaignNode

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    figures: list[Figure] = []
    print(machine() | {"database": _database(), "size": asked.size}, flush=True)

    def tell(found: list[Figure]) -> None:
        for figure in found:
            print(row(figure), flush=True)
        figures.extend(found)

    print("| what | limit s | wall s (range) | cpu s | of limit | note |\n|---|---|---|---|---|---|")
    start = time.perf_counter()
    top = seed.plant_tree(asked.size)
    planted = time.perf_counter() - start
    campaign = seed.draft_campaign(top)
    tell([measures.measure_publish(asked.size, campaign, top)])
    campaign.refresh_from_db()
    author = campaign.published_by
    assert author is not None
    start = time.perf_counter()
    filled = seed.fill_reports(campaign, author, 0.8)
    note = f"{filled:,} reports, of {seed.SIZES[asked.size]:,} units"
    tell([measures.Figure("(seed: tree)", [planted]),
          measures.Figure("(seed: reports)", [time.perf_counter() - start], note=note)])  # fmt: skip
    root = CampaignNode.rows.get(campaign=campaign, parent=None)
    root.campaign = campaign
    parts: dict[str, Callable[[], list[Figure]]] = {
        "recompute": lambda: measures.measure_recompute(asked.size, root, asked.rounds),
        "pages": lambda: measures.measure_pages(root, asked.rounds),
        "xlsx": lambda: measures.measure_xlsx(root, min(asked.rounds, 3)),
        "pdfs": lambda: measures.measure_pdfs(root, asked.pdfs, os.cpu_count() or 1),
        "pushes": lambda: pushes.measure_pushes(root, asked.machines),
        "public": lambda: public.measure_public(root, asked.rounds),
        "memory": lambda: load.measure_memory(root),
        "siege": lambda: siege.measure_siege(root, asked.seconds),
        "load": lambda: load.measure_load(root, asked.seconds, asked.submits, asked.reads),
        "writers": lambda: load.measure_writers(root, asked.writers),
        "kills": lambda: load.measure_kills(root, asked.kills),
    }
    for name, part in parts.items():
        if name in asked.only:
            tell(part())
    print(f"Peers: none is a portal of this kind that could be run beside it. Load now: {os.getloadavg()}")
    kept = Path("var/bench") / f"portal-{asked.size}-{connection.vendor}-{int(time.time())}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine(), "database": _database(), "size": asked.size}
    kept.write_text(json.dumps(document | {"figures": [asdict(figure) for figure in figures]}, indent=1))
    return 0


def row(figure: Figure) -> str:
    """One line of the table."""
    spread = f"{figure.middle:.3f} ({min(figure.seconds):.3f}-{max(figure.seconds):.3f})"
    cpu = f"{sorted(figure.cpu)[len(figure.cpu) // 2]:.3f}" if figure.cpu else ""
    limit, ratio = ("", "") if figure.limit is None else (figure.limit, f"{figure.middle / figure.limit:.2f}")
    return f"| {figure.what} | {limit} | {spread} | {cpu} | {ratio} | {figure.note} |"


def _database() -> str:
    from django.db import connection

    if connection.vendor == "sqlite":
        import sqlite3

        return f"SQLite {sqlite3.sqlite_version}, write-ahead log, synchronous=FULL"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('fsync')")
        version, sync = cursor.fetchone()
        return f"PostgreSQL {version}, fsync={sync}"
