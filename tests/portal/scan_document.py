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


def document(rows, coverages=(), *, set_id="0" * 64, name="fw", end=True, errors=None):
    head = {
        "type": "scan", "schema": 1, "tool": "quetsach 0.1", "set": {"id": set_id, "count": 3},
        "source_name": name, "tz": "Asia/Ho_Chi_Minh", "inputs": [],
    }  # fmt: skip
    lines = [head, *rows, *coverages]
    if end:
        found = sum(len(c["errors"]) for c in coverages) if errors is None else errors
        lines.append({"type": "end", "sightings": len(rows), "sources": len(coverages), "errors": found})
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


def noon(days_ago, hour=12):
    now = datetime.now(UTC)
    return (now - timedelta(days=days_ago)).replace(hour=hour, minute=0, second=0, microsecond=0)
