"""`python -m bench victims`: a large report of Shadowserver, from its CSV to cases, on either database."""

from __future__ import annotations

import argparse
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
    from quetsach.portal.cases.victims.actions import receive_document
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
    for what in ("new", "again"):
        read = taken = cpu = 0.0
        with place.open("rb") as stream:
            parts = document.chunks(Head(place.name, "0" * 64, "shadowserver", "event4_sinkhole"),
                                    reading.opened(place.name, stream).rows())  # fmt: skip
            while True:
                begun, spent = time.perf_counter(), time.process_time()
                part = next(parts, None)
                read += time.perf_counter() - begun
                if part is None:
                    break
                begun = time.perf_counter()
                receive_document(part, token, None)
                taken += time.perf_counter() - begun
                cpu += time.process_time() - spent
        rate = asked.rows / (read + taken)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"| {what} | {rate:,.0f} rows/s | read {read:.1f} s | taken {taken:.1f} s | cpu {cpu:.1f} s |"
            f" {Case.rows.count():,} cases, {VictimReport.rows.count():,} reports | peak {peak:.0f} MB |",
            flush=True,
        )
    print(f"Load now: {os.getloadavg()}")
    return 0
