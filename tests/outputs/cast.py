"""One scan with all difficulties for an output: hostile texts, no client, no time, errors, rejects."""

from pathlib import Path
from zoneinfo import ZoneInfo

from quetsach.files.inputs import Skipped
from quetsach.results.output import ListNote, Report
from quetsach.scanning.result import ScanResult, Sightings
from quetsach.sightings.runs import JOINED, micros
from quetsach.sightings.sighting import Coverage, Scan, Sighting, who_is

ZEEK, SQUID, TEXT = "1" * 64, "2" * 64, "3" * 64
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def sighting(**changes: object) -> Sighting:
    fields: dict[str, object] = {
        "source": ZEEK,
        "indicator": "evil.example",
        "kind": "domain",
        "family": "ramnit",
        "matched": "a.evil.example",
        "field": "query",
        "device": "10.47.1.100",
        "identity": {"host": "PC-VANTHU-07"},
        "day": "2022-09-16",
        "first_seen": "2022-09-16T01:14:22.000000Z",
        "last_seen": "2022-09-16T09:47:09.000000Z",
        "count": 1204,
        "action": "allowed",
        "logformat": "zeek.dns",
        "evidence": r"1663290862.000000\x09C1\x0910.47.1.100\x0950000\x0910.0.0.53\x09a.evil.example",
    }
    found = {**fields, **changes}
    found.setdefault("who", who_is(found["identity"], found["device"]))  # type: ignore[arg-type]
    ends = [micros(str(found[end])) for end in ("first_seen", "last_seen") if found["day"] and found[end]]
    count = int(str(found["count"]))
    if len(ends) < 2:
        runs: list[list[int]] = []
    elif ends[1] - ends[0] > JOINED and count > 1:
        runs = [[ends[0], ends[0], count - 1], [ends[1], ends[1], 1]]
    else:
        runs = [[*ends, count]]
    found.setdefault("runs", runs)
    return Sighting(**found)  # type: ignore[arg-type]


SIGHTINGS = [
    sighting(),
    sighting(
        indicator="203.0.113.7",
        kind="ipv4",
        matched="203.0.113.7",
        field="destination",
        device="10.47.1.101",
        identity={},
        family="",
        action="attempt",
        count=3,
        day="2022-09-17",
        first_seen="2022-09-17T02:00:00.000000Z",
        last_seen="2022-09-17T02:00:31.000000Z",
    ),
    sighting(
        source=SQUID,
        indicator="evil.example/gate.php",
        kind="url",
        matched="evil.example/gate.php",
        field="url",
        device="10.47.1.102",
        identity={"user": '=cmd|"/c calc"!A1', "host": "<script>alert(1)</script>"},
        family="=HYPERLINK(0)",
        action="blocked",
        count=12,
        logformat="squid",
        evidence="1663290862.000 1 10.47.1.102 TCP_DENIED/403 <img src=x onerror=alert(1)> [red]tô[/red]",
    ),
    sighting(
        source=TEXT,
        indicator="bad.example",
        matched="bad.example",
        field="text",
        device=None,
        identity={},
        family="emotet",
        day=None,
        first_seen=None,
        last_seen=None,
        action="unknown",
        count=1,
        logformat="text",
        evidence="＝1+1 bad.example",
    ),
]


def coverage(**changes: object) -> Coverage:
    fields: dict[str, object] = {
        "source": ZEEK,
        "path": "/var/log/zeek/dns.log",
        "name": "fw-hq",
        "bytes": 1_234_567_890,
        "lines": 5_400_000,
        "not_understood": 0,
        "long_lines": 0,
        "inbound": 0,
        "first": "2022-09-15T17:00:00.000000Z",
        "last": "2022-09-17T16:59:58.500000Z",
        "time": "ok",
        "zone": "",
        "devices": {},
        "errors": [],
    }
    return Coverage(**(fields | changes))  # type: ignore[arg-type]


COVERAGE = [
    coverage(),
    coverage(source=SQUID, path="proxy/access.log", bytes=88_000, lines=412, inbound=2, time="assumed_year"),
    coverage(
        source=TEXT,
        path="ghi chú\x1b[2J.txt",
        bytes=120,
        lines=3,
        not_understood=3,
        unattributed=["＝2+2 evil.example <b>hỏi</b> \\x1b[2J", "10.9.9.9 bad.example"],
        first=None,
        last=None,
        time="none",
        errors=["gzip data ends early"],
    ),
]
NOTES = [
    ListNote("reject", "ds.csv", 17, "/gate.php", "no host"),
    ListNote("stop", "ds.csv", 18, "10.0.0.0/8", "special-purpose range"),
    ListNote("warn", "ds.csv", 19, "198.51.100.0/23", "wider than /24"),
    ListNote("warn", "ds.csv", 20, "zalo.me", "well-known name"),
]


def report(
    sightings: list[Sighting] = SIGHTINGS,
    seen: list[Coverage] = COVERAGE,
    *,
    is_interrupted: bool = False,
    notes: list[ListNote] = NOTES,
) -> Report:
    held = Sightings()
    for source in sorted({one.source for one in sightings}):
        held.put(source, sorted((one for one in sightings if one.source == source), key=Sighting.key))
    result = ScanResult(
        Scan("quetsach 0.1.0", "a" * 64, 1234, "fw-hq", HANOI.key, ("/var/log",)),
        held,
        seen,
        [Skipped(Path("dns-copy.log"), "duplicate", Path("/var/log/zeek/dns.log"))],
        is_interrupted,
        1.5,
    )
    return Report(result, lambda: {"zeek.dns": 1, "squid": 1, "text": 1}, notes)
