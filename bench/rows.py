"""`python -m bench rows`: a scan of many rows is pushed to a portal of its own, on either database.

Each machine has signs of ten indicators. Behind each chunk the app `cases` makes cases of the rows, and the
table shows how many seconds that took. `--alone` leaves the cases out.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import json
import os
import pstats
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import own_portal
from bench.measure import machine
from quetsach.sightings import runs

_INDICATORS = 2000
_FIRST, _HALF_A_DAY, _STEP = 3 * 3_600_000_000, 12 * 3_600_000_000, 1_234_567
"""Microseconds: the first time since midnight, and how far the times of rows lie apart."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench rows`."""
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--machines", type=int, default=100_000)
    parser.add_argument("--alone", action="store_true", help="without cases")
    parser.add_argument("--profile", action="store_true", help="show where the time of new rows goes")
    own_portal.add_options(parser)


def rows(asked: argparse.Namespace) -> int:
    """Measure in a process of its own, with a portal of its own."""
    return _measured(asked) if asked.inside else own_portal.run_apart(asked)


def _measured(asked: argparse.Namespace) -> int:
    own_portal.start()
    from django.db import connection

    from quetsach.portal.campaigns import arrivals
    from quetsach.portal.cases.models import Case
    from quetsach.portal.sightings.actions import receive_chunk
    from quetsach.portal.sightings.models import Sighting
    from quetsach.portal.units.actions import issue_token
    from quetsach.sightings.cutting import Whole

    author, top = own_portal.country(asked.machines)
    set_id = own_portal.publish_list(author, top, [f"bench{number}.example" for number in range(_INDICATORS)])
    token, _secret = issue_token(author, top, "bench")
    told = {"database": connection.vendor, "rows": asked.rows, "machines": asked.machines}
    print(machine() | told, flush=True)
    made = made_cpu = 0.0
    listeners = list(arrivals.LISTENERS)

    def timed(*given: Any) -> None:
        nonlocal made, made_cpu
        begun, spent = time.perf_counter(), time.process_time()
        for listener in listeners:
            if asked.profile:
                cases_profile.runcall(listener, *given)
            else:
                listener(*given)
        made += time.perf_counter() - begun
        made_cpu += time.process_time() - spent

    arrivals.LISTENERS[:] = [] if asked.alone else [timed]
    with tempfile.TemporaryFile() as document:
        document.writelines(_document(asked.rows, asked.machines, set_id))
        for what in ("new", "again"):
            made, made_cpu, begun, spent = 0.0, 0.0, time.perf_counter(), time.process_time()
            document.seek(0)
            profile, cases_profile = (cProfile.Profile(time.process_time) for _ in range(2))
            parts = Whole(document).chunks()
            while True:
                begun_part, spent_part = time.perf_counter(), time.process_time()
                chunk = next(parts, None)  # the sender's work
                begun += time.perf_counter() - begun_part
                spent += time.process_time() - spent_part
                if chunk is None:
                    break
                if asked.profile and what == "new" and asked.alone:
                    profile.runcall(receive_chunk, chunk.data, token, None)
                else:
                    receive_chunk(chunk.data, token, None)
            took, cpu = time.perf_counter() - begun, time.process_time() - spent
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            stored, machines = asked.rows / (cpu - made_cpu), asked.machines / made_cpu if made_cpu else 0
            print(
                f"| {what} | {asked.rows / took:,.0f} rows/s | {stored:,.0f} stored a processor second |"
                f" {took:.1f} s, {made:.1f} s of it cases, {machines:,.0f} machines a processor second |"
                f" {Sighting.rows.count():,} rows, {Case.rows.count():,} cases | peak {peak:.0f} MB |",
                flush=True,
            )
            if asked.profile and what == "new":
                text = io.StringIO()
                seen = profile if asked.alone else cases_profile
                pstats.Stats(seen, stream=text).sort_stats("cumtime").print_stats(60)
                print(text.getvalue())
    print(f"Load now: {os.getloadavg()}")
    return 0


def _document(count: int, machines: int, set_id: str) -> Iterator[bytes]:
    """A complete document, its rows in the order of their key, their times spread over half a day. The units
    share the addresses, 10.0.0.0/8."""
    day, source = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}", "0" * 64
    stamp = runs.time(day, _FIRST)
    names = sorted(f"bench{number}.example" for number in range(_INDICATORS))
    step = max(1, _INDICATORS * machines // count)
    head = {
        "type": "scan", "schema": 2, "tool": "bench", "set": {"id": set_id, "count": _INDICATORS},
        "source_name": "gateway", "tz": "Asia/Ho_Chi_Minh", "inputs": [],
    }  # fmt: skip
    yield json.dumps(head).encode() + b"\n"
    made = 0
    for number, name in enumerate(names):
        for one in range(number % step, machines, step):
            if made == count:
                break
            made += 1
            run = _FIRST + made * _STEP % _HALF_A_DAY
            at = runs.time(day, run)
            device = f"10.{one >> 16 & 255}.{one >> 8 & 255}.{one & 255}"
            row = {
                "type": "sighting", "source": source, "indicator": name, "kind": "domain", "family": "ramnit",
                "matched": name, "field": "query", "device": device, "identity": {"host": f"pc{one}"},
                "who": f"host:pc{one}", "day": day, "first_seen": at, "last_seen": at,
                "count": 3, "runs": [[run, run, 3]], "action": "allowed", "logformat": "zeek.dns",
                "evidence": f"1793520000.0\tC{made}\t{device}\t50000\t10.0.0.53\t53\tudp\t{name}\tNOERROR",
            }  # fmt: skip
            yield json.dumps(row, separators=(",", ":")).encode() + b"\n"
    coverage = {
        "type": "coverage", "source": source, "path": "/var/log/dns", "name": "gateway", "bytes": 1,
        "lines": 1, "not_understood": 0, "long_lines": 0, "inbound": 0, "first": stamp,
        "last": runs.time(day, _FIRST + _HALF_A_DAY), "time": "ok", "zone": "", "devices": {}, "errors": [],
        "unattributed": [], "hours": {}, "order": "",
    }  # fmt: skip
    yield json.dumps(coverage).encode() + b"\n"
    yield json.dumps({"type": "end", "sightings": made, "sources": 1, "errors": 0}).encode() + b"\n"
