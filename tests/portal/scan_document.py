"""Scan documents for tests, written by hand after the wire format and not by the library's writer."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from quetsach.portal.indicators.actions import Upload, prepare, publish_set
from quetsach.portal.indicators.doubtful.actions import Answer, decide
from quetsach.portal.indicators.doubtful.entries import entries

LIST = "evil.example\nbad.example\n203.0.113.7\n"
FAMILIES = "indicator,type,family\nevil.example,domain,ramnit\nbad.example,domain,\n198.51.5.7,ipv4,mirai\n"


def stamp(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def source_id(name):
    return hashlib.sha256(name.encode()).hexdigest()


def sighting(
    device, at, *, indicator="evil.example", family="ramnit", count=1, source="log-1", until=None, **more
):
    at = at.astimezone(UTC)
    until = (until or at).astimezone(UTC)
    return {
        "type": "sighting", "source": source_id(source), "indicator": indicator, "kind": "domain",
        "family": family,
        "matched": indicator, "field": "query", "device": device, "identity": {}, "day": f"{at:%Y-%m-%d}",
        "first_seen": stamp(at), "last_seen": stamp(until), "count": count, "action": "allowed",
        "logformat": "zeek.dns", "evidence": f"{at:%s} {device} {indicator}", **more,
    }  # fmt: skip


def coverage(first, last, *, source="log-1", name="fw", devices=None, errors=(), **more):
    return {
        "type": "coverage", "source": source_id(source), "path": f"/var/log/{source}", "name": name,
        "bytes": 100,
        "lines": 10, "not_understood": 0, "long_lines": 0, "inbound": 0, "first": stamp(first),
        "last": stamp(last),
        "time": "ok", "zone": "", "devices": devices or {}, "errors": list(errors), **more,
    }  # fmt: skip


def days_alive(device, first, last):
    """The machine seen on every UTC day of the span."""
    days = (last.astimezone(UTC).date() - first.astimezone(UTC).date()).days
    return {f"{first.astimezone(UTC).date() + timedelta(days=n)}": [device] for n in range(days + 1)}


def hours_of(first, last, lines=10):
    """So many lines in each UTC hour of the span."""
    first, last = first.astimezone(UTC), last.astimezone(UTC)
    found = {}
    at = first.replace(minute=0, second=0, microsecond=0)
    while at <= last:
        found.setdefault(f"{at:%Y-%m-%d}", [0] * 24)[at.hour] = lines
        at += timedelta(hours=1)
    return found


def alive_of(first, last):
    """The machine seen in each UTC hour of the span, as masks by day."""
    return {day: sum(1 << n for n in range(24) if lines[n]) for day, lines in hours_of(first, last).items()}


def bypass(
    device, at, *, provider="Google Public DNS", kind="doh", source="log-1", until=None, count=1, **more
):
    """A record of a machine that goes around the place that watches."""
    row = sighting(device, at, source=source, until=until, count=count, who="", indicator=provider)
    start = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    ends = [int((end - start).total_seconds()) * 1_000_000 for end in (at, until or at)]
    for name in ("indicator", "family", "evidence"):
        del row[name]
    return {**row, "type": "bypass", "provider": provider, "kind": kind, "field": "server_name",
            "runs": [[*ends, count]], **more}  # fmt: skip


def document(
    rows, coverages=(), *, set_id="0" * 64, name="fw", end=True, errors=None, asked=(), bypasses=(), schema=1
):
    head = {
        "type": "scan", "schema": schema, "tool": "quetsach 0.1", "set": {"id": set_id, "count": 3},
        "source_name": name, "tz": "Asia/Ho_Chi_Minh", "inputs": [],
        **({"asked": sorted(asked)} if asked else {}),
    }  # fmt: skip
    lines = [head, *rows, *bypasses, *coverages]
    if end:
        found = sum(len(c["errors"]) for c in coverages) if errors is None else errors
        last = {"type": "end", "sightings": len(rows), "sources": len(coverages), "errors": found}
        lines.append({**last, **({"bypasses": len(bypasses)} if bypasses else {})})
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def publish_list(cast, tmp_path: Path, text=FAMILIES, kept=()):
    """The campaign's list, through the same actions as on the page. A person keeps the `kept` doubtful
    entries."""
    file = tmp_path / "list.csv"
    file.write_text(text, encoding="utf-8")
    draft = prepare(
        cast.campaign, [Upload("list.csv", file, file.stat().st_size)], cast.user("centre", "coordinator")
    )
    for entry in entries(draft, lambda one: one.spelling in kept):
        answer = Answer(entry.group, entry, keeps=True, reason="Giữ để đối chiếu.")
        draft = decide(draft, answer, cast.user("centre", "coordinator"))
    return publish_set(
        draft, cast.user("centre", "coordinator"), typed=draft.count, reason="phát hành để thử"
    )


_TODAY = datetime.now(UTC)
"""Fixed when tests begin: a table of parameters is made then, and its test may run on the next day."""


def noon(days_ago, hour=12):
    return (_TODAY - timedelta(days=days_ago)).replace(hour=hour, minute=0, second=0, microsecond=0)
