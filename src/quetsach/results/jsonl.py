"""JSON Lines: the wire format (docs/contract.md 4). An interrupted scan has no `end` record."""

from __future__ import annotations

from typing import BinaryIO

from quetsach.results.output import Report
from quetsach.sightings.sighting import End, dump


def write(out: BinaryIO, report: Report) -> None:
    """Write one document."""
    result = report.result
    out.write(dump(result.scan))
    result.sightings.write(out.write)
    out.writelines(result.bypasses.blocks())
    out.writelines(map(dump, result.coverage))
    if not result.is_interrupted:
        counts = len(result.sightings), len(result.coverage), len(result.errors), len(result.bypasses)
        out.write(dump(End(*counts)))
