"""The demonstration's logs and list: written once by the seeded generator, marked as demonstration data."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

from demo.calendar import DAYS_OF_LOGS, Calendar
from demo.loggen import make_indicators, write_demo_logs
from demo.outbreak import Tale, machines_of, plan
from demo.story import SEED

TOTAL_BYTES = 150_000_000
INDICATORS = 20_000


@dataclass(frozen=True)
class Written:
    """Where the files lie: `parts` are the files of the first and of the second scan."""

    list_file: Path
    parts: tuple[list[Path], list[Path]]
    bytes: int


def write(
    folder: Path,
    calendar: Calendar,
    networks: dict[str, str],
    staff: dict[str, int],
    total: int = TOTAL_BYTES,
) -> tuple[Written, list[Tale]]:
    """Write the list and the logs into `folder`, in place of older ones."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    items = make_indicators(INDICATORS, SEED)
    list_file = folder / "demo-indicators.csv"
    with list_file.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("indicator", "type", "family"))
        rows.writerows((item.value, item.kind, item.family) for item in items)
    clients = machines_of(networks, staff)
    families = sorted({item.family for item in items if item.kind == "domain"})
    tales = plan(clients, families, SEED)
    logs = folder / "logs"
    write_demo_logs(
        logs, items, clients, calendar.logs_start, DAYS_OF_LOGS, total, SEED,
        hits=[tale.infection for tale in tales], parts=2,
    )  # fmt: skip
    return Written(list_file, sort_parts(logs), sum(p.stat().st_size for p in logs.iterdir())), tales


def sort_parts(logs: Path) -> tuple[list[Path], list[Path]]:
    """Files whose names end in -01 belong to the first scan, the others to the second."""
    files = sorted(p for p in logs.iterdir() if p.name.startswith("demo-"))
    first = [p for p in files if "-01." in p.name]
    return first, [p for p in files if p not in first]
