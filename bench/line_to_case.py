"""From a line in a log to a case: `quetsach watch` beside `quetsach serve`, on a portal of its own.

The last stretch is seen in the portal's database, which is asked every few milliseconds.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from random import Random
from statistics import median, quantiles

from bench import own_portal
from bench.followers import Ours, Running

_PATIENT = 60.0


class _Telling(Ours):
    """A watcher that tells a portal what it finds."""

    def __init__(self, url: str, token_file: Path) -> None:
        self._told = ["--push", url, "--token-file", str(token_file)]

    def command(self, folder: Path, listed: Path, out: Path) -> list[str]:
        return [*super().command(folder, listed, out), *self._told]


def lines_to_cases(asked: argparse.Namespace, name: str) -> int:
    """Print how long lines with the listed name take to a case, in a portal that has its tables; 1 if one
    does not come."""
    from django.core.management import call_command
    from django.db import connection

    from bench.portal import load
    from bench.watch import line_of, mark_of, wait_until_begun
    from quetsach.portal.cases.models import Case
    from quetsach.portal.sensors import actions

    call_command("collectstatic", verbosity=0, interactive=False)
    author, top = own_portal.country(256)
    own_portal.publish_list(author, top, [name])
    enrolled = actions.enrol(actions.add(author, top, "bộ đo")[1])
    assert enrolled is not None
    folder = (asked.folder / "line to case").resolve()
    logs, listed, token = folder / "logs", folder / "list.txt", folder / "token.txt"
    logs.mkdir(parents=True, exist_ok=True)
    listed.write_text(f"{name}\n")
    token.write_text(enrolled.secret)
    log = logs / "dns.log"
    log.write_text(line_of(60_000) * 50)
    rng, took = Random(asked.seed), []
    with load.serving() as server:
        running = Running(
            _Telling(f"http://127.0.0.1:{server.port}", token), logs, listed, folder / "out.txt"
        )
        try:
            wait_until_begun(running, log)
            for number in range(asked.lines):
                time.sleep(rng.uniform(0.05, 0.6))
                at = time.monotonic()
                with log.open("a") as out:
                    out.write(line_of(number, name))
                while not Case.rows.filter(device__key=mark_of(number)).exists():
                    if time.monotonic() - at > _PATIENT:
                        print(f"| line to case | failed: no case of {mark_of(number)} | |", flush=True)
                        return 1
                    time.sleep(0.005)
                took.append(time.monotonic() - at)
        finally:
            running.close()
    p99 = quantiles(took, n=100)[98]
    told = f"{asked.lines} lines: p50 {median(took) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms"
    print(f"| line to case: {connection.vendor} | {told} | p99 ≤ 3000 ms |", flush=True)
    return 0
