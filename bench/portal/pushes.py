"""A gateway pushes thousands of new machines at once: how long do all other writers wait?"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from django.db import OperationalError, connection, transaction

from bench.portal.measures import Figure, clock
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.models import Case
from quetsach.portal.indicators.actions import Upload, prepare, publish_set
from quetsach.portal.sightings.actions import receive_chunk
from quetsach.portal.units.actions import issue_token

_NAMES = 200
_PAUSE = 0.02
"""Seconds between two acts of the other writers, so that they do not fill the queue."""


def measure_pushes(root: CampaignNode, machines: int) -> list[Figure]:
    """One chunk with a sign on each of `machines` new machines, then the same chunk again."""
    author = root.campaign.published_by
    assert author is not None
    names = [f"bench{number}.example" for number in range(_NAMES)]
    with TemporaryDirectory() as folder:
        listed = Path(folder, "list.txt")
        listed.write_text("\n".join(names))
        drafted = prepare(root.campaign, [Upload("list.txt", listed, listed.stat().st_size)], author)
        published = publish_set(drafted, author)
    token, _secret = issue_token(author, root.unit, "bench")
    devices = [f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(machines)]
    body = scan_document(devices, names, published.set_id)
    figures = []
    for what in ("new", "again"):
        with _held() as held, _others() as waits, clock() as took:
            receive_chunk(body, token, None)
        note = f"{len(body) / 1e6:.1f} MB, {Case.rows.filter(device__campaign=root.campaign).count():,} cases"
        figures += [
            Figure(f"push of {machines:,} machines, {what}", [took.wall], cpu=[took.cpu], note=note),
            Figure(
                f"longest transaction, {what}",
                [max(held)[0]],
                1.0,
                cpu=[max(one[1] for one in held)],
                note=f"{len(held)} transactions",
            ),
            Figure(f"longest wait of another writer, {what}", [max(waits)], 1.0, note=f"{len(waits)} acts"),
        ]
    return figures


def scan_document(devices: list[str], names: list[str], set_id: str) -> bytes:
    """A complete document of a gateway: one sign on each machine, seen yesterday."""
    seen = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    stamp, source = f"{seen:%Y-%m-%dT%H:%M:%S.000000Z}", "0" * 64
    rows: list[dict[str, Any]] = [
        {"type": "scan", "schema": 1, "tool": "bench", "set": {"id": set_id, "count": len(names)},
         "source_name": "gateway", "tz": "Asia/Ho_Chi_Minh", "inputs": []}
    ]  # fmt: skip
    for number, device in enumerate(devices):
        name = names[number % len(names)]
        rows.append({
            "type": "sighting", "source": source, "indicator": name, "kind": "domain", "family": "ramnit",
            "matched": name, "field": "query", "device": device, "identity": {"host": f"pc{number}"},
            "day": stamp[:10], "first_seen": stamp, "last_seen": stamp, "count": 3, "action": "allowed",
            "logformat": "zeek.dns", "evidence": f"{device} {name}",
        })  # fmt: skip
    coverage = {
        "type": "coverage", "source": source, "path": "/var/log/dns", "name": "gateway", "bytes": 1,
        "lines": 1, "not_understood": 0, "long_lines": 0, "inbound": 0, "first": stamp, "last": stamp,
        "time": "ok", "zone": "", "devices": {}, "errors": [],
    }  # fmt: skip
    rows += [coverage, {"type": "end", "sightings": len(devices), "sources": 1, "errors": 0}]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@contextmanager
def _held() -> Iterator[list[tuple[float, float]]]:
    """Seconds of each outermost transaction of this thread since its turn: by the clock, and of processor
    time."""
    found: list[tuple[float, float]] = []
    me, enter, leave = threading.get_ident(), transaction.Atomic.__enter__, transaction.Atomic.__exit__
    begun, spent = 0.0, 0.0

    def entered(self: Any) -> None:
        nonlocal begun, spent
        is_outer = threading.get_ident() == me and not connection.in_atomic_block
        enter(self)
        if is_outer:
            begun, spent = time.perf_counter(), time.thread_time()

    def left(self: Any, *error: Any) -> None:
        leave(self, *error)
        if threading.get_ident() == me and not connection.in_atomic_block:
            found.append((time.perf_counter() - begun, time.thread_time() - spent))

    with (
        patch.object(transaction.Atomic, "__enter__", entered),
        patch.object(transaction.Atomic, "__exit__", left),
    ):
        yield found


@contextmanager
def _others() -> Iterator[list[float]]:
    """Another thread writes small acts without pause; yields the seconds of each act."""
    waits: list[float] = []
    over = threading.Event()

    def act() -> None:
        while not over.wait(_PAUSE):
            begun = time.perf_counter()
            # An act that waits longer than a request's patience raises an error; its waiting time counts all
            # the same.
            with suppress(OperationalError), transaction.atomic():
                record(None, "bench.act")
            waits.append(time.perf_counter() - begun)
        connection.close()

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield waits
    finally:
        over.set()
        thread.join()
