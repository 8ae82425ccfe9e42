"""Results written by hand after `quetsach.endpoint.reporting.result`, not by the library's writer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta


def stamp(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(**span):
    return datetime.now(UTC).replace(microsecond=0) - timedelta(**span)


def listed(name="evil.example", family="ramnit", confidence="D1"):
    """A finding about an entry of the list."""
    return {
        "indicator": name, "confidence": confidence, "kind": "active", "product": "malware",
        "family": family, "fix": "none", "count": 1,
        "evidence": [{"fact": "connection", "address": "203.0.113.7", "port": "443", "state": "established"}],
    }  # fmt: skip


def sign(name="KMS-01", product="windows_office", confidence="D1"):
    return {
        "sign": name, "confidence": confidence, "kind": "active", "product": product, "family": "",
        "fix": "registry_delete", "count": 1, "evidence": [{"fact": "kms-host", "host": "127.0.0.1"}],
    }  # fmt: skip


def document(
    machine="PC-07", at=None, findings=(), *, verdict=None, set_id="", unseen=(), people="2", **more
):
    finished = at or ago(hours=1)
    return {
        "type": "check", "schema": 1, "tool": "quetsach 0.1", "machine": machine, "system": "windows",
        "is_running": True, "started": stamp(finished - timedelta(minutes=4)), "finished": stamp(finished),
        "depth": "quick", "set": {"id": set_id, "count": 3} if set_id else None,
        "answers": {"unit": "", "people": people},
        "verdict": verdict or ("found" if findings else "unknown" if unseen else "clean"),
        "probes": [{"name": "sockets", "state": "ok", "items": 4, "gaps": []},
                   {"name": "tasks", "state": "not_checked", "items": 0,
                    "gaps": [{"reason": "no_permission", "detail": ""}]}],
        "unseen": list(unseen),
        "files": {"read": 10, "bytes": 1000, "too_large": 0, "placeholders": 0, "in_use": 0},
        "findings": list(findings), **more,
    }  # fmt: skip


def content(*args, **more):
    return json.dumps(document(*args, **more), ensure_ascii=False).encode()
