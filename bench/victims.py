"""`python -m bench victims`: a large report of Shadowserver, from its CSV to cases, on either database."""

from __future__ import annotations

import argparse
import cProfile
import io
import os
import pstats
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import own_portal
from bench.measure import machine

_HEAD = (
    '"timestamp","protocol","src_ip","src_port","src_asn","src_geo","src_region","src_city","src_hostname",'
    '"src_naics","src_sector","device_vendor","device_type","device_model","severity","dst_ip","dst_port",'
    '"dst_asn","dst_geo","infection","family","tag"\n'
)
_FAMILIES = [f"botnet-{number}" for number in range(40)]


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench victims`."""
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--machines", type=int, default=100_000)
    parser.add_argument("--profile", action="store_true", help="show where the time of new rows goes")
    own_portal.add_options(parser)


def victims(asked: argparse.Namespace) -> int:
    """Measure in a process of its own, with a portal of its own."""
    return _measured(asked) if asked.inside else own_portal.run_apart(asked)


def _lines(rows: int, machines: int) -> Iterator[str]:
    """Rows over 28 days; each machine has one family. Addresses are of 10.0.0.0/8, which the units share."""
    chance, begin = random.Random(7), datetime(2026, 10, 1, tzinfo=UTC)
    for number in range(rows):
        one = number % machines if number < machines else chance.randrange(machines)
        at = begin + timedelta(seconds=chance.randrange(28 * 86_400))
        address = f"10.{one >> 16 & 255}.{one >> 8 & 255}.{one & 255}"
        family = _FAMILIES[one % len(_FAMILIES)]
        yield (
            f'"{at:%Y-%m-%d %H:%M:%S}","tcp","{address}",{1024 + chance.randrange(60_000)},64500,"VN","","",'
            f'"",0,"","","","","critical","192.0.2.7",443,64501,"US","{family}","","{family}"\n'
        )


def _measured(asked: argparse.Namespace) -> int:
    own_portal.start()
    from django.db import connection

    from quetsach.portal.cases.models import Case, VictimReport
    from quetsach.portal.cases.victims import actions, pull_actions
    from quetsach.portal.units.actions import issue_token
    from quetsach.victims import document, reading
    from quetsach.victims.document import Head

    author, top = own_portal.country(asked.machines)
    token, _secret = issue_token(author, top, "bench")
    place = (
        Path(tempfile.mkdtemp(dir=os.environ["QUETSACH_DATA_DIR"])) / "2026-10-29-event4_sinkhole-bench.csv"
    )
    with place.open("w", encoding="utf-8") as file:
        file.write(_HEAD)
        file.writelines(_lines(asked.rows, asked.machines))
    print(
        machine() | {"database": connection.vendor, "rows": asked.rows, "machines": asked.machines},
        flush=True,
    )
    cases_cpu, take = 0.0, pull_actions.take_reports

    def timed(*given: Any) -> int:
        nonlocal cases_cpu
        spent = time.process_time()
        opened = take(*given)
        cases_cpu += time.process_time() - spent
        return opened

    actions.take_reports = timed  # type: ignore[attr-defined, assignment]
    for what in ("new", "again"):
        cases_cpu = read_cpu = 0.0
        begun, spent, profile = time.perf_counter(), time.process_time(), cProfile.Profile(time.process_time)
        if asked.profile and what == "new":
            profile.enable()
        with place.open("rb") as stream:
            parts = document.chunks(Head(place.name, "0" * 64, "shadowserver", "event4_sinkhole"),
                                    reading.opened(place.name, stream).rows())  # fmt: skip
            while True:
                read_begun = time.process_time()
                part = next(parts, None)
                read_cpu += time.process_time() - read_begun
                if part is None:
                    break
                actions.receive_document(part, token, None)
        took, cpu = time.perf_counter() - begun, time.process_time() - spent
        profile.disable()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"| {what} | {asked.rows / cpu:,.0f} rows a processor second | {took:.1f} s, {cpu:.1f} s of the"
            f" processor: {read_cpu:.1f} read and cut, {cpu - read_cpu - cases_cpu:.1f} stored,"
            f" {cases_cpu:.1f} cases |"
            f" {Case.rows.count():,} cases, {VictimReport.rows.count():,} reports | peak {peak:.0f} MB |",
            flush=True,
        )
        if asked.profile and what == "new":
            text = io.StringIO()
            pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(60)
            print(text.getvalue())
    print(f"Load now: {os.getloadavg()}")
    return 0
