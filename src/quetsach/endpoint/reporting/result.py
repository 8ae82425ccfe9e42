"""The result of a check as JSON; keys and words are English and stable.

    {"type": "check", "schema": 1, "tool", "machine", "system", "is_running", "started", "finished", "depth",
     "set": {"id", "count"} | null, "answers": {…}, "verdict",
     "network": {"hardware": UUID or "", "macs": [universal hardware addresses], "addresses": […]},
     "probes": [{"name", "state", "items", "gaps": [{"reason", "detail"}]}], "unseen": [names],
     "files": {"read", "bytes", "too_large", "placeholders", "in_use"},
     "findings": [{"sign"|"indicator", "confidence", "kind", "product", "family", "fix", "count",
                   "evidence": [{"fact", …fields}]}]}

Of all facts only the evidence of findings is included: names of files, programs and pages that match nothing
do not leave the machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TextIO

from quetsach.endpoint.checking import Result
from quetsach.endpoint.fact import safe
from quetsach.endpoint.finding import Finding

SCHEMA = 1


def as_table(result: Result) -> dict[str, Any]:
    """The document that the module describes."""
    listed = result.wanted.indicators
    return {
        "type": "check",
        "schema": SCHEMA,
        "tool": result.tool,
        "machine": safe(result.machine),
        "system": str(result.system),
        "is_running": result.is_running,
        "started": _time(result.started),
        "finished": _time(result.finished),
        "depth": "full" if result.is_full else "quick",
        "set": {"id": listed.id, "count": len(listed)} if listed else None,
        "answers": {name: safe(value) for name, value in result.answers.items()},
        "verdict": str(result.verdict),
        "network": {
            "hardware": result.network.hardware,
            "macs": list(result.network.macs),
            "addresses": list(result.network.addresses),
        },
        "probes": [
            {
                "name": name,
                "state": str(seen.state),
                "items": len(seen.items),
                "gaps": [{"reason": gap.reason, "detail": safe(gap.detail)} for gap in seen.gaps],
            }
            for name, seen in result.observed.items()
        ],
        "unseen": list(result.unseen),
        "files": {
            "read": result.scan.files,
            "bytes": result.scan.bytes,
            "too_large": result.scan.too_large,
            "placeholders": result.scan.placeholders,
            "in_use": result.scan.in_use,
        },
        "findings": [_finding(one) for one in result.findings],
    }


def write(out: TextIO, result: Result) -> None:
    """Write the document, and a line feed."""
    json.dump(as_table(result), out, ensure_ascii=False, indent=1)
    out.write("\n")


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _finding(one: Finding) -> Mapping[str, Any]:
    told: dict[str, Any] = {"sign": one.sign} if one.sign else {"indicator": one.indicator}
    return told | {
        "confidence": str(one.confidence),
        "kind": str(one.kind),
        "product": one.product,
        "family": one.family,
        "fix": one.fix,
        "count": one.count,
        "evidence": [{"fact": seen.fact, **seen.fields} for seen in one.evidence],
    }
