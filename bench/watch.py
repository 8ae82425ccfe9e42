"""`python -m bench watch`: `quetsach watch` beside `tail -F` and rsyslog's imfile; heartbeats of sensors.

The others only copy lines; quetsach looks for a list in them and keeps what it found. Processor seconds are
those of the whole program. Vector is in none of the registries of the others, Fluent Bit only as old source.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median, quantiles

from bench import line_to_case, own_portal
from bench.followers import KINDS, Running
from bench.measure import machine, warm
from bench.ratios import add_options, data
from demo.loggen import KINDS as LOGS
from quetsach.sightings.heartbeat import SECONDS, Heartbeat, WatchedSource, write
from quetsach.watching.running import Request, Watcher

_NAME = "mark.example"
_BLOCK = 16 << 20
_FILES = 4
_HEARTBEATS, _CASES = "heartbeats", "line to case"
_GROWING = 15
"""Seconds of growth: how far nothing was found is written every five."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench watch`."""
    add_options(parser, size="1G")
    parser.set_defaults(kind="dnsmasq")
    parser.add_argument("--lines", type=int, default=100, help="lines whose way is timed")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=20.0, help="of watching files that rest or grow")
    parser.add_argument("--idle-seconds", type=float, default=60.0, help="of watching 20 files that rest")
    parser.add_argument("--sensors", type=int, default=2000)
    parser.add_argument("--only", default="", metavar="TEXT", help="runs whose name holds this")
    parser.add_argument("--postgres", action="store_true", help="heartbeats and cases on PostgreSQL")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)


def watch(asked: argparse.Namespace) -> int:
    """Measure; 1 if a run did not come to its end."""
    if asked.inside:
        return _inside(asked)
    print(machine())
    print("| run | figure | goal |\n| --- | --- | --- |")
    runs = {
        "line to state": _latency,
        "following": _following,
        "look back": _look_back,
        "files that rest": _resting,
        "files that grow": _growing,
        "idle": _idle,
    }
    worst = 0
    for name, run in runs.items():
        if asked.only in name:
            folder = asked.folder / "watch"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            try:
                for row in run(asked, folder):
                    print(f"| {name}: {' | '.join(row)} |", flush=True)
            except TimeoutError as error:
                worst = 1
                print(f"| {name} | failed: {error} | |", flush=True)
    if asked.only in _HEARTBEATS or asked.only in _CASES:
        worst |= own_portal.run_apart(asked)
    return worst


def line_of(number: int, name: str = "fine.example") -> str:
    """A line of dnsmasq, of a machine of its own."""
    who = f"10.200.{number >> 8 & 255}.{number & 255}"
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} ns dnsmasq[612]: query[A] {name} from {who}\n"


def mark_of(number: int) -> str:
    """What is seen of the line of that number in any output."""
    return f"10.200.{number >> 8 & 255}.{number & 255}"


def _append(file: Path, text: str) -> None:
    with file.open("a") as out:
        out.write(text)


def _listed(folder: Path, entries: int = 0) -> Path:
    """A list with the name of the marks, and so many names that no log holds."""
    names = [f"n{number}.listed.example" for number in range(entries)]
    file = folder / "list.txt"
    file.write_text("\n".join([_NAME, *names]) + "\n")
    return file


@contextmanager
def _each(folder: Path, files: int, listed: Path) -> Iterator[Iterator[tuple[str, Running, list[Path]]]]:
    """Every program in turn on new files, each of which holds more than its first lines."""
    running: list[Running] = []

    def one_by_one() -> Iterator[tuple[str, Running, list[Path]]]:
        for kind in KINDS:
            if reason := kind.absent():
                print(f"absent: {kind.name}: {reason}", file=sys.stderr)
                continue
            logs = folder / "logs"
            shutil.rmtree(logs, ignore_errors=True)
            logs.mkdir()
            paths = [logs / f"{number:05}.log" for number in range(files)]
            for number, path in enumerate(paths):
                path.write_text(f"# {number}\n" + line_of(60_000) * 50)
            running.append(Running(kind, logs, listed, folder / "out.txt"))
            # It has begun when it tells a line that was written after its start.
            wait_until_begun(running[-1], paths[-1])
            yield kind.name, running[-1], paths
            running.pop().close()

    try:
        yield one_by_one()
    finally:
        for one in running:
            one.close()


def wait_until_begun(running: Running, path: Path) -> None:
    """Wait until the program tells a line that was written after its start."""
    for number in range(61_000, 61_300):
        _append(path, line_of(number, _NAME))
        try:
            running.wait_for([mark_of(number)], 1.0)
        except TimeoutError:
            continue
        return
    raise TimeoutError("it does not begin")


def _latency(asked: argparse.Namespace, folder: Path) -> Iterator[Sequence[str]]:
    rng = Random(asked.seed)
    with _each(folder, 1, _listed(folder)) as programs:
        for name, running, (path,) in programs:
            took = []
            for number in range(asked.lines):
                time.sleep(rng.uniform(0.05, 0.6))
                begun = time.monotonic()
                _append(path, line_of(number, _NAME))
                took.append(running.wait_for([mark_of(number)]) - begun)
            p99 = quantiles(took, n=100)[98]
            yield name, f"p50 {median(took) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms", "p99 ≤ 1000 ms"


def _parts(asked: argparse.Namespace) -> list[tuple[Path, int, int]]:
    """A generated log in parts, from line to line."""
    log = data(asked) / LOGS[asked.kind].file_name
    warm(log)
    size = log.stat().st_size
    places = [0]
    with log.open("rb") as file:
        for number in range(1, _FILES):
            file.seek(size * number // _FILES)
            file.readline()
            places.append(file.tell())
    return [(log, begin, end) for begin, end in zip(places, [*places[1:], size], strict=True)]


def _blocks(parts: Sequence[tuple[Path, int, int]], most: int) -> Iterator[list[bytes]]:
    """What is appended to each file next, until all parts are at their end, or so many bytes were given."""
    opened = [(path.open("rb"), begin, end) for path, begin, end in parts]
    for file, begin, _end in opened:
        file.seek(begin)
    given = 0
    while given < most:
        blocks = [file.read(min(_BLOCK, end - file.tell())) for file, _begin, end in opened]
        if not any(blocks):
            break
        given += sum(map(len, blocks))
        yield blocks
    for file, _begin, _end in opened:
        file.close()


def _following(asked: argparse.Namespace, folder: Path) -> Iterator[Sequence[str]]:
    parts = _parts(asked)
    listed = _listed(folder, asked.items)
    watcher, logs = _watcher(folder, listed)
    took = spent = size = 0.0
    for blocks in _blocks(parts, 1 << 60):
        for path, block in zip(logs, blocks, strict=True):
            with path.open("ab") as out:
                out.write(block)
            size += len(block)
        begun, cpu = time.monotonic(), time.process_time()
        watcher.round()
        took, spent = took + time.monotonic() - begun, spent + time.process_time() - cpu
    watcher.close()
    speeds = f"{size / took / 1e9:.2f} GB/s by the clock, {size / spent / 1e9:.2f} of processor time"
    yield "quetsach alone", f"{speeds}, {_FILES} files", "≥ 1 GB/s"
    shutil.rmtree(folder / "watched")
    with _each(folder, _FILES, listed) as programs:
        for name, running, paths in programs:
            spent = running.cpu()
            size, number = 0, 0
            for blocks in _blocks(parts, 256 << 20):
                for path, block in zip(paths, blocks, strict=True):
                    number += 1
                    with path.open("ab") as out:
                        out.write(block.rpartition(b"\n")[0] + b"\n" + line_of(number, _NAME).encode())
                    size += len(block)
                running.wait_for({mark_of(number - n) for n in range(len(paths))})
            spent = running.cpu() - spent
            yield name, f"{size / spent / 1e6:,.0f} MB a processor second", ""


def _watcher(
    folder: Path, listed: Path, files: int = _FILES, now: Callable[[], float] = time.time
) -> tuple[Watcher, list[Path]]:
    logs = folder / "watched" / "logs"
    logs.mkdir(parents=True)
    request = Request([str(logs)], [str(listed)], folder / "watched" / "state", "bench")
    return Watcher(request, now), [logs / f"{number}.log" for number in range(files)]


def _look_back(asked: argparse.Namespace, folder: Path) -> Iterator[Sequence[str]]:
    listed = _listed(folder, asked.items)
    watcher, logs = _watcher(folder, listed)
    size = 0
    for blocks in _blocks(_parts(asked), 1 << 60):
        for path, block in zip(logs, blocks, strict=True):
            with path.open("ab") as out:
                out.write(block)
            size += len(block)
    watcher.round()
    listed.write_text(f"more.example\n{listed.read_text()}")
    compiling = time.monotonic()
    new = watcher.lists.changed()
    compiling = time.monotonic() - compiling
    assert new is not None
    watcher._swap(new)
    begun, cpu = time.monotonic(), time.process_time()
    watcher.round()
    took, spent = time.monotonic() - begun, time.process_time() - cpu
    watcher.close()
    yield (
        "quetsach, warm",
        f"{size / took / 1e6:,.0f} MB/s by the clock, {size / spent / 1e6:,.0f} of processor time, over"
        f" {size / 1e9:.1f} GB; before it {compiling:.2f} s for the new list of {asked.items:,} entries",
        "≥ 700 MB/s",
    )


def _resting(asked: argparse.Namespace, folder: Path) -> Iterator[Sequence[str]]:
    with _each(folder, asked.files, _listed(folder)) as programs:
        for name, running, _paths in programs:
            time.sleep(3)
            share = running.share(asked.seconds, lambda: None)
            yield name, f"{asked.files:,} files: {share:.1f} % of a core", "≤ 5 %"


def _growing(asked: argparse.Namespace, folder: Path) -> Iterator[Sequence[str]]:
    """The share of a core that a line a second in each file costs. It is the processor time of the looks of
    some seconds by a clock of its own: on a machine with other work a watcher looks more seldom, and its
    share would seem small."""
    clock = time.time()
    watcher, logs = _watcher(folder, _listed(folder), asked.files, lambda: clock)
    for size, what in ((4_000, "of 4 kB"), (100_000, "of 100 kB")):
        for number, path in enumerate(logs):
            path.write_text(f"# {number} {what}\n" + line_of(60_000) * (size // len(line_of(60_000))))
        while watcher.round() or watcher.follower.is_unsure:
            clock += 0.5
        spent = 0.0
        for _second in range(_GROWING):
            text = line_of(60_000)
            for path in logs:
                _append(path, text)
            begun = time.process_time()
            for _look in range(2):
                clock += 0.5
                watcher.round()
            spent += time.process_time() - begun
        share = 100 * spent / _GROWING
        told = f"{asked.files:,} files {what}, each a line a second: {share:.0f} % of a core"
        yield "quetsach", told, "≤ 60 %"
    watcher.close()


def _idle(asked: argparse.Namespace, folder: Path) -> Iterator[Sequence[str]]:
    with _each(folder, 20, _listed(folder, asked.items)) as programs:
        for name, running, _paths in programs:
            time.sleep(3)
            share = running.share(asked.idle_seconds, lambda: None)
            told = f"20 files, list of {asked.items:,}: {share:.2f} % of a core, {running.pss():.0f} MB (PSS)"
            yield name, told, "≤ 1 %, ≤ 60 MB"


def _inside(asked: argparse.Namespace) -> int:
    """The runs that have a portal of their own."""
    own_portal.start()
    if asked.only in _CASES:
        worst = line_to_case.lines_to_cases(asked, _NAME)
        if asked.only not in _HEARTBEATS:
            return worst
    return _heartbeats(asked)


def _heartbeats(asked: argparse.Namespace) -> int:
    """So many sensors tell once each that they live."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client

    from quetsach.portal.audit.models import Entry
    from quetsach.portal.sensors import actions
    from quetsach.portal.sensors.models import Sensor
    from quetsach.portal.units.models import Unit

    author, top = own_portal.country(256 * 20)
    units = list(Unit.rows.filter(parent=top))
    secrets = [
        actions.enrol(actions.add(author, units[number % len(units)], f"bộ {number}")[1])
        for number in range(asked.sensors)
    ]
    tokens = [one.secret for one in secrets if one is not None]
    settings.ALLOWED_HOSTS = ["testserver"]
    client, now = Client(), datetime.now(UTC)
    sources = tuple(
        WatchedSource(f"/var/log/dns-{number}.log", "dns", last_line=now, pause=5, lines=9)
        for number in range(5)
    )
    rows = Entry.objects.count(), Sensor.rows.count()
    for told in ("first", "again"):
        body = write(Heartbeat("quetsach", datetime.now(UTC), now - timedelta(hours=1), sources=sources))
        spent = time.process_time()
        for token in tokens:
            headers = {"Authorization": f"Bearer {token}"}
            answer = client.post("/api/v1/heartbeat", body, content_type="application/json", headers=headers)
            assert answer.status_code < 300, answer.content
        spent = time.process_time() - spent
        share = 100 * spent / SECONDS
        new = (Entry.objects.count() - rows[0]) + (Sensor.rows.count() - rows[1])
        print(
            f"| heartbeats: {told}, {connection.vendor} | {asked.sensors:,} sensors:"
            f" {spent / len(tokens) * 1000:.2f} ms each, {share:.1f} % of a core; {new} new rows | ≤ 20 % |",
            flush=True,
        )
    return 0
